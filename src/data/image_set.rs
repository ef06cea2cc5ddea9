//! MNIST and its relatives: the names of their files, their classes, and the orientation of their images.

use std::path::Path;

use super::mnist::{Mnist, Source};
use crate::error::Result;
use crate::real::Real;

/// A set of images in IDX files with the size and the structure of MNIST.
///
/// | set | classes | files |
/// |---|---|---|
/// | `Mnist`, `FashionMnist`, `KuzushijiMnist` | 10 | `train-images-idx3-ubyte`, …, `t10k-labels-idx1-ubyte` |
/// | `Qmnist` | 10 | `qmnist-train-images-idx3-ubyte`, …, `qmnist-test-labels-idx2-int` |
/// | `EmnistDigits`, `EmnistMnist` | 10 | `emnist-digits-train-images-idx3-ubyte`, …, `emnist-mnist-…` |
/// | `EmnistLetters` | 26 | `emnist-letters-…`; the labels in the files begin at 1 |
/// | `EmnistBalanced`, `EmnistByMerge` | 47 | `emnist-balanced-…`, `emnist-bymerge-…` |
/// | `EmnistByClass` | 62 | `emnist-byclass-…` |
///
/// Each file may end in `.gz`, and `-idx` may be spelled `.idx`. The images of EMNIST are stored transposed, and are
/// transposed back on loading.
///
/// Sources: H. Xiao, K. Rasul and R. Vollgraf, *Fashion-MNIST* (2017); T. Clanuwat et al., *Deep Learning for Classical
/// Japanese Literature* (2018); C. Yadav and L. Bottou, *Cold Case: The Lost MNIST Digits* (2019); G. Cohen, S. Afshar,
/// J. Tapson and A. van Schaik, *EMNIST* (2017).
///
/// # Examples
///
/// ```
/// use gradus::data::ImageSet;
///
/// assert_eq!(ImageSet::EmnistLetters.class_names()[0], "A");
/// assert_eq!(ImageSet::FashionMnist.class_names()[9], "ankle boot");
/// assert_eq!(ImageSet::EmnistByClass.class_names().len(), 62);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum ImageSet {
    Mnist,
    FashionMnist,
    KuzushijiMnist,
    Qmnist,
    EmnistBalanced,
    EmnistByClass,
    EmnistByMerge,
    EmnistDigits,
    EmnistLetters,
    EmnistMnist,
}

const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
const CLOTHES: [&str; 10] =
    ["T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"];
const KUZUSHIJI: [&str; 10] = ["お", "き", "す", "つ", "な", "は", "ま", "や", "れ", "を"];

/// The lower-case letters that are classes of their own; the others are merged with their capitals.
const DISTINCT_SMALL: &str = "abdefghnqrt";

impl ImageSet {
    /// Reads the four files of the set in the directory `dir`.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Mnist::load`].
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::data::ImageSet;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = dir.path();
    /// for set in ["train", "test"] {
    ///     let images = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 9, 8];
    ///     std::fs::write(dir.join(format!("emnist-letters-{set}-images-idx3-ubyte")), images)?;
    ///     let labels = [0, 0, 8, 1, 0, 0, 0, 2, 1, 26];
    ///     std::fs::write(dir.join(format!("emnist-letters-{set}-labels-idx1-ubyte")), labels)?;
    /// }
    /// let letters = ImageSet::EmnistLetters.load::<f32>(dir)?;
    /// assert_eq!(letters.training.label(1), Some(25));
    /// assert_eq!(letters.training.class_names()[25], "Z");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn load<T: Real>(self, dir: impl AsRef<Path>) -> Result<Mnist<T>> {
        Mnist::load_set(&self.source(), dir.as_ref())
    }

    /// Returns the names of the classes in the order of the labels.
    pub fn class_names(self) -> Vec<String> {
        let capitals = || ('A'..='Z').map(String::from);
        let digits = DIGITS.map(str::to_owned).into_iter();
        match self {
            Self::FashionMnist => CLOTHES.map(str::to_owned).to_vec(),
            Self::KuzushijiMnist => KUZUSHIJI.map(str::to_owned).to_vec(),
            Self::EmnistLetters => capitals().collect(),
            Self::EmnistByClass => digits.chain(capitals()).chain(('a'..='z').map(String::from)).collect(),
            Self::EmnistBalanced | Self::EmnistByMerge => {
                digits.chain(capitals()).chain(DISTINCT_SMALL.chars().map(String::from)).collect()
            }
            Self::Mnist | Self::Qmnist | Self::EmnistDigits | Self::EmnistMnist => digits.collect(),
        }
    }

    /// Returns the names of the files and how they are read.
    fn source(self) -> Source {
        let emnist = |split: &str| (format!("emnist-{split}-train"), format!("emnist-{split}-test"));
        let (training, test) = match self {
            Self::Mnist | Self::FashionMnist | Self::KuzushijiMnist => {
                ("train".to_owned(), "t10k".to_owned())
            }
            Self::Qmnist => ("qmnist-train".to_owned(), "qmnist-test".to_owned()),
            Self::EmnistBalanced => emnist("balanced"),
            Self::EmnistByClass => emnist("byclass"),
            Self::EmnistByMerge => emnist("bymerge"),
            Self::EmnistDigits => emnist("digits"),
            Self::EmnistLetters => emnist("letters"),
            Self::EmnistMnist => emnist("mnist"),
        };
        Source {
            prefixes: [training, test],
            labels: if self == Self::Qmnist { "labels-idx2-int" } else { "labels-idx1-ubyte" },
            classes: self.class_names(),
            first_label: u8::from(self == Self::EmnistLetters),
            transposed: !matches!(
                self,
                Self::Mnist | Self::FashionMnist | Self::KuzushijiMnist | Self::Qmnist
            ),
            from: match self {
                Self::Mnist => "https://ossci-datasets.s3.amazonaws.com/mnist/",
                Self::FashionMnist => "https://github.com/zalandoresearch/fashion-mnist",
                Self::KuzushijiMnist => "https://github.com/rois-codh/kmnist",
                Self::Qmnist => "https://github.com/facebookresearch/qmnist",
                _ => "https://www.nist.gov/itl/products-and-services/emnist-dataset",
            },
        }
    }
}
