//! Label smoothing: targets that are not quite 0 and 1.

use nalgebra::DMatrix;

use super::log_likelihood::check_distributions;
use super::{Cost, CrossEntropy, cross_entropy, log_likelihood};
use crate::activation::{Sigmoid, Softmax};
use crate::error::{Result, check_setting};
use crate::real::Real;

/// [`LogLikelihood`](super::LogLikelihood) or [`CrossEntropy`](super::CrossEntropy) with the smoothed targets
/// y′ = (1 − ε) y + ε/K.
///
/// K is the number of softmax outputs, or 2 for sigmoid outputs, each of which has two classes. ε is `epsilon`,
/// in [0, 1); by default 0.1. The optimum is no longer at infinite z, so that outputs stay less certain and
/// weights smaller. At the optimum the cost is not 0 but the entropy of y′. δ = c (a − y′), where c is the
/// sharpness of the softmax, or 1 for a sigmoid.
///
/// Source: Szegedy, Vanhoucke, Ioffe, Shlens and Wojna, "Rethinking the Inception architecture for computer
/// vision", 2016, section 7.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let (z, a) = (DMatrix::zeros(4, 1), DMatrix::from_element(4, 1, 0.25));
/// let y = DMatrix::from_column_slice(4, 1, &[1.0, 0.0, 0.0, 0.0]);
/// let mut delta = DMatrix::zeros(4, 1);
/// LabelSmoothing::new(0.4)?.delta(&Softmax::default(), &z, &a, &y, &mut delta);
/// let rounded = delta.map(|d: f64| (d * 1e6).round() / 1e6);
/// assert_eq!(rounded.as_slice(), [-0.45, 0.15, 0.15, 0.15]);
/// gradus::check::cost(&LabelSmoothing::default(), &Softmax::default()).unwrap();
/// gradus::check::cost(&LabelSmoothing::default(), &Sigmoid).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LabelSmoothing {
    epsilon: f64,
}

impl LabelSmoothing {
    /// Creates a cost that moves targets by a fraction `epsilon` towards equal probabilities.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `epsilon` is outside [0, 1).
    pub fn new(epsilon: f64) -> Result<Self> {
        check_setting(
            "ε of label smoothing",
            epsilon,
            (0.0..1.0).contains(&epsilon),
            "[0, 1)",
            "at 1 the targets no longer matter",
        )?;
        Ok(Self { epsilon })
    }

    /// Returns ε.
    pub fn epsilon(&self) -> f64 {
        self.epsilon
    }

    /// Returns the map y ↦ (1 − ε) y + ε/`classes`.
    fn smooth<T: Real>(&self, classes: usize) -> impl Fn(T) -> T + Copy + Sync + use<T> {
        let (rest, share) = (T::cast(1.0 - self.epsilon), T::cast(self.epsilon / classes.max(1) as f64));
        #[inline(always)]
        move |y| rest * y + share
    }
}

impl Default for LabelSmoothing {
    fn default() -> Self {
        Self { epsilon: 0.1 }
    }
}

impl<T: Real> Cost<T, Sigmoid> for LabelSmoothing {
    fn values(&self, _output: &Sigmoid, z: &DMatrix<T>, _a: &DMatrix<T>, y: &DMatrix<T>, costs: &mut [f64]) {
        cross_entropy::values(z, y, self.smooth(2), costs);
    }

    fn delta(
        &self,
        _output: &Sigmoid,
        z: &DMatrix<T>,
        a: &DMatrix<T>,
        y: &DMatrix<T>,
        delta: &mut DMatrix<T>,
    ) {
        cross_entropy::delta(z, a, y, self.smooth(2), delta);
    }

    fn check_targets(&self, y: &DMatrix<T>, first: usize) -> Result<()> {
        Cost::<T, Sigmoid>::check_targets(&CrossEntropy, y, first)
    }
}

impl<T: Real> Cost<T, Softmax> for LabelSmoothing {
    fn values(&self, output: &Softmax, z: &DMatrix<T>, _a: &DMatrix<T>, y: &DMatrix<T>, costs: &mut [f64]) {
        log_likelihood::values(output, z, y, self.smooth(y.nrows()), costs);
    }

    fn delta(
        &self,
        output: &Softmax,
        _z: &DMatrix<T>,
        a: &DMatrix<T>,
        y: &DMatrix<T>,
        delta: &mut DMatrix<T>,
    ) {
        log_likelihood::delta(output, a, y, self.smooth(y.nrows()), delta);
    }

    fn check_targets(&self, y: &DMatrix<T>, first: usize) -> Result<()> {
        check_distributions(y, first)
    }
}
