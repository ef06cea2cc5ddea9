//! One distortion after another.

use rand::Rng;

use super::{Distortion, Grid};

/// The first distortion and then the second on its result; created by [`then`](Distortion::then).
///
/// If the inverse map of the first is p ↦ f(p), and that of the second p ↦ g(p), the inverse map of both is p ↦
/// f(g(p)). The image is interpolated once. After that its values are [retouched](Distortion::retouch) by the first and
/// then by the second.
///
/// # Examples
///
/// ```
/// use gradus::data::augment::Grid;
/// use gradus::prelude::*;
///
/// let mut rng = gradus::random::generator(1, gradus::random::Purpose::User, 0, 0);
/// let mut grid = Grid::new(1, 1);
/// Scaling::by(2.0)?.then(Translation::by(6.0, 0.0)?).distort(&mut grid, &mut rng);
/// assert_eq!(grid.x(), [-3.0], "6 pixels back in the enlarged image are 3 in the original");
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Then<A, B>(pub A, pub B);

impl<A: Distortion, B: Distortion> Distortion for Then<A, B> {
    fn distort(&self, grid: &mut Grid, rng: &mut dyn Rng) {
        self.1.distort(grid, rng);
        self.0.distort(grid, rng);
    }

    fn retouch(&self, values: &mut [f64], shape: (usize, usize), rng: &mut dyn Rng) {
        self.0.retouch(values, shape, rng);
        self.1.retouch(values, shape, rng);
    }
}
