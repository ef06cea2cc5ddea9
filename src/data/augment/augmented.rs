//! A data set of images that are distorted on the fly.

use std::cell::Cell;
use std::ops::Range;

use nalgebra::DMatrix;
use rand::Rng;

use super::{Distortion, Grid};
use crate::data::{Blocks, Dataset, Samples, Task, gather_checked};
use crate::error::{Error, MemoryProblem, Result, check_setting};
use crate::memory;
use crate::random::{Purpose, generator};
use crate::real::Real;

/// The longest side of an image: up to this length single precision resolves 1/16 of a pixel.
const MAX_SIDE: usize = 1 << 20;

thread_local! {
    /// Thread-local buffers for distorting an image, so that a training step allocates nothing. Taken while in use, so
    /// that a nested `distort` gets an empty grid.
    static GRID: Cell<Grid> = Cell::default();
}

/// Images that are distorted on the fly, afresh in each epoch; their targets do not change.
///
/// The distortion of sample i in epoch e depends on (`seed`, e, i) only, not on the mini-batch, the order of the
/// samples or the number of threads. Pixels that enter from outside the image are 0, so the background should be 0, as
/// in MNIST.
///
/// For training data only: an augmented validation set always shows epoch 1's distortions.
///
/// # Shapes
///
/// Each sample of `samples` is an image of rows · columns inputs, in row-major order.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let (training, validation) = Dataset::<f32>::synthetic_digits(600, 1)?.split_at(500)?;
/// let distortion = Rotation::up_to_degrees(10.0)?
///     .then(Translation::up_to(1.0)?)
///     .then(Elastic::new(4.0, 34.0)?);
/// let training = Augmented::new(training, (28, 28), distortion, 1)?;
///
/// let mut network = Network::new(&[784, 15, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
/// let report = Trainer::new(CrossEntropy)
///     .stop(MaxEpochs::new(2)?)
///     .fit(&mut network, &training, Some(&validation))?;
/// assert_eq!(report.history.len(), 2);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Augmented<S, D> {
    samples: S,
    shape: (usize, usize),
    distortion: D,
    seed: u64,
}

impl<S, D: Distortion> Augmented<S, D> {
    /// Creates the augmented data set of the images `samples`, each of `shape` = (rows, columns), with `distortion`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::SizeMismatch`] if the samples do not have rows · columns inputs, and [`Error::Setting`] if a
    /// side is longer than 2²⁰ pixels.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let digits = Dataset::<f32>::synthetic_digits(10, 1)?;
    /// let rotation = Rotation::up_to_degrees(15.0)?;
    /// let error = Augmented::new(&digits, (28, 29), rotation, 1).unwrap_err();
    /// assert!(error.to_string().contains("784 given, 812 needed"));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn new<T: Real>(samples: S, shape: (usize, usize), distortion: D, seed: u64) -> Result<Self>
    where
        S: Samples<T>,
    {
        check_size(
            "inputs of a sample (needed: the rows times the columns of its image)",
            samples.n_inputs(),
            shape,
        )?;
        Ok(Self { samples, shape, distortion, seed })
    }

    /// Returns an in-memory data set: the originals, then `copies` distorted copies of each.
    ///
    /// The k-th copies are the images as they are in epoch k. An epoch on the result has `copies` + 1 times as many
    /// images, but they are the same in every epoch. The weights of the samples are not kept: a [`Dataset`] has none.
    ///
    /// # Shapes
    ///
    /// With n samples, the result has n · (`copies` + 1) samples. Sample i + k n is the k-th copy of sample i; copy 0
    /// is the original.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Memory`] if that many images do not fit in memory, [`Error::SizeMismatch`] if the samples
    /// change the shape of a batch, the errors of [`Dataset::new`] and [`distort`], and any error of the samples.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let digits = Dataset::<f32>::synthetic_digits(100, 1)?;
    /// let rotation = Rotation::up_to_degrees(15.0)?;
    /// let expanded = Augmented::new(&digits, (28, 28), rotation, 1)?.expand(2)?;
    /// assert_eq!(expanded.len(), 300);
    /// assert_eq!(expanded.label(207), digits.label(7));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn expand<T: Real>(&self, copies: usize) -> Result<Dataset<T>>
    where
        S: Samples<T>,
    {
        let (n, shape) = (self.samples.len(), [self.samples.n_inputs(), self.samples.n_outputs()]);
        let too_many = || Error::Memory(MemoryProblem::Copies { copies, samples: n });
        let examples = copies.checked_add(1).and_then(|times| n.checked_mul(times)).ok_or_else(too_many)?;
        memory::check::<T>("the copies", shape.map(|rows| (rows, examples))).map_err(|_| too_many())?;
        let reserve = |rows| memory::reserve("the copies", rows, examples);
        let (mut all_x, mut all_y) = (reserve(shape[0])?, reserve(shape[1])?);
        let (mut x, mut y) = (memory::zeros("x", shape[0], 1)?, memory::zeros("y", shape[1], 1)?);
        for epoch in 0..=copies as u64 {
            for index in 0..n {
                match epoch {
                    0 => gather_checked(self.plain(), 1, &[index], &mut x, &mut y)?,
                    _ => gather_checked(self, epoch, &[index], &mut x, &mut y)?,
                }
                all_x.extend_from_slice(x.as_slice());
                all_y.extend_from_slice(y.as_slice());
            }
        }
        let matrix = |rows, all| DMatrix::from_vec(rows, examples, all);
        let expanded = Dataset::new(matrix(shape[0], all_x), matrix(shape[1], all_y))?;
        match self.samples.task() {
            Some(task) => expanded.with_task(task),
            None => Ok(expanded),
        }
    }

    /// Returns the samples before any augmentation, also that of `samples`.
    fn plain<T: Real>(&self) -> &dyn Samples<T>
    where
        S: Samples<T>,
    {
        self.samples.unaugmented().unwrap_or(&self.samples)
    }
}

impl<T: Real, S: Samples<T>, D: Distortion> Samples<T> for Augmented<S, D> {
    fn len(&self) -> usize {
        self.samples.len()
    }

    fn n_inputs(&self) -> usize {
        self.samples.n_inputs()
    }

    fn n_outputs(&self) -> usize {
        self.samples.n_outputs()
    }

    fn gather(&self, epoch: u64, indices: &[usize], x: &mut DMatrix<T>, y: &mut DMatrix<T>) -> Result<()> {
        self.samples.gather(epoch, indices, x, y)?;
        for (&index, mut image) in indices.iter().zip(x.column_iter_mut()) {
            let mut rng = generator(self.seed, Purpose::Augment, epoch, index as u64);
            distort(&self.distortion, image.as_mut_slice(), self.shape, &mut rng)?;
        }
        Ok(())
    }

    fn weights(&self, indices: &[usize], weights: &mut [T]) {
        self.samples.weights(indices, weights);
    }

    fn unaugmented(&self) -> Option<&dyn Samples<T>> {
        Some(self.plain())
    }

    fn task(&self) -> Option<Task> {
        self.samples.task()
    }

    fn blocks(&self) -> Option<Blocks> {
        self.samples.blocks()
    }

    fn read_ahead(&self, ranges: &[Range<usize>]) {
        self.samples.read_ahead(ranges);
    }

    fn fingerprint(&self) -> Option<u64> {
        self.samples.fingerprint()
    }
}

/// Distorts one image of `shape` = (rows, columns) in place, with bilinear interpolation and 0 outside the image.
///
/// # Shapes
///
/// `image` has rows · columns values, in row-major order.
///
/// # Errors
///
/// Returns [`Error::SizeMismatch`] if `image` has another number of values, [`Error::Setting`] if a side is longer than
/// 2²⁰ pixels, and [`Error::Law`] if the distortion moves a point to NaN or replaces the grid by one of another shape.
///
/// # Examples
///
/// ```
/// use gradus::data::augment::distort;
/// use gradus::prelude::*;
///
/// let mut image = [1.0, 2.0, 3.0];
/// let mut rng = gradus::random::generator(1, gradus::random::Purpose::User, 0, 0);
/// distort(&Translation::by(1.0, 0.0)?, &mut image, (1, 3), &mut rng)?;
/// assert_eq!(image, [0.0, 1.0, 2.0]);
/// assert!(distort(&Translation::by(1.0, 0.0)?, &mut image, (2, 2), &mut rng).is_err());
/// # Ok::<(), gradus::Error>(())
/// ```
pub fn distort<T: Real>(
    distortion: &dyn Distortion,
    image: &mut [T],
    shape: (usize, usize),
    rng: &mut dyn Rng,
) -> Result<()> {
    check_size("values of the image (needed: its rows times its columns)", image.len(), shape)?;
    let mut grid = GRID.take();
    grid.reset(shape.0, shape.1);
    distortion.distort(&mut grid, rng);
    let checked = check_points(distortion, &grid, shape);
    if checked.is_ok() {
        let values = grid.resample(image);
        distortion.retouch(values, shape, rng);
        image.iter_mut().zip(values).for_each(|(pixel, value)| *pixel = T::cast(*value));
    }
    GRID.set(grid);
    checked
}

/// Returns an error if a distortion has changed the shape of the grid, or moved a point to NaN.
fn check_points(distortion: &dyn Distortion, grid: &Grid, shape: (usize, usize)) -> Result<()> {
    let broken = |law, at| Error::Law { subject: format!("{distortion:?}"), law, at, deviation: None };
    if grid.shape() != shape {
        let at = format!("the grid of {shape:?}, which it leaves as {:?}", grid.shape());
        return Err(broken("a distortion keeps the shape of the grid", at));
    }
    match grid.nan() {
        Some(at) => {
            let (row, column) = (at / shape.1, at % shape.1);
            Err(broken(
                "a distortion moves no point to NaN",
                format!("the pixel in row {row}, column {column}"),
            ))
        }
        None => Ok(()),
    }
}

fn check_size(what: &'static str, found: usize, (rows, columns): (usize, usize)) -> Result<()> {
    for side in [rows, columns] {
        let why = "points of a larger image cannot be placed in single precision: cut it into smaller ones";
        check_setting("side of the image in pixels", side as f64, side <= MAX_SIDE, "[0, 1048576]", why)?;
    }
    match rows.checked_mul(columns) {
        Some(expected) if expected == found => Ok(()),
        product => Err(Error::SizeMismatch { what, found, expected: product.unwrap_or(usize::MAX) }),
    }
}
