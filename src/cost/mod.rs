//! Cost functions, each paired at compile time with the output activations that it makes sense for.

mod cross_entropy;
mod log_likelihood;
mod quadratic;

use std::fmt::Debug;

use nalgebra::DMatrix;

pub use cross_entropy::CrossEntropy;
pub use log_likelihood::LogLikelihood;
pub use quadratic::Quadratic;

use crate::activation::Activation;
use crate::error::Result;
use crate::real::Real;

/// A cost function C_x(a, y), for networks whose output layer has the activation `A`.
///
/// Because the pair is known, both the value and the output error δ = ∂C_x/∂z are computed from the weighted inputs
/// `z` where that is what keeps them finite: no ln 0, no 0/0, and no σ′ that is 0 where it should cancel. A pair that
/// makes no sense is not implemented, so it does not compile.
///
/// | symbol | argument | shape |
/// |---|---|---|
/// | f, the output activation | `output` | |
/// | z, weighted inputs of the output layer | `z` | outputs × examples |
/// | a = f(z), the network's outputs | `a` | outputs × examples |
/// | y, the targets | `y` | outputs × examples |
/// | C_x | `costs` | one value per example |
/// | δ = ∂C_x/∂z, of each example x by itself | `delta` | outputs × examples |
///
/// Object-safe, and implemented for `&` and `Box`.
///
/// Source: chapter 2 of the book, "The two assumptions we need about the cost function"; chapter 3 for δ without σ′.
///
/// # Examples
///
/// A cost of one's own for linear outputs, and the line that tests it:
///
/// ```
/// use gradus::prelude::*;
///
/// /// Σ ln cosh(a − y): quadratic near the target and linear far away.
/// #[derive(Debug)]
/// struct LogCosh;
///
/// impl<T: Real> Cost<T, Linear> for LogCosh {
///     fn values(&self, _: &Linear, _z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, costs: &mut [f64]) {
///         gradus::real::zip_sums(a, y, costs, |a, y| (a - y).cosh().ln());
///     }
///     fn delta(&self, _: &Linear, _z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, delta: &mut DMatrix<T>) {
///         delta.copy_from(a);
///         delta.zip_apply(y, |d, y| *d = (*d - y).tanh());
///     }
/// }
/// gradus::check::cost(&LogCosh, &Linear).unwrap();
/// ```
#[diagnostic::on_unimplemented(
    message = "the cost `{Self}` cannot be paired with the output activation `{A}`",
    label = "no such pair of cost and output activation",
    note = "the pairs are: `CrossEntropy` with `Sigmoid`, `LogLikelihood` with `Softmax`, `Quadratic` with any activation"
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

    /// Refuses targets that the cost is not defined for. `first` is the number of the batch's first sample, for the
    /// message.
    ///
    /// # Errors
    ///
    /// [`Error::Target`](crate::Error::Target) with the sample, the output and the value.
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
