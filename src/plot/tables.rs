//! Tables of predictions as pictures.

use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{Chart, Drawn, Picture, save, write};
use crate::error::Result;
use crate::metrics::{ConfusionMatrix, ReliabilityTable, RocCurve};
use crate::wrap::width;

/// The side of a cell in pixels.
const CELL: i32 = 46;

/// The most characters of a class's name, which at 11 pixels a letter is as wide as a cell.
const MAX_LABEL: usize = 8;

/// Pixels around the cells, where the classes stand.
const MARGIN: i32 = 70;

impl ConfusionMatrix {
    /// Draws the matrix: a row for each class, a column for each prediction, darker for larger fractions of the row, with the
    /// counts. Needs the feature `plot`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::File`](crate::Error::File) if the name of the file ends neither in `.svg` nor in `.png`, if the picture
    /// would have more than 2²⁸ pixels (more than 353 classes), or if the file cannot be written.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let network = Network::<f32, Sigmoid, _>::new(&[784, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1)?;
    /// let evaluation = evaluate(&network, &LogLikelihood, &Dataset::synthetic_digits(100, 1)?)?;
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("confusion.png");
    /// evaluation.confusion.unwrap().plot(&path)?;
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn plot(&self, path: impl AsRef<Path>) -> Result<()> {
        write(path.as_ref(), &Cells(self))
    }
}

struct Cells<'a>(&'a ConfusionMatrix);

impl Picture for Cells<'_> {
    fn size(&self) -> (u64, u64) {
        let side = self.0.n_classes() as u64 * CELL as u64 + 2 * MARGIN as u64;
        (side, side)
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        let n = self.0.n_classes();
        let centred =
            |size: i32| ("sans-serif", size).into_text_style(area).pos(Pos::new(HPos::Center, VPos::Center));
        let text = |text: String, at: (i32, i32), size: i32, colour: &RGBColor| {
            area.draw(&Text::new(text, at, centred(size).color(colour)))
        };
        let at = |index: usize| MARGIN + index as i32 * CELL;
        let middle = MARGIN + n as i32 * CELL / 2;
        text("predicted class".to_owned(), (middle, MARGIN / 3), 18, &BLACK)?;
        let upright = centred(18).transform(FontTransform::Rotate270);
        area.draw(&Text::new("class", (MARGIN / 3, middle), upright))?;
        for class in 0..n {
            let label = self.0.label(class, MAX_LABEL);
            let size = if width(&label) > 4 { 11 } else { 16 };
            text(label.clone(), (at(class) + CELL / 2, MARGIN - 14), size, &BLACK)?;
            let before = ("sans-serif", size).into_text_style(area).pos(Pos::new(HPos::Right, VPos::Center));
            area.draw(&Text::new(label, (MARGIN - 8, at(class) + CELL / 2), before))?;
            let row: u64 = (0..n).map(|predicted| self.0.get(class, predicted)).sum();
            for predicted in 0..n {
                let count = self.0.get(class, predicted);
                let fraction = count as f64 / row.max(1) as f64;
                let colour = if class == predicted { RGBColor(0, 114, 178) } else { RGBColor(213, 94, 0) };
                // A square root, so that a few mistakes in a hundred can be seen.
                let cell = [(at(predicted), at(class)), (at(predicted) + CELL, at(class) + CELL)];
                area.draw(&Rectangle::new(cell, colour.mix(fraction.sqrt()).filled()))?;
                area.draw(&Rectangle::new(cell, BLACK.mix(0.15)))?;
                if count > 0 {
                    let ink = if fraction > 0.4 { WHITE } else { BLACK };
                    text(count.to_string(), (cell[0].0 + CELL / 2, cell[0].1 + CELL / 2), 15, &ink)?;
                }
            }
        }
        Ok(())
    }
}

impl ReliabilityTable {
    /// Draws how often predictions came true against their confidence; calibrated ones lie on the diagonal. Needs the feature
    /// `plot`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::File`](crate::Error::File) if the name of the file ends neither in `.svg` nor in `.png`, or if it cannot be written.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let table = ReliabilityTable::new(10)?;
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("reliability.svg");
    /// table.plot(&path)?;
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn plot(&self, path: impl AsRef<Path>) -> Result<()> {
        let bins = self.bins().filter(|bin| bin.weight > 0.0);
        let points: Vec<_> = bins.map(|bin| (bin.confidence, bin.frequency)).collect();
        let chart = Chart::new("Reliability", "confidence of the prediction", "fraction that came true");
        let chart = chart.x_range(0.0, 1.0).y_range(0.0, 1.0);
        let chart = chart.line("predictions, by confidence", points.clone()).dots("", points).same_colour(1);
        save(path, "", 1, &[chart.dashed("calibrated", [(0.0, 0.0), (1.0, 1.0)])])
    }
}

impl RocCurve {
    /// Draws the curve with the area under it, and the diagonal that a coin would give. Needs the feature `plot`.
    ///
    /// Draw several curves in one picture as lines of a [`Chart`].
    ///
    /// # Errors
    ///
    /// Returns [`Error::File`](crate::Error::File) if the name of the file ends neither in `.svg` nor in `.png`, or if it cannot be written.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let outputs = DMatrix::from_row_slice(1, 4, &[0.1, 0.4, 0.35, 0.8]);
    /// let targets = DMatrix::from_row_slice(1, 4, &[0.0, 0.0, 1.0, 1.0]);
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("roc.svg");
    /// RocCurve::new(&outputs, &targets, 0)?.plot(&path)?;
    /// assert!(std::fs::read_to_string(&path).unwrap().contains("area 0.7500"));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn plot(&self, path: impl AsRef<Path>) -> Result<()> {
        let points = self.points().iter().map(|point| (point.false_positive_rate, point.true_positive_rate));
        let chart = Chart::new("ROC curve", "false positive rate", "true positive rate");
        let chart = chart.x_range(0.0, 1.0).y_range(0.0, 1.0);
        let chart = chart.line(&format!("area {:.4}", self.auc()), corners(points));
        save(path, "", 1, &[chart.dashed("chance", [(0.0, 0.0), (1.0, 1.0)])])
    }
}

/// The points at which a stepped line turns: a curve of many samples has few of them.
fn corners(points: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let mut kept: Vec<(f64, f64)> = Vec::new();
    for next in points {
        if let [.., before, last] = kept[..]
            && ((before.0 == last.0 && last.0 == next.0) || (before.1 == last.1 && last.1 == next.1))
        {
            kept.pop();
        }
        kept.push(next);
    }
    kept
}
