//! Weights as images.

use std::path::Path;

use nalgebra::DMatrix;
use plotters::coord::Shift;
use plotters::prelude::*;

use super::{Drawn, Picture, write};
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
/// Returns [`Error::SizeMismatch`] if the weights of a neuron are no such image, and [`Error::File`] if the name of the file ends neither
/// in `.svg` nor in `.png`, or if it cannot be written.
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
        (1..).find(|n| n * n >= self.weights.nrows()).unwrap_or(1)
    }

    /// The width and height of an image and the gap behind it.
    fn step(&self) -> (i32, i32) {
        (self.shape.1 as i32 * PIXEL + GAP, self.shape.0 as i32 * PIXEL + GAP)
    }
}

impl<T: Real> Picture for Weights<'_, T> {
    fn size(&self) -> (u32, u32) {
        let (across, step) = (self.across(), self.step());
        let down = self.weights.nrows().div_ceil(across);
        ((across as i32 * step.0 + GAP) as u32, (down as i32 * step.1 + GAP) as u32)
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        for (neuron, weights) in self.weights.row_iter().enumerate() {
            let largest = weights.iter().fold(0.0, |largest: f64, w| largest.max(w.to_f64().abs()));
            let (column, row) = ((neuron % self.across()) as i32, (neuron / self.across()) as i32);
            let corner = (GAP + column * self.step().0, GAP + row * self.step().1);
            for (index, w) in weights.iter().enumerate() {
                let (x, y) = ((index % self.shape.1) as i32 * PIXEL, (index / self.shape.1) as i32 * PIXEL);
                let at = (corner.0 + x, corner.1 + y);
                let colour = if *w > T::zero() { RGBColor(0, 114, 178) } else { RGBColor(213, 94, 0) };
                let strength = if largest > 0.0 { w.to_f64().abs() / largest } else { 0.0 };
                area.draw(&Rectangle::new(
                    [at, (at.0 + PIXEL, at.1 + PIXEL)],
                    colour.mix(strength).filled(),
                ))?;
            }
            let frame = [corner, (corner.0 + self.step().0 - GAP, corner.1 + self.step().1 - GAP)];
            area.draw(&Rectangle::new(frame, BLACK.mix(0.3)))?;
        }
        Ok(())
    }
}
