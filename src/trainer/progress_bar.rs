//! A progress bar on the terminal.

use std::ops::ControlFlow;

use indicatif::{ProgressBar as Bar, ProgressStyle};

use super::{Observer, Outcome, Running};
use crate::real::Real;

/// An observer that shows a bar for the running epoch and a line for each that has ended.
///
/// On what is not a terminal, standard error shows nothing of it.
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
}

impl Default for ProgressBar {
    fn default() -> Self {
        Self::new()
    }
}

impl ProgressBar {
    /// A bar that appears with the first step.
    pub fn new() -> Self {
        let style = ProgressStyle::with_template("epoch {prefix:>4} {wide_bar} {pos}/{len} steps {elapsed}");
        let bar = Bar::no_length();
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar }
    }
}

impl<T: Real> Observer<T> for ProgressBar {
    fn on_step(&self, running: &Running<'_, T>) -> ControlFlow<()> {
        if running.step == 1 {
            self.bar.set_length(running.steps as u64);
            self.bar.set_prefix(running.epoch.to_string());
        }
        self.bar.set_position(running.step as u64);
        ControlFlow::Continue(())
    }

    fn on_epoch(&self, running: &Running<'_, T>) -> ControlFlow<()> {
        if let Some(record) = running.history.last() {
            self.bar.println(record.to_string());
        }
        ControlFlow::Continue(())
    }

    fn on_end(&self, _outcome: &Outcome<'_, T>) {
        self.bar.finish_and_clear();
    }
}
