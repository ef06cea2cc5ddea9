//! The laws of a source of samples.

use std::thread;

use nalgebra::DMatrix;

use super::check_that;
use crate::data::Samples;
use crate::error::{Error, Result};
use crate::memory;
use crate::real::Real;

/// Verifies a source of samples, on at most 24 of them, including the first and the last:
///
/// - it has samples, inputs and targets, and their numbers and the task never change;
/// - `gather` keeps the shapes of x and y, and overwrites every element;
/// - a sample and its weight are the same whenever they are asked for in the same epoch: in any order and batch size,
///   after other epochs, and from several threads at once;
/// - weights are finite and not negative;
/// - [`unaugmented`](Samples::unaugmented) samples have the same numbers of samples, inputs and targets.
///
/// A run can be repeated and resumed only with a source that obeys these laws.
///
/// # Errors
///
/// Returns [`Error::Law`] for the first law that is broken, and any error of the source.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// gradus::check::samples(&Dataset::<f32>::synthetic_digits(100, 1)?)?;
///
/// /// Noise from a hidden generator: the sample depends on how often it was asked for.
/// #[derive(Debug)]
/// struct Noise(AtomicUsize);
/// impl Samples<f64> for Noise {
///     fn len(&self) -> usize {
///         10
///     }
///     fn n_inputs(&self) -> usize {
///         1
///     }
///     fn n_outputs(&self) -> usize {
///         1
///     }
///     fn gather(
///         &self,
///         _epoch: u64,
///         _indices: &[usize],
///         x: &mut DMatrix<f64>,
///         y: &mut DMatrix<f64>,
///     ) -> gradus::Result<()> {
///         x.fill(self.0.fetch_add(1, Ordering::Relaxed) as f64);
///         y.fill(0.0);
///         Ok(())
///     }
/// }
/// let error = gradus::check::samples(&Noise(AtomicUsize::new(0))).unwrap_err();
/// assert!(error.to_string().contains("the same sample"));
/// # Ok::<(), gradus::Error>(())
/// ```
pub fn samples<T: Real>(samples: &dyn Samples<T>) -> Result<()> {
    let checked = Checked { samples, sizes: sizes(samples) };
    let task = samples.task();
    checked.has_sizes()?;
    let indices = some_of(checked.sizes.0);
    // The second epoch may differ from the first; the first has to be the same when it is asked for again.
    let (first, second) = (checked.gather(1, &indices, 7.0)?, checked.gather(2, &indices, 7.0)?);
    for (epoch, wanted) in [(1, &first), (2, &second), (1, &first)] {
        checked.repeats(epoch, &indices, wanted)?;
    }
    checked.repeats_on_threads(&indices, &first)?;
    checked.law("the task stays the same", || format!("{task:?}"), samples.task() == task)?;
    let kept = samples.unaugmented().is_none_or(|plain| sizes(plain) == checked.sizes);
    checked.law(
        "unaugmented samples have the same numbers of samples, inputs and targets",
        || checked.shown(),
        kept,
    )
}

/// The numbers of samples, inputs and targets.
type Sizes = (usize, usize, usize);

fn sizes<T: Real>(samples: &dyn Samples<T>) -> Sizes {
    (samples.len(), samples.n_inputs(), samples.n_outputs())
}

/// Returns at most 24 of `n` indices: the first, the last and some between them.
fn some_of(n: usize) -> Vec<usize> {
    let last = n.saturating_sub(1);
    let mut indices: Vec<usize> = (0..8).flat_map(|i| [i, last / 8 * i, last.saturating_sub(i)]).collect();
    indices.retain(|&index| index < n);
    indices.sort_unstable();
    indices.dedup();
    indices
}

/// A source, and its sizes at the start of the check.
struct Checked<'a, T> {
    samples: &'a dyn Samples<T>,
    sizes: Sizes,
}

/// The samples that a source has gathered.
struct Gathered<T> {
    x: DMatrix<T>,
    y: DMatrix<T>,
    weights: Vec<T>,
}

impl<T: Real> Gathered<T> {
    /// Returns the bits of column `j` and of its weight. Every NaN counts as the same.
    fn column(&self, j: usize) -> impl Iterator<Item = u64> {
        let (x, y) = (self.x.column(j), self.y.column(j));
        let values: Vec<T> = x.iter().chain(y.iter()).chain(self.weights.get(j)).copied().collect();
        values.into_iter().map(|v| if v.is_nan() { u64::MAX } else { v.to_f64().to_bits() })
    }
}

impl<T: Real> Checked<'_, T> {
    fn law(&self, law: &'static str, at: impl FnOnce() -> String, ok: bool) -> Result<()> {
        check_that(&self.samples, law, at, ok)
    }

    fn shown(&self) -> String {
        format!("{} samples of {} inputs and {} targets", self.sizes.0, self.sizes.1, self.sizes.2)
    }

    fn has_sizes(&self) -> Result<()> {
        let (n, n_inputs, n_outputs) = self.sizes;
        let some = n > 0 && n_inputs > 0 && n_outputs > 0;
        self.law("it has samples, inputs and targets", || self.shown(), some)?;
        self.law("is_empty is false if there are samples", || self.shown(), !self.samples.is_empty())
    }

    /// Gathers samples into matrices that are filled with `before`, and checks shapes, sizes and weights.
    fn gather(&self, epoch: u64, indices: &[usize], before: f64) -> Result<Gathered<T>> {
        let (_, n_inputs, n_outputs) = self.sizes;
        let mut x = memory::zeros("x", n_inputs, indices.len())?;
        let mut y = memory::zeros("y", n_outputs, indices.len())?;
        let mut weights = vec![T::cast(before); indices.len()];
        let shapes = [x.shape(), y.shape()];
        x.fill(T::cast(before));
        y.fill(T::cast(before));
        self.samples.gather(epoch, indices, &mut x, &mut y)?;
        self.samples.weights(indices, &mut weights);

        let at = || format!("samples {indices:?}, shapes {:?} for {shapes:?}", [x.shape(), y.shape()]);
        self.law("gather keeps the shapes of x and y", at, [x.shape(), y.shape()] == shapes)?;
        let now = sizes(self.samples);
        let at = || format!("{}, later on {now:?}", self.shown());
        self.law("the numbers of samples, inputs and targets stay the same", at, now == self.sizes)?;
        let found = || format!("samples {indices:?}, weights {weights:?}");
        let valid = weights.iter().all(|weight| *weight >= T::zero() && weight.is_finite());
        self.law("weights are finite and not negative", found, valid)?;
        Ok(Gathered { x, y, weights })
    }

    /// Verifies that the samples are the same in other orders and batches, and in matrices with other previous values.
    fn repeats(&self, epoch: u64, indices: &[usize], wanted: &Gathered<T>) -> Result<()> {
        let law = "gather replaces every value, and the same sample is the same in any order and batch";
        let positions: Vec<usize> = (0..indices.len()).rev().collect();
        for (size, before) in [(positions.len(), f64::NAN), (1, 3.0), (3, -1.0)] {
            for positions in positions.chunks(size) {
                let batch: Vec<usize> = positions.iter().map(|&position| indices[position]).collect();
                let found = self.gather(epoch, &batch, before)?;
                for (j, &position) in positions.iter().enumerate() {
                    let at = || format!("sample {} in epoch {epoch}, column {j} of a batch", batch[j]);
                    self.law(law, at, found.column(j).eq(wanted.column(position)))?;
                }
            }
        }
        Ok(())
    }

    /// Verifies that the samples are the same on four threads at once, or on as many as can be started.
    fn repeats_on_threads(&self, indices: &[usize], wanted: &Gathered<T>) -> Result<()> {
        let results = thread::scope(|scope| {
            let start = |_| {
                let work = || self.repeats(1, indices, wanted);
                thread::Builder::new().spawn_scoped(scope, work).ok()
            };
            let started: Vec<_> = (0..4).filter_map(start).collect();
            let join = |thread: thread::ScopedJoinHandle<'_, _>| {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            started.into_iter().map(join).collect::<Vec<Result<()>>>()
        });
        let on_threads = |error| match error {
            Error::Law { subject, law, at, deviation } => {
                Error::Law { subject, law, at: format!("{at}, with four threads at once"), deviation }
            }
            other => other,
        };
        results.into_iter().collect::<Result<()>>().map_err(on_threads)
    }
}
