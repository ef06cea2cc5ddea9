//! A sheet of captioned images as SVG, such as those that a network got wrong.

use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// Distinct shades of gray besides black.
const SHADES: usize = 8;
/// Height of the caption below an image, and gap between images, in pixels of the images.
const CAPTION: usize = 8;
const GAP: usize = 4;

/// An image of values from 0 to 1, row by row, and the caption below it.
#[derive(Debug, Clone)]
pub struct Captioned {
    pub values: Vec<f32>,
    pub caption: String,
}

/// Draws `images` of `side` × `side` values as `target/figures/NAME.svg`, `columns` per row.
pub fn save(
    name: &str,
    columns: usize,
    side: usize,
    images: &[Captioned],
) -> Result<PathBuf, Box<dyn Error>> {
    let path = Path::new("target/figures").join(format!("{name}.svg"));
    fs::create_dir_all("target/figures")?;
    fs::write(&path, drawn(columns, side, images)?)?;
    Ok(path)
}

fn drawn(columns: usize, side: usize, images: &[Captioned]) -> Result<String, std::fmt::Error> {
    let (across, down) = (side + GAP, side + CAPTION + GAP);
    let (width, height) = (columns * across + GAP, images.len().div_ceil(columns) * down + GAP);
    let mut svg = String::new();
    writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\"",
        2 * width,
        2 * height
    )?;
    writeln!(
        svg,
        " viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"7\" text-anchor=\"middle\">"
    )?;
    writeln!(svg, "<rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>")?;
    for (index, image) in images.iter().enumerate() {
        let (x, y) = (GAP + index % columns * across, GAP + index / columns * down);
        writeln!(svg, "<g transform=\"translate({x} {y})\"><rect width=\"{side}\" height=\"{side}\"/>")?;
        for shade in 1..=SHADES {
            let light = 255 * shade / SHADES;
            let path = runs(&image.values, side, shade)?;
            if !path.is_empty() {
                writeln!(svg, "<path stroke=\"rgb({light},{light},{light})\" d=\"{path}\"/>")?;
            }
        }
        writeln!(svg, "<text x=\"{}\" y=\"{}\">{}</text></g>", side / 2, side + CAPTION - 1, image.caption)?;
    }
    writeln!(svg, "</svg>")?;
    Ok(svg)
}

/// Returns the SVG path of the pixels of one shade; neighbours in a row are one line.
fn runs(values: &[f32], side: usize, shade: usize) -> Result<String, std::fmt::Error> {
    let mut path = String::new();
    for (row, values) in values.chunks(side).enumerate() {
        let mut column = 0;
        for run in values.chunk_by(|a, b| shade_of(*a) == shade_of(*b)) {
            if shade_of(run[0]) == shade {
                write!(path, "M{column} {row}.5h{}", run.len())?;
            }
            column += run.len();
        }
    }
    Ok(path)
}

fn shade_of(value: f32) -> usize {
    (value * SHADES as f32).round() as usize
}
