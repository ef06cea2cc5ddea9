//! Euclidean norms whose squares neither overflow nor underflow.

use crate::real::{Real, vectorized};

/// The norm `unit` · `length`. The unit is 1 if the sum of squares is a normal number, and otherwise the largest
/// element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Norm {
    unit: f64,
    length: f64,
}

impl Norm {
    /// ‖x‖ of a slice.
    pub(super) fn of<T: Real>(x: &[T]) -> Self {
        // The unit is nearly always 1, and a division would take longer than the rest.
        Self::new(x.iter().copied(), |unit| match unit {
            1.0 => sum_of_squares(x, |x| x.to_f64()),
            _ => sum_of_squares(x, move |x| x.to_f64() / unit),
        })
    }

    /// ‖x‖ of the elements of an iterator, added in their order.
    pub(super) fn of_each<T: Real>(x: impl Iterator<Item = T> + Clone) -> Self {
        let square = |x: f64| x * x;
        Self::new(x.clone(), |unit| x.clone().map(|x| square(x.to_f64() / unit)).sum())
    }

    fn new<T: Real>(x: impl Iterator<Item = T>, sum_of_squares: impl Fn(f64) -> f64) -> Self {
        let squares = sum_of_squares(1.0);
        if squares.is_normal() || squares.is_nan() {
            return Self { unit: 1.0, length: squares.sqrt() };
        }
        let largest = x.map(|x| x.to_f64().abs()).fold(0.0, f64::max);
        // Zeros only, or an infinity, which is then the norm.
        if largest == 0.0 || largest.is_infinite() {
            return Self { unit: 1.0, length: largest };
        }
        Self { unit: largest, length: sum_of_squares(largest).sqrt() }
    }

    /// Whether the norm is above `limit`.
    pub(super) fn exceeds(self, limit: f64) -> bool {
        self.length > limit / self.unit
    }

    /// Scales `x` so that a vector of this norm gets the norm `limit`.
    #[inline(always)]
    pub(super) fn scale<'a, T: Real>(self, x: impl Iterator<Item = &'a mut T>, limit: f64) {
        let factor = limit / self.unit / self.length;
        if factor.is_normal() {
            x.for_each(|x| *x = T::cast(x.to_f64() * factor));
        } else {
            // The factors one by one: their product has underflowed or overflowed, but the result need not.
            x.for_each(|x| *x = T::cast(x.to_f64() / self.unit / self.length * limit));
        }
    }
}

/// Σ `number(x)`² in double precision, in 16 interleaved sums, so that it vectorizes and is bitwise identical on all
/// machines.
fn sum_of_squares<T: Real>(x: &[T], number: impl Fn(T) -> f64) -> f64 {
    vectorized(
        #[inline(always)]
        move || {
            let mut sums = [0.0; 16];
            for chunk in x.chunks(16) {
                for (sum, &x) in sums.iter_mut().zip(chunk) {
                    let x = number(x);
                    *sum += x * x;
                }
            }
            sums.iter().sum()
        },
    )
}
