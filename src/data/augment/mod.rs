//! Augmentation: images that are turned, shifted, scaled and bent a little, so that a network learns what does not
//! matter.
//!
//! A [`Distortion`] says where each pixel of the distorted image comes from, or what becomes of its value. [`Augmented`]
//! applies one to a data set of images anew in every epoch, and [`Augmented::expand`] once. [`Mixup`] blends samples of
//! any kind in pairs.
//!
//! | distortion | changes | into |
//! |---|---|---|
//! | [`Rotation`], [`Translation`], [`Scaling`], [`Shear`], [`Elastic`] | where pixels are | a turned, shifted, scaled, slanted, bent image |
//! | [`Contrast`], [`Noise`], [`Erasing`] | values | more or less contrast, noise on every pixel, a rectangle of 0 |

mod augmented;
mod beta;
mod contrast;
mod elastic;
mod erasing;
mod grid;
mod mixup;
mod noise;
mod rotation;
mod scaling;
mod shear;
mod then;
mod translation;

use std::fmt::Debug;

use rand::Rng;

pub use augmented::{Augmented, distort};
pub use contrast::Contrast;
pub use elastic::Elastic;
pub use erasing::Erasing;
pub use grid::Grid;
pub use mixup::Mixup;
pub use noise::Noise;
pub use rotation::Rotation;
pub use scaling::Scaling;
pub use shear::Shear;
pub use then::Then;
pub use translation::Translation;

/// A random change of an image: of its geometry, of its values, or of both.
///
/// The geometry is described backwards, as a map from the distorted image into the original: pixel p of the result is the
/// original's value at the point `distort` moves p to. So every pixel of the result gets exactly one value, however
/// many distortions are combined, and the image is interpolated only once. The values are changed after that, by
/// `retouch`.
///
/// A distortion keeps no state and has no randomness but `rng`, which is why the same generator gives the same image.
///
/// # Examples
///
/// ```
/// use gradus::data::augment::{Grid, distort};
/// use gradus::prelude::*;
/// use rand::Rng;
///
/// /// Shows every other image in a mirror, and makes it darker.
/// #[derive(Debug)]
/// struct Mirror;
///
/// impl Distortion for Mirror {
///     fn distort(&self, grid: &mut Grid, rng: &mut dyn Rng) {
///         if rng.next_u32() % 2 == 0 {
///             grid.map(|x, y| (-x, y));
///         }
///     }
///     fn retouch(&self, values: &mut [f64], _: (usize, usize), _: &mut dyn Rng) {
///         values.iter_mut().for_each(|v| *v *= 0.5);
///     }
/// }
/// gradus::check::distortion(&Mirror)?;
/// let mirror_and_turn = Mirror.then(Rotation::up_to_degrees(10.0)?);
/// let mut image = vec![0.5f32; 28 * 28];
/// let mut rng = gradus::random::generator(1, gradus::random::Purpose::User, 0, 0);
/// distort(&mirror_and_turn, &mut image, (28, 28), &mut rng)?;
/// assert!(image.iter().all(|&v| v <= 0.25));
/// # Ok::<(), gradus::Error>(())
/// ```
pub trait Distortion: Debug + Send + Sync {
    /// Moves each point of `grid`, which starts at a pixel of the distorted image, to the point of the original whose
    /// value that pixel takes.
    fn distort(&self, grid: &mut Grid, rng: &mut dyn Rng);

    /// Changes the values of an image in place, row by row, after its points have been moved and its values
    /// interpolated; `shape` is (rows, columns). Does nothing by default.
    fn retouch(&self, _values: &mut [f64], _shape: (usize, usize), _rng: &mut dyn Rng) {}

    /// This distortion, and then `next` on its result.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::data::augment::distort;
    /// use gradus::prelude::*;
    ///
    /// let mut image = [1.0, 0.0, 0.0, 0.0];
    /// let mut rng = gradus::random::generator(1, gradus::random::Purpose::User, 0, 0);
    /// // Along the upper edge to the right, and then from there to the lower right.
    /// let right_then_turned = Translation::by(1.0, 0.0)?.then(Rotation::by_degrees(-90.0)?);
    /// distort(&right_then_turned, &mut image, (2, 2), &mut rng)?;
    /// assert_eq!(image, [0.0, 0.0, 0.0, 1.0]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    fn then<D: Distortion>(self, next: D) -> Then<Self, D>
    where
        Self: Sized,
    {
        Then(self, next)
    }
}

crate::forward! { impl Distortion {
    fn distort(&self, grid: &mut Grid, rng: &mut dyn Rng);
    fn retouch(&self, values: &mut [f64], shape: (usize, usize), rng: &mut dyn Rng);
} }

/// Draws uniformly from [0, 1), with 53 random bits.
fn unit(rng: &mut dyn Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// A number drawn uniformly from [−`most`, `most`), with 53 random bits.
fn within(most: f64, rng: &mut dyn Rng) -> f64 {
    most * (2.0 * unit(rng) - 1.0)
}

/// Either a fixed amount or a random one, at most as large in either direction.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Amount<V> {
    Exactly(V),
    UpTo(f64),
}
