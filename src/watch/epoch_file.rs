//! A file that grows with every epoch.

use std::borrow::Cow;
use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, FileProblem, Result};
use crate::history::{EpochRecord, History};

/// How the file looks.
pub(super) trait Format: Debug + Send + Sync {
    /// The beginning of the file of a run with these columns.
    fn begin(&self, columns: &[Cow<'static, str>]) -> Vec<u8>;

    /// The record of an epoch of this run.
    fn record(&self, columns: &[Cow<'static, str>], record: &EpochRecord) -> Vec<u8>;
}

/// A file with the records of all epochs of a run.
#[derive(Debug)]
pub(super) struct EpochFile<F> {
    path: PathBuf,
    format: F,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    /// No epoch of this run has been written.
    Before,
    /// So many epochs are in the file.
    Growing { file: File, columns: Vec<Cow<'static, str>>, written: usize },
    /// The file could not be written.
    Failed { epoch: usize, error: io::Error },
}

impl<F: Format> EpochFile<F> {
    /// The file at `path`, which is created or replaced when the first epoch has ended.
    ///
    /// # Errors
    ///
    /// Returns [`Error::File`] if it cannot be opened for writing.
    pub fn new(path: &Path, format: F) -> Result<Self> {
        // Before the training, and not hours later.
        check_writable(path).map_err(|source| Error::File {
            path: path.to_owned(),
            problem: FileProblem::Unwritable { step: "open", source },
        })?;
        Ok(Self { path: path.to_owned(), format, state: Mutex::new(State::Before) })
    }

    /// Writes the epochs of `history` that are not in the file.
    pub fn update(&self, history: &History) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Failed { .. } = *state {
            return;
        }
        if let Err(error) = self.write(&mut state, history) {
            *state = State::Failed { epoch: history.len(), error };
        }
    }

    fn write(&self, state: &mut State, history: &History) -> io::Result<()> {
        // A file that was moved or removed is replaced by one of all epochs.
        if !matches!(state, State::Growing { .. } if self.path.exists()) {
            let file = File::create(&self.path)?;
            *state = State::Growing { file, columns: history.columns(), written: 0 };
        }
        if let State::Growing { file, columns, written } = state {
            let mut bytes = if *written == 0 { self.format.begin(columns) } else { Vec::new() };
            for record in history.epochs().iter().skip(*written) {
                bytes.extend(self.format.record(columns, record));
            }
            file.write_all(&bytes)?;
            *written = history.len();
        }
        Ok(())
    }

    /// Ends the run: the next one begins a new file.
    pub fn end(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::Before;
    }

    /// What kept the file from being written.
    pub fn warning(&self) -> Option<String> {
        match &*self.state.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Failed { epoch, error } => Some(format!(
                "{}: cannot be written ({error}), so it lacks the records from epoch {epoch} on; `Report::history` has them",
                self.path.display()
            )),
            _ => None,
        }
    }
}

/// Opens the file at `path` for writing and leaves things as they were: a run may end before its first epoch does, and
/// nobody reads an empty file.
fn check_writable(path: &Path) -> io::Result<()> {
    match OpenOptions::new().append(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => match File::create_new(path) {
            Ok(_) => fs::remove_file(path),
            // A link to a file that does not exist.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        },
        opened => opened.map(drop),
    }
}

/// Implements `Observer` for a log that is an [`EpochFile`].
macro_rules! observe_with_file {
    ($log:ty) => {
        impl<T: crate::real::Real> crate::trainer::Observer<T> for $log {
            fn on_epoch(&self, running: &crate::trainer::Running<'_, T>) -> std::ops::ControlFlow<()> {
                self.0.update(running.history);
                std::ops::ControlFlow::Continue(())
            }

            fn on_end(&self, _: &crate::trainer::Outcome<'_, T>) {
                self.0.end();
            }

            fn warning(&self) -> Option<String> {
                self.0.warning()
            }
        }
    };
}
pub(super) use observe_with_file;
