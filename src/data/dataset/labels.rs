//! Data sets from class labels, from class names, and from matrices whose rows are the examples.

use std::collections::BTreeSet;
use std::sync::Arc;

use nalgebra::DMatrix;

use super::{Dataset, Inputs, Targets, check_finite};
use crate::error::{Error, Result};
use crate::memory;
use crate::real::Real;

impl<T: Real> Dataset<T> {
    /// Creates the data set of the inputs `x` and one class label for each example, of any integer type.
    ///
    /// The targets are one-hot: when a mini-batch is gathered, a label l becomes a 1 in row l and 0 elsewhere.
    ///
    /// # Shapes
    ///
    /// `x` is inputs × examples, with one label for each example. A sample has `n_classes` targets.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Empty`] if `x` has no columns, and [`Error::NoRows`] if it has no rows. If there is not one
    /// label for each column of `x`, returns [`Error::Transposed`] if there is one for each row, and
    /// [`Error::SizeMismatch`] otherwise. Returns [`Error::Label`] for the first label that is negative or not below
    /// `n_classes`, [`Error::NonFiniteSample`] for the first NaN or infinity, and [`Error::Memory`] if a target of
    /// `n_classes` values does not fit in memory.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let x = DMatrix::from_column_slice(2, 3, &[0.0, 0.1, 1.0, 1.1, 2.0, 2.1]);
    /// let data = Dataset::from_labels(x.clone(), &[2i64, 0, 1], 3)?;
    /// assert_eq!((data.n_outputs(), data.label(0)), (3, Some(2)));
    ///
    /// let error = Dataset::from_labels(x, &[3, 1, 2], 3).unwrap_err();
    /// assert!(error.to_string().contains("subtract 1"));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn from_labels<L>(x: DMatrix<T>, labels: &[L], n_classes: usize) -> Result<Self>
    where
        L: Copy + TryInto<i64>,
    {
        Self::labelled(x, labels, n_classes, Vec::new())
    }

    /// Creates the data set of the inputs `x` and the name of each example's class. The classes are the names in
    /// alphabetical order.
    ///
    /// # Shapes
    ///
    /// `x` is inputs × examples, with one name for each example. A sample has as many targets as there are different
    /// names.
    ///
    /// # Errors
    ///
    /// Returns [`Error::OneClass`] if all names are equal, and the errors of [`from_labels`](Self::from_labels).
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let x = DMatrix::from_column_slice(1, 3, &[0.3, 9.0, 0.4]);
    /// let data = Dataset::from_class_names(x, &["mouse", "cat", "mouse"])?;
    /// assert_eq!(data.class_names(), ["cat", "mouse"]);
    /// assert_eq!(data.label(0), Some(1));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn from_class_names<S: AsRef<str>>(x: DMatrix<T>, names: &[S]) -> Result<Self> {
        let classes: Vec<&str> =
            names.iter().map(AsRef::as_ref).collect::<BTreeSet<_>>().into_iter().collect();
        if let [class] = classes[..] {
            return Err(Error::OneClass { class: class.to_owned(), samples: names.len() });
        }
        let label = |name: &S| classes.partition_point(|&class| class < name.as_ref()) as u64;
        let labels: Vec<u64> = names.iter().map(label).collect();
        Self::labelled(x, &labels, classes.len(), classes.iter().map(|&class| class.to_owned()).collect())
    }

    /// Creates the data set of matrices whose rows are the examples, as other libraries arrange them.
    ///
    /// # Shapes
    ///
    /// `x` is examples × inputs, `y` examples × outputs, the transposes of the matrices of [`new`](Self::new).
    ///
    /// # Errors
    ///
    /// Returns [`Error::SizeMismatch`] if `x` and `y` differ in their number of rows, and the errors of
    /// [`new`](Self::new).
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let x = DMatrix::from_row_slice(3, 2, &[0.0, 0.1, 1.0, 1.1, 2.0, 2.1]);
    /// let y = DMatrix::from_row_slice(3, 1, &[0.0, 1.0, 2.0]);
    /// let data = Dataset::from_rows(x, y)?;
    /// assert_eq!((data.len(), data.n_inputs(), data.n_outputs()), (3, 2, 1));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn from_rows(x: DMatrix<T>, y: DMatrix<T>) -> Result<Self> {
        if x.nrows() != y.nrows() {
            let what =
                "rows of y, one for each of x (a row is an example here; for columns use `Dataset::new`)";
            return Err(Error::SizeMismatch { what, found: y.nrows(), expected: x.nrows() });
        }
        Self::new(x.transpose(), y.transpose())
    }

    /// Names the classes, in the order of the labels.
    ///
    /// # Errors
    ///
    /// Returns [`Error::SizeMismatch`] if there are not as many names as classes. Targets that are not labels have no
    /// classes here.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let digits = Dataset::<f32>::synthetic_digits(20, 1)?;
    /// let names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    /// assert_eq!(digits.with_class_names(&names)?.class_names()[3], "three");
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn with_class_names(self, names: &[impl AsRef<str>]) -> Result<Self> {
        let (labels, expected) = match &*self.targets {
            Targets::Labels { labels, n_classes, .. } => (labels.clone(), *n_classes),
            Targets::Numbers(_) => (Vec::new(), 0),
        };
        if names.len() != expected {
            let what = "names of classes, one for each class of the labels";
            return Err(Error::SizeMismatch { what, found: names.len(), expected });
        }
        if expected == 0 {
            return Ok(self);
        }
        let names = names.iter().map(|name| name.as_ref().to_owned()).collect();
        Ok(Self { targets: Arc::new(Targets::Labels { labels, n_classes: expected, names }), ..self })
    }

    /// Returns the names of the classes in the order of the labels; empty if they have no names, or the targets are not
    /// labels.
    pub fn class_names(&self) -> &[String] {
        match &*self.targets {
            Targets::Labels { names, .. } => names,
            Targets::Numbers(_) => &[],
        }
    }

    /// Creates the data set of the inputs `x` and labels, whose classes may have names.
    pub(in crate::data) fn labelled<L>(
        x: DMatrix<T>,
        labels: &[L],
        n_classes: usize,
        names: Vec<String>,
    ) -> Result<Self>
    where
        L: Copy + TryInto<i64>,
    {
        if x.ncols() == 0 {
            return Err(Error::Empty { what: "the data set" });
        }
        if x.nrows() == 0 {
            return Err(Error::NoRows { what: "x", value: "input" });
        }
        check_columns(x.shape(), (1, labels.len()))?;
        check_finite("input", &x, 0)?;
        let targets = Targets::labels(labels, n_classes, names)?;
        Ok(Self::whole(Inputs::Numbers(x), targets))
    }
}

impl<T> Targets<T> {
    /// Creates targets from `labels`, after checking that they lie below `n_classes`.
    pub(super) fn labels<L>(labels: &[L], n_classes: usize, names: Vec<String>) -> Result<Self>
    where
        L: Copy + TryInto<i64>,
    {
        let integer = |label: L| label.try_into().unwrap_or(i64::MAX);
        let class =
            |label: L| u32::try_from(integer(label)).ok().filter(|&class| (class as usize) < n_classes);
        let classes: Option<Vec<u32>> = labels.iter().map(|&label| class(label)).collect();
        if let Some(labels) = classes {
            memory::check::<T>("the targets of a sample", [(n_classes, 1)])?;
            return Ok(Self::Labels { labels, n_classes, names });
        }
        let all = || labels.iter().map(|&label| integer(label));
        let wrong = labels.iter().position(|&label| class(label).is_none()).unwrap_or_default();
        let (label, smallest) = (all().nth(wrong).unwrap_or_default(), all().min().unwrap_or_default());
        Err(Error::Label { sample: wrong, label, smallest, n_classes })
    }
}

/// Returns an error if the shapes `x` and `y` differ in their number of columns; it is `Error::Transposed` if a
/// transposed matrix explains the difference.
pub(in crate::data) fn check_columns(x: (usize, usize), y: (usize, usize)) -> Result<()> {
    let what = match (x, y) {
        _ if x.1 == y.1 => return Ok(()),
        _ if x.0 == y.0 => "x and y",
        _ if x.0 == y.1 => "x",
        _ if x.1 == y.0 => "y",
        _ => {
            let what = "columns of y, one for each of x (a column is an example)";
            return Err(Error::SizeMismatch { what, found: y.1, expected: x.1 });
        }
    };
    Err(Error::Transposed { what, x, y })
}
