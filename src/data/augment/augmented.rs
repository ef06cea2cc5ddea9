//! A data set of images that are distorted when they are asked for.

use std::cell::Cell;

use nalgebra::DMatrix;
use rand::Rng;

use super::{Distortion, Grid};
use crate::data::{Dataset, Samples, Task};
use crate::error::{Error, Result};
use crate::random::{Purpose, generator};
use crate::real::Real;

thread_local! {
    /// The room that a thread needs to distort an image, so that a training step allocates nothing. It is taken out
    /// while it is used: a distortion that itself distorts an image finds an empty one, and works.
    static GRID: Cell<Grid> = Cell::default();
}

/// Images that are distorted anew in every epoch, on the fly, while their targets stay as they are.
///
/// What the image of sample i looks like in epoch e depends on (`seed`, e, i) and on nothing else: not on the
/// mini-batch it is in, the order of the samples or the number of threads. Values are those of `samples`, with 0 for
/// what enters from outside, so the background should be 0 as in MNIST.
///
/// Training data are what it is for. Validation data of this kind would be evaluated as they are in the first epoch.
///
/// # Shapes
///
/// Each sample of `samples` is an image of rows · columns inputs, row by row.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let (training, validation) = Dataset::<f32>::synthetic_digits(600, 1)?.split_at(500)?;
/// let distortion = Rotation::up_to_degrees(10.0)?.then(Translation::up_to(1.0)?).then(Elastic::new(4.0, 34.0)?);
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
    /// The images `samples`, each of `shape` = (rows, columns), distorted by `distortion`.
    ///
    /// # Errors
    ///
    /// [`Error::SizeMismatch`] if the samples do not have rows · columns inputs.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let digits = Dataset::<f32>::synthetic_digits(10, 1)?;
    /// let error = Augmented::new(&digits, (28, 29), Rotation::up_to_degrees(15.0)?, 1).unwrap_err();
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

    /// The originals, and after them `copies` distorted copies of all, once and for all in memory.
    ///
    /// The k-th copies are the images as they are in epoch k. In each epoch a network learns from `copies` + 1 times
    /// as many images then, but from the same in every epoch.
    ///
    /// # Shapes
    ///
    /// With n samples the result has n · (`copies` + 1), and its sample i + k n is the k-th copy of sample i, the 0th
    /// being the original.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] if that many images do not fit into the memory, and what the samples report.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let digits = Dataset::<f32>::synthetic_digits(100, 1)?;
    /// let expanded = Augmented::new(&digits, (28, 28), Rotation::up_to_degrees(15.0)?, 1)?.expand(2)?;
    /// assert_eq!(expanded.len(), 300);
    /// assert_eq!(expanded.label(207), digits.label(7));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn expand<T: Real>(&self, copies: usize) -> Result<Dataset<T>>
    where
        S: Samples<T>,
    {
        let n = self.samples.len();
        let room = |rows: usize| reserve::<T>(rows, n, copies);
        let (mut all_x, mut all_y) = (room(self.samples.n_inputs())?, room(self.samples.n_outputs())?);
        let (mut x, mut y) =
            (DMatrix::zeros(self.samples.n_inputs(), 1), DMatrix::zeros(self.samples.n_outputs(), 1));
        for epoch in 0..=copies as u64 {
            for index in 0..n {
                match epoch {
                    0 => self.plain().gather(1, &[index], &mut x, &mut y)?,
                    _ => self.gather(epoch, &[index], &mut x, &mut y)?,
                }
                all_x.extend_from_slice(x.as_slice());
                all_y.extend_from_slice(y.as_slice());
            }
        }
        let examples = n * (copies + 1);
        Dataset::new(
            DMatrix::from_vec(x.nrows(), examples, all_x),
            DMatrix::from_vec(y.nrows(), examples, all_y),
        )
    }

    /// The samples without any distortion, theirs included.
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

    fn unaugmented(&self) -> Option<&dyn Samples<T>> {
        Some(self.plain())
    }

    fn task(&self) -> Option<Task> {
        self.samples.task()
    }
}

/// Distorts one image of `shape` = (rows, columns) in its place, with bilinear interpolation and 0 outside.
///
/// # Shapes
///
/// `image` has rows · columns values, row by row.
///
/// # Errors
///
/// [`Error::SizeMismatch`] if it has not.
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
    grid.resample(image);
    GRID.set(grid);
    Ok(())
}

fn check_size(what: &'static str, found: usize, (rows, columns): (usize, usize)) -> Result<()> {
    match rows.checked_mul(columns) {
        Some(expected) if expected == found => Ok(()),
        product => Err(Error::SizeMismatch { what, found, expected: product.unwrap_or(usize::MAX) }),
    }
}

/// Room for `n` samples of `rows` numbers and their copies.
fn reserve<T>(rows: usize, n: usize, copies: usize) -> Result<Vec<T>> {
    let mut all = Vec::new();
    let size = copies.checked_add(1).and_then(|times| n.checked_mul(times)?.checked_mul(rows));
    if size.is_none_or(|size| all.try_reserve_exact(size).is_err()) {
        let (allowed, why) = ("what the memory holds", "an expanded data set is kept in memory as numbers");
        return Err(Error::Setting { name: "copies", value: copies as f64, allowed, why });
    }
    Ok(all)
}
