//! The focal cost of softmax outputs, documented at `Focal`.

use nalgebra::DMatrix;

use super::log_likelihood::check_distributions;
use super::{Cost, Focal};
use crate::activation::Softmax;
use crate::error::Result;
use crate::real::{Real, portable};

impl<T: Real> Cost<T, Softmax> for Focal {
    fn values(&self, output: &Softmax, z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, costs: &mut [f64]) {
        let (gamma, neurons) = (self.gamma_in::<T>(), z.nrows().max(1));
        let columns = z.as_slice().chunks_exact(neurons).zip(a.as_slice().chunks_exact(neurons));
        for ((cost, (z, a)), y) in costs.iter_mut().zip(columns).zip(y.as_slice().chunks_exact(neurons)) {
            let (log_sum, below) = output.log_sum_exp(z);
            let expected = (0..neurons).filter(|&j| y[j] != T::zero());
            *cost = expected
                .map(|j| (y[j] * power(complement(a, j), gamma) * (log_sum + below(z[j]))).to_f64())
                .sum();
        }
    }

    fn delta(
        &self,
        output: &Softmax,
        z: &DMatrix<T>,
        a: &DMatrix<T>,
        y: &DMatrix<T>,
        delta: &mut DMatrix<T>,
    ) {
        let (gamma, c, neurons) = (self.gamma_in::<T>(), output.sharpness_in::<T>(), z.nrows().max(1));
        let columns = z.as_slice().chunks_exact(neurons).zip(a.as_slice().chunks_exact(neurons));
        let targets = y.as_slice().chunks_exact(neurons);
        for (((z, a), y), delta) in columns.zip(targets).zip(delta.as_mut_slice().chunks_exact_mut(neurons)) {
            let (log_sum, below) = output.log_sum_exp(z);
            // δ_k = c Σ_j h_j (δ_jk − p_k) with h_j = ∂C/∂ln p_j, summed term by term so that h_k (1 − p_k) does
            // not cancel.
            delta.fill(T::zero());
            for j in (0..neurons).filter(|&j| y[j] != T::zero()) {
                let (rest, loss) = (complement(a, j), log_sum + below(z[j]));
                // p L / (1 − p) tends to 1 as p tends to 1, and to 0 as p tends to 0, where L may be
                // infinite.
                let ratio = if rest > T::zero() { a[j] * (loss / rest) } else { T::one() };
                let ratio = if a[j] == T::zero() { T::zero() } else { ratio };
                let h = -y[j] * power(rest, gamma) * (T::one() + gamma * ratio);
                for (k, delta) in delta.iter_mut().enumerate() {
                    *delta += c * h * if k == j { rest } else { -a[k] };
                }
            }
        }
    }

    fn check_targets(&self, y: &DMatrix<T>, first: usize) -> Result<()> {
        check_distributions(y, first)
    }
}

/// Returns x^γ, computed in double precision.
fn power<T: Real>(x: T, gamma: T) -> T {
    T::cast(portable::pow(x.to_f64(), gamma.to_f64()))
}

/// Returns 1 − p_j, computed as the sum of the other outputs if p_j > ½, where the difference would lose digits.
fn complement<T: Real>(p: &[T], j: usize) -> T {
    if p[j] > T::cast(0.5) {
        return p.iter().enumerate().filter(|(k, _)| *k != j).map(|(_, &p)| p).sum();
    }
    T::one() - p[j]
}
