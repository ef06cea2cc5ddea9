//! Activation functions: what a layer makes of its weighted inputs, and the derivative that backpropagation needs.

mod any;
mod linear;
mod relu;
mod sigmoid;
mod softmax;
mod tanh;

use std::fmt::Debug;

use nalgebra::DMatrix;

pub use any::AnyActivation;
pub use linear::Linear;
pub use relu::Relu;
pub use sigmoid::Sigmoid;
pub use softmax::Softmax;
pub use tanh::Tanh;

use crate::real::Real;

/// An activation function `a = f(z)`, applied to each column (each example) of a batch.
///
/// Two functions, the map and its derivative, stand side by side. The derivative is not handed out as a matrix: it is
/// *applied*, which costs one multiplication per neuron for an elementwise function and stays exact for one that
/// mixes neurons, such as [`Softmax`].
///
/// | symbol | argument | shape |
/// |---|---|---|
/// | z, the weighted inputs | `z` | neurons × examples |
/// | a = f(z) | `a` | neurons × examples |
/// | ∂C/∂a, on return ∂C/∂z = Jᵀ ∂C/∂a with J_jk = ∂a_j/∂z_k | `grad` | neurons × examples |
///
/// Object-safe, and implemented for `&` and `Box`.
///
/// Source: chapter 2 of the book, equations (BP1) and (BP2), where f′ stands for a function of one neuron.
///
/// # Examples
///
/// A plug-in of one's own, and the line that tests it:
///
/// ```
/// use gradus::prelude::*;
///
/// /// z² for positive z, else 0.
/// #[derive(Debug, Clone)]
/// struct SquaredRelu;
///
/// impl<T: Real> Activation<T> for SquaredRelu {
///     fn activate(&self, z: &DMatrix<T>, a: &mut DMatrix<T>) {
///         gradus::real::map(z, a, |z| if z < T::zero() { T::zero() } else { z * z });
///     }
///     fn pull_back(&self, z: &DMatrix<T>, _a: &DMatrix<T>, grad: &mut DMatrix<T>) {
///         gradus::real::zip_map(z, grad, |z, g| g * T::cast(2.0) * z.max(T::zero()));
///     }
/// }
/// gradus::check::activation(&SquaredRelu).unwrap();
/// ```
pub trait Activation<T: Real>: Debug + Send + Sync {
    /// Sets `a` to f(`z`).
    fn activate(&self, z: &DMatrix<T>, a: &mut DMatrix<T>);

    /// Multiplies `grad` by the transposed Jacobian at `z`, column by column. `a` is f(`z`), for functions whose
    /// derivative is simpler in terms of their value.
    fn pull_back(&self, z: &DMatrix<T>, a: &DMatrix<T>, grad: &mut DMatrix<T>);
}

crate::forward! { impl<T: Real> Activation<T> {
    fn activate(&self, z: &DMatrix<T>, a: &mut DMatrix<T>);
    fn pull_back(&self, z: &DMatrix<T>, a: &DMatrix<T>, grad: &mut DMatrix<T>);
} }
