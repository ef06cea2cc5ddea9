//! Augmentation: training images are rotated, shifted, scaled and bent a little, so that a network learns to ignore
//! such changes.
//!
//! A [`Distortion`] maps each pixel of the distorted image to a point of the original, or changes the pixels' values.
//! [`Augmented`] applies one to a data set of images afresh in each epoch, and [`Augmented::expand`] once. [`Mixup`]
//! blends pairs of samples of any kind.
//!
//! | distortion | changes |
//! |---|---|
//! | [`Rotation`], [`Translation`], [`Scaling`], [`Shear`], [`Elastic`] | the geometry |
//! | [`Contrast`], [`Noise`], [`Erasing`] | the values |

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
/// The geometry is an inverse map, from the distorted image to the original: pixel p of the result takes the original's
/// value at the point to which `distort` moves p. So every pixel of the result gets exactly one value, and the image is
/// interpolated only once, however many distortions are combined. After that, `retouch` changes the values.
///
/// A distortion is stateless and its only randomness is `rng`, so that the same generator gives the same image.
///
/// Dyn-compatible (object-safe), and implemented for `&`, `Box` and `Arc`.
///
/// # Examples
///
/// ```
/// use gradus::data::augment::{Grid, distort};
/// use gradus::prelude::*;
/// use rand::Rng;
///
/// /// Mirrors half of the images, and makes all darker.
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
    /// Moves each point of `grid` from a pixel of the distorted image to the point of the original whose value the
    /// pixel takes.
    fn distort(&self, grid: &mut Grid, rng: &mut dyn Rng);

    /// Changes the values of an image in place, after it has been interpolated at the moved points. `values` are in
    /// row-major order, and `shape` is (rows, columns). Does nothing by default.
    fn retouch(&self, _values: &mut [f64], _shape: (usize, usize), _rng: &mut dyn Rng) {}

    /// Combines this distortion with `next`, which is applied to its result.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::data::augment::distort;
    /// use gradus::prelude::*;
    ///
    /// let mut image = [1.0, 0.0, 0.0, 0.0];
    /// let mut rng = gradus::random::generator(1, gradus::random::Purpose::User, 0, 0);
    /// // Moves the 1 to the upper right, and then to the lower right.
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

/// Draws uniformly from [−`most`, `most`), with 53 random bits.
fn within(most: f64, rng: &mut dyn Rng) -> f64 {
    most * (2.0 * unit(rng) - 1.0)
}

/// Either a fixed amount, or the limit of a random one in either direction.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Amount<V> {
    Exactly(V),
    UpTo(f64),
}
