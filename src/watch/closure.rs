//! Closures as observers.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use crate::real::Real;
use crate::trainer::{Observer, Running};

/// An observer that calls a closure after each epoch; made by [`each_epoch`].
///
/// # Examples
///
/// ```
/// use std::ops::ControlFlow;
/// use std::sync::{Arc, Mutex};
///
/// use gradus::prelude::*;
/// use gradus::watch::{EachEpoch, each_epoch};
///
/// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
/// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
/// let epochs = Arc::new(Mutex::new(Vec::new()));
/// let told = epochs.clone();
/// let observer: EachEpoch<_> = each_epoch(move |running: &Running<'_, f32>| {
///     told.lock().unwrap().push(running.epoch);
///     ControlFlow::Continue(())
/// });
/// let trainer = Trainer::new(CrossEntropy).stop(MaxEpochs::new(3)?).observe(observer);
/// trainer.fit(&mut network, &data, None)?;
/// assert_eq!(*epochs.lock().unwrap(), [1, 2, 3]);
/// # Ok::<(), gradus::Error>(())
/// ```
pub struct EachEpoch<F>(Mutex<F>);

/// Calls `f` after each epoch, with the run as it stands. The run ends if `f` breaks.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
/// use gradus::watch::each_epoch;
/// use std::ops::ControlFlow;
///
/// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
/// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
/// let trainer = Trainer::new(CrossEntropy).observe(each_epoch(|running| {
///     let cost = running.history.last().map_or(f64::NAN, |record| record.running_cost);
///     println!("{:3}  {cost:.4}", running.epoch);
///     if running.epoch == 4 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
/// }));
/// assert_eq!(trainer.fit(&mut network, &data, None)?.history.len(), 4);
/// # Ok::<(), gradus::Error>(())
/// ```
pub fn each_epoch<T, F>(f: F) -> EachEpoch<F>
where
    T: Real,
    F: FnMut(&Running<'_, T>) -> ControlFlow<()> + Send,
{
    EachEpoch(Mutex::new(f))
}

impl<F> fmt::Debug for EachEpoch<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EachEpoch")
    }
}

impl<T: Real, F: FnMut(&Running<'_, T>) -> ControlFlow<()> + Send> Observer<T> for EachEpoch<F> {
    fn on_epoch(&self, running: &Running<'_, T>) -> ControlFlow<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)(running)
    }
}
