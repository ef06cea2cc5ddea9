//! Weights in 8 bits, and how much they worsen the scores.

use std::fmt;

use nalgebra::DMatrix;

use crate::activation::AnyActivation;
use crate::cost::Quadratic;
use crate::data::Samples;
use crate::error::Result;
use crate::metrics::{Scores, evaluate};
use crate::network::Network;

/// The largest code.
const MOST: f32 = 127.0;

/// The weights of a layer: w_jk = s_j q_jk.
#[derive(Debug, Clone)]
pub(super) struct Codes {
    /// q
    pub(super) codes: DMatrix<i8>,
    /// s
    pub(super) scales: Vec<f32>,
}

impl Codes {
    /// Rounds the weights.
    pub(super) fn of(weights: &DMatrix<f32>) -> Self {
        let largest = weights.row_iter().map(|row| row.iter().fold(0.0f32, |most, w| most.max(w.abs())));
        let scales: Vec<f32> = largest.map(scale).collect();
        let codes = DMatrix::from_fn(weights.nrows(), weights.ncols(), |j, k| {
            // A row of zeros has the scale 0.
            let code = if scales[j] > 0.0 { weights[(j, k)] / scales[j] } else { 0.0 };
            code.round().clamp(-MOST, MOST) as i8
        });
        Self { codes, scales }
    }

    /// The rounded weights.
    pub(super) fn weights(&self) -> DMatrix<f32> {
        let weight = |j, k| self.scales[j] * f32::from(self.codes[(j, k)]);
        DMatrix::from_fn(self.codes.nrows(), self.codes.ncols(), weight)
    }
}

/// The scale of a row whose largest absolute weight is `largest`.
fn scale(largest: f32) -> f32 {
    let scale = largest / MOST;
    // If the scale was rounded up, 127 times it can overflow.
    if (scale * MOST).is_finite() { scale } else { scale.next_down() }
}

/// The scores before and after the rounding of the weights to 8 bits; see
/// [`RustSource::in_eight_bits`](super::RustSource::in_eight_bits).
///
/// The cost among the scores is the quadratic one, whatever the network was trained with.
///
/// # Examples
///
/// ```
/// use gradus::export::RustSource;
/// use gradus::prelude::*;
///
/// let x = DMatrix::from_row_slice(1, 4, &[-2.0, -1.0, 1.0, 2.0]);
/// let data = Dataset::from_labels(x, &[0, 0, 1, 1], 2)?;
/// let weights = DMatrix::from_row_slice(2, 1, &[-0.7, 0.7]);
/// let output = Dense { weights, biases: DVector::zeros(2), activation: Softmax::default() };
/// let network = Network::<f32, Linear, _>::from_layers(Vec::new(), output)?;
///
/// let source = RustSource::of(&network)?.in_eight_bits(&data)?;
/// let loss = source.loss().unwrap();
/// assert_eq!((loss.before.accuracy(), loss.after.accuracy(), loss.samples), (1.0, 1.0, 4));
/// println!("{loss}"); // accuracy 100.00 % before, accuracy 100.00 % after the rounding …
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct EightBits {
    /// The scores of the network that was trained.
    pub before: Scores,
    /// The scores of the network with rounded weights.
    pub after: Scores,
    /// The number of samples on which the scores were measured.
    pub samples: usize,
}

impl EightBits {
    pub(super) fn measure(
        before: &Network<f32, AnyActivation, AnyActivation>,
        after: &Network<f32, AnyActivation, AnyActivation>,
        data: &dyn Samples<f32>,
    ) -> Result<Self> {
        let scores = |network| evaluate(network, &Quadratic, data).map(|evaluation| evaluation.scores);
        Ok(Self { before: scores(before)?, after: scores(after)?, samples: data.len() })
    }
}

impl fmt::Display for EightBits {
    /// The main score of the task, before and after.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(before), Some(after)) = (self.before.main(), self.after.main()) {
            write!(f, "{before} before, {after} after the rounding of the weights to 8 bits, ")?;
        }
        write!(f, "on {} samples", self.samples)
    }
}
