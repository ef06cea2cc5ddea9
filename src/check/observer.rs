//! The laws of an observer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use nalgebra::DMatrix;

use super::check_that;
use crate::activation::{Sigmoid, Tanh};
use crate::cost::CrossEntropy;
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::history::EpochRecord;
use crate::init::ScaledGaussian;
use crate::network::{Network, ParameterArrays};
use crate::real::Real;
use crate::schedule::{LrSchedule, Progress};
use crate::stopping::MaxEpochs;
use crate::trainer::{Observer, Trainer};

/// Verifies an observer on small runs: with and without validation data, runs that succeed and runs that end in an
/// error, one after the other and two at once.
///
/// - It does not change the training: as long as it does not stop a run, the records of the epochs and the parameters
///   at the end are bitwise the same as without an observer.
/// - It does not panic, also in a run that ends in an error before or after its first epoch.
///
/// # Errors
///
/// Returns [`Error::Law`] for the first law that is broken.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
/// use gradus::trainer::Outcome;
/// use std::sync::Arc;
///
/// /// Assumes that every run succeeds.
/// #[derive(Debug)]
/// struct Hopeful;
///
/// impl<T: Real> Observer<T> for Hopeful {
///     fn on_end(&self, outcome: &Outcome<'_, T>) {
///         println!("{}", outcome.result.unwrap());
///     }
/// }
/// let error = gradus::check::observer::<f64>(Arc::new(Hopeful)).unwrap_err();
/// assert!(error.to_string().contains("does not panic"));
/// ```
pub fn observer<T: Real>(observer: Arc<dyn Observer<T>>) -> Result<()> {
    let cases = [(false, 2), (true, 2), (true, 0), (false, usize::MAX), (true, usize::MAX)];
    for (validated, fails_after) in cases {
        let without = run(None, validated, fails_after)?;
        let again = || Trial { observer: &observer, validated, fails_after }.check(&without);
        again()?;
        thread::scope(|scope| {
            let start = |_| thread::Builder::new().spawn_scoped(scope, again).ok();
            let trials: Vec<_> = (0..2).filter_map(start).collect();
            trials.into_iter().try_for_each(|trial| trial.join().unwrap_or(Ok(())))
        })?;
    }
    Ok(())
}

/// The records of a run, with their seconds set to 0, and the parameters at its end.
type Ran<T> = (Vec<EpochRecord>, ParameterArrays<T>);

/// A rate of 0.5, and after some epochs NaN, which ends the run in an error.
#[derive(Debug)]
struct FailsAfter(usize);

impl LrSchedule for FailsAfter {
    fn rate(&self, progress: &Progress<'_>) -> Option<f64> {
        Some(if progress.epoch > self.0 { f64::NAN } else { 0.5 })
    }
}

/// Trains for three epochs on the exclusive or.
fn run<T: Real>(
    observer: Option<&Arc<dyn Observer<T>>>,
    validated: bool,
    fails_after: usize,
) -> Result<Ran<T>> {
    let x = DMatrix::from_column_slice(2, 4, &[0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0].map(T::cast));
    let data = Dataset::new(x, DMatrix::from_column_slice(1, 4, &[0.0, 1.0, 1.0, 0.0].map(T::cast)))?;
    let mut network = Network::new(&[2, 3, 1], Tanh, Sigmoid, &ScaledGaussian, 1)?;
    let mut trainer = Trainer::new(CrossEntropy)
        .mini_batch(2)
        .threads(1)
        .stop(MaxEpochs::new(3)?)
        .schedule(FailsAfter(fails_after))
        .keep_last();
    if let Some(observer) = observer {
        trainer = trainer.observe(observer.clone());
    }
    let (history, parameters) = match trainer.fit(&mut network, &data, validated.then_some(&data)) {
        Ok(report) => (report.history, report.run.parameters),
        Err(Error::Interrupted(run)) => (run.history, ParameterArrays::from_network(&network)),
        Err(other) => return Err(other),
    };
    let records = history.epochs().iter().map(|record| EpochRecord { seconds: 0.0, ..record.clone() });
    Ok((records.collect(), parameters))
}

struct Trial<'a, T> {
    observer: &'a Arc<dyn Observer<T>>,
    validated: bool,
    fails_after: usize,
}

impl<T: Real> Trial<'_, T> {
    fn check(&self, (records, parameters): &Ran<T>) -> Result<()> {
        let Self { observer, validated, fails_after } = self;
        let at = || {
            let validation = if *validated { "with" } else { "without" };
            let end = if *fails_after < 3 { "that ends in an error" } else { "of three epochs" };
            format!("a run {end}, {validation} validation data")
        };
        let observed = catch_unwind(AssertUnwindSafe(|| run(Some(observer), *validated, *fails_after)));
        let (found, moved) = match observed {
            Ok(ran) => ran?,
            Err(_) => return check_that(observer, "an observer does not panic", at, false),
        };
        // If an observer stops a run within an epoch, its last steps have no record, and the parameters differ.
        let same = records.starts_with(&found) && (found.len() < records.len() || moved == *parameters);
        check_that(observer, "an observer does not change what is learned", at, same)
    }
}
