//! The two-loop recursion: H g from the last steps.

use super::MAX_MEMORY;
use crate::real::{Real, vectorized};

/// s and y of the last m steps. The pair of step i has the index i mod m; a pair that does not exist yet is zero.
pub(super) struct Pairs<'a, S> {
    pub steps: &'a mut [S],
    pub changes: &'a mut [S],
    /// The step that is about to be taken.
    pub t: u64,
}

impl<S> Pairs<'_, S> {
    /// The index of the pair of `age` steps ago, at most m; 0 is the step that is about to be taken.
    fn place(&self, age: usize) -> usize {
        let m = self.steps.len().max(1);
        let now = usize::try_from(self.t % m as u64).unwrap_or(0);
        (now + m - age) % m
    }

    /// Writes d = −H g, with H the limited-memory estimate of the inverse Hessian, and returns the slope g·d.
    ///
    /// Source: Nocedal and Wright, *Numerical optimization*, 2006, algorithm 7.4.
    pub(super) fn direction<T: Real>(&self, g: &[T], d: &mut [T]) -> f64
    where
        S: AsRef<[T]>,
    {
        let m = self.steps.len();
        let pair = |age| (self.steps[self.place(age)].as_ref(), self.changes[self.place(age)].as_ref());
        d.copy_from_slice(g);
        let mut alphas = [0.0; MAX_MEMORY];
        let mut scale = None;
        for (age, alpha) in (1..=m).zip(&mut alphas) {
            let (s, y) = pair(age);
            let curvature = dot(s, y);
            if curvature > 0.0 {
                *alpha = dot(s, d) / curvature;
                add(-*alpha, y, d);
                scale = scale.or(Some(curvature / dot(y, y)));
            }
        }
        let scale = T::cast(scale.unwrap_or(1.0));
        d.iter_mut().for_each(|d| *d *= scale);
        for (age, alpha) in (1..m + 1).zip(&alphas).rev() {
            let (s, y) = pair(age);
            let curvature = dot(s, y);
            if curvature > 0.0 {
                add(alpha - dot(y, d) / curvature, s, d);
            }
        }
        d.iter_mut().for_each(|d| *d = -*d);
        dot(g, d)
    }

    /// Whether there is a pair with positive curvature s·y.
    pub(super) fn any<T: Real>(&self) -> bool
    where
        S: AsRef<[T]>,
    {
        self.steps.iter().zip(&*self.changes).any(|(s, y)| dot(s.as_ref(), y.as_ref()) > 0.0)
    }

    /// Forgets all pairs.
    pub(super) fn forget<T: Real>(&mut self)
    where
        S: AsMut<[T]>,
    {
        self.steps.iter_mut().chain(&mut *self.changes).for_each(|slot| slot.as_mut().fill(T::zero()));
    }

    /// The memory of the pair of the step that is about to be taken.
    pub(super) fn newest<T: Real>(&mut self) -> Option<(&mut [T], &mut [T])>
    where
        S: AsMut<[T]>,
    {
        let place = self.place(0);
        Some((self.steps.get_mut(place)?.as_mut(), self.changes.get_mut(place)?.as_mut()))
    }
}

/// Σ x y in double precision, in 16 interleaved sums, so that it vectorizes and is bitwise identical on all machines.
pub(super) fn dot<T: Real>(x: &[T], y: &[T]) -> f64 {
    vectorized(
        #[inline(always)]
        || {
            let mut sums = [0.0; 16];
            for (x, y) in x.chunks(16).zip(y.chunks(16)) {
                for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
                    *sum += x.to_f64() * y.to_f64();
                }
            }
            sums.iter().sum()
        },
    )
}

/// y → y + a x.
fn add<T: Real>(a: f64, x: &[T], y: &mut [T]) {
    let a = T::cast(a);
    vectorized(
        #[inline(always)]
        move || y.iter_mut().zip(x).for_each(|(y, &x)| *y += a * x),
    );
}
