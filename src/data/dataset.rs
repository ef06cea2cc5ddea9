//! A data set in memory.

mod labels;
mod scale;
mod select;

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use nalgebra::DMatrix;

pub(super) use labels::check_columns;

use super::{Samples, Task, digits};
use crate::copy;
use crate::error::{Error, Result};
use crate::memory;
use crate::real::{Real, first_non_finite};
use crate::threads;

/// Samples in memory: inputs as floats or as the bytes of images, targets as floats or as class labels.
///
/// Pixels are stored as bytes and scaled by 1/255 when a batch is gathered: v · (1/255) is 1 for 255 and within one
/// rounding of v/255. So MNIST takes 55 MB, not 220 (`f32`) or 440 (`f64`). A label l becomes a one-hot target: 1 in
/// row l and 0 elsewhere. Subsets and clones of a data set share its memory.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// // The exclusive or: a column for each example.
/// let x = DMatrix::from_column_slice(2, 4, &[0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0]);
/// let y = DMatrix::from_column_slice(1, 4, &[0.0, 1.0, 1.0, 0.0]);
/// let data = Dataset::new(x, y)?;
/// let (first, rest) = data.split_at(1)?;
/// assert_eq!((data.len(), first.len(), rest.len()), (4, 1, 3));
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Dataset<T> {
    inputs: Arc<Inputs<T>>,
    targets: Arc<Targets<T>>,
    /// The stored samples in the order of this view; `None` for all in their stored order.
    order: Option<Arc<[usize]>>,
    /// The positions in `order` that belong to this view.
    range: Range<usize>,
    /// The task of all targets, also of those outside `range`; found on first use.
    task: Arc<OnceLock<Task>>,
}

/// Minimum number of elements of a batch that is gathered by two threads.
const MIN_PARALLEL_LEN: usize = 1 << 15;

#[derive(Debug)]
enum Inputs<T> {
    /// A column for each example.
    Numbers(DMatrix<T>),
    /// `width` bytes for each example.
    Pixels { bytes: Vec<u8>, width: usize },
}

#[derive(Debug)]
enum Targets<T> {
    /// A column for each example.
    Numbers(DMatrix<T>),
    /// A class for each example. `names` holds the names of the classes, or is empty.
    Labels { labels: Vec<u32>, n_classes: usize, names: Vec<String> },
}

impl<T: Real> Dataset<T> {
    /// Creates the data set of the inputs `x` and the targets `y`.
    ///
    /// # Shapes
    ///
    /// `x` is inputs × examples, `y` outputs × examples.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Empty`] if `x` or `y` has no columns, and [`Error::NoRows`] if one has no rows. If `x` and `y`
    /// differ in their number of columns, returns [`Error::Transposed`] if they would agree with one of them or both
    /// transposed, and [`Error::SizeMismatch`] otherwise. Returns [`Error::NonFiniteSample`] for the first NaN or
    /// infinity.
    pub fn new(x: DMatrix<T>, y: DMatrix<T>) -> Result<Self> {
        if x.ncols() == 0 || y.ncols() == 0 {
            return Err(Error::Empty { what: "the data set" });
        }
        for (what, value, rows) in [("x", "input", x.nrows()), ("y", "target", y.nrows())] {
            if rows == 0 {
                return Err(Error::NoRows { what, value });
            }
        }
        check_columns(x.shape(), y.shape())?;
        check_finite("input", &x, 0)?;
        check_finite("target", &y, 0)?;
        Ok(Self::whole(Inputs::Numbers(x), Targets::Numbers(y)))
    }

    /// Creates the data set of all samples of `inputs` and `targets`, which have been checked.
    fn whole(inputs: Inputs<T>, targets: Targets<T>) -> Self {
        let range = 0..match &targets {
            Targets::Numbers(y) => y.ncols(),
            Targets::Labels { labels, .. } => labels.len(),
        };
        Self {
            inputs: Arc::new(inputs),
            targets: Arc::new(targets),
            order: None,
            range,
            task: Arc::default(),
        }
    }

    /// Creates a data set from the images `pixels`, of `n_inputs` bytes each, and their labels below `n_classes`, of
    /// any integer type.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Empty`] if there are no labels, and [`Error::NoRows`] if `n_inputs` is 0. Returns
    /// [`Error::SizeMismatch`] if there are not `n_inputs` bytes for each label. Returns [`Error::Label`] for the first
    /// label that is negative or not below `n_classes`, and [`Error::Memory`] if a target of `n_classes` values does
    /// not fit in memory.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let data = Dataset::<f64>::from_pixels(vec![0, 255, 51, 0], 2, vec![1, 0], 3)?;
    /// let (mut x, mut y) = (DMatrix::zeros(2, 1), DMatrix::zeros(3, 1));
    /// data.gather(1, &[0], &mut x, &mut y)?;
    /// assert_eq!((x.as_slice(), y.as_slice()), (&[0.0, 1.0][..], &[0.0, 1.0, 0.0][..]));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn from_pixels<L>(pixels: Vec<u8>, n_inputs: usize, labels: Vec<L>, n_classes: usize) -> Result<Self>
    where
        L: Copy + TryInto<i64>,
    {
        if labels.is_empty() {
            return Err(Error::Empty { what: "the data set" });
        }
        if n_inputs == 0 {
            return Err(Error::NoRows { what: "each image", value: "input" });
        }
        if labels.len().checked_mul(n_inputs) != Some(pixels.len()) {
            let expected = labels.len().saturating_mul(n_inputs);
            return Err(Error::SizeMismatch { what: "bytes of the images", found: pixels.len(), expected });
        }
        let targets = Targets::labels(&labels, n_classes, Vec::new())?;
        Ok(Self::whole(Inputs::Pixels { bytes: pixels, width: n_inputs }, targets))
    }

    /// Creates a data set of `count` synthetic digits, drawn by [`digits::generate`]: 784 inputs, 10 classes.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Empty`] if `count` is 0, and [`Error::Memory`] if the images do not fit in memory.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let (training, test) = Dataset::<f32>::synthetic_digits(60, 1)?.split_at(50)?;
    /// assert_eq!((training.n_inputs(), test.len()), (784, 10));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn synthetic_digits(count: usize, seed: u64) -> Result<Self> {
        let (pixels, labels) = digits::generate(count, seed)?;
        Self::from_pixels(pixels, digits::PIXELS, labels, 10)
    }

    /// Returns the number of samples.
    pub fn len(&self) -> usize {
        self.range.len()
    }

    /// Always returns `false`: a data set has at least one sample.
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// Returns the number of inputs of a sample.
    pub fn n_inputs(&self) -> usize {
        match &*self.inputs {
            Inputs::Numbers(x) => x.nrows(),
            Inputs::Pixels { width, .. } => *width,
        }
    }

    /// Returns the number of targets of a sample.
    pub fn n_outputs(&self) -> usize {
        match &*self.targets {
            Targets::Numbers(y) => y.nrows(),
            Targets::Labels { n_classes, .. } => *n_classes,
        }
    }

    /// Splits the data set into the samples before `at` and those from `at` on, which share its memory.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Empty`] if one of the two would have no samples, and [`Error::SizeMismatch`] if `at` lies
    /// beyond the last sample.
    pub fn split_at(&self, at: usize) -> Result<(Self, Self)> {
        Ok((self.slice(0..at)?, self.slice(at..self.len())?))
    }

    /// Returns the samples in `range`, which share the memory of the data set.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Empty`] if the range is empty, and [`Error::SizeMismatch`] if it reaches beyond the last
    /// sample.
    pub fn slice(&self, range: Range<usize>) -> Result<Self> {
        if range.is_empty() {
            return Err(Error::Empty { what: "the subset" });
        }
        if range.end > self.len() {
            return Err(Error::SizeMismatch {
                what: "samples of the data set",
                found: self.len(),
                expected: range.end,
            });
        }
        let range = self.range.start + range.start..self.range.start + range.end;
        Ok(Self { range, ..self.clone() })
    }

    /// Returns the same samples with inputs and targets as floats. Pixels then take 4 or 8 times the memory, and need
    /// no conversion in each epoch.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Memory`] if the floats do not fit in memory.
    pub fn to_floats(&self) -> Result<Self> {
        let shapes = [(self.n_inputs(), self.len()), (self.n_outputs(), self.len())];
        memory::check::<T>("the data set as floats", shapes)?;
        let mut x = memory::zeros("x", self.n_inputs(), self.len())?;
        let all: Vec<usize> = (0..self.len()).collect();
        self.fill_inputs(&all, x.as_mut_slice());
        let mut y = memory::zeros("y", self.n_outputs(), self.len())?;
        for (mut column, index) in y.column_iter_mut().zip(0..) {
            self.fill_targets(index, column.as_mut_slice());
        }
        // A subset keeps the task of the whole data set.
        let task = Arc::new(self.task().into());
        Ok(Self { task, ..Self::whole(Inputs::Numbers(x), Targets::Numbers(y)) })
    }

    /// Returns what the targets mean; see [`Task`]. A subset has the task of the whole data set, so that a few samples
    /// of one class are not mistaken for another task.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// assert_eq!(Dataset::<f32>::synthetic_digits(10, 1)?.task(), Task::Classes);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn task(&self) -> Task {
        *self.task.get_or_init(|| match &*self.targets {
            Targets::Numbers(y) => Task::of(y),
            Targets::Labels { n_classes: 1, .. } => Task::Binary { threshold: 0.5 },
            Targets::Labels { .. } => Task::Classes,
        })
    }

    /// Declares what the targets mean, if their values alone are misleading: counts that happen to be 0 and 1 are still
    /// a regression.
    ///
    /// # Errors
    ///
    /// Returns [`Error::SizeMismatch`] if the task needs another number of targets per sample.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let y = DMatrix::from_column_slice(1, 3, &[0.0, 1.0, 1.0]);
    /// let counts = Dataset::new(y.clone(), y)?.with_task(Task::Regression)?;
    /// assert_eq!((counts.task(), counts.label(0)), (Task::Regression, None));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn with_task(self, task: Task) -> Result<Self> {
        let (found, expected) = (self.n_outputs(), if matches!(task, Task::Binary { .. }) { 1 } else { 2 });
        if !task.fits(found) {
            return Err(Error::SizeMismatch { what: "targets per sample for this task", found, expected });
        }
        Ok(Self { task: Arc::new(task.into()), ..self })
    }

    /// Returns the class of sample `index`, as [`evaluate`](crate::metrics::evaluate) counts it: its label, the row of
    /// its largest target, or for one target its side of the threshold. Returns `None` if `index` lies beyond the last
    /// sample, or the [task](Self::task) has no classes.
    pub fn label(&self, index: usize) -> Option<usize> {
        let at = (index < self.len()).then(|| self.place(index))?;
        match (&*self.targets, self.task()) {
            (Targets::Labels { labels, .. }, Task::Classes) => labels.get(at).map(|&label| label as usize),
            (Targets::Labels { .. }, task) => task.class(&[T::one()]),
            (Targets::Numbers(y), task) => task.class(y.column(at).as_slice()),
        }
    }

    /// Returns the place of sample `index` in memory.
    fn place(&self, index: usize) -> usize {
        let at = self.range.start + index;
        self.order.as_ref().map_or(at, |order| order[at])
    }

    /// Fills `x`, a matrix with one column for each of `samples`, with their inputs.
    fn fill_inputs(&self, samples: &[usize], x: &mut [T]) {
        let width = self.n_inputs();
        if x.len() >= MIN_PARALLEL_LEN && samples.len() > 1 && threads::count() > 1 {
            let (some, others) = samples.split_at(samples.len() / 2);
            let (x, other_x) = x.split_at_mut(some.len() * width);
            threads::join(|| self.fill_inputs(some, x), || self.fill_inputs(others, other_x));
            return;
        }
        let place = |&sample: &usize| self.place(sample);
        match &*self.inputs {
            Inputs::Numbers(all) => {
                for (at, x) in samples.iter().map(place).zip(x.chunks_exact_mut(width)) {
                    copy::scalars(all.column(at).as_slice(), x);
                }
            }
            Inputs::Pixels { bytes, width } => {
                let image = |sample: &usize| &bytes[place(sample) * width..][..*width];
                for (samples, x) in samples.chunks(16).zip(x.chunks_mut(16 * width)) {
                    // Touch one byte per cache line first, so that the cache misses overlap.
                    let lines = samples.iter().flat_map(|sample| image(sample).iter().step_by(64));
                    std::hint::black_box(lines.fold(0, |all, byte| all ^ byte));
                    let images = samples.iter().map(image);
                    images.zip(x.chunks_exact_mut(*width)).for_each(|(bytes, x)| to_floats(bytes, x));
                }
            }
        }
    }

    fn fill_targets(&self, index: usize, y: &mut [T]) {
        let at = self.place(index);
        match &*self.targets {
            Targets::Numbers(all) => copy::scalars(all.column(at).as_slice(), y),
            Targets::Labels { labels, .. } => {
                y.fill(T::zero());
                y[labels[at] as usize] = T::one();
            }
        }
    }
}

/// Sets each element of `x` to v · (1/255) for the byte v.
pub(super) fn to_floats<T: Real>(bytes: &[u8], x: &mut [T]) {
    let scale = T::one() / T::from_byte(255);
    crate::real::vectorized(
        #[inline(always)]
        || {
            for (x, &byte) in x.iter_mut().zip(bytes) {
                *x = T::from_byte(byte) * scale;
            }
        },
    );
}

impl<T: Real> Samples<T> for Dataset<T> {
    fn len(&self) -> usize {
        self.len()
    }

    fn n_inputs(&self) -> usize {
        self.n_inputs()
    }

    fn n_outputs(&self) -> usize {
        self.n_outputs()
    }

    fn task(&self) -> Option<Task> {
        Some(self.task())
    }

    /// Also returns an error if `x` or `y` has the wrong shape.
    fn gather(&self, _epoch: u64, indices: &[usize], x: &mut DMatrix<T>, y: &mut DMatrix<T>) -> Result<()> {
        for (what, found, expected) in [
            ("rows of x, the inputs of a sample", x.nrows(), self.n_inputs()),
            ("columns of x, one for each sample", x.ncols(), indices.len()),
            ("rows of y, the targets of a sample", y.nrows(), self.n_outputs()),
            ("columns of y, one for each sample", y.ncols(), indices.len()),
        ] {
            if found != expected {
                return Err(Error::SizeMismatch { what, found, expected });
            }
        }
        if let Some(&index) = indices.iter().find(|&&index| index >= self.len()) {
            return Err(Error::SizeMismatch {
                what: "samples of the data set",
                found: self.len(),
                expected: index.saturating_add(1),
            });
        }
        self.fill_inputs(indices, x.as_mut_slice());
        for (&index, mut column) in indices.iter().zip(y.column_iter_mut()) {
            self.fill_targets(index, column.as_mut_slice());
        }
        Ok(())
    }
}

/// Returns an error for the first NaN or infinity in a batch whose first sample has the index `first`.
pub(crate) fn check_finite<T: Real>(what: &'static str, batch: &DMatrix<T>, first: usize) -> Result<()> {
    match first_non_finite(batch.as_slice()) {
        Some(at) => {
            let (sample, index) = (first + at / batch.nrows(), at % batch.nrows());
            Err(Error::NonFiniteSample { what, sample, index, value: batch[at].to_f64() })
        }
        None => Ok(()),
    }
}
