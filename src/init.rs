//! Initializers: the weights and biases that learning begins with.

use std::fmt::Debug;

use nalgebra::{DMatrix, DVector};
use rand::Rng;

use crate::real::Real;

/// A distribution of the first weights and biases of a layer.
///
/// It takes the generator as an argument and hides none, so that the same seed gives the same network. Object-safe, and
/// implemented for `&` and `Box`.
///
/// | symbol | argument | shape |
/// |---|---|---|
/// | w, the weights of a layer | `weights` | neurons × n_in |
/// | n_in, the inputs of each of its neurons | `weights.ncols()` | |
/// | b, their biases | `biases` | neurons |
///
/// Source: chapter 3 of the book, "Weight initialization".
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
/// use rand::Rng;
///
/// /// He and others' choice for rectified linear units: N(0, 2/n_in), biases 0.
/// #[derive(Debug)]
/// struct He;
///
/// impl<T: Real> Initializer<T> for He {
///     fn initialize(&self, rng: &mut dyn Rng, weights: &mut DMatrix<T>, biases: &mut DVector<T>) {
///         let deviation = T::cast((2.0 / weights.ncols() as f64).sqrt());
///         weights.apply(|w| *w = deviation * T::sample_normal(rng));
///         biases.fill(T::zero());
///     }
/// }
/// let network = Network::<f32, _, _>::new(&[784, 30, 10], Relu, Softmax::default(), &He, 1)?;
/// assert_eq!(network.layers().next().unwrap().biases.norm(), 0.0);
/// # Ok::<(), gradus::Error>(())
/// ```
pub trait Initializer<T: Real>: Debug + Send + Sync {
    /// Fills `weights` (outputs × inputs) and `biases` (outputs).
    fn initialize(&self, rng: &mut dyn Rng, weights: &mut DMatrix<T>, biases: &mut DVector<T>);
}

crate::forward! { impl<T: Real> Initializer<T> {
    fn initialize(&self, rng: &mut dyn Rng, weights: &mut DMatrix<T>, biases: &mut DVector<T>);
} }

fn gaussian<T: Real>(rng: &mut dyn Rng, deviation: f64, weights: &mut DMatrix<T>, biases: &mut DVector<T>) {
    let deviation = T::cast(deviation);
    weights.apply(|w| *w = deviation * T::sample_normal(rng));
    biases.apply(|b| *b = T::sample_normal(rng));
}

/// Weights N(0, 1/n_in), biases N(0, 1): the default.
///
/// With n_in inputs of which half are 1, z has standard deviation √(3/2), so that few neurons begin saturated.
///
/// Source: chapter 3 of the book, "Weight initialization".
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let network = Network::<f64, _, _>::new(&[1000, 100], Linear, Sigmoid, &ScaledGaussian, 1)?;
/// let weights = network.layers().next().unwrap().weights;
/// // 100 000 draws: Σ w² is 100 up to a relative √(2/100 000).
/// assert!((weights.norm_squared() / 100.0 - 1.0).abs() < 5.0 * 0.0045);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScaledGaussian;

impl<T: Real> Initializer<T> for ScaledGaussian {
    fn initialize(&self, rng: &mut dyn Rng, weights: &mut DMatrix<T>, biases: &mut DVector<T>) {
        gaussian(rng, 1.0 / (weights.ncols() as f64).sqrt(), weights, biases);
    }
}

/// Weights and biases N(0, 1), as in chapters 1 and 2.
///
/// With n_in inputs of which half are 1, z has standard deviation √(n_in/2 + 1), and most neurons begin saturated.
///
/// Source: chapter 3 of the book, "Weight initialization".
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let network = Network::<f64, _, _>::new(&[1000, 100], Linear, Sigmoid, &LargeGaussian, 1)?;
/// let weights = network.layers().next().unwrap().weights;
/// assert!((weights.norm_squared() / 100_000.0 - 1.0).abs() < 5.0 * 0.0045);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LargeGaussian;

impl<T: Real> Initializer<T> for LargeGaussian {
    fn initialize(&self, rng: &mut dyn Rng, weights: &mut DMatrix<T>, biases: &mut DVector<T>) {
        gaussian(rng, 1.0, weights, biases);
    }
}
