//! Augmentation: images that are turned, shifted, scaled and bent a little, so that a network learns what does not
//! matter.
//!
//! A [`Distortion`] says where each pixel of the distorted image comes from, [`Augmented`] applies one to a data set of
//! images anew in every epoch, and [`Augmented::expand`] once.

mod augmented;
mod elastic;
mod grid;
mod rotation;
mod scaling;
mod then;
mod translation;

use std::fmt::Debug;

use rand::Rng;

pub use augmented::{Augmented, distort};
pub use elastic::Elastic;
pub use grid::Grid;
pub use rotation::Rotation;
pub use scaling::Scaling;
pub use then::Then;
pub use translation::Translation;

/// A random change of an image's geometry.
///
/// It is described backwards, as a map from the distorted image into the original: pixel p of the result is the
/// original's value at the point `distort` moves p to. So every pixel of the result gets exactly one value, however
/// many distortions are combined, and the image is interpolated only once.
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
/// /// Leans the image to one side or the other: x ← x + s y with a random s in [−1, 1).
/// #[derive(Debug)]
/// struct Shear;
///
/// impl Distortion for Shear {
///     fn distort(&self, grid: &mut Grid, rng: &mut dyn Rng) {
///         let s = rng.next_u32() as f32 / 2f32.powi(31) - 1.0;
///         grid.map(|x, y| (x + s * y, y));
///     }
/// }
/// let lean_and_turn = Shear.then(Rotation::up_to_degrees(10.0)?);
/// let mut image = vec![0.5f32; 28 * 28];
/// let mut rng = gradus::random::generator(1, gradus::random::Purpose::User, 0, 0);
/// distort(&lean_and_turn, &mut image, (28, 28), &mut rng)?;
/// assert!(image.iter().any(|&v| v < 0.5), "what comes from outside the original is 0");
/// # Ok::<(), gradus::Error>(())
/// ```
pub trait Distortion: Debug + Send + Sync {
    /// Moves each point of `grid`, which starts at a pixel of the distorted image, to the point of the original whose
    /// value that pixel takes.
    fn distort(&self, grid: &mut Grid, rng: &mut dyn Rng);

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
} }

/// A number drawn uniformly from [−`most`, `most`), with 53 random bits.
fn within(most: f64, rng: &mut dyn Rng) -> f64 {
    let unit = (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    most * (2.0 * unit - 1.0)
}

/// Either a fixed amount or a random one, at most as large in either direction.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Amount<V> {
    Exactly(V),
    UpTo(f64),
}
