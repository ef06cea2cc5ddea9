//! The initialization of the book's first chapters.

use std::borrow::Cow;

use nalgebra::{DMatrix, DVector};
use rand::Rng;

use super::{Initializer, draw};
use crate::activation::Activation;
use crate::real::Real;

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
    fn initialize(
        &self,
        rng: &mut dyn Rng,
        _activation: &dyn Activation<T>,
        weights: &mut DMatrix<T>,
        biases: &mut DVector<T>,
    ) {
        draw::normal(rng, 1.0, weights);
        biases.apply(|b| *b = T::sample_normal(rng));
    }

    fn deviation(&self, _activation: &dyn Activation<T>, _n_in: usize, _n_out: usize) -> Option<f64> {
        Some(1.0)
    }

    fn name(&self) -> Cow<'static, str> {
        self.to_string().into()
    }
}
