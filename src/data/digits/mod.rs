//! Synthetic digits: 28×28 images in the manner of MNIST, generated from a seed without any file.
//!
//! An image imitates handwriting: a *skeleton* (one of several ways of writing the digit) → *jitter*
//! of its points → a smooth *curve* → a *bend* and an *affine* map (slant, rotation, proportions, size, place) → a
//! *pen* of varying width and pressure → small *defects* → *blur* → *noise* → bytes. As in MNIST the digit fills
//! about 20×20 pixels and its centre of mass lies near the centre of the image.
//!
//! The digits are hard enough for a first data set. With 10,000 training and 2,000 test images, a softmax layer alone
//! classifies about 88 % of the test images correctly, and 784-30-10 sigmoid neurons about 96 %. Trained on the first
//! 1,000 images only, the latter classify all of these correctly, but only about 86 % of the test images: they overfit.
//!
//! The bytes are the same on every machine: the arithmetic uses only operations that IEEE 754 rounds exactly.

mod dice;
mod render;
mod shape;
mod skeletons;

use dice::{Dice, Purpose};

use crate::error::Result;
use crate::memory;

/// The width and the height of an image in pixels.
pub const SIDE: usize = 28;

/// The number of pixels of an image.
pub const PIXELS: usize = SIDE * SIDE;

/// An image, row after row from the top: 0 is background and 255 is full ink.
///
/// # Examples
///
/// ```
/// use gradus::data::digits;
///
/// let (image, label): (digits::Image, u8) = digits::sample(42, 7);
/// let ink = |&pixel: &u8| if pixel > 127 { '#' } else { ' ' };
/// for row in image.chunks(digits::SIDE) {
///     println!("{}", row.iter().map(ink).collect::<String>());
/// }
/// println!("{label}");
/// assert_eq!(image.chunks(digits::SIDE).count(), 28);
/// ```
pub type Image = [u8; PIXELS];

/// Draws `count` synthetic digits and returns their pixels, image after image, and their labels 0 to 9.
///
/// Image `i` is [`sample`]`(seed, i)`, so a shorter set is the beginning of a longer one with the same seed. Each block
/// of ten images, the first from index 0 on, shows each digit once, in random order.
///
/// # Shapes
///
/// `count` · [`PIXELS`] pixels and `count` labels.
///
/// # Errors
///
/// Returns [`Error::Memory`](crate::Error::Memory) if the images do not fit in memory.
///
/// # Examples
///
/// ```
/// use gradus::data::digits;
///
/// let (pixels, labels) = digits::generate(20, 42)?;
/// assert_eq!((pixels.len(), labels.len()), (20 * digits::PIXELS, 20));
/// assert_eq!(labels.iter().filter(|&&label| label == 7).count(), 2);
/// # Ok::<(), gradus::Error>(())
/// ```
pub fn generate(count: usize, seed: u64) -> Result<(Vec<u8>, Vec<u8>)> {
    // Reserved at once, so that a lack of memory is found at the start and not after hours.
    let what = "the pixels of the synthetic digits";
    memory::check::<u8>(what, [(PIXELS, count), (count, 1)])?;
    let mut pixels = memory::reserve(what, PIXELS, count)?;
    let mut labels = memory::reserve("the labels", count, 1)?;
    for index in 0..count {
        let (image, label) = sample(seed, index as u64);
        pixels.extend_from_slice(&image);
        labels.push(label);
    }
    Ok((pixels, labels))
}

/// Draws image `index` of the set with seed `seed`, and returns it with its label.
///
/// # Examples
///
/// ```
/// use gradus::data::digits;
///
/// let (image, label) = digits::sample(42, 7);
/// assert!(label <= 9);
/// assert!(image.iter().any(|&pixel| pixel > 200));
/// ```
pub fn sample(seed: u64, index: u64) -> (Image, u8) {
    let digit = label(seed, index);
    let mut dice = Dice::new(seed, Purpose::Image, index);
    let strokes = shape::write(digit, &mut dice);
    (render::render(&strokes, &mut dice), digit as u8)
}

/// Returns the label of image `index`. The labels of each block of ten images are a random permutation of the digits,
/// which keeps every prefix of the set balanced.
fn label(seed: u64, index: u64) -> usize {
    let mut dice = Dice::new(seed, Purpose::Labels, index / 10);
    let mut digits = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    for last in (1..10).rev() {
        digits.swap(last, dice.below(last + 1));
    }
    digits[(index % 10) as usize]
}

#[cfg(test)]
mod tests;
