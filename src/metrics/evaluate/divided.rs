//! Evaluation divided among R ranks: each computes every R-th block, and each measures all blocks.

use nalgebra::DMatrix;

use super::{Buffers, Evaluator};
use crate::data::{Samples, Task};
use crate::error::Result;
use crate::metrics::{Measure, Meter, Score, Scored, Scores};
use crate::network::Model;
use crate::ranks::Team;
use crate::real::Real;

impl<T: Real> Evaluator<T> {
    /// The length of a rank's largest message, in bytes.
    pub(crate) fn message_bytes(&self) -> usize {
        size_of::<f64>()
            * (self.block.outputs.len() + self.block.targets.len() + 2 * self.block.weights.len())
    }

    /// Evaluates `measures` on `samples` with results bitwise identical to those of [`scores`](Self::scores): the
    /// meters see the same blocks in the same order.
    pub(crate) fn divided_scores(
        &mut self,
        model: &dyn Model<T>,
        samples: &dyn Samples<T>,
        task: Task,
        measures: &[&dyn Measure],
        team: &Team<'_>,
    ) -> Result<Scores> {
        let n_outputs = samples.n_outputs();
        let meter = |measure: &&dyn Measure| measure.meter(task, n_outputs);
        let mut meters = measures.iter().map(meter).collect::<Result<Vec<Box<dyn Meter>>>>()?;
        let most = self.message_bytes();
        let blocks = self.n.div_ceil(self.block.weights.len());
        for first in (0..blocks).step_by(team.size()) {
            let own = first + team.rank();
            let next = self.range(own + team.size());
            samples.read_ahead(&[next]);
            let bytes = if own < blocks { self.encoded(model, samples, own)? } else { Vec::new() };
            for bytes in team.gather_within(&bytes, most)?.iter().filter(|bytes| !bytes.is_empty()) {
                let mut values = bytes.as_chunks().0.iter().map(|&bytes| f64::from_le_bytes(bytes));
                let examples = bytes.len() / size_of::<f64>() / (2 * n_outputs + 2);
                let mut take = |rows| values.by_ref().take(rows * examples).collect::<Vec<f64>>();
                let outputs = DMatrix::from_vec(n_outputs, examples, take(n_outputs));
                let targets = DMatrix::from_vec(n_outputs, examples, take(n_outputs));
                let (weights, costs) = (take(1), take(1));
                let (outputs, targets, weights, costs) = (&outputs, &targets, &weights[..], &costs[..]);
                let batch = Scored { outputs, targets, weights, costs };
                meters.iter_mut().try_for_each(|meter| meter.add(&batch))?;
            }
        }
        let scores = measures.iter().zip(meters).map(|(measure, meter)| Score::new(measure, meter.value()));
        Ok(Scores::new(task, scores.collect()))
    }

    /// The samples of block `index`.
    fn range(&self, index: usize) -> std::ops::Range<usize> {
        let size = self.block.weights.len();
        self.n.min(index * size)..self.n.min((index + 1) * size)
    }

    /// Outputs, targets, weights and costs of block `index`, as bytes.
    fn encoded(&mut self, model: &dyn Model<T>, samples: &dyn Samples<T>, index: usize) -> Result<Vec<u8>> {
        let range = self.range(index);
        let buffers: &mut Buffers<T> = match &mut self.partial {
            Some(partial) if range.len() < self.block.weights.len() => partial,
            _ => &mut self.block,
        };
        buffers.batch.gather(samples, 1, &range.collect::<Vec<_>>())?;
        let Scored { outputs, targets, weights, costs } = buffers.score(model);
        let all = [outputs.as_slice(), targets.as_slice(), weights, costs];
        Ok(all.into_iter().flatten().flat_map(|value| value.to_le_bytes()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::{Linear, Tanh};
    use crate::cost::Quadratic;
    use crate::data::Dataset;
    use crate::init::ScaledGaussian;
    use crate::network::{Bound, Network};

    /// The limit of a message is the length of a whole block, which a rank reserves to receive one.
    #[test]
    fn a_message_holds_a_block() -> Result<()> {
        let data = Dataset::new(DMatrix::from_element(2, 7, 0.5), DMatrix::from_element(3, 7, 0.25))?;
        let network = Network::<f64, _, _>::new(&[2, 3], Tanh, Linear, &ScaledGaussian, 1)?;
        let mut evaluator = Evaluator::new(&network, &data)?;
        let model = Bound { network: &network, cost: &Quadratic };
        let message = evaluator.encoded(&model, &data, 0)?;
        assert_eq!((message.len(), evaluator.message_bytes()), (8 * 7 * (3 + 3 + 2), 8 * 7 * (3 + 3 + 2)));
        Ok(())
    }
}
