//! Feature scaling: scales inputs and targets to a common magnitude, fitted on the training data.

mod minmax;
mod robust;
mod standardize;

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

pub use minmax::MinMax;
pub use robust::Robust;
#[cfg(feature = "csv")]
pub(super) use robust::quantile;
pub use standardize::Standardize;

use super::Dataset;
use crate::error::{Error, Result};
use crate::real::Real;

/// Maximum number of values that are held as columns while a scaler is fitted.
const MAX_VALUES: usize = 1 << 23;

/// A rule that finds the center c and the width s of a row of inputs or targets; x is then scaled to (x − c)/s.
///
/// A network learns badly from inputs of very different magnitudes: one learning rate has to serve all weights of a
/// layer. Fit the rule on the training data only: validation and test data must not influence it.
///
/// | rule | center c | width s |
/// |---|---|---|
/// | [`Standardize`] | mean | standard deviation |
/// | [`MinMax`] | minimum | maximum − minimum |
/// | [`Robust`] | median | interquartile range |
///
/// # Examples
///
/// A custom rule is one method:
///
/// ```
/// use gradus::data::Scale;
/// use gradus::prelude::*;
///
/// /// Divides by the largest magnitude, so that zeros stay zeros.
/// #[derive(Debug)]
/// struct MaxAbs;
///
/// impl Scale for MaxAbs {
///     fn center_and_width(&self, column: &mut [f64]) -> (f64, f64) {
///         (0.0, column.iter().fold(0.0, |max, v| v.abs().max(max)))
///     }
/// }
/// let x = DMatrix::from_row_slice(1, 3, &[-4.0, 0.0, 2.0]);
/// let data = Dataset::new(x.clone(), x)?;
/// let data = MaxAbs.fit(&data)?.transform(data)?;
/// let (mut x, mut y) = (DMatrix::zeros(1, 3), DMatrix::zeros(1, 3));
/// data.gather(1, &[0, 1, 2], &mut x, &mut y)?;
/// assert_eq!(x.as_slice(), [-1.0, 0.0, 0.5]);
/// # Ok::<(), gradus::Error>(())
/// ```
pub trait Scale: Debug + Send + Sync {
    /// Returns c and s for the values of one row of inputs or targets, which are finite and may be reordered.
    ///
    /// A width of 0 means that the row has none, for example because it is constant; it is then only shifted by c.
    fn center_and_width(&self, column: &mut [f64]) -> (f64, f64);

    /// Fits the rule to the inputs of `training`; the same as [`Scaler::fit`].
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Scaler::fit`].
    fn fit<T: Real>(&self, training: &Dataset<T>) -> Result<Scaler>
    where
        Self: Sized,
    {
        Scaler::fit(self, training)
    }

    /// Fits the rule to the targets of `training`; the same as [`Scaler::fit_targets`].
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Scaler::fit_targets`].
    fn fit_targets<T: Real>(&self, training: &Dataset<T>) -> Result<Scaler>
    where
        Self: Sized,
    {
        Scaler::fit_targets(self, training)
    }
}

/// The centers c and widths s that a [`Scale`] rule has found: x′ = (x − c)/s, and inversely x = c + s x′.
///
/// Values are scaled in double precision, also for `f32`. A scaler can be saved with the model.
///
/// # Examples
///
/// ```
/// use gradus::data::{Scale, Standardize};
/// use gradus::prelude::*;
///
/// let x = DMatrix::from_row_slice(2, 4, &[1.0, 2.0, 3.0, 4.0, 900.0, 900.0, 700.0, 700.0]);
/// let y = DMatrix::from_row_slice(1, 4, &[10.0, 20.0, 30.0, 40.0]);
/// let [training, test] = Split::in_order().counts(&Dataset::new(x, y)?, [2, 2])?;
///
/// // Row 0 has mean 1.5 and standard deviation 0.5; row 1 is constant, 900.
/// let inputs = Standardize.fit(&training)?;
/// let targets = Standardize.fit_targets(&training)?;
/// let test = targets.transform_targets(inputs.transform(test)?)?;
///
/// let (mut x, mut y) = (DMatrix::zeros(2, 1), DMatrix::zeros(1, 1));
/// test.gather(1, &[0], &mut x, &mut y)?;
/// assert_eq!((x.as_slice(), y[0]), (&[3.0, -200.0][..], 3.0));
/// targets.unscale(y.as_mut_slice()); // what a network predicts, in the units of the data
/// assert_eq!(y[0], 30.0);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Scaler {
    centers: Vec<f64>,
    widths: Vec<f64>,
}

/// The deserialized form, not yet validated.
#[derive(Deserialize)]
struct Unchecked {
    centers: Vec<f64>,
    widths: Vec<f64>,
}

impl TryFrom<Unchecked> for Scaler {
    type Error = Error;

    fn try_from(Unchecked { centers, widths }: Unchecked) -> Result<Self> {
        if centers.is_empty() || centers.len() != widths.len() {
            let what = "widths of a scaler, one for each center and at least one";
            return Err(Error::SizeMismatch { what, found: widths.len(), expected: centers.len().max(1) });
        }
        let mut scaler = Self { centers: Vec::new(), widths: Vec::new() };
        centers.into_iter().zip(widths).try_for_each(|(center, width)| scaler.push("row", center, width))?;
        Ok(scaler)
    }
}

impl Scaler {
    /// Fits `rule` to the inputs of `training`, each row by itself.
    ///
    /// # Errors
    ///
    /// Returns [`Error::NoScale`] if the center of a row is not finite, or its width is negative or not finite.
    pub fn fit<T: Real>(rule: &dyn Scale, training: &Dataset<T>) -> Result<Self> {
        let columns = |rows| training.input_columns(rows);
        Self::fit_columns(rule, "input", training.n_inputs(), training.len(), columns)
    }

    /// Fits `rule` to the targets of `training`, each row by itself.
    ///
    /// # Errors
    ///
    /// Returns [`Error::ScaledClasses`] if the targets are class labels, and [`Error::NoScale`] if the center of a row
    /// is not finite, or its width is negative or not finite.
    pub fn fit_targets<T: Real>(rule: &dyn Scale, training: &Dataset<T>) -> Result<Self> {
        if training.has_labels() {
            return Err(Error::ScaledClasses);
        }
        let columns = |rows| training.target_columns(rows);
        Self::fit_columns(rule, "target", training.n_outputs(), training.len(), columns)
    }

    fn fit_columns(
        rule: &dyn Scale,
        what: &'static str,
        n_rows: usize,
        n: usize,
        columns: impl Fn(std::ops::Range<usize>) -> Vec<Vec<f64>>,
    ) -> Result<Self> {
        let mut scaler = Self { centers: Vec::new(), widths: Vec::new() };
        let step = (MAX_VALUES / n.max(1)).max(1);
        for first in (0..n_rows).step_by(step) {
            for mut column in columns(first..n_rows.min(first + step)) {
                let (center, width) = rule.center_and_width(&mut column);
                scaler.push(what, center, if width == 0.0 { 1.0 } else { width })?;
            }
        }
        Ok(scaler)
    }

    fn push(&mut self, what: &'static str, center: f64, width: f64) -> Result<()> {
        if !(center.is_finite() && width.is_finite() && width > 0.0) {
            return Err(Error::NoScale { what, index: self.centers.len(), center, width });
        }
        self.centers.push(center);
        self.widths.push(width);
        Ok(())
    }

    /// Returns the centers c, one for each row.
    pub fn centers(&self) -> &[f64] {
        &self.centers
    }

    /// Returns the widths s, one for each row; 1 for a row without width.
    pub fn widths(&self) -> &[f64] {
        &self.widths
    }

    /// Scales the inputs of `data`, in place if no other data set shares its memory, otherwise in a copy of its
    /// samples.
    ///
    /// # Errors
    ///
    /// Returns [`Error::SizeMismatch`] if `data` does not have as many inputs as the training data, [`Error::Memory`]
    /// if a copy does not fit in memory, and [`Error::NonFiniteSample`] if a scaled input is too large for `T`.
    pub fn transform<T: Real>(&self, data: Dataset<T>) -> Result<Dataset<T>> {
        self.check_rows("inputs of a sample, as in the data that the scaler was fitted on", data.n_inputs())?;
        data.map_inputs(|x| self.scale(x))
    }

    /// Scales the inputs of several data sets, such as those for training, validation and test; see
    /// [`transform`](Self::transform).
    ///
    /// # Errors
    ///
    /// Returns the errors of [`transform`](Self::transform).
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let x = DMatrix::from_row_slice(1, 4, &[1.0, 3.0, 5.0, 7.0]);
    /// let parts = Split::in_order().counts(&Dataset::new(x.clone(), x)?, [2, 2])?;
    /// let [training, test] = Standardize.fit(&parts[0])?.transform_all(parts)?;
    /// assert_eq!((training.len(), test.len()), (2, 2));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn transform_all<T: Real, const N: usize>(&self, sets: [Dataset<T>; N]) -> Result<[Dataset<T>; N]> {
        let mut scaled = sets;
        for data in &mut scaled {
            *data = self.transform(data.clone())?;
        }
        Ok(scaled)
    }

    /// Scales the targets of `data`. A network that is trained on them predicts scaled values; see
    /// [`unscale`](Self::unscale).
    ///
    /// # Errors
    ///
    /// Returns [`Error::SizeMismatch`] if `data` does not have as many targets as the training data,
    /// [`Error::ScaledClasses`] if they are class labels, and [`Error::NonFiniteSample`] if a scaled target is too
    /// large for `T`.
    pub fn transform_targets<T: Real>(&self, data: Dataset<T>) -> Result<Dataset<T>> {
        self.check_rows(
            "targets of a sample, as in the data that the scaler was fitted on",
            data.n_outputs(),
        )?;
        data.map_targets(|y| self.scale(y))
    }

    /// Scales the targets of several data sets; see [`transform_targets`](Self::transform_targets).
    ///
    /// # Errors
    ///
    /// Returns the errors of [`transform_targets`](Self::transform_targets).
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let x = DMatrix::from_element(1, 4, 1.0);
    /// let y = DMatrix::from_row_slice(1, 4, &[10.0, 30.0, 50.0, 70.0]);
    /// let parts = Split::in_order().counts(&Dataset::new(x, y)?, [2, 2])?;
    /// let [_, test] = Standardize.fit_targets(&parts[0])?.transform_targets_all(parts)?;
    ///
    /// let (mut x, mut y) = (DMatrix::zeros(1, 2), DMatrix::zeros(1, 2));
    /// test.gather(1, &[0, 1], &mut x, &mut y)?;
    /// assert_eq!(y.as_slice(), [3.0, 5.0]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn transform_targets_all<T: Real, const N: usize>(
        &self,
        sets: [Dataset<T>; N],
    ) -> Result<[Dataset<T>; N]> {
        let mut scaled = sets;
        for data in &mut scaled {
            *data = self.transform_targets(data.clone())?;
        }
        Ok(scaled)
    }

    /// Scales `samples` in place: x becomes (x − c)/s. They are stored one after the other, like the columns of a
    /// matrix.
    ///
    /// Values after the last complete sample are not changed.
    pub fn scale<T: Real>(&self, samples: &mut [T]) {
        self.for_each(samples, |x, center, width| (x - center) / width);
    }

    /// Inverts [`scale`](Self::scale) in place, up to rounding: x becomes c + s x.
    pub fn unscale<T: Real>(&self, samples: &mut [T]) {
        self.for_each(samples, |x, center, width| x * width + center);
    }

    fn for_each<T: Real>(&self, samples: &mut [T], f: impl Fn(f64, f64, f64) -> f64) {
        for sample in samples.chunks_exact_mut(self.centers.len()) {
            for ((x, &center), &width) in sample.iter_mut().zip(&self.centers).zip(&self.widths) {
                *x = T::cast(f(x.to_f64(), center, width));
            }
        }
    }

    fn check_rows(&self, what: &'static str, found: usize) -> Result<()> {
        let expected = self.centers.len();
        if found == expected { Ok(()) } else { Err(Error::SizeMismatch { what, found, expected }) }
    }
}

/// Returns the smallest and the largest value.
fn extremes(column: &[f64]) -> (f64, f64) {
    // Comparisons, because whether `f64::min` returns −0 or 0 depends on the machine.
    column.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(min, max), &v| {
        (if v < min { v } else { min }, if v > max { v } else { max })
    })
}
