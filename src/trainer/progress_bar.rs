//! A progress bar on the terminal.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar as Bar, ProgressState, ProgressStyle};

use super::{Observer, Outcome, Running};
use crate::clock::Moment;
use crate::real::Real;

/// An observer that shows a bar for the current epoch, and prints a line for each epoch that has ended.
///
/// The bar shows the steps done, the steps per second, the time until the epoch ends, and the mean cost of the epoch's
/// mini-batches so far:
///
/// ```text
/// epoch   1  η 0.5000   cost 0.42531  validation cost 0.21040, accuracy 94.02 %
/// epoch   2  ████████████████████████▊              3120/5000  5210/s  0s left  cost 0.1873
/// ```
///
/// It is drawn on standard error, and only if that is a terminal.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let trainer = Trainer::<f32, _>::new(CrossEntropy).observe(ProgressBar::new());
/// # let _ = trainer;
/// ```
#[derive(Debug)]
pub struct ProgressBar {
    bar: Bar,
    shown: Mutex<Shown>,
}

/// The contents of the message, and when it was last written.
#[derive(Debug)]
struct Shown {
    /// The sum of the costs of the epoch's mini-batches so far.
    sum: f64,
    steps: usize,
    at: Moment,
}

/// The minimum time between two messages: writing one may take longer than a step.
const PAUSE: Duration = Duration::from_millis(100);

impl Default for ProgressBar {
    fn default() -> Self {
        Self::new()
    }
}

impl ProgressBar {
    /// Creates a bar that appears with the first step.
    pub fn new() -> Self {
        let template = "epoch {prefix:>3}  {wide_bar}  {pos}/{len}  {per_second}/s  {eta} left  {msg}";
        let style = ProgressStyle::with_template(template).map(|style| {
            // Whole steps: the fractions of a rate only flicker.
            style.with_key("per_second", |state: &ProgressState, out: &mut dyn fmt::Write| {
                let _ = write!(out, "{:.0}", state.per_sec());
            })
        });
        let bar = Bar::no_length();
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, shown: Mutex::new(Shown { sum: 0.0, steps: 0, at: Moment::now() }) }
    }
}

impl<T: Real> Observer<T> for ProgressBar {
    fn on_step(&self, running: &Running<'_, T>) -> ControlFlow<()> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.steps == 0 {
            self.bar.reset();
            self.bar.set_length(running.steps as u64);
            self.bar.set_prefix(running.epoch.to_string());
        }
        (shown.sum, shown.steps) = (shown.sum + running.cost, shown.steps + 1);
        let is_last = running.step == running.steps;
        if shown.steps == 1 || is_last || shown.at.elapsed() > PAUSE {
            shown.at = Moment::now();
            self.bar.set_message(format!("cost {:.4}", shown.sum / shown.steps as f64));
        }
        self.bar.set_position(running.step as u64);
        ControlFlow::Continue(())
    }

    fn on_epoch(&self, running: &Running<'_, T>) -> ControlFlow<()> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        (shown.sum, shown.steps) = (0.0, 0);
        if let Some(record) = running.history.last() {
            self.bar.println(record.to_string());
        }
        ControlFlow::Continue(())
    }

    fn on_end(&self, _outcome: &Outcome<'_, T>) {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).steps = 0;
        self.bar.finish_and_clear();
    }
}
