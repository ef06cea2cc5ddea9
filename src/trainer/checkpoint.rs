//! Checkpoints: a run in a file, from which it can be resumed.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use super::{Run, Settings};
use crate::clock::Moment;
use crate::error::{Error, FileProblem, Result};
use crate::history::History;
use crate::network::ParameterArrays;
use crate::persist::{Container, Disk, Entry, FileSystem, MAX_BYTES, Tensor, replace};
use crate::real::Real;

/// How often a checkpoint is written.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
/// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("run.safetensors");
/// // An interruption costs at most ten minutes.
/// let trainer = Trainer::new(CrossEntropy).checkpoint(&path, Every::Seconds(600.0));
/// trainer.stop(MaxEpochs::new(2)?).fit(&mut network, &data, None)?;
/// assert_eq!(Run::<f32>::load(&path)?.history.len(), 2); // also written at the end
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Every {
    /// After each such number of epochs, counted from the beginning of the run; 0 counts as 1.
    Epochs(usize),
    /// After each such number of training steps, counted from the beginning of the run; 0 counts as 1.
    Steps(u64),
    /// After the first step that ends at least this many seconds after the last checkpoint. Never on
    /// `wasm32-unknown-unknown`, which has no clock.
    Seconds(f64),
}

/// Where and how often a run is saved.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
///
/// use gradus::persist::FileSystem;
/// use gradus::prelude::*;
/// use gradus::trainer::Checkpoint;
///
/// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
/// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("run.safetensors");
/// // A test can pass a disk that fails instead of `FileSystem`.
/// let checkpoint = Checkpoint::new(&path, Every::Steps(1000)).on(Arc::new(FileSystem));
/// let trainer = Trainer::new(CrossEntropy).checkpoint_with(checkpoint);
/// trainer.stop(MaxEpochs::new(1)?).fit(&mut network, &data, None)?;
/// assert_eq!(Run::<f32>::load(&path)?.t, 10); // 100 samples in mini-batches of 10
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Checkpoint {
    path: PathBuf,
    every: Every,
    disk: Arc<dyn Disk>,
}

/// When the last checkpoint was written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Saved(Moment);

impl Saved {
    pub(super) fn now() -> Self {
        Self(Moment::now())
    }
}

impl Checkpoint {
    /// Creates a checkpoint in the file at `path`, written as often as `every` says.
    pub fn new(path: impl Into<PathBuf>, every: Every) -> Self {
        Self { path: path.into(), every, disk: Arc::new(FileSystem) }
    }

    /// Writes through `disk` instead of the machine's file system.
    pub fn on(mut self, disk: Arc<dyn Disk>) -> Self {
        self.disk = disk;
        self
    }

    /// Returns an error if the folder of the file does not exist, so that this is not noticed only after the first
    /// epoch.
    pub(super) fn check(&self) -> Result<()> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let source = match folder.map(|folder| self.disk.entry(folder)) {
            Some(Ok(Entry::Missing)) => io::ErrorKind::NotFound,
            Some(Ok(Entry::File { .. } | Entry::Other)) => io::ErrorKind::NotADirectory,
            _ => return Ok(()),
        };
        Err(refuse(&self.path, FileProblem::Unwritable { step: "find its folder", source: source.into() }))
    }

    pub(super) fn is_due_after_epoch(&self, epoch: usize) -> bool {
        matches!(self.every, Every::Epochs(n) if epoch.is_multiple_of(n.max(1)))
    }

    pub(super) fn is_due_after_step(&self, t: u64, saved: &Saved) -> bool {
        match self.every {
            Every::Epochs(_) => false,
            Every::Steps(n) => t.is_multiple_of(n.max(1)),
            Every::Seconds(seconds) => saved.0.elapsed().as_secs_f64() >= seconds,
        }
    }

    pub(super) fn save<T: Real>(&self, run: &Run<T>) -> Result<()> {
        run.save_to(&*self.disk, &self.path)
    }
}

/// The kind of a checkpoint's file.
const KIND: &str = "run";

/// More slots than any optimizer of the crate has.
const MAX_SLOTS_READ: usize = 128;

/// Everything of a run except its tensors.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    settings: Settings,
    sizes: Vec<usize>,
    slots: usize,
    step: usize,
    cost: f64,
    seconds: f64,
    t: u64,
    kept_epoch: usize,
    history: History,
}

impl<T: Real> Run<T> {
    /// Saves the run as a safetensors file, in place of the one at `path`; see [`replace()`].
    ///
    /// The tensors are `parameters.layers.0.weight` (outputs × inputs), `parameters.layers.0.bias`, …, and the same
    /// with `kept` for the parameters that are kept and `slots.0`, `slots.1`, … for the optimizer's state.
    ///
    /// # Errors
    ///
    /// Returns [`Error::File`] if the file cannot be written. The previous one, if any, then stays complete.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
    /// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
    /// let trainer = Trainer::new(CrossEntropy).stop(MaxEpochs::new(1)?);
    /// let run = trainer.fit(&mut network, &data, None)?.run;
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("run.safetensors");
    /// run.save(&path)?;
    /// assert_eq!(Run::<f32>::load(&path)?, run);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.save_to(&FileSystem, path.as_ref())
    }

    fn save_to(&self, disk: &dyn Disk, path: &Path) -> Result<()> {
        let bytes = self.to_bytes().map_err(|problem| refuse(path, problem))?;
        replace(disk, path, &bytes)
    }

    /// Loads the run in the file at `path`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::File`] if the file cannot be read, is not a checkpoint, is damaged, holds values of another
    /// type, or is inconsistent.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let container = Container::open(&path, MAX_BYTES, KIND)?;
        Self::read(container).map_err(|problem| refuse(path.as_ref(), problem))
    }

    /// Returns the bytes of the file that [`save`](Self::save) writes.
    ///
    /// # Errors
    ///
    /// Returns [`FileProblem::Json`] if a parameter is NaN or infinite, or a slot holds NaN, and
    /// [`FileProblem::OutOfMemory`] if there is no memory for them.
    pub fn to_bytes(&self) -> std::result::Result<Vec<u8>, FileProblem> {
        self.check_values()?;
        let Self { settings, step, cost, seconds, t, kept_epoch, history, .. } = self.clone();
        let (sizes, slots) = (self.parameters.sizes().to_vec(), self.slots.len());
        let document = Document { settings, sizes, slots, step, cost, seconds, t, kept_epoch, history };
        let all: Vec<(String, &ParameterArrays<T>)> = [("parameters".to_owned(), &self.parameters)]
            .into_iter()
            .chain([("kept".to_owned(), &self.kept)])
            .chain(self.slots.iter().enumerate().map(|(i, slot)| (format!("slots.{i}"), slot)))
            .collect();
        let matrices: Vec<DMatrix<T>> = all
            .iter()
            .flat_map(|(_, arrays)| layers(arrays.sizes()).map(|layer| arrays.weights(layer).into_owned()))
            .collect();
        let mut weights = matrices.iter();
        let mut tensors = Vec::new();
        for (name, arrays) in &all {
            for (layer, biases) in layers(arrays.sizes()).zip(arrays.arrays().skip(1).step_by(2)) {
                tensors.extend(weights.next().map(|w| Tensor::matrix(weight_name(name, layer), w)));
                tensors.push(Tensor::vector(bias_name(name, layer), biases));
            }
        }
        Container::write(KIND, &document, &tensors)
    }

    /// Reads the bytes of a file that [`save`](Self::save) has written.
    ///
    /// # Errors
    /// Returns the problem of the file; see [`load`](Self::load).
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
    /// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
    /// let trainer = Trainer::new(CrossEntropy).stop(MaxEpochs::new(1)?);
    /// let run = trainer.fit(&mut network, &data, None)?.run;
    /// let bytes = run.to_bytes().unwrap();
    /// assert_eq!(Run::<f32>::from_bytes(&bytes).unwrap(), run);
    /// assert!(Run::<f64>::from_bytes(&bytes).is_err()); // it holds values of another type
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn from_bytes(bytes: &[u8]) -> std::result::Result<Self, FileProblem> {
        Self::read(Container::read(bytes, KIND)?)
    }

    fn read(mut container: Container) -> std::result::Result<Self, FileProblem> {
        let document: Document = container.document()?;
        let Document { settings, sizes, slots, step, cost, seconds, t, kept_epoch, history } = document;
        if sizes.len() < 2 || slots > MAX_SLOTS_READ {
            return Err(invalid(format!("it has {} layers and {slots} slots", sizes.len())));
        }
        let mut arrays = |name: &str| -> std::result::Result<ParameterArrays<T>, FileProblem> {
            let mut values = Vec::new();
            for (layer, pair) in sizes.windows(2).enumerate() {
                let weights: DMatrix<T> = container.matrix(&weight_name(name, layer), pair[1], pair[0])?;
                values.extend_from_slice(weights.as_slice());
                values.extend(container.vector::<T>(&bias_name(name, layer), pair[1])?);
            }
            ParameterArrays::from_values(sizes.clone(), values).map_err(|error| invalid(error.to_string()))
        };
        let (parameters, kept) = (arrays("parameters")?, arrays("kept")?);
        let slots =
            (0..slots).map(|i| arrays(&format!("slots.{i}"))).collect::<std::result::Result<_, _>>()?;
        container.finish()?;
        let run = Self { settings, step, cost, seconds, t, parameters, slots, kept_epoch, kept, history };
        run.check_values().map(|()| run)
    }

    /// Rejects values with which no run can continue. A slot may be infinite: a mean of squares can overflow.
    fn check_values(&self) -> std::result::Result<(), FileProblem> {
        let all = |arrays: &ParameterArrays<T>, good: fn(&T) -> bool| arrays.arrays().flatten().all(good);
        if !all(&self.parameters, T::is_finite) || !all(&self.kept, T::is_finite) {
            return Err(invalid("a parameter is NaN or infinite".to_owned()));
        }
        match self.slots.iter().position(|slot| !all(slot, |value| !value.to_f64().is_nan())) {
            Some(slot) => Err(invalid(format!("slot {slot} of the optimizer holds NaN"))),
            None => Ok(()),
        }
    }
}

fn invalid(reason: String) -> FileProblem {
    FileProblem::Json { what: "description of the run", reason }
}

fn layers(sizes: &[usize]) -> std::ops::Range<usize> {
    0..sizes.len().saturating_sub(1)
}

fn weight_name(name: &str, layer: usize) -> String {
    format!("{name}.layers.{layer}.weight")
}

fn bias_name(name: &str, layer: usize) -> String {
    format!("{name}.layers.{layer}.bias")
}

fn refuse(path: &Path, problem: FileProblem) -> Error {
    Error::File { path: path.to_path_buf(), problem }
}
