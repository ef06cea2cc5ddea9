//! Weights as images.

use std::path::Path;

use nalgebra::DMatrix;
use plotters::coord::Shift;
use plotters::prelude::*;

use super::{Drawn, Picture, shade, write};
use crate::error::{Error, Result};
use crate::real::Real;

/// The side of a weight in pixels.
const PIXEL: i32 = 3;

/// Pixels between the images of two neurons.
const GAP: i32 = 6;

/// Draws the weights of a layer, each neuron's as an image of `shape` = (rows, columns): white for 0, blue for positive and orange for
/// negative weights, each image scaled to its largest one.
///
/// # Shapes
///
/// `weights` is neurons × rows · columns, as in a layer.
///
/// # Errors
///
/// - Returns [`Error::SizeMismatch`] if the weights of a neuron are no such image.
/// - Returns [`Error::File`] if the name of the file ends neither in `.svg` nor in `.png`, if the picture would have more than
///   2²⁸ pixels, or if the file cannot be written.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let network = Network::<f32, Sigmoid, _>::new(&[784, 30, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1)?;
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("weights.png");
/// gradus::plot::weights(network.layers().next().unwrap().weights, (28, 28), &path)?;
/// # Ok::<(), gradus::Error>(())
/// ```
pub fn weights<T: Real>(weights: &DMatrix<T>, shape: (usize, usize), path: impl AsRef<Path>) -> Result<()> {
    let (what, expected) =
        ("weights of a neuron (needed: rows times columns)", shape.0.saturating_mul(shape.1));
    if weights.ncols() != expected {
        return Err(Error::SizeMismatch { what, found: weights.ncols(), expected });
    }
    write(path.as_ref(), &Weights { weights, shape })
}

struct Weights<'a, T> {
    weights: &'a DMatrix<T>,
    shape: (usize, usize),
}

impl<T> Weights<'_, T> {
    /// The images in a row of the sheet.
    fn across(&self) -> usize {
        let root = self.weights.nrows().isqrt();
        let is_square = root * root == self.weights.nrows();
        (if is_square { root } else { root + 1 }).max(1)
    }

    /// The width and height of an image and the gap behind it. They fit: a picture of more pixels is not drawn.
    fn step(&self) -> (i32, i32) {
        (self.shape.1 as i32 * PIXEL + GAP, self.shape.0 as i32 * PIXEL + GAP)
    }
}

impl<T: Real> Picture for Weights<'_, T> {
    fn size(&self) -> (u64, u64) {
        let across = self.across();
        let side = |images: usize, cells: usize| {
            let image = (cells as u64).saturating_mul(PIXEL as u64).saturating_add(GAP as u64);
            image.saturating_mul(images as u64).saturating_add(GAP as u64)
        };
        let (rows, columns) = self.shape;
        (side(across, columns), side(self.weights.nrows().div_ceil(across), rows))
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        for (neuron, weights) in self.weights.row_iter().enumerate() {
            let largest = weights.iter().fold(0.0, |largest: f64, w| largest.max(w.to_f64().abs()));
            let (column, row) = ((neuron % self.across()) as i32, (neuron / self.across()) as i32);
            let corner = (GAP + column * self.step().0, GAP + row * self.step().1);
            for (index, w) in weights.iter().enumerate() {
                let (x, y) = ((index % self.shape.1) as i32 * PIXEL, (index / self.shape.1) as i32 * PIXEL);
                let at = (corner.0 + x, corner.1 + y);
                let cell = [at, (at.0 + PIXEL, at.1 + PIXEL)];
                area.draw(&Rectangle::new(cell, shade(w.to_f64(), largest).filled()))?;
            }
            let frame = [corner, (corner.0 + self.step().0 - GAP, corner.1 + self.step().1 - GAP)];
            area.draw(&Rectangle::new(frame, BLACK.mix(0.3)))?;
        }
        Ok(())
    }
}
