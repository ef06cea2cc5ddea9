//! The settings of a run, as the page sends them.

use gradus::prelude::*;
use serde::Deserialize;

/// The settings of a run. The crate parses the names, and reports errors in them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The number of training samples.
    pub training: usize,
    /// The seed of the synthetic digits, of the initial weights and of the order of the samples.
    pub seed: u64,
    /// The neurons of the hidden layers.
    pub hidden: Vec<usize>,
    pub activation: String,
    pub cost: String,
    pub initializer: String,
    pub optimizer: String,
    pub distortion: Images,
    /// m.
    pub batch: usize,
    pub eta: f64,
    pub lambda: f64,
}

/// How the training images are distorted, afresh in each epoch.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Images {
    AsTheyAre,
    /// Rotated, scaled and shifted.
    Moved,
    /// Elastically distorted as well.
    Bent,
}

impl Settings {
    /// Returns the sizes of the layers of a network for 28 × 28 pixels and ten digits.
    pub fn sizes(&self) -> Vec<usize> {
        [784].into_iter().chain(self.hidden.iter().copied()).chain([10]).collect()
    }

    /// Returns the training samples, augmented if the settings say so.
    pub fn source(&self, training: &Dataset<f32>) -> gradus::Result<Box<dyn Samples<f32>>> {
        let (data, shape) = (training.clone(), (28, 28));
        let moved = Rotation::up_to_degrees(12.0)?.then(Scaling::up_to(1.15)?).then(Translation::up_to(1.5)?);
        Ok(match self.distortion {
            Images::AsTheyAre => Box::new(data),
            Images::Moved => Box::new(Augmented::new(data, shape, moved, self.seed)?),
            Images::Bent => {
                Box::new(Augmented::new(data, shape, moved.then(Elastic::new(4.0, 20.0)?), self.seed)?)
            }
        })
    }

    /// Returns the trainer of the run, without a stopping rule.
    pub fn trainer<C>(&self, cost: C) -> gradus::Result<Trainer<f32, C>> {
        let optimizer: AnyOptimizer = self.optimizer.parse()?;
        Ok(Trainer::new(cost)
            .optimizer(optimizer)
            .regularizer(L2::new(self.lambda)?)
            .schedule(Constant::new(self.eta)?)
            .mini_batch(self.batch)
            .seed(self.seed)
            .threads(1)
            .keep_last())
    }

    pub fn network<O: Activation<f32>>(&self, output: O) -> gradus::Result<Network<f32, AnyActivation, O>> {
        let hidden: AnyActivation = self.activation.parse()?;
        let initializer: AnyInitializer = self.initializer.parse()?;
        Network::new(&self.sizes(), hidden, output, &initializer, self.seed)
    }
}
