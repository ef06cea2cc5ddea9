//! MNIST, and any other pair of IDX files of images and labels.

use std::path::{Path, PathBuf};
use std::{fs, io};

use nalgebra::DMatrix;

use super::Dataset;
use super::idx::{self, Accepts, IdxTensor};
use super::image_set::ImageSet;
use crate::error::{IdxField, IdxProblem, Result};
use crate::real::Real;

/// Number of bytes before the first label: four, and four for the one dimension.
const LABELS_HEADER: u64 = 8;

/// The MNIST handwritten digits: 60,000 training images and 10,000 test images of 28 × 28 pixels.
///
/// [`load`](Self::load) also reads other data sets of ten classes that are stored under the same four names, such as
/// Fashion-MNIST; the number and the size of their images may differ. For other names or classes see
/// [`ImageSet`] and [`read_pair`].
///
/// Source: chapter 1 of the book; <http://yann.lecun.com/exdb/mnist/>.
///
/// # Examples
///
/// ```no_run
/// use gradus::prelude::*;
///
/// let Mnist { training, test, .. } = Mnist::<f32>::load("data/mnist")?;
/// let (training, validation) = training.split_at(50_000)?;
/// assert_eq!((validation.len(), test.len()), (10_000, 10_000));
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Mnist<T> {
    /// The training set; the book keeps its last 10,000 images for validation.
    pub training: Dataset<T>,
    /// The test set.
    pub test: Dataset<T>,
}

impl<T: Real> Mnist<T> {
    /// The number of classes: the digits 0 to 9.
    pub const CLASSES: usize = 10;

    /// Reads the four files of MNIST in the directory `dir`.
    ///
    /// They are `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
    /// `t10k-labels-idx1-ubyte`. Each may end in `.gz`, and `-idx` may be spelled `.idx`. If a file is there in several
    /// spellings, the plain file is preferred.
    ///
    /// # Shapes
    ///
    /// An example has rows × columns inputs, 784 for MNIST, and [`CLASSES`](Self::CLASSES) outputs.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Idx`](crate::Error::Idx) if `dir` is not a directory, if one of the files is missing (checked
    /// before any is read), or if the images of the two sets differ in size, and the errors of [`read_pair`].
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::data::Mnist;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = dir.path();
    /// for set in ["train", "t10k"] {
    ///     let images = [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 9, 8, 7, 6];
    ///     std::fs::write(dir.join(format!("{set}-images-idx3-ubyte")), images)?;
    ///     let labels = [0, 0, 8, 1, 0, 0, 0, 1, 5];
    ///     std::fs::write(dir.join(format!("{set}-labels-idx1-ubyte")), labels)?;
    /// }
    /// let mnist = Mnist::<f32>::load(dir)?;
    /// assert_eq!((mnist.training.len(), mnist.test.len()), (1, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn load(dir: impl AsRef<Path>) -> Result<Self> {
        ImageSet::Mnist.load(dir)
    }

    /// Reads the four files of `source` in `dir`.
    pub(super) fn load_set(source: &Source, dir: &Path) -> Result<Self> {
        check_directory(dir)?;
        let file = |name: String| find(dir, &name, source.from);
        let files = |prefix: &String| -> Result<_> {
            Ok((file(format!("{prefix}-images-idx3-ubyte"))?, file(format!("{prefix}-{}", source.labels))?))
        };
        let [training, test] = &source.prefixes;
        let (training, test) = (files(training)?, files(test)?);
        let (n_classes, first_label) = (source.classes.len(), source.first_label);
        let format = Format { n_classes, first_label, table: source.labels.contains("idx2") };

        let mut training = Pair::read(&training.0, &training.1, format)?;
        let test_path = test.0;
        let mut test = Pair::read(&test_path, &test.1, format)?;
        test.check_same_shape(&training, &test_path)?;
        if source.transposed {
            training.transpose();
            test.transpose();
        }
        let names = |data: Dataset<T>| data.with_class_names(&source.classes);
        Ok(Self { training: names(training.into_dataset()?)?, test: names(test.into_dataset()?)? })
    }
}

/// The files of a set, and how they are to be read.
pub(super) struct Source {
    /// The beginnings of the names of the training and of the test files.
    pub prefixes: [String; 2],
    /// The end of the names of the label files.
    pub labels: &'static str,
    pub classes: Vec<String>,
    pub first_label: u8,
    /// Whether the images are stored transposed.
    pub transposed: bool,
    /// The address where the files can be downloaded, for messages.
    pub from: &'static str,
}

/// Reads one file of images and the file of their labels, each plain or gzip: the training or the test set of MNIST,
/// Fashion-MNIST or any other data set in this format.
///
/// # Shapes
///
/// `images` has three dimensions, count × rows × columns, and `labels` one, count. An example has rows × columns
/// inputs and `n_classes` outputs.
///
/// # Errors
///
/// Returns the errors of [`IdxTensor::open`]. Also returns [`Error::Idx`](crate::Error::Idx) if the two files are
/// swapped or one has the wrong number of dimensions, if there are not as many labels as images, or if a label is not
/// below `n_classes`, and [`Error::Memory`](crate::Error::Memory) if a target of `n_classes` values does not fit in
/// memory.
///
/// # Examples
///
/// ```
/// use gradus::data::{Dataset, mnist};
///
/// # let dir = tempfile::tempdir()?;
/// # let (images, labels) = (dir.path().join("images"), dir.path().join("labels"));
/// std::fs::write(&images, [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 10, 11, 20, 21])?;
/// std::fs::write(&labels, [0, 0, 8, 1, 0, 0, 0, 2, 3, 0])?;
/// let data: Dataset<f64> = mnist::read_pair(&images, &labels, 4)?;
/// assert_eq!(data.len(), 2);
///
/// let error = mnist::read_pair::<f64>(&images, &labels, 3).unwrap_err();
/// assert!(error.to_string().contains("label 0, byte 8: the label is 3"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_pair<T: Real>(
    images: impl AsRef<Path>,
    labels: impl AsRef<Path>,
    n_classes: usize,
) -> Result<Dataset<T>> {
    let format = Format { n_classes, first_label: 0, table: false };
    Pair::read(images.as_ref(), labels.as_ref(), format)?.into_dataset()
}

/// How the labels of a file are stored.
#[derive(Clone, Copy)]
struct Format {
    n_classes: usize,
    first_label: u8,
    /// Whether the labels are the first column of a table of integers, as in QMNIST.
    table: bool,
}

/// Images and as many labels below `n_classes`.
struct Pair {
    images: IdxTensor,
    labels: Vec<u8>,
    n_classes: usize,
}

impl Pair {
    fn read(images_path: &Path, labels_path: &Path, format: Format) -> Result<Self> {
        let images = idx::open(images_path, Accepts::Bytes, Some(3))?;
        let (accepts, rank) = if format.table { (Accepts::Numbers, 2) } else { (Accepts::Bytes, 1) };
        let labels = idx::open(labels_path, accepts, Some(rank))?;
        // Compared before the bodies are read: one of them may be gigabytes of other data.
        let width: usize = labels.dims().iter().skip(1).product();
        if let (&[images, ..], &[labels, ..]) = (images.dims(), labels.dims())
            && images != labels
        {
            let images_path = images_path.to_path_buf();
            let problem = IdxProblem::CountsDiffer { labels, images, images_path };
            return Err(idx::error(labels_path, 4, IdxField::Dimension(0), problem));
        }
        let images = images.read()?;
        let labels: Vec<f64> = labels.read_numbers()?.into_data().into_iter().step_by(width).collect();
        let labels = check_labels(&labels, labels_path, width, format)?;
        Ok(Self { images, labels, n_classes: format.n_classes })
    }

    /// Transposes each image.
    fn transpose(&mut self) {
        let &mut [_, ref mut rows, ref mut columns] = self.images.dims_mut() else { return };
        let (height, width) = (*rows, *columns);
        (*rows, *columns) = (width, height);
        for image in self.images.data_mut().chunks_exact_mut(height * width) {
            let turned = DMatrix::from_column_slice(width, height, image).transpose();
            image.copy_from_slice(turned.as_slice());
        }
    }

    /// Returns an error unless the images have the rows and columns (dimensions 1 and 2) of the training images.
    fn check_same_shape(&self, training: &Self, path: &Path) -> Result<()> {
        let dims = self.images.dims().iter().zip(training.images.dims());
        match dims.enumerate().skip(1).find(|(_, (found, expected))| found != expected) {
            Some((i, (&found, &expected))) => {
                let problem = IdxProblem::ShapesDiffer { found, expected };
                Err(idx::error(path, 4 + 4 * i as u64, IdxField::Dimension(i), problem))
            }
            None => Ok(()),
        }
    }

    fn into_dataset<T: Real>(self) -> Result<Dataset<T>> {
        let n_inputs = self.images.dims().iter().skip(1).product();
        Dataset::from_pixels(self.images.into_data(), n_inputs, self.labels, self.n_classes)
    }
}

/// Returns the labels counted from 0, or an error for the first label outside the classes.
fn check_labels(labels: &[f64], path: &Path, width: usize, format: Format) -> Result<Vec<u8>> {
    let Format { n_classes, first_label, table } = format;
    let label = |(i, &found): (usize, &f64)| {
        let label = found - f64::from(first_label);
        if (0.0..n_classes as f64).contains(&label) && label <= 255.0 && label.fract() == 0.0 {
            return Ok(label as u8);
        }
        let (header, size) = if table { (12, 4 * width) } else { (LABELS_HEADER, 1) };
        let problem =
            IdxProblem::LabelOutOfRange { found: found as i64, first: first_label.into(), n_classes };
        Err(idx::error(path, header + (i * size) as u64, IdxField::Label(i), problem))
    };
    labels.iter().enumerate().map(label).collect()
}

/// Returns an error if `dir` is not a directory. A path that cannot be examined passes: opening a file in it then gives
/// the reason.
fn check_directory(dir: &Path) -> Result<()> {
    let problem = match fs::metadata(dir) {
        Ok(metadata) if !metadata.is_dir() => IdxProblem::NotADirectory,
        Err(error) if error.kind() == io::ErrorKind::NotFound => IdxProblem::NotFound,
        _ => return Ok(()),
    };
    Err(idx::error(dir, 0, IdxField::File, problem))
}

/// Returns the path of the file `name` in any of its spellings.
fn find(dir: &Path, name: &str, from: &'static str) -> Result<PathBuf> {
    let dotted = name.replace("-idx", ".idx");
    let names = vec![name.to_owned(), format!("{name}.gz"), dotted.clone(), format!("{dotted}.gz")];
    let paths = || names.iter().map(|name| dir.join(name));
    // Some archives unpack each file into a directory of its name, so a regular file in any spelling is preferred. If
    // there is none, a path that is not a file, or cannot be examined, is returned: opening it gives the reason.
    let found = paths()
        .find(|path| path.is_file())
        .or_else(|| paths().find(|path| path.try_exists().unwrap_or(true)));
    found.ok_or_else(|| {
        idx::error(&dir.join(name), 0, IdxField::File, IdxProblem::FileNotFound { names, from })
    })
}
