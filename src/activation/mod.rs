//! Activation functions of layers, and the derivatives that backpropagation needs.

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

/// Beyond this fraction of its limit, an activation has lost six bits of its distance from the limit. A
/// derivative computed from the activation would lose them too, and be 0 where the activation rounds to its
/// limit. There it is computed from z.
pub(crate) const SATURATED: f64 = 63.0 / 64.0;

/// An activation function `a = f(z)`, applied to each column (each example) of a batch.
///
/// An activation is two functions, the map and its derivative. The derivative is not returned as a matrix but
/// *applied*, which costs one multiplication per neuron for an elementwise function and stays exact for one that mixes
/// neurons, such as [`Softmax`].
///
/// | symbol | argument | shape |
/// |---|---|---|
/// | z, the weighted inputs | `z` | neurons × examples |
/// | a = f(z) | `a` | neurons × examples |
/// | ∂C/∂a, on return ∂C/∂z = Jᵀ ∂C/∂a with J_jk = ∂a_j/∂z_k | `grad` | neurons × examples |
///
/// Each column is computed by itself: a call may get some of the examples of a batch, and several threads may call at
/// once.
///
/// Dyn-compatible (object-safe), and implemented for `&`, `Box` and `Arc`.
///
/// Source: chapter 2 of the book, equations (BP1) and (BP2), where f′ stands for a function of one neuron.
///
/// # Examples
///
/// A custom activation, and the line that tests it:
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

    /// Multiplies `grad` by the transposed Jacobian at `z`, column by column (a vector-Jacobian product). `a` is
    /// f(`z`), for functions whose derivative is simpler in terms of their value.
    fn pull_back(&self, z: &DMatrix<T>, a: &DMatrix<T>, grad: &mut DMatrix<T>);

    /// Returns a stable name with all parameters, such as `leaky_relu(slope=0.01)`, for model files and for the
    /// choice of an activation at run time.
    ///
    /// The names of the crate's own activations parse as [`AnyActivation`]. A custom activation should return
    /// a different name; the default is its `Debug` text.
    fn name(&self) -> Cow<'static, str> {
        format!("{self:?}").into()
    }

    /// Returns the gain g: initial weights of variance g²/[`fan`](Self::fan) suit this activation.
    ///
    /// The default is 1, which suits functions that are near the identity for small z. Where `fan` is
    /// [`Fan::In`], g is He's gain,
    ///
    /// ```text
    /// g = 1 / √E[f(Z)²]   with Z ~ N(0, 1)
    /// ```
    ///
    /// which keeps the variance of the weighted inputs at 1 from layer to layer; for [`Relu`] it is √2. Only
    /// some initializers use the gain, such as [`ByActivation`](crate::init::ByActivation).
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
///
/// # Examples
///
/// ```
/// use gradus::activation::Fan;
/// use gradus::prelude::*;
///
/// assert_eq!(Activation::<f64>::fan(&Relu), Fan::In);
/// assert_eq!(Activation::<f64>::fan(&Tanh), Fan::Average);
///
/// // A layer from 784 to 30 neurons: the variance is 2/784 for ReLU, 1/407 for tanh.
/// assert_eq!(Fan::In.of(784.0, 30.0), 784.0);
/// assert_eq!(Fan::Average.of(784.0, 30.0), 407.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fan {
    /// n_in, which keeps the variance of the weighted inputs from layer to layer (LeCun, He).
    In,
    /// (n_in + n_out)/2: a compromise between n_in, which keeps the variance of the weighted inputs, and n_out,
    /// which keeps the variance of the errors δ (Glorot).
    Average,
}

impl Fan {
    /// Returns the number of connections for a layer with `n_in` inputs and `n_out` outputs.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::activation::Fan;
    ///
    /// assert_eq!(Fan::In.of(100.0, 10.0), 100.0);
    /// assert_eq!(Fan::Average.of(100.0, 10.0), 55.0);
    /// ```
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
