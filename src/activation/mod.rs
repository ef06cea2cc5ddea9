//! Activation functions: what a layer makes of its weighted inputs, and the derivative that backpropagation needs.

mod any;
mod elu;
mod exponential;
mod gelu;
mod leaky_relu;
mod linear;
mod relu;
mod selu;
mod sigmoid;
mod silu;
mod softmax;
mod softplus;
mod tanh;

use std::borrow::Cow;
use std::fmt::Debug;

use nalgebra::DMatrix;

pub use any::AnyActivation;
pub use elu::Elu;
pub use exponential::Exponential;
pub use gelu::Gelu;
pub use leaky_relu::LeakyRelu;
pub use linear::Linear;
pub use relu::Relu;
pub use selu::Selu;
pub use sigmoid::Sigmoid;
pub use silu::Silu;
pub use softmax::Softmax;
pub use softplus::Softplus;
pub use tanh::Tanh;

use crate::real::Real;

/// Activations beyond this fraction of their limit have lost six bits of their distance from it. A derivative
/// in terms of the activation would lose them too, down to 0 where the activation rounds to its limit, so it
/// is computed from z there.
pub(crate) const SATURATED: f64 = 63.0 / 64.0;

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

    /// Returns a stable name with all parameters, such as `leaky_relu(slope=0.01)`, for model files and for a
    /// choice at run time.
    ///
    /// The names of the crate's own activations parse as [`AnyActivation`]. A custom activation should return
    /// one of its own; the default is its `Debug` text.
    fn name(&self) -> Cow<'static, str> {
        format!("{self:?}").into()
    }

    /// Returns the gain g: initial weights of variance g²/[`fan`](Self::fan) suit this activation.
    ///
    /// The default is 1, right for functions that are near the identity for small z. Where `fan` is
    /// [`Fan::In`], g is He's,
    ///
    /// ```text
    /// g = 1 / √E[f(Z)²]   with Z ~ N(0, 1)
    /// ```
    ///
    /// with which weighted inputs of variance 1 in one layer give weighted inputs of variance 1 in the next:
    /// √2 for [`Relu`]. It matters only to initializers that ask for it, such as
    /// [`ByActivation`](crate::init::ByActivation).
    ///
    /// Source: He and others, "Delving deep into rectifiers", 2015, equations (7) to (10).
    fn gain(&self) -> f64 {
        1.0
    }

    /// Returns the number of connections by which the variance of initial weights is divided;
    /// [`Fan::Average`] by default.
    fn fan(&self) -> Fan {
        Fan::Average
    }
}

/// A number of connections of a layer, by which the variance of its initial weights is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fan {
    /// n_in, which keeps the variance of the weighted inputs from layer to layer (LeCun, He).
    In,
    /// (n_in + n_out)/2, between the number that keeps the variance of the weighted inputs and the one that
    /// keeps that of the errors (Glorot).
    Average,
}

impl Fan {
    /// Returns the number for a layer with these numbers of inputs and outputs.
    pub fn of(self, n_in: f64, n_out: f64) -> f64 {
        match self {
            Self::In => n_in,
            Self::Average => 0.5 * (n_in + n_out),
        }
    }
}

crate::forward! { impl<T: Real> Activation<T> {
    fn activate(&self, z: &DMatrix<T>, a: &mut DMatrix<T>);
    fn pull_back(&self, z: &DMatrix<T>, a: &DMatrix<T>, grad: &mut DMatrix<T>);
    fn name(&self) -> Cow<'static, str>;
    fn gain(&self) -> f64;
    fn fan(&self) -> Fan;
} }
