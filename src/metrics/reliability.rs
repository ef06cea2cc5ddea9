//! Reliability tables: how often predictions of a given confidence come true.

use std::fmt;

use super::{Scored, probability};
use crate::data::Task;
use crate::error::{Result, check_setting};

/// The largest number of bins.
const MAX_BINS: usize = 1000;

/// A reliability table: predictions in bins of equal width by their confidence p, and how often they came true.
///
/// | task | predictions of a sample | p | comes true if |
/// |---|---|---|---|
/// | `Classes` | one: the class of the largest output | that output | it is the class of the sample |
/// | `Binary` | one: class 1 | the output | the sample is of class 1 |
/// | `Labels` | one for each output: yes | the output | the target is yes |
///
/// Bin b of B holds the confidences in ((b − 1)/B, b/B], and the first bin also holds 0. Outputs are clamped to [0,
/// 1], and outputs whose targets are −1 and 1 are first mapped to [0, 1]. A network is well calibrated if in each bin
/// the frequency equals the mean confidence: of the predictions with 80 % confidence, 80 % come true. It prints as a
/// table.
///
/// Source: Guo and others, "On calibration of modern neural networks", 2017, section 2; for two classes
/// `calibration_curve` of scikit-learn.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let mut table = ReliabilityTable::new(2)?;
/// let outputs = DMatrix::from_row_slice(1, 4, &[0.2, 0.4, 0.6, 1.0]);
/// let targets = DMatrix::from_row_slice(1, 4, &[0.0, 1.0, 1.0, 1.0]);
/// let batch = Scored { outputs: &outputs, targets: &targets, weights: &[1.0; 4], costs: &[0.0; 4] };
/// table.add(Task::Binary { threshold: 0.5 }, &batch);
/// let bins: Vec<ReliabilityBin> = table.bins().collect();
/// assert_eq!((bins[1].from, bins[1].to, bins[1].weight), (0.5, 1.0, 2.0));
/// assert_eq!((bins[1].confidence, bins[1].frequency), (0.8, 1.0));
/// assert!((table.error() - 0.2).abs() < 1e-15);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ReliabilityTable {
    bins: Vec<Sums>,
}

/// The sums of a bin.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Sums {
    weight: f64,
    confidence: f64,
    frequency: f64,
}

/// One bin of a [`ReliabilityTable`]: predictions of similar confidence.
///
/// # Examples
///
/// Two predictions with a confidence of 75 %, of which one came true:
///
/// ```
/// use gradus::prelude::*;
///
/// let mut table = ReliabilityTable::new(2)?;
/// let outputs = DMatrix::from_row_slice(1, 2, &[0.75, 0.75]);
/// let targets = DMatrix::from_row_slice(1, 2, &[1.0, 0.0]);
/// let (weights, costs) = (&[1.0; 2], &[0.0; 2]);
/// let batch = Scored { outputs: &outputs, targets: &targets, weights, costs };
/// table.add(Task::Binary { threshold: 0.5 }, &batch);
/// let bin: ReliabilityBin = table.bins().next().unwrap();
/// assert_eq!((bin.from, bin.to, bin.weight), (0.5, 1.0, 2.0));
/// assert_eq!(bin.confidence - bin.frequency, 0.25); // the network is overconfident
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReliabilityBin {
    /// The lower bound: confidences are above it.
    pub from: f64,
    /// The upper bound: confidences are not above it.
    pub to: f64,
    /// The weight of the predictions: their number, if each sample has weight 1.
    pub weight: f64,
    /// The mean confidence of the predictions.
    pub confidence: f64,
    /// The fraction of the predictions that came true.
    pub frequency: f64,
}

impl ReliabilityTable {
    /// Creates an empty table of `bins` bins.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `bins` is 0 or above 1000.
    pub fn new(bins: usize) -> Result<Self> {
        let allowed = (1..=MAX_BINS).contains(&bins);
        let why = "each bin needs many samples for its frequency to mean something; try 10";
        check_setting("bins of a reliability table", bins as f64, allowed, "[1, 1000]", why)?;
        Ok(Self { bins: vec![Sums::default(); bins] })
    }

    /// Counts the predictions of a batch. An output of NaN counts in the first bin and makes its confidence NaN. For
    /// regression nothing is counted.
    pub fn add(&mut self, task: Task, batch: &Scored<'_>) {
        for (a, y, weight) in batch.samples() {
            let p = probability::of(task, y);
            match task {
                Task::Classes => {
                    let predicted = task.class(a);
                    let largest = predicted.and_then(|class| a.get(class)).map_or(f64::NAN, |&a| p(a));
                    self.add_prediction(largest, predicted == task.class(y), weight);
                }
                Task::Binary { threshold } | Task::Labels { threshold } => {
                    let pairs = a.iter().zip(y);
                    pairs.for_each(|(&a, &y)| self.add_prediction(p(a), y >= threshold, weight));
                }
                Task::Regression => {}
            }
        }
    }

    fn add_prediction(&mut self, confidence: f64, came_true: bool, weight: f64) {
        let confidence = confidence.clamp(0.0, 1.0);
        // 0, and NaN as an integer, belong to the first bin.
        let bin = (confidence * self.bins.len() as f64).ceil() as usize;
        if let Some(sums) = self.bins.get_mut(bin.saturating_sub(1)) {
            sums.weight += weight;
            sums.confidence += weight * confidence;
            sums.frequency += if came_true { weight } else { 0.0 };
        }
    }

    /// Visits the bins that hold predictions, by ascending confidence.
    pub fn bins(&self) -> impl Iterator<Item = ReliabilityBin> {
        let count = self.bins.len() as f64;
        let bins = (0..).map(f64::from).zip(&self.bins).filter(|(_, sums)| sums.weight > 0.0);
        bins.map(move |(index, sums)| ReliabilityBin {
            from: index / count,
            to: (index + 1.0) / count,
            weight: sums.weight,
            confidence: sums.confidence / sums.weight,
            frequency: sums.frequency / sums.weight,
        })
    }

    /// Returns the mean distance between confidence and frequency over the predictions,
    /// Σ_b |frequency_b − confidence_b| weight_b / Σ_b weight_b; NaN without predictions. See
    /// [`CalibrationError`](super::CalibrationError).
    pub fn error(&self) -> f64 {
        let distances: f64 = self.bins.iter().map(|sums| (sums.frequency - sums.confidence).abs()).sum();
        distances / self.bins.iter().map(|sums| sums.weight).sum::<f64>()
    }
}

impl fmt::Display for ReliabilityTable {
    /// A line for each bin that holds predictions.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "confidence      predictions   mean confidence   came true")?;
        for ReliabilityBin { from, to, weight, confidence, frequency } in self.bins() {
            let (confidence, frequency) = (100.0 * confidence, 100.0 * frequency);
            writeln!(f, "{from:.3} … {to:.3} {weight:>12} {confidence:>15.2} % {frequency:>9.2} %")?;
        }
        Ok(())
    }
}
