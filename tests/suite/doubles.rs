//! What several modules of the tests share: samples that are told when they are asked for, and what a run ended with.

use std::fmt;
use std::sync::Mutex;

use gradus::data::Blocks;
use gradus::prelude::*;
use gradus::{Error, Interruption};

/// The samples of a data set, which call a function before they are gathered: with the number of the call, counted from 1, and
/// the epoch.
pub struct Hooked<T: Real, F> {
    data: Dataset<T>,
    hook: F,
    pub blocks: Option<Blocks>,
    pub fingerprint: Option<u64>,
    /// The epoch and the indices of each call.
    pub asked: Mutex<Vec<(u64, Vec<usize>)>>,
}

impl<T: Real, F: Fn(usize, u64) -> gradus::Result<()> + Send + Sync> Hooked<T, F> {
    pub fn new(data: Dataset<T>, hook: F) -> Self {
        Self { data, hook, blocks: None, fingerprint: None, asked: Mutex::default() }
    }

    pub fn calls(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl<T: Real, F> fmt::Debug for Hooked<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hooked")
    }
}

impl<T: Real, F: Fn(usize, u64) -> gradus::Result<()> + Send + Sync> Samples<T> for Hooked<T, F> {
    fn len(&self) -> usize {
        self.data.len()
    }
    fn n_inputs(&self) -> usize {
        self.data.n_inputs()
    }
    fn n_outputs(&self) -> usize {
        self.data.n_outputs()
    }
    fn gather(
        &self,
        epoch: u64,
        indices: &[usize],
        x: &mut DMatrix<T>,
        y: &mut DMatrix<T>,
    ) -> gradus::Result<()> {
        let call = {
            let mut asked = self.asked.lock().unwrap();
            asked.push((epoch, indices.to_vec()));
            asked.len()
        };
        (self.hook)(call, epoch)?;
        self.data.gather(epoch, indices, x, y)
    }
    fn task(&self) -> Option<Task> {
        Some(self.data.task())
    }
    fn blocks(&self) -> Option<Blocks> {
        self.blocks.clone()
    }
    fn fingerprint(&self) -> Option<u64> {
        self.fingerprint
    }
}

/// The error of a source that fails in `epoch`.
pub fn gone(epoch: u64) -> Error {
    Error::Samples { epoch, source: "the disk is gone".into() }
}

/// How the run ended that `error` is of.
#[track_caller]
pub fn interruption(error: Error) -> Interruption {
    match error {
        Error::Interrupted(run) => *run,
        other => panic!("not interrupted: {other}"),
    }
}
