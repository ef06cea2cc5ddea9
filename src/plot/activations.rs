//! The activations of a layer as a picture.

use std::path::Path;

use nalgebra::DMatrix;
use plotters::coord::Shift;
use plotters::prelude::*;

use super::{Drawn, Picture, shade, write};
use crate::activation::Activation;
use crate::error::{Result, check_setting};
use crate::network::{self, Network, Workspace};
use crate::real::Real;

/// The side of an activation in pixels.
const CELL: i32 = 8;

/// Pixels around the activations.
const MARGIN: i32 = 14;

/// Pixels above the activations, for the title and the scale.
const HEAD: i32 = 72;

/// The pixels that the title takes at least.
const MIN_WIDTH: u64 = 640;

/// Half the number of colours that the scale shows.
const SHADES: i32 = 10;

/// Draws the activations of a layer as a heat map: a row for each neuron, a column for each column of `x`, white for 0, blue for positive
/// and orange for negative activations, scaled to the largest one of the layer.
///
/// `layer` is 1 for the first layer after the inputs. A row of one colour is a neuron that answers the same to all samples, such as a
/// [silent](Network::silent_neurons) one; where samples of one class stand side by side, stripes show which neurons know the class.
///
/// # Shapes
///
/// `x` inputs × examples.
///
/// # Errors
///
/// - Returns [`Error::Setting`](crate::Error::Setting) if there is no such layer.
/// - Returns [`Error::SizeMismatch`](crate::Error::SizeMismatch) if `x` has not as many rows as the network has inputs, and
///   [`Error::Memory`](crate::Error::Memory) if the activations do not fit in memory.
/// - Returns [`Error::File`](crate::Error::File) if the name of the file ends neither in `.svg` nor in `.png`, if the picture would have
///   more than 2²⁸ pixels, or if the file cannot be written.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let network = Network::<f32, _, _>::new(&[2, 3, 1], Tanh, Sigmoid, &ByActivation, 1)?;
/// let x = DMatrix::from_column_slice(2, 4, &[0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0]);
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("hidden.svg");
/// gradus::plot::activations(&network, 1, &x, &path)?;
/// assert!(std::fs::read_to_string(&path).unwrap().contains("layer 1: 3 neurons (rows), 4 samples (columns)"));
/// # Ok::<(), gradus::Error>(())
/// ```
pub fn activations<T, H, O>(
    network: &Network<T, H, O>,
    layer: usize,
    x: &DMatrix<T>,
    path: impl AsRef<Path>,
) -> Result<()>
where
    T: Real,
    H: Activation<T>,
    O: Activation<T>,
{
    let sizes = network.sizes();
    let why = "layer 1 is the first one after the inputs";
    check_setting("layer", layer as f64, (1..sizes.len()).contains(&layer), "[1, number of layers]", why)?;
    network::check_inputs(network, x)?;
    let mut workspace = Workspace::new(&sizes, x.ncols())?;
    network.forward(x, &mut workspace);
    write(path.as_ref(), &Activations { layer, a: workspace.activations(layer - 1) })
}

struct Activations<'a, T> {
    layer: usize,
    a: &'a DMatrix<T>,
}

impl<T: Real> Picture for Activations<'_, T> {
    fn size(&self) -> (u64, u64) {
        let side =
            |cells: usize| (cells as u64).saturating_mul(CELL as u64).saturating_add(2 * MARGIN as u64);
        (side(self.a.ncols()).max(MIN_WIDTH), side(self.a.nrows()).saturating_add(HEAD as u64))
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        let Self { layer, a } = self;
        let title = format!("layer {layer}: {} neurons (rows), {} samples (columns)", a.nrows(), a.ncols());
        area.draw(&Text::new(title, (MARGIN, 14), ("sans-serif", 18)))?;
        let largest = a.iter().fold(0.0, |largest: f64, a| largest.max(a.to_f64().abs()));
        let scale = format!("white is 0, the strongest colours are ±{}", rounded(largest));
        area.draw(&Text::new(scale, (MARGIN + (2 * SHADES + 2) * CELL, 44), ("sans-serif", 16)))?;
        for shade_of in -SHADES..=SHADES {
            let at = (MARGIN + (SHADES + shade_of) * CELL, 42);
            let colour = shade(f64::from(shade_of), f64::from(SHADES));
            area.draw(&Rectangle::new([at, (at.0 + CELL, at.1 + 2 * CELL)], colour.filled()))?;
        }
        for (column, sample) in a.column_iter().enumerate() {
            for (row, a) in sample.iter().enumerate() {
                let at = (MARGIN + column as i32 * CELL, HEAD + MARGIN + row as i32 * CELL);
                let cell = [at, (at.0 + CELL, at.1 + CELL)];
                area.draw(&Rectangle::new(cell, shade(a.to_f64(), largest).filled()))?;
            }
        }
        let corner = (MARGIN + a.ncols() as i32 * CELL, HEAD + MARGIN + a.nrows() as i32 * CELL);
        area.draw(&Rectangle::new([(MARGIN, HEAD + MARGIN), corner], BLACK.mix(0.3)))
    }
}

/// A number with some digits.
fn rounded(value: f64) -> String {
    if value == 0.0 || (1e-3..1e5).contains(&value) { format!("{value:.3}") } else { format!("{value:.2e}") }
}
