//! Weights that are all the same.

use std::borrow::Cow;

use nalgebra::{DMatrix, DVector};
use rand::Rng;

use super::Initializer;
use crate::activation::Activation;
use crate::error::{Result, check_setting};
use crate::real::Real;

/// Weights c, biases 0.
///
/// All neurons of a hidden layer then compute the same, and go on to do so, because their gradients are the
/// same too. It is for linear models without hidden layers, with c = 0, and for tests. It is not in the
/// prelude, where [`Constant`](crate::schedule::Constant) is a learning rate.
///
/// # Examples
///
/// ```
/// use gradus::init::Constant;
/// use gradus::prelude::*;
///
/// let network = Network::<f64, _, _>::new(&[4, 3], Linear, Softmax::default(), &Constant::new(0.5)?, 1)?;
/// assert_eq!(network.output().weights, DMatrix::from_element(3, 4, 0.5));
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Constant {
    value: f64,
}

impl Constant {
    /// Creates an initializer that sets every weight to `value`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `value` is not finite.
    pub fn new(value: f64) -> Result<Self> {
        check_setting(
            "initial weight",
            value,
            value.is_finite(),
            "(−∞, ∞)",
            "nothing can be computed with it",
        )?;
        Ok(Self { value })
    }

    /// Returns the value of every weight.
    pub fn value(&self) -> f64 {
        self.value
    }
}

impl<T: Real> Initializer<T> for Constant {
    fn initialize(
        &self,
        _rng: &mut dyn Rng,
        _activation: &dyn Activation<T>,
        weights: &mut DMatrix<T>,
        biases: &mut DVector<T>,
    ) {
        weights.fill(T::cast(self.value));
        biases.fill(T::zero());
    }

    fn name(&self) -> Cow<'static, str> {
        self.to_string().into()
    }
}
