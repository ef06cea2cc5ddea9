//! The book's initialization.

use std::borrow::Cow;

use nalgebra::{DMatrix, DVector};
use rand::Rng;

use super::{Initializer, draw};
use crate::activation::Activation;
use crate::real::Real;

/// Weights N(0, 1/n_in), biases N(0, 1): the book's choice for sigmoid neurons.
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
/// // 100,000 draws: Σ w² is 100 within a relative standard deviation √(2/100,000).
/// assert!((weights.norm_squared() / 100.0 - 1.0).abs() < 5.0 * 0.0045);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScaledGaussian;

impl<T: Real> Initializer<T> for ScaledGaussian {
    fn initialize(
        &self,
        rng: &mut dyn Rng,
        _activation: &dyn Activation<T>,
        weights: &mut DMatrix<T>,
        biases: &mut DVector<T>,
    ) {
        draw::normal(rng, (weights.ncols() as f64).sqrt().recip(), weights);
        biases.apply(|b| *b = T::sample_normal(rng));
    }

    fn deviation(&self, _activation: &dyn Activation<T>, n_in: usize, _n_out: usize) -> Option<f64> {
        Some((n_in as f64).sqrt().recip())
    }

    fn name(&self) -> Cow<'static, str> {
        self.to_string().into()
    }
}
