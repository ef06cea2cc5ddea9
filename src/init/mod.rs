//! Initializers: the weights and biases with which training begins.

mod any;
mod by_activation;
mod constant;
mod draw;
mod glorot;
mod he;
mod large_gaussian;
mod lecun;
mod orthogonal;
mod scaled_gaussian;
mod with_biases;

use std::borrow::Cow;
use std::fmt::Debug;

use nalgebra::{DMatrix, DVector};
use rand::Rng;

pub use any::AnyInitializer;
pub use by_activation::ByActivation;
pub use constant::Constant;
pub use glorot::{GlorotNormal, GlorotUniform};
pub use he::{HeNormal, HeUniform};
pub use large_gaussian::LargeGaussian;
pub use lecun::{LeCunNormal, LeCunUniform};
pub use orthogonal::Orthogonal;
pub use scaled_gaussian::ScaledGaussian;
pub use with_biases::WithBiases;

use crate::activation::Activation;
use crate::real::Real;

/// The initial weights and biases of a layer.
///
/// The caller passes the random number generator, so that the same seed gives the same network, and the activation
/// of the layer, whose [`gain`](Activation::gain) and [`fan`](Activation::fan) determine the variance that suits it.
/// Dyn-compatible (object-safe), and implemented for `&` and `Box`.
///
/// | symbol | argument | shape |
/// |---|---|---|
/// | f, the layer's activation | `activation` | |
/// | w, the weights of a layer | `weights` | n_out × n_in |
/// | n_in, the inputs of each of its neurons | `weights.ncols()` | |
/// | n_out, its neurons | `weights.nrows()` | |
/// | b, their biases | `biases` | n_out |
///
/// | activations | initializer |
/// |---|---|
/// | any | [`ByActivation`]: chooses the variance for each layer by its activation |
/// | ReLU and its variants | [`HeNormal`], [`HeUniform`] |
/// | sigmoid, tanh, softmax, linear | [`GlorotNormal`], [`GlorotUniform`] |
/// | SELU | [`LeCunNormal`], [`LeCunUniform`] |
/// | deep networks of tanh or linear neurons | [`Orthogonal`] |
/// | the networks of the book | [`ScaledGaussian`], [`LargeGaussian`] |
///
/// Source: chapter 3 of the book, "Weight initialization".
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
/// use rand::Rng;
///
/// /// Ten weights of each neuron are drawn from N(0, 1/10), the others are 0.
/// #[derive(Debug)]
/// struct Sparse;
///
/// impl<T: Real> Initializer<T> for Sparse {
///     fn initialize(
///         &self,
///         rng: &mut dyn Rng,
///         _activation: &dyn Activation<T>,
///         weights: &mut DMatrix<T>,
///         biases: &mut DVector<T>,
///     ) {
///         weights.fill(T::zero());
///         for mut row in weights.row_iter_mut() {
///             for _ in 0..10 {
///                 let input = rng.next_u64() as usize % row.len();
///                 row[input] = T::cast(0.1f64.sqrt()) * T::sample_normal(rng);
///             }
///         }
///         biases.fill(T::zero());
///     }
/// }
/// let network = Network::<f32, _, _>::new(&[784, 30, 10], Tanh, Softmax::default(), &Sparse, 1)?;
/// assert_eq!(network.layers().next().unwrap().biases.norm(), 0.0);
/// gradus::check::initializer(&Sparse).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
pub trait Initializer<T: Real>: Debug + Send + Sync {
    /// Fills `weights` (n_out × n_in) and `biases` (n_out) of a layer in place.
    fn initialize(
        &self,
        rng: &mut dyn Rng,
        activation: &dyn Activation<T>,
        weights: &mut DMatrix<T>,
        biases: &mut DVector<T>,
    );

    /// Returns the standard deviation of the weights of an n_out × n_in layer, for
    /// [`check::initializer`](crate::check::initializer) to verify; `None`, the default, if the weights do not have
    /// mean 0 and one deviation for all, or if it is not to be verified.
    fn deviation(&self, _activation: &dyn Activation<T>, _n_in: usize, _n_out: usize) -> Option<f64> {
        None
    }

    /// Returns a stable name with all parameters; the default is the `Debug` text.
    fn name(&self) -> Cow<'static, str> {
        format!("{self:?}").into()
    }
}

macro_rules! forward {
    ($($pointer:ty),*) => { $(
        impl<T: Real, I: Initializer<T> + ?Sized> Initializer<T> for $pointer {
            fn initialize(
                &self,
                rng: &mut dyn Rng,
                activation: &dyn Activation<T>,
                weights: &mut DMatrix<T>,
                biases: &mut DVector<T>,
            ) {
                (**self).initialize(rng, activation, weights, biases);
            }

            fn deviation(&self, activation: &dyn Activation<T>, n_in: usize, n_out: usize) -> Option<f64> {
                (**self).deviation(activation, n_in, n_out)
            }

            fn name(&self) -> Cow<'static, str> {
                (**self).name()
            }
        }
    )* };
}
forward!(&I, Box<I>);
