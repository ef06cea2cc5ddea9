//! Pictures as SVG and PNG; needs the feature `plot`.
//!
//! | picture | call |
//! |---|---|
//! | learning curves | [`Report::plot`](crate::trainer::Report::plot), [`History::plot`](crate::history::History::plot) |
//! | which classes were predicted as which | [`ConfusionMatrix::plot`](crate::metrics::ConfusionMatrix::plot) |
//! | whether probabilities come true | [`ReliabilityTable::plot`](crate::metrics::ReliabilityTable::plot) |
//! | positives found against false alarms | [`RocCurve::plot`](crate::metrics::RocCurve::plot) |
//! | the weights of a layer as images | [`weights`] |
//! | the activations of a layer, neuron by neuron | [`activations`] |
//! | anything else | [`Chart`] and [`save`] |
//!
//! The name of the file decides: `.svg` or `.png`. Letters of a PNG are those of DejaVu Sans, which the crate brings along; an SVG
//! leaves them to the viewer.

mod activations;
mod axis;
mod chart;
mod images;
mod run;
mod series;
mod tables;

use std::fs;
use std::path::Path;
use std::sync::Once;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};

pub use activations::activations;
pub use axis::Scale;
pub use chart::Chart;
pub use images::weights;

use crate::error::{Error, FileProblem, Result, check_nonzero};
use crate::memory;

/// Pixels of a chart without its legend.
const CHART: (u32, u32) = (640, 420);

/// Pixels of a row of a legend.
const LEGEND_ROW: u32 = 24;

/// The most pixels of a picture, of three bytes each.
const MAX_PIXELS: u64 = 1 << 28;

/// Pixels of the title above all charts.
const TITLE: u32 = 44;

/// Colours that also those can tell apart who do not see all of them, and gray.
///
/// Source: Okabe and Ito, *Color Universal Design*, 2008.
const COLOURS: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
    RGBColor(165, 165, 165),
];

/// What drawing returns.
type Drawn<B> = std::result::Result<(), DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

/// Something that is drawn into a file of its own.
trait Picture {
    /// Width and height in pixels, however large.
    fn size(&self) -> (u64, u64);

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B>;
}

/// Draws `charts`, `columns` in a row, under one title.
///
/// # Errors
///
/// - Returns [`Error::Setting`] if `columns` is 0.
/// - Returns [`Error::File`] if the name of the file ends neither in `.svg` nor in `.png`, if the picture would have more
///   than 2²⁸ pixels, or if the file cannot be written.
///
/// # Examples
///
/// ```
/// use gradus::plot::{Chart, save};
///
/// let square = |x: f64| (x, x * x);
/// let chart = Chart::new("A parabola", "x", "x²").line("", (-10..=10).map(f64::from).map(square));
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("parabola.svg");
/// save(&path, "", 1, &[chart])?;
/// assert!(std::fs::read_to_string(&path).unwrap().contains("A parabola"));
/// # Ok::<(), gradus::Error>(())
/// ```
pub fn save(path: impl AsRef<Path>, title: &str, columns: usize, charts: &[Chart]) -> Result<()> {
    check_nonzero("columns of a figure", columns, "they are the charts in a row; try 2")?;
    write(path.as_ref(), &Figure { title, columns, charts })
}

struct Figure<'a> {
    title: &'a str,
    columns: usize,
    charts: &'a [Chart],
}

impl Figure<'_> {
    fn rows(&self) -> usize {
        // At least one, also without charts: an empty picture.
        self.charts.len().div_ceil(self.columns).max(1)
    }

    /// The height of the highest legend.
    fn legend(&self) -> u32 {
        self.charts.iter().map(Chart::legend).max().unwrap_or(0) + 10
    }
}

impl Picture for Figure<'_> {
    fn size(&self) -> (u64, u64) {
        let (columns, rows) = (self.columns as u64, self.rows() as u64);
        let height = u64::from(CHART.1 + self.legend()).saturating_mul(rows);
        (u64::from(CHART.0).saturating_mul(columns), height.saturating_add(TITLE.into()))
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        // A letter is about 0.58 times as wide as its size: a long title is set in smaller ones.
        let width = area.dim_in_pixel().0 as f64 / (0.58 * self.title.chars().count().max(1) as f64);
        let grid =
            area.margin(8, 0, 0, 0).titled(self.title, ("sans-serif", width.clamp(12.0, 26.0).round()))?;
        let areas = grid.split_evenly((self.rows(), self.columns));
        areas.iter().zip(self.charts).try_for_each(|(area, chart)| chart.draw(area, self.legend()))
    }
}

/// White for 0, blue for positive and orange for negative values, the stronger the closer `value` is to `largest`; black for NaN.
fn shade(value: f64, largest: f64) -> RGBAColor {
    let colour = match value {
        value if value > 0.0 => COLOURS[0],
        value if value.is_nan() => BLACK,
        _ => COLOURS[1],
    };
    let strength = if largest > 0.0 { value.abs() / largest } else { 0.0 };
    // NaN of ∞ / ∞ too.
    colour.mix(if strength.is_nan() { 1.0 } else { strength.min(1.0) })
}

/// Writes a picture in the format that the name of the file asks for.
fn write(path: &Path, picture: &impl Picture) -> Result<()> {
    let failed = |problem| Error::File { path: path.to_owned(), problem };
    let drawn = |problem: String| failed(FileProblem::Undrawable { problem });
    let (width, height) = picture.size();
    if width.saturating_mul(height) > MAX_PIXELS {
        return Err(failed(FileProblem::LargePicture { width, height, allowed: MAX_PIXELS }));
    }
    let size = (width as u32, height as u32);
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or("");
    let bytes = match extension.to_ascii_lowercase().as_str() {
        "svg" => svg(picture, size).map_err(drawn)?,
        "png" => {
            let bytes = 3 * size.0 as usize * size.1 as usize;
            let mut pixels = memory::reserve("the pixels of a picture", bytes, 1)?;
            pixels.resize(bytes, 0);
            png(picture, size, &mut pixels).map_err(drawn)?
        }
        _ => return Err(failed(FileProblem::NoPicture)),
    };
    fs::write(path, bytes).map_err(|source| failed(FileProblem::Unwritable { step: "write", source }))
}

fn svg(picture: &impl Picture, size: (u32, u32)) -> std::result::Result<Vec<u8>, String> {
    let mut text = String::new();
    paint(picture, SVGBackend::with_string(&mut text, size))?;
    // Characters that no XML may contain, not even escaped: a viewer would show an error instead of the picture.
    text.retain(
        |c| !matches!(c, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}'),
    );
    Ok(text.into_bytes())
}

fn png(picture: &impl Picture, size: (u32, u32), pixels: &mut [u8]) -> std::result::Result<Vec<u8>, String> {
    paint(picture, BitMapBackend::with_buffer(pixels, size))?;
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, size.0, size.1);
    encoder.set_color(::png::ColorType::Rgb);
    let mut writer = encoder.write_header().map_err(|error| error.to_string())?;
    writer.write_image_data(pixels).map_err(|error| error.to_string())?;
    writer.finish().map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn paint<B: DrawingBackend>(picture: &impl Picture, backend: B) -> std::result::Result<(), String> {
    // Also an SVG needs it: to know how wide a text is.
    static FONT: Once = Once::new();
    FONT.call_once(|| {
        // A font that is not read leaves the registered ones as they are, and drawing a text says that there is none.
        let _ = register_font("sans-serif", FontStyle::Normal, dejavu::sans::regular());
    });
    let area = backend.into_drawing_area();
    let painted = area.fill(&WHITE).and_then(|()| picture.draw(&area)).and_then(|()| area.present());
    painted.map_err(|error| error.to_string())
}
