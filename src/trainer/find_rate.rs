//! The learning-rate range test.

use std::fmt;

use rand::seq::SliceRandom;

use super::learner::Stepper;
use super::leaves::Leaves;
use super::{Parts, Trainer, validate};
use crate::activation::Activation;
use crate::cost::Cost;
use crate::data::{Batch, Samples};
use crate::error::{Error, Result, check_nonzero, check_setting, plain};
use crate::network::{BoundMut, ModelMut, Network};
use crate::random::{Purpose, generator};
use crate::real::Real;
use crate::real::portable::pow;
use crate::threads;

/// The rates of a [range test](Trainer::find_rate): `steps` of them from `from` to `to`, each the same multiple of the
/// one before.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let data = Dataset::<f32>::synthetic_digits(1000, 1)?;
/// let softmax = Softmax::default();
/// let network = Network::new(&[784, 20, 10], Sigmoid, softmax, &ScaledGaussian, 1)?;
/// let range = RateRange::new(1e-4, 100.0, 300)?;
/// let test = Trainer::new(LogLikelihood).find_rate(&network, &data, range)?;
/// assert_eq!(test.points[0].rate, 1e-4);
/// assert!(RateRange::new(100.0, 1e-4, 300).is_err()); // the rates rise
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateRange {
    from: f64,
    to: f64,
    steps: usize,
}

impl Default for RateRange {
    /// 1,000 steps from 10⁻⁵ to 100.
    fn default() -> Self {
        Self { from: 1e-5, to: 100.0, steps: 1000 }
    }
}

impl RateRange {
    /// Creates a range of `steps` rates from `from` to `to`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`] if `from` is not positive, if `to` is not above it or infinite, or if `steps` is
    /// below 20.
    pub fn new(from: f64, to: f64, steps: usize) -> Result<Self> {
        let why = "it is the first rate, far below what may work; try 1e-5";
        check_setting("first rate of the range test", from, from > 0.0 && from.is_finite(), "(0, ∞)", why)?;
        let why = "the rates rise until the cost does; try 100";
        check_setting(
            "last rate of the range test",
            to,
            to > from && to.is_finite(),
            "(first rate, ∞)",
            why,
        )?;
        let why = "the costs of successive mini-batches have to be smoothed; try 50 for each power of ten";
        check_setting("steps of the range test", steps as f64, steps >= 20, "[20, ∞)", why)?;
        Ok(Self { from, to, steps })
    }

    /// The rate of step `k`, counted from 0.
    fn rate(&self, k: usize) -> f64 {
        self.from * pow(self.to / self.from, k as f64 / (self.steps - 1) as f64)
    }
}

/// A step of a range test.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let data = Dataset::<f32>::synthetic_digits(1000, 1)?;
/// let softmax = Softmax::default();
/// let network = Network::new(&[784, 20, 10], Sigmoid, softmax, &ScaledGaussian, 1)?;
/// let test = Trainer::new(LogLikelihood).find_rate(&network, &data, RateRange::default())?;
/// let lowest = test.points.iter().min_by(|a, b| a.smoothed.total_cmp(&b.smoothed)).unwrap();
/// assert!((test.suggestion / lowest.rate - 0.1).abs() < 0.01); // rounded to two digits
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RatePoint {
    /// η of the step.
    pub rate: f64,
    /// The mean cost of its mini-batch before the step.
    pub cost: f64,
    /// The exponentially weighted mean of the costs so far.
    pub smoothed: f64,
}

/// The result of a [range test](Trainer::find_rate).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let data = Dataset::<f32>::synthetic_digits(1000, 1)?;
/// let network = Network::new(&[784, 20, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1)?;
/// let test = Trainer::new(LogLikelihood).find_rate(&network, &data, RateRange::default())?;
/// assert!(test.points.windows(2).all(|pair| pair[0].rate < pair[1].rate));
/// println!("η = {}: {}", test.suggestion, test.reason);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RateTest {
    /// The steps, up to the one at which a cost or an error was NaN or infinite.
    pub points: Vec<RatePoint>,
    /// The rate to train with.
    pub suggestion: f64,
    /// The reason for the suggestion.
    pub reason: String,
}

/// The decay rate of the smoothed cost.
const DECAY: f64 = 0.98;

/// The smoothed cost has to fall by this many standard deviations.
const CHANCE: f64 = 5.0;

/// The suggestion is the rate of the lowest smoothed cost divided by this.
const MARGIN: f64 = 10.0;

impl<T: Real, C> Trainer<T, C> {
    /// Finds a learning rate: trains a copy of `network` with rates that rise from step to step, and suggests a tenth
    /// of the one at which the smoothed cost was lowest.
    ///
    /// Rates that are too low leave the cost as it is, and those that are too high raise it. In between it falls. The
    /// trainer's cost, optimizer, regularizer, dropout, mini-batch, seed and threads take part, and `network` stays as
    /// it is.
    ///
    /// Source: Smith, *Cyclical learning rates for training neural networks*, 2017, section 3.3.
    ///
    /// # Errors
    ///
    /// Returns [`Error::NoRate`] if the cost does not fall with any rate of the range, [`Error::Search`] for an
    /// optimizer that finds the length of its steps itself, and the errors that [`fit`](Self::fit) returns before its
    /// first step.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let data = Dataset::<f32>::synthetic_digits(1000, 1)?;
    /// let softmax = Softmax::default();
    /// let mut network = Network::new(&[784, 20, 10], Sigmoid, softmax, &ScaledGaussian, 1)?;
    /// let trainer = Trainer::new(LogLikelihood);
    /// let test = trainer.find_rate(&network, &data, RateRange::default())?;
    /// println!("{test}"); // the curve, the suggestion and the reason
    /// assert!((0.05..2.0).contains(&test.suggestion));
    ///
    /// let trainer = trainer.schedule(Constant::new(test.suggestion)?).stop(MaxEpochs::new(5)?);
    /// let report = trainer.fit(&mut network, &data, None)?;
    /// assert!(report.history.last().unwrap().running_cost < 0.8 * test.points[0].cost);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn find_rate<H, A>(
        &self,
        network: &Network<T, H, A>,
        training: &dyn Samples<T>,
        range: RateRange,
    ) -> Result<RateTest>
    where
        H: Activation<T> + Clone,
        A: Activation<T> + Clone,
        C: Cost<T, A>,
    {
        let parts = &self.parts;
        check_nonzero("mini-batch size m", parts.mini_batch, "a step learns from at least one example")?;
        if parts.searches() {
            let why = "it finds the length of its steps itself, so that there is no rate to be found";
            return Err(Error::Search { optimizer: format!("{:?}", parts.optimizer), why });
        }
        let mut copy = network.clone();
        let mut model = BoundMut { network: &mut copy, cost: &self.cost };
        validate::check_data(&model, training, None)?;
        suggest(threads::run(parts.threads, false, || sweep(parts, &mut model, training, range))??, range)
    }
}

/// Trains the network of `model` with one rate after the other until the run diverges.
fn sweep<T: Real>(
    parts: &Parts<T>,
    model: &mut dyn ModelMut<T>,
    training: &dyn Samples<T>,
    range: RateRange,
) -> Result<Vec<RatePoint>> {
    let n = training.len();
    let m = parts.mini_batch.min(n);
    let mut stepper = Stepper::new(parts, model.network(), Leaves::all(parts.leaves)?)?;
    stepper.n = Some(n);
    let mut batch = Batch::zeros(training.n_inputs(), training.n_outputs(), m)?;
    let (mut order, mut points) = (Vec::new(), Vec::<RatePoint>::with_capacity(range.steps));
    let (mut sum, mut weight) = (0.0, 0.0);
    for k in 0..range.steps {
        let (epoch, step) = (k / (n / m), k % (n / m));
        if step == 0 {
            order = (0..n).collect();
            order.shuffle(&mut generator(parts.seed, Purpose::Shuffle, epoch as u64 + 1, 0));
        }
        batch.gather(training, epoch as u64 + 1, &order[step * m..(step + 1) * m])?;
        let rate = range.rate(k);
        let cost = match stepper.step(model, &batch, batch.examples(), rate) {
            Err(Error::Diverged { .. }) => break,
            cost => cost? / m as f64,
        };
        (sum, weight) = (DECAY * sum + (1.0 - DECAY) * cost, DECAY * weight + (1.0 - DECAY));
        points.push(RatePoint { rate, cost, smoothed: sum / weight });
    }
    Ok(points)
}

/// Suggests a rate, or says why there is none.
fn suggest(points: Vec<RatePoint>, range: RateRange) -> Result<RateTest> {
    let none = |why| Error::NoRate { from: range.from, to: range.to, why };
    let by_cost = |a: &&RatePoint, b: &&RatePoint| a.smoothed.total_cmp(&b.smoothed);
    // The first tenth shows where costs begin, and how far they differ by chance.
    let first =
        points.get(..range.steps / 10).ok_or_else(|| none("the run diverged at once; begin lower"))?;
    let Some(lowest) = points.iter().min_by(by_cost) else { return Err(none("there were no steps")) };
    let mean =
        |of: &dyn Fn(f64) -> f64| first.iter().map(|point| of(point.cost)).sum::<f64>() / first.len() as f64;
    let start = mean(&|cost| cost);
    // Smoothing reduces the standard deviation of independent costs by this factor.
    let deviation =
        mean(&|cost| (cost - start) * (cost - start)).sqrt() * ((1.0 - DECAY) / (1.0 + DECAY)).sqrt();
    let low = lowest.smoothed;
    if low >= start - CHANCE * deviation {
        return Err(none("the smoothed cost did not fall further than by chance; the range may end too low"));
    }
    let still_falls = points.last() == Some(lowest) && points.len() == range.steps;
    let reason = format!(
        "the smoothed cost fell from {start:.4} to {low:.4} at η = {}{}; the suggestion is a tenth of that",
        plain(rounded(lowest.rate)),
        if still_falls { ", the end of the range, where it still fell" } else { ", and rose after it" },
    );
    let suggestion = rounded(lowest.rate / MARGIN);
    Ok(RateTest { points, suggestion, reason })
}

/// Rounds a rate to two digits: noise makes further digits meaningless.
fn rounded(rate: f64) -> f64 {
    format!("{rate:.1e}").parse().unwrap_or(rate)
}

/// Rows of the picture.
const ROWS: usize = 24;

/// Width of its longest bar.
const WIDTH: f64 = 50.0;

impl fmt::Display for RateTest {
    /// Writes the curve as bars, from the lowest smoothed cost to that of the first step, the suggestion and the
    /// reason.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let smoothed = || self.points.iter().map(|point| point.smoothed);
        let (lowest, first) = (smoothed().fold(f64::INFINITY, f64::min), smoothed().next().unwrap_or(0.0));
        writeln!(f, "       rate      cost")?;
        for point in self.points.iter().step_by(self.points.len().div_ceil(ROWS).max(1)) {
            let height = (point.smoothed - lowest) / (first - lowest);
            let bar = "█".repeat((WIDTH * height.clamp(0.0, 1.2)) as usize);
            writeln!(f, "{:>11.2e} {:>9.4} {bar}", point.rate, point.smoothed)?;
        }
        write!(f, "suggestion: {}, because {}", plain(self.suggestion), self.reason)
    }
}
