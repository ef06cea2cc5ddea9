//! The checks of the weights of a data set.

use super::fingerprint::Fingerprint;
use crate::data::{Samples, weights_checked};
use crate::error::{Result, check_setting};
use crate::real::Real;

/// The number of weights that are read at once.
const WEIGHTS: usize = 4096;

/// Returns an error unless the sum of the weights is positive.
pub(super) fn check_weight_sum(sum: f64) -> Result<()> {
    let why = "with weight 0 no sample counts, and there is nothing to learn or to measure";
    check_setting("sum of the weights of a data set", sum, sum > 0.0, "(0, ∞)", why)
}

/// Checks the weights of samples that are not otherwise checked, and adds them to the fingerprint.
pub(super) fn add_weights<T: Real>(samples: &dyn Samples<T>, fingerprint: &mut Fingerprint) -> Result<()> {
    let (n, mut sum) = (samples.len(), 0.0);
    let mut indices: Vec<usize> = Vec::new();
    let mut weights: Vec<T> = Vec::new();
    for first in (0..n).step_by(WEIGHTS) {
        indices.clear();
        indices.extend(first..n.min(first + WEIGHTS));
        weights.resize(indices.len(), T::one());
        weights_checked(samples, &indices, &mut weights)?;
        sum += weights.iter().map(|weight| weight.to_f64()).sum::<f64>();
        fingerprint.add(&weights);
    }
    check_weight_sum(sum)
}
