//! Orthogonal weights, for deep networks.

use std::borrow::Cow;

use nalgebra::{DMatrix, DVector};
use rand::Rng;

use super::Initializer;
use crate::activation::Activation;
use crate::error::{Result, check_setting};
use crate::real::Real;

/// Weights g Q with QᵀQ = I (or QQᵀ = I if n_in > n_out), Q being uniformly distributed among such matrices;
/// biases 0.
///
/// With g = 1 it keeps the length of every vector that passes forward or backward through a square linear layer, not
/// only the mean length, so that very deep networks learn. g is `gain`, by default 1.
///
/// Q comes from the QR decomposition of a Gaussian matrix. Each column is multiplied by the sign of R's
/// diagonal element, without which Q would not be uniformly distributed (Mezzadri, "How to generate random
/// matrices from the classical compact groups", 2007).
///
/// Source: Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep
/// linear neural networks", 2014.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let network = Network::<f64, _, _>::new(&[8, 20, 5], Tanh, Linear, &Orthogonal::default(), 1)?;
/// let w = &network.hidden()[0].weights;
/// assert!((w.transpose() * w - DMatrix::identity(8, 8)).norm() < 1e-14);
/// gradus::check::initializer(&Orthogonal::new(2.0)?).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Orthogonal {
    gain: f64,
}

impl Orthogonal {
    /// Creates an initializer of orthogonal matrices times `gain`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `gain` is not a positive finite number.
    pub fn new(gain: f64) -> Result<Self> {
        let allowed = gain > 0.0 && gain.is_finite();
        check_setting("gain of orthogonal weights", gain, allowed, "(0, ∞)", "at 0 all weights are 0")?;
        Ok(Self { gain })
    }

    /// Returns the gain g.
    pub fn gain(&self) -> f64 {
        self.gain
    }
}

impl Default for Orthogonal {
    fn default() -> Self {
        Self { gain: 1.0 }
    }
}

impl<T: Real> Initializer<T> for Orthogonal {
    fn initialize(
        &self,
        rng: &mut dyn Rng,
        _activation: &dyn Activation<T>,
        weights: &mut DMatrix<T>,
        biases: &mut DVector<T>,
    ) {
        let (n_out, n_in) = weights.shape();
        let (mut q, r) =
            DMatrix::from_fn(n_out.max(n_in), n_out.min(n_in), |_, _| T::sample_normal(rng)).qr().unpack();
        for (j, mut column) in q.column_iter_mut().enumerate() {
            column *= T::cast(if r[(j, j)] < T::zero() { -self.gain } else { self.gain });
        }
        if n_out >= n_in {
            weights.copy_from(&q)
        } else {
            q.transpose_to(weights)
        }
        biases.fill(T::zero());
    }

    fn deviation(&self, _activation: &dyn Activation<T>, n_in: usize, n_out: usize) -> Option<f64> {
        Some(self.gain / (n_in.max(n_out) as f64).sqrt())
    }

    fn name(&self) -> Cow<'static, str> {
        self.to_string().into()
    }
}
