//! Regularizers: penalties on the weights that keep a network from memorizing its training set.

mod any;
mod group_lasso;
mod huber;
mod l1;
mod l2;
mod none;
mod per_layer;
mod plus;

use std::fmt::Debug;

pub use any::AnyRegularizer;
pub use group_lasso::GroupLasso;
pub use huber::HuberPenalty;
pub use l1::L1;
pub use l2::L2;
pub use none::NoRegularizer;
pub use per_layer::PerLayer;
pub use plus::Plus;

use crate::real::Real;

/// A penalty Ω(w) that is added to the cost: C = 1/n Σ C_x + 1/n Ω(w).
///
/// n is the size of the training set, so that one λ means the same for every mini-batch size. The penalty applies to
/// weights, never to biases.
///
/// | symbol | argument | shape |
/// |---|---|---|
/// | the layer, and its number of neurons | `at` | |
/// | w, the weights of a layer | `w` | a slice, outputs · inputs long, in column order: the weights of one input are contiguous |
/// | 1/n | `scale` | |
/// | ∂C/∂w | `grad` | as `w` |
///
/// Dyn-compatible (object-safe), and implemented for `&`, `Box` and `Arc`.
///
/// Source: chapter 3 of the book, "Overfitting and regularization", equation (87).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// /// Σ ln cosh w, a smooth |w|.
/// #[derive(Debug)]
/// struct Smooth;
///
/// impl<T: Real> Regularizer<T> for Smooth {
///     fn penalty(&self, _: &LayerInfo, w: &[T]) -> f64 {
///         w.iter().map(|w| w.to_f64().cosh().ln()).sum()
///     }
///     fn add_gradient(&self, _: &LayerInfo, w: &[T], scale: T, grad: &mut [T]) {
///         grad.iter_mut().zip(w).for_each(|(g, w)| *g += scale * w.tanh());
///     }
/// }
/// gradus::check::regularizer(&Smooth).unwrap();
/// ```
pub trait Regularizer<T: Real>: Debug + Send + Sync {
    /// Returns Ω(w) of the weight matrix of the layer `at`, summed in double precision.
    fn penalty(&self, at: &LayerInfo, w: &[T]) -> f64;

    /// Adds `scale` · ∂Ω/∂w of the weights of the layer `at` to `grad`.
    fn add_gradient(&self, at: &LayerInfo, w: &[T], scale: T, grad: &mut [T]);

    /// Returns `true` if ∂Ω/∂w of a weight depends on no other weight.
    ///
    /// Then the trainer may ask for the gradient of one column block of a weight matrix at a time, while the block is
    /// in the cache. The default is `false`, for a penalty that depends on a whole matrix, such as its norm.
    fn elementwise(&self) -> bool {
        false
    }
}

/// The layer whose weights are penalized.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let w = [3.0, 0.0, 4.0, 0.0];
/// let lasso = GroupLasso::by_neuron(1.0)?;
/// // Two neurons with the weights (3, 4) and (0, 0), or four neurons with one weight each.
/// assert_eq!(lasso.penalty(&LayerInfo::first(2), &w), 2f64.sqrt() * 5.0);
/// assert_eq!(lasso.penalty(&LayerInfo { layer: 0, rows: 4 }, &w), 3.0 + 4.0);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerInfo {
    /// The layer, 0 for the first after the inputs.
    pub layer: usize,
    /// The neurons of the layer: weight i belongs to neuron i mod `rows` and to input i div `rows`.
    pub rows: usize,
}

impl LayerInfo {
    /// Returns the first layer, with `rows` neurons, for trying out a regularizer.
    pub fn first(rows: usize) -> Self {
        Self { layer: 0, rows }
    }
}

crate::forward! { impl<T: Real> Regularizer<T> {
    fn penalty(&self, at: &LayerInfo, w: &[T]) -> f64;
    fn add_gradient(&self, at: &LayerInfo, w: &[T], scale: T, grad: &mut [T]);
    fn elementwise(&self) -> bool;
} }

/// Returns λ · `scale`, clamped to `T::MAX`: an infinite value would turn a weight of 0 into NaN.
fn scaled<T: Real>(lambda: f64, scale: T) -> T {
    let product = scale * T::cast(lambda);
    if product.is_finite() { product } else { T::max_value().unwrap_or(product) }
}

/// Returns an error for a λ that is negative, NaN or infinite.
fn check_lambda(lambda: f64) -> crate::Result<()> {
    crate::error::check_setting(
        "regularization parameter λ",
        lambda,
        lambda >= 0.0 && lambda.is_finite(),
        "[0, ∞)",
        "below 0 it would reward large weights, which then grow without bound, and an infinite one would outweigh the data; \
         use 0 for no penalty",
    )
}
