//! Biases chosen apart from the weights.

use nalgebra::{DMatrix, DVector};
use rand::Rng;

use super::Initializer;
use crate::activation::Activation;
use crate::error::{Result, check_setting};
use crate::real::Real;

/// The weights of another initializer, and biases N(μ, σ²).
///
/// With σ = 0 every bias is μ: a small positive one makes more rectified linear units active at first.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let initializer = WithBiases::new(HeNormal, 0.1, 0.0)?;
/// let network = Network::<f64, _, _>::new(&[784, 30, 10], Relu, Linear, &initializer, 1)?;
/// assert_eq!(network.hidden()[0].biases, DVector::from_element(30, 0.1));
/// assert!(WithBiases::new(HeNormal, 0.1, -1.0).is_err());
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WithBiases<I> {
    weights: I,
    mean: f64,
    deviation: f64,
}

impl<I> WithBiases<I> {
    /// Creates an initializer with the weights of `weights` and biases of this mean and standard deviation.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `mean` is not finite, or if `deviation` is
    /// negative or not finite.
    pub fn new(weights: I, mean: f64, deviation: f64) -> Result<Self> {
        let why = "nothing can be computed with it";
        check_setting("mean of the biases", mean, mean.is_finite(), "(−∞, ∞)", why)?;
        let allowed = deviation >= 0.0 && deviation.is_finite();
        let why = "it is a standard deviation; 0 makes all biases equal to the mean";
        check_setting("deviation of the biases", deviation, allowed, "[0, ∞)", why)?;
        Ok(Self { weights, mean, deviation })
    }
}

impl<T: Real, I: Initializer<T>> Initializer<T> for WithBiases<I> {
    fn initialize(
        &self,
        rng: &mut dyn Rng,
        activation: &dyn Activation<T>,
        weights: &mut DMatrix<T>,
        biases: &mut DVector<T>,
    ) {
        self.weights.initialize(rng, activation, weights, biases);
        let (mean, deviation) = (T::cast(self.mean), T::cast(self.deviation));
        biases.apply(|b| *b = mean + deviation * T::sample_normal(rng));
    }

    fn deviation(&self, activation: &dyn Activation<T>, n_in: usize, n_out: usize) -> Option<f64> {
        self.weights.deviation(activation, n_in, n_out)
    }
}
