//! Cost functions, each paired at compile time with the output activations that suit it.

mod any;
mod cross_entropy;
mod focal;
mod focal_softmax;
mod gaussian_nll;
mod huber;
mod label_smoothing;
mod log_cosh;
mod log_likelihood;
mod poisson;
mod quadratic;
mod quantile;

use std::fmt::Debug;
use std::ops::RangeInclusive;

use nalgebra::DMatrix;

pub use any::{AnyCost, HasCosts};
pub use cross_entropy::CrossEntropy;
pub use focal::Focal;
pub use gaussian_nll::GaussianNll;
pub use huber::Huber;
pub use label_smoothing::LabelSmoothing;
pub use log_cosh::LogCosh;
pub use log_likelihood::LogLikelihood;
pub use poisson::Poisson;
pub use quadratic::Quadratic;
pub use quantile::Quantile;

use crate::activation::{Activation, Exponential, Linear, Sigmoid, Softmax};
use crate::error::{Error, Result};
use crate::real::Real;

/// A cost function C_x(a, y), for networks whose output layer has the activation `A`.
///
/// Because the pair is known, the value and the output error δ = ∂C_x/∂z can be computed from the weighted inputs `z`
/// where the formulas in `a` would give ln 0, 0/0, or a σ′ of 0 that should cancel. A pair that makes no sense is not
/// implemented, so it does not compile.
///
/// | symbol | argument | shape |
/// |---|---|---|
/// | f, the output activation | `output` | |
/// | z, weighted inputs of the output layer | `z` | outputs × examples |
/// | a = f(z), the network's outputs | `a` | outputs × examples |
/// | y, the targets | `y` | outputs × examples |
/// | C_x | `costs` | one value per example |
/// | δ = ∂C_x/∂z of each example x, not divided by their number | `delta` | outputs × examples |
///
/// Dyn-compatible (object-safe), and implemented for `&`, `Box` and `Arc`.
///
/// Each column is computed by itself: a call may get some of the examples of a batch, and several threads may call at
/// once.
///
/// Source: chapter 2 of the book, "The two assumptions we need about the cost function"; chapter 3 for δ without σ′.
///
/// # Examples
///
/// A custom cost for linear outputs, and the line that tests it:
///
/// ```
/// use gradus::prelude::*;
///
/// /// Σ ¼ (a − y)⁴: large errors count more than in the quadratic cost.
/// #[derive(Debug)]
/// struct Quartic;
///
/// impl<T: Real> Cost<T, Linear> for Quartic {
///     fn values(
///         &self,
///         _output: &Linear,
///         _z: &DMatrix<T>,
///         a: &DMatrix<T>,
///         y: &DMatrix<T>,
///         costs: &mut [f64],
///     ) {
///         gradus::real::zip_sums(a, y, costs, |a, y| T::cast(0.25) * (a - y).powi(4));
///     }
///     fn delta(
///         &self,
///         _output: &Linear,
///         _z: &DMatrix<T>,
///         a: &DMatrix<T>,
///         y: &DMatrix<T>,
///         delta: &mut DMatrix<T>,
///     ) {
///         delta.copy_from(a);
///         delta.zip_apply(y, |d, y| *d = (*d - y).powi(3));
///     }
/// }
/// gradus::check::cost(&Quartic, &Linear).unwrap();
/// ```
#[diagnostic::on_unimplemented(
    message = "the cost `{Self}` cannot be paired with the output activation `{A}`",
    label = "no such pair of cost and output activation",
    note = "the pairs are: `CrossEntropy` with `Sigmoid`, `LogLikelihood` with `Softmax`, `Quadratic` with any activation, `Focal` and `LabelSmoothing` with `Sigmoid` or `Softmax`, `Huber`, `LogCosh`, `Quantile` and `GaussianNll` with `Linear`, `Poisson` with `Exponential`",
    note = "load a network with the types of its activations, such as `Network::<f32, Sigmoid, Softmax>::load`, to train it with another cost than `Quadratic`"
)]
pub trait Cost<T: Real, A: Activation<T>>: Debug + Send + Sync {
    /// Sets `costs[j]` to C_x of the example in column j, summed over its outputs in double precision.
    fn values(&self, output: &A, z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, costs: &mut [f64]);

    /// Returns Σ_x C_x over the examples of the batch. Allocates one value per example.
    fn value(&self, output: &A, z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>) -> f64 {
        let mut costs = vec![0.0; z.ncols()];
        self.values(output, z, a, y, &mut costs);
        costs.iter().sum()
    }

    /// Sets `delta` to ∂C_x/∂z, a column for each example.
    fn delta(&self, output: &A, z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, delta: &mut DMatrix<T>);

    /// Checks that the cost is defined for the targets. `first` is the index of the batch's first sample in the data
    /// set, for the message.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Target`] with the sample, the output and the value of the first invalid target. The costs of
    /// softmax outputs return [`Error::Setting`] for a single output, which is always 1, except [`Quadratic`], which
    /// accepts all targets. [`GaussianNll`] returns [`Error::SizeMismatch`] for an odd number of outputs.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::Error;
    /// use gradus::prelude::*;
    ///
    /// // Targets of the samples 20, 21 and 22 of a data set.
    /// let y = DMatrix::from_row_slice(1, 3, &[0.0, 1.0, 2.0]);
    /// let error = Cost::<f64, Sigmoid>::check_targets(&CrossEntropy, &y, 20).unwrap_err();
    /// assert!(matches!(error, Error::Target { sample: 22, index: 0, .. }));
    /// ```
    fn check_targets(&self, _y: &DMatrix<T>, _first: usize) -> Result<()> {
        Ok(())
    }
}

crate::forward! { impl<T: Real, A: Activation<T>> Cost<T, A> {
    fn values(&self, output: &A, z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, costs: &mut [f64]);
    fn value(&self, output: &A, z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>) -> f64;
    fn delta(&self, output: &A, z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, delta: &mut DMatrix<T>);
    fn check_targets(&self, y: &DMatrix<T>, first: usize) -> Result<()>;
} }

/// Implements each listed cost also for a reference to its output activation.
///
/// This is needed for the compiler's message, too: if a cost had a single implementation, the compiler would infer the
/// activation from it and report another one as mismatched types, without the message that lists the pairs.
macro_rules! borrowed {
    ($($cost:ty, $output:ty;)*) => { $(
        impl<T: Real> Cost<T, &$output> for $cost {
            fn values(&self, output: &&$output, z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, costs: &mut [f64]) {
                Cost::<T, $output>::values(self, output, z, a, y, costs);
            }

            fn delta(
                &self,
                output: &&$output,
                z: &DMatrix<T>,
                a: &DMatrix<T>,
                y: &DMatrix<T>,
                delta: &mut DMatrix<T>,
            ) {
                Cost::<T, $output>::delta(self, output, z, a, y, delta);
            }

            fn check_targets(&self, y: &DMatrix<T>, first: usize) -> Result<()> {
                Cost::<T, $output>::check_targets(self, y, first)
            }
        }
    )* };
}
borrowed! {
    CrossEntropy, Sigmoid;
    LogLikelihood, Softmax;
    Focal, Sigmoid;
    Focal, Softmax;
    LabelSmoothing, Sigmoid;
    LabelSmoothing, Softmax;
    Huber, Linear;
    LogCosh, Linear;
    Quantile, Linear;
    GaussianNll, Linear;
    Poisson, Exponential;
}

/// Returns an error for the first target that is outside `range` or NaN.
fn check_range<T: Real>(
    y: &DMatrix<T>,
    first: usize,
    range: RangeInclusive<T>,
    allowed: &'static str,
    why: &'static str,
) -> Result<()> {
    for (sample, column) in (first..).zip(y.column_iter()) {
        if let Some((index, value)) = column.iter().enumerate().find(|(_, y)| !range.contains(y)) {
            return Err(Error::Target { sample, index, value: value.to_f64(), allowed, why });
        }
    }
    Ok(())
}
