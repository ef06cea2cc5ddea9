//! The receiver operating characteristic.

use nalgebra::DMatrix;

use super::ranking::tied_of;
use super::{RocAuc, Scored, undefined};
use crate::data::Task;
use crate::error::{Error, Result, check_setting};
use crate::real::Real;

/// The ROC curve of an output: how many positives are found at which price in false alarms, over all thresholds.
///
/// ```text
/// true positive rate  = Σ w_p [a_p ≥ t] / Σ w_p        over the positives p
/// false positive rate = Σ w_n [a_n ≥ t] / Σ w_n        over the negatives n
/// ```
///
/// with a the outputs, w the weights of the samples, and t falling from ∞ to the smallest output. Samples with equal
/// outputs are passed together, and are one point. The positives of a single output are class 1, those of an output
/// among several its own class or label. An output of NaN ranks as the worst, as in [`RocAuc`], which is the area under
/// this curve.
///
/// With the feature `plot`, `RocCurve::plot` draws it.
///
/// Source: `roc_curve` of scikit-learn, with its option `drop_intermediate=False`; Fawcett, "An introduction to ROC
/// analysis", 2006, algorithm 1.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let outputs = DMatrix::from_row_slice(1, 4, &[0.1, 0.4, 0.35, 0.8]);
/// let targets = DMatrix::from_row_slice(1, 4, &[0.0, 0.0, 1.0, 1.0]);
/// let curve = RocCurve::new(&outputs, &targets, 0)?;
/// let rates: Vec<_> = curve.points().iter().map(|p| (p.false_positive_rate, p.true_positive_rate)).collect();
/// assert_eq!(rates, [(0.0, 0.0), (0.0, 0.5), (0.5, 0.5), (0.5, 1.0), (1.0, 1.0)]);
/// assert_eq!(curve.points()[1].threshold, 0.8);
/// assert_eq!(curve.auc(), 0.75);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RocCurve {
    points: Vec<RocPoint>,
}

/// A point of a [`RocCurve`].
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// // The threshold with the most positives among those with at most a tenth of false alarms.
/// let outputs = DMatrix::from_row_slice(1, 4, &[0.1, 0.4, 0.35, 0.8]);
/// let targets = DMatrix::from_row_slice(1, 4, &[0.0, 0.0, 1.0, 1.0]);
/// let curve = RocCurve::new(&outputs, &targets, 0)?;
/// let allowed = curve.points().iter().filter(|point| point.false_positive_rate <= 0.1);
/// let best = allowed.max_by(|a, b| a.true_positive_rate.total_cmp(&b.true_positive_rate)).unwrap();
/// assert_eq!((best.threshold, best.true_positive_rate), (0.8, 0.5));
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RocPoint {
    /// Outputs of at least this count as positive: ∞ for the first point.
    pub threshold: f64,
    /// The fraction of the negatives that count as positive.
    pub false_positive_rate: f64,
    /// The fraction of the positives that count as positive, which is the recall.
    pub true_positive_rate: f64,
}

impl RocCurve {
    /// Computes the curve of row `output` of `outputs`, as of [`Network::predict`](crate::network::Network::predict).
    /// What the targets mean is found as by [`Task::of`].
    ///
    /// # Shapes
    ///
    /// `outputs` and `targets` outputs × examples.
    ///
    /// # Errors
    ///
    /// - Returns [`Error::SizeMismatch`] if the shapes of `outputs` and `targets` differ.
    /// - Returns the errors of [`from_scored`](Self::from_scored).
    pub fn new<T: Real>(outputs: &DMatrix<T>, targets: &DMatrix<T>, output: usize) -> Result<Self> {
        let n = outputs.ncols();
        let sizes = [
            ("rows of the targets, one for each output", targets.nrows(), outputs.nrows()),
            ("columns of the targets, one for each of the outputs", targets.ncols(), n),
        ];
        for (what, found, expected) in sizes {
            if found != expected {
                return Err(Error::SizeMismatch { what, found, expected });
            }
        }
        let task = Task::of(targets);
        let [outputs, targets] = [outputs, targets].map(|matrix| matrix.map(|value| value.to_f64()));
        let (weights, costs) = (vec![1.0; n], vec![0.0; n]);
        let all = Scored { outputs: &outputs, targets: &targets, weights: &weights, costs: &costs };
        Self::from_scored(task, output, &all)
    }

    /// Computes the curve of row `output` of samples that have weights.
    ///
    /// # Errors
    ///
    /// - Returns [`Error::Setting`] if there is no such row.
    /// - Returns [`Error::Measure`] if the task is regression, if the samples are all positive or all negative, or if their
    ///   weights have no finite sum.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let outputs = DMatrix::from_row_slice(1, 3, &[0.9, 0.6, 0.3]);
    /// let targets = DMatrix::from_row_slice(1, 3, &[1.0, 0.0, 1.0]);
    /// let all = Scored { outputs: &outputs, targets: &targets, weights: &[3.0, 1.0, 1.0], costs: &[0.0; 3] };
    /// let curve = RocCurve::from_scored(Task::Binary { threshold: 0.5 }, 0, &all)?;
    /// assert_eq!(curve.points()[1].true_positive_rate, 0.75);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn from_scored(task: Task, output: usize, all: &Scored<'_>) -> Result<Self> {
        if task == Task::Regression {
            return Err(undefined(&RocAuc, task, "there are no positives and negatives"));
        }
        let why = "the curve is that of one row of the outputs";
        check_setting("output", output as f64, output < all.outputs.nrows(), "[0, number of outputs)", why)?;
        let ranking = tied_of(task, output, all);
        let sum =
            |of: fn(f64, f64) -> f64| ranking.iter().map(|tied| of(tied.positives, tied.negatives)).sum();
        let (positives, negatives): (f64, f64) =
            (sum(|positives, _| positives), sum(|_, negatives| negatives));
        if !(positives + negatives).is_finite() {
            return Err(undefined(&RocAuc, task, "the weights of the samples have no finite sum"));
        }
        if !(positives > 0.0 && negatives > 0.0) {
            let why = "it takes positives and negatives, and the samples are all of one kind";
            return Err(undefined(&RocAuc, task, why));
        }
        let mut points = Vec::with_capacity(ranking.len() + 1);
        let (mut found, mut alarms) = (0.0, 0.0);
        points.push(RocPoint { threshold: f64::INFINITY, false_positive_rate: 0.0, true_positive_rate: 0.0 });
        for tied in &ranking {
            found += tied.positives;
            alarms += tied.negatives;
            points.push(RocPoint {
                threshold: tied.score,
                false_positive_rate: alarms / negatives,
                true_positive_rate: found / positives,
            });
        }
        Ok(Self { points })
    }

    /// The points by falling threshold, from (0, 0) to (1, 1).
    pub fn points(&self) -> &[RocPoint] {
        &self.points
    }

    /// Returns the area under the curve by trapezoids: the value of [`RocAuc`], up to rounding.
    pub fn auc(&self) -> f64 {
        let trapezoid = |pair: &[RocPoint]| match pair {
            [a, b] => {
                let width = b.false_positive_rate - a.false_positive_rate;
                0.5 * width * (a.true_positive_rate + b.true_positive_rate)
            }
            _ => 0.0,
        };
        self.points.windows(2).map(trapezoid).sum()
    }
}
