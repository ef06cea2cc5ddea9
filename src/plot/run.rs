//! The learning curves of a run.

use std::path::Path;

use super::{Chart, Scale, save};
use crate::error::Result;
use crate::history::{EpochRecord, History, Metric, Split};
use crate::metrics::Score;
use crate::real::Real;
use crate::trainer::Report;

/// So many changes of the learning rate are marked one by one; more are a curve.
const MAX_MARKED: usize = 12;

impl<T: Real> Report<T> {
    /// Draws the learning curves of the run: a chart for each measure with the training and the validation data, marked with the
    /// epoch whose parameters are kept, with the changes of the learning rate and with the end; and a chart of the learning rate
    /// if it changes often. Needs the feature `plot`.
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
    /// let (training, validation) = Dataset::<f32>::synthetic_digits(120, 1)?.split_at(100)?;
    /// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
    /// let trainer = Trainer::new(CrossEntropy).schedule(HalveOnPlateau::new(0.5, 2)?).stop(MaxEpochs::new(8)?);
    /// let report = trainer.fit(&mut network, &training, Some(&validation))?;
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("run.png");
    /// report.plot(&path)?;
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn plot(&self, path: impl AsRef<Path>) -> Result<()> {
        let title = format!("stopped after epoch {}: {}", self.history.len(), self.stop_reason);
        plot(&self.history, Some(self.kept_epoch), &title, path.as_ref())
    }
}

impl History {
    /// Draws the learning curves so far, as [`Report::plot`] does, without the kept epoch. Needs the feature `plot`.
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
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("history.svg");
    /// History::from_validation_accuracies(&[0.90, 0.95, 0.94]).plot(&path)?;
    /// assert!(std::fs::read_to_string(&path).unwrap().contains("accuracy"));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn plot(&self, path: impl AsRef<Path>) -> Result<()> {
        plot(self, None, &format!("{} epochs", self.len()), path.as_ref())
    }
}

fn plot(history: &History, kept: Option<usize>, title: &str, path: &Path) -> Result<()> {
    let changes = changes(history);
    let marked = |mut chart: Chart| {
        if let Some(kept) = kept.filter(|kept| *kept > 0) {
            chart = chart.mark("epoch that is kept", kept as f64);
        }
        let few = changes.iter().filter(|_| changes.len() <= MAX_MARKED);
        few.fold(chart, |chart, epoch| chart.mark("η changes", *epoch as f64))
    };
    let mut charts: Vec<Chart> =
        measures(history).iter().map(|measure| marked(curves(history, measure))).collect();
    if changes.len() > MAX_MARKED {
        let rates = history.epochs().iter().map(|record| (record.epoch as f64, record.learning_rate));
        let chart = Chart::new("learning rate", "epoch", "η").y_scale(Scale::Log);
        charts.push(chart.line("", rates));
    }
    save(path, title, charts.len().clamp(1, 2), &charts)
}

/// The epochs before which the learning rate changed.
fn changes(history: &History) -> Vec<usize> {
    let pairs = history.epochs().windows(2);
    pairs.filter(|pair| pair[0].learning_rate != pair[1].learning_rate).map(|pair| pair[1].epoch).collect()
}

/// The measures of a run, the cost first; each is one chart.
fn measures(history: &History) -> Vec<Score> {
    let mut found: Vec<Score> = Vec::new();
    for scores in history.epochs().iter().flat_map(|record| [&record.training, &record.validation]).flatten()
    {
        for score in scores {
            if found.iter().all(|known| known.name != score.name) {
                found.push(score.clone());
            }
        }
    }
    if found.is_empty() {
        found.push(Score::new(&crate::metrics::MeanCost, 0.0));
    }
    found
}

fn curves(history: &History, measure: &Score) -> Chart {
    let percent = if measure.is_fraction { 100.0 } else { 1.0 };
    let unit = if measure.is_fraction { " in %" } else { "" };
    let chart = Chart::new(&measure.name, "epoch", &format!("{}{unit}", measure.name));
    let values = |split: Split| -> Vec<(f64, f64)> {
        let value = |record: &EpochRecord| {
            let scores = match split {
                Split::Training => record.training.as_ref(),
                Split::Validation => record.validation.as_ref(),
            };
            Some((record.epoch as f64, percent * scores?.get(&measure.name)?))
        };
        history.epochs().iter().filter_map(value).collect()
    };
    let (training, validation) = (values(Split::Training), values(Split::Validation));
    let is_cost = measure.name == Metric::validation_cost().measure().map_or("".into(), |cost| cost.name());
    let chart = match training.is_empty() {
        false => chart.line("training data", training),
        true if is_cost => {
            let running = history.epochs().iter().map(|record| (record.epoch as f64, record.running_cost));
            chart.line("training data, during the epoch", running)
        }
        // The colour of the training data stays theirs in every chart.
        true => chart.line("", []),
    };
    if validation.is_empty() { chart } else { chart.line("validation data", validation) }
}
