//! RMSProp, plain, centred and with momentum.

use super::{Optimizer, Scope, StepInfo, below_one, check_decay, check_epsilon, check_mu};
use crate::error::Result;
use crate::real::{Real, vectorized};

/// Divides the gradient of each parameter by the root mean square of its recent values.
///
/// ```text
/// v → ρ v + (1 − ρ) g²
/// m → ρ m + (1 − ρ) g               centred; otherwise m = 0
/// u → μ u − η g/(√(v − m²) + ε)     with momentum; otherwise μ = 0
/// w → w + u
/// ```
///
/// g is the gradient, penalty included. If centred, it divides by the recent standard deviation, so that steps are long
/// where the gradient is steady. Where the gradient does not change at all, only ε bounds the steps.
///
/// The slots are v, then m if it is centred, then u if it has momentum. The learning rate, unless a schedule gives
/// one, is 0.01 (1 − μ).
///
/// Source: Tieleman and Hinton, *Neural networks for machine learning*, lecture 6.5, 2012; centred and with momentum:
/// Graves, *Generating sequences with recurrent neural networks*, 2013, equations (38) to (41), with ε outside the
/// root.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let at = StepInfo::first(1);
/// let rms_prop = RmsProp::new(0.75, 1e-8)?;
/// let (mut w, mut v) = ([1.0], [0.0]);
/// rms_prop.step(&at, &mut [&mut v], &mut w, &mut [-3.0], 0.25);
/// assert!((w[0] - 1.5f64).abs() < 1e-8 && v == [2.25]); // √v is half of |g|
///
/// let rms_prop = rms_prop.centred().momentum(0.5)?;
/// let (mut w, mut v, mut m, mut u) = ([1.0], [0.0], [1.0], [0.5]);
/// rms_prop.step(&at, &mut [&mut v, &mut m, &mut u], &mut w, &mut [-3.0], 0.25);
/// assert!((w[0] - 1.75f64).abs() < 1e-8 && m == [0.0]);
/// gradus::check::optimizer(&rms_prop).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RmsProp {
    rho: f64,
    epsilon: f64,
    centred: bool,
    mu: f64,
}

impl Default for RmsProp {
    /// ρ = 0.99, ε = 10⁻⁸, neither centred nor with momentum.
    fn default() -> Self {
        Self { rho: 0.99, epsilon: 1e-8, centred: false, mu: 0.0 }
    }
}

impl RmsProp {
    /// Creates RMSProp with the decay rate ρ = `rho` and ε = `epsilon`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if ρ is outside [0, 1), or if ε is not positive and finite.
    pub fn new(rho: f64, epsilon: f64) -> Result<Self> {
        check_decay("decay rate ρ", rho)?;
        check_epsilon(epsilon)?;
        Ok(Self { rho, epsilon, ..Self::default() })
    }

    /// Divides by the standard deviation of the gradient: v − m² instead of v.
    #[doc(alias = "centered")]
    pub fn centred(mut self) -> Self {
        self.centred = true;
        self
    }

    /// Adds momentum with the coefficient μ = `mu`; 0 is none.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if μ is outside [0, 1).
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let rms_prop = RmsProp::default().momentum(0.5)?;
    /// let (mut w, mut v, mut u) = ([1.0], [0.0], [1.0]);
    /// let at = StepInfo::first(1);
    /// rms_prop.step(&at, &mut [&mut v, &mut u], &mut w, &mut [0.0], 0.1);
    /// assert_eq!((w, u), ([1.5], [0.5])); // without a gradient, half of the last step
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn momentum(mut self, mu: f64) -> Result<Self> {
        check_mu(mu)?;
        self.mu = mu;
        Ok(self)
    }

    /// The decay rate ρ.
    pub fn rho(&self) -> f64 {
        self.rho
    }

    /// ε.
    pub fn epsilon(&self) -> f64 {
        self.epsilon
    }

    /// Whether it is centred.
    pub fn is_centred(&self) -> bool {
        self.centred
    }

    /// The momentum coefficient μ.
    pub fn mu(&self) -> f64 {
        self.mu
    }
}

impl<T: Real> Optimizer<T> for RmsProp {
    fn slots(&self) -> usize {
        1 + usize::from(self.centred) + usize::from(self.mu > 0.0)
    }

    fn scope(&self) -> Scope {
        Scope::Elementwise
    }

    fn default_rate(&self) -> f64 {
        0.01 * (1.0 - self.mu)
    }

    fn step(&self, _: &StepInfo, slots: &mut [&mut [T]], parameters: &mut [T], gradient: &mut [T], eta: T) {
        let (rho, mu, epsilon) = (below_one::<T>(self.rho), below_one::<T>(self.mu), T::cast(self.epsilon));
        let new = T::one() - rho;
        let mut slots = slots.iter_mut();
        let Some(v) = slots.next() else { return };
        let (m, u) = (if self.centred { slots.next() } else { None }, slots.next());
        // The first loop replaces the gradient by the step, the second moves the parameters.
        vectorized(
            #[inline(always)]
            move || {
                match m {
                    None => {
                        for (g, v) in gradient.iter_mut().zip(v.iter_mut()) {
                            *v = rho * *v + new * *g * *g;
                            *g = eta * *g / (v.sqrt() + epsilon);
                        }
                    }
                    Some(m) => {
                        for (g, (v, m)) in gradient.iter_mut().zip(v.iter_mut().zip(m.iter_mut())) {
                            *v = rho * *v + new * *g * *g;
                            *m = rho * *m + new * *g;
                            // Rounding can take the variance of a constant gradient below 0.
                            let variance = *v - *m * *m;
                            let variance = if variance < T::zero() { T::zero() } else { variance };
                            *g = eta * *g / (variance.sqrt() + epsilon);
                        }
                    }
                }
                match u {
                    None => {
                        for (w, &mut step) in parameters.iter_mut().zip(gradient) {
                            *w -= step;
                        }
                    }
                    Some(u) => {
                        for ((w, u), &mut step) in parameters.iter_mut().zip(u.iter_mut()).zip(gradient) {
                            *u = mu * *u - step;
                            *w += *u;
                        }
                    }
                }
            },
        );
    }
}
