//! A progress bar on the terminal.

use std::ops::ControlFlow;

use indicatif::{ProgressBar as Bar, ProgressStyle};

use super::{Observer, Report, Step};
use crate::history::EpochRecord;

/// An observer that shows a bar for the running epoch and a line for each that has ended.
///
/// On what is not a terminal, standard error shows nothing of it.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let trainer = Trainer::new(CrossEntropy).observe(ProgressBar::new());
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

impl Observer for ProgressBar {
    fn on_step(&mut self, Step { epoch, step, steps }: Step) {
        if step == 1 {
            self.bar.set_length(steps as u64);
            self.bar.set_prefix(epoch.to_string());
        }
        self.bar.set_position(step as u64);
    }

    fn on_epoch(&mut self, record: &EpochRecord) -> ControlFlow<()> {
        self.bar.println(record.to_string());
        ControlFlow::Continue(())
    }

    fn on_end(&mut self, _report: &Report) {
        self.bar.finish_and_clear();
    }
}
