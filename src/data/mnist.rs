//! MNIST as a whole, and any other pair of IDX files of images and labels.

use std::path::{Path, PathBuf};
use std::{fs, io};

use super::Dataset;
use super::idx::{self, IdxTensor};
use crate::error::{IdxField, IdxProblem, Result};
use crate::real::Real;

/// The bytes before the first label: four, and four for the one dimension.
const LABELS_HEADER: u64 = 8;

/// The MNIST handwritten digits: 60,000 images for training and 10,000 for the test, each of 28 × 28 pixels.
///
/// Any data set that is stored under the same four names, as Fashion-MNIST is, is read too, whatever the number and
/// the size of its images, as long as it has ten classes. For other names or classes see [`read_pair`].
///
/// Source: chapter 1 of the book; <http://yann.lecun.com/exdb/mnist/>.
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
    /// `t10k-labels-idx1-ubyte`. Each may end in `.gz`, and `-idx` may be spelled `.idx`. Of several spellings the
    /// plain file is preferred.
    ///
    /// # Shapes
    ///
    /// An example has rows × columns inputs, 784 for MNIST, and [`CLASSES`](Self::CLASSES) outputs.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Idx`](crate::Error::Idx) if `dir` is no directory, if one of the files is missing (before any is
    /// read), if the images of the two sets differ in size, and for every reason of [`read_pair`].
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
    ///     std::fs::write(dir.join(format!("{set}-labels-idx1-ubyte")), [0, 0, 8, 1, 0, 0, 0, 1, 5])?;
    /// }
    /// let mnist = Mnist::<f32>::load(dir)?;
    /// assert_eq!((mnist.training.len(), mnist.test.len()), (1, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn load(dir: impl AsRef<Path>) -> Result<Self> {
        let dir = dir.as_ref();
        check_directory(dir)?;
        let file = |name| find(dir, name);
        let training = (file("train-images-idx3-ubyte")?, file("train-labels-idx1-ubyte")?);
        let test = (file("t10k-images-idx3-ubyte")?, file("t10k-labels-idx1-ubyte")?);

        let training = Pair::read(&training.0, &training.1, Self::CLASSES)?;
        let test_path = test.0;
        let test = Pair::read(&test_path, &test.1, Self::CLASSES)?;
        test.check_same_shape(&training, &test_path)?;
        Ok(Self { training: training.into_dataset()?, test: test.into_dataset()? })
    }
}

/// Reads one file of images and the file of their labels, each plain or gzip: a part of MNIST, Fashion-MNIST, EMNIST
/// or any other data set in this format.
///
/// # Shapes
///
/// `images` has three dimensions, count × rows × columns, and `labels` one, count. An example has rows × columns
/// inputs and `n_classes` outputs.
///
/// # Errors
///
/// Returns [`Error::Idx`](crate::Error::Idx) for every reason of [`IdxTensor::open`], if the two files are swapped or one
/// has another number of dimensions, if there are not as many labels as images, and if a label is not below
/// `n_classes`. Returns [`Error::TooLarge`](crate::Error::TooLarge) if a target of `n_classes` values does not fit in
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
    Pair::read(images.as_ref(), labels.as_ref(), n_classes)?.into_dataset()
}

/// Images and as many labels below `n_classes`.
struct Pair {
    images: IdxTensor,
    labels: IdxTensor,
    n_classes: usize,
}

impl Pair {
    fn read(images_path: &Path, labels_path: &Path, n_classes: usize) -> Result<Self> {
        let images = idx::open(images_path, Some(3))?;
        let labels = idx::open(labels_path, Some(1))?;
        // Before the bodies are read: one of them may be gigabytes of something else.
        if let (&[images, ..], &[labels, ..]) = (images.dims(), labels.dims())
            && images != labels
        {
            let images_path = images_path.to_path_buf();
            let problem = IdxProblem::CountsDiffer { labels, images, images_path };
            return Err(idx::error(labels_path, 4, IdxField::Dimension(0), problem));
        }
        let pair = Self { images: images.read()?, labels: labels.read()?, n_classes };
        pair.check_labels(labels_path)?;
        Ok(pair)
    }

    fn check_labels(&self, path: &Path) -> Result<()> {
        let n_classes = self.n_classes;
        let mut labels = self.labels.data().iter().enumerate();
        match labels.find(|&(_, &label)| usize::from(label) >= n_classes) {
            Some((i, &found)) => {
                let problem = IdxProblem::LabelOutOfRange { found, n_classes };
                Err(idx::error(path, LABELS_HEADER + i as u64, IdxField::Label(i), problem))
            }
            None => Ok(()),
        }
    }

    /// Compares rows and columns, dimensions 1 and 2, with those of the training images.
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
        let (pixels, labels) = (self.images.into_data(), self.labels.into_data());
        Dataset::from_pixels(pixels, n_inputs, labels, self.n_classes)
    }
}

/// Returns an error if `dir` is no directory. One that cannot be examined passes: opening a file in it tells why.
fn check_directory(dir: &Path) -> Result<()> {
    let problem = match fs::metadata(dir) {
        Ok(metadata) if !metadata.is_dir() => IdxProblem::NotADirectory,
        Err(error) if error.kind() == io::ErrorKind::NotFound => IdxProblem::NotFound,
        _ => return Ok(()),
    };
    Err(idx::error(dir, 0, IdxField::File, problem))
}

/// The path of the file that is known as `name`, in whatever spelling.
fn find(dir: &Path, name: &str) -> Result<PathBuf> {
    let dotted = name.replace("-idx", ".idx");
    let names = vec![name.to_owned(), format!("{name}.gz"), dotted.clone(), format!("{dotted}.gz")];
    let paths = || names.iter().map(|name| dir.join(name));
    // Some archives unpack each file into a directory of its name: a file under another spelling goes before it. What
    // is no file, or cannot be examined, is still returned, because opening it tells why it cannot be read.
    let found = paths()
        .find(|path| path.is_file())
        .or_else(|| paths().find(|path| path.try_exists().unwrap_or(true)));
    found.ok_or_else(|| idx::error(&dir.join(name), 0, IdxField::File, IdxProblem::FileNotFound { names }))
}
