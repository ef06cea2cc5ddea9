//! Splits a data set into parts or folds without copying its samples.

mod assign;

use std::collections::HashMap;
use std::hash::Hash;

use self::assign::Members;
use super::Dataset;
use crate::error::{Error, Result, SplitProblem};
use crate::real::Real;

/// A way to split a data set: in order, shuffled, stratified by class or whole groups at a time.
///
/// Parts and folds are views that share the memory of the data set. Each sample is in at most one part, and the same
/// seed gives the same parts. If the targets are class labels, a split returns an error if a class has no sample in the
/// first part, or in the training data of a fold: the class could not be learned.
///
/// | constructor | parts |
/// |---|---|
/// | [`in_order`](Self::in_order) | consecutive, for samples whose order matters, such as time series |
/// | [`shuffled`](Self::shuffled) | random |
/// | [`stratified`](Self::stratified) | random, with the class proportions of the data set |
/// | [`grouped`](Self::grouped) | random, with all samples of a group (a patient, a writer) in the same part |
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
/// let [training, validation, test] = Split::stratified(7).fractions(&data, [0.6, 0.2, 0.2])?;
/// assert_eq!((training.len(), validation.len(), test.len()), (60, 20, 20));
///
/// for fold in Split::stratified(7).folds(&data, 5)? {
///     assert_eq!((fold.training.len(), fold.validation.len()), (80, 20));
/// }
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    strategy: Strategy,
    seed: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Strategy {
    InOrder,
    Shuffled,
    Stratified,
    /// The group of each sample, counted from 0.
    Grouped(Vec<usize>),
}

/// One of k ways to divide a data set into training and validation data; see [`Split::folds`].
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
/// for fold in Split::stratified(1).folds(&data, 5)? {
///     assert_eq!((fold.training.len(), fold.validation.len()), (80, 20));
/// }
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Fold<T> {
    /// Which of the k divisions this is, counted from 0.
    pub number: usize,
    /// All samples that are not in this fold.
    pub training: Dataset<T>,
    /// The samples of this fold.
    pub validation: Dataset<T>,
}

impl Split {
    /// Creates a split into consecutive parts, in the order of the samples.
    pub fn in_order() -> Self {
        Self { strategy: Strategy::InOrder, seed: 0 }
    }

    /// Creates a split into random parts.
    pub fn shuffled(seed: u64) -> Self {
        Self { strategy: Strategy::Shuffled, seed }
    }

    /// Creates a split into parts with the class proportions of the whole data set, as nearly as whole samples allow.
    ///
    /// The last part is chosen first: of each class it gets its fraction of the samples, rounded up or down. Then the
    /// part before it gets its fraction of the rest, and so on. The first part has at least one sample of each class.
    pub fn stratified(seed: u64) -> Self {
        Self { strategy: Strategy::Stratified, seed }
    }

    /// Creates a split into parts of whole groups, where `groups[i]` is the group of sample i. The parts have the
    /// requested sizes only as nearly as whole groups allow.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let patients = ["ann", "bob", "ann", "cem", "bob", "ann"];
    /// let x = DMatrix::from_fn(1, 6, |_, j| j as f64);
    /// let data = Dataset::new(x.clone(), x)?;
    /// let [training, test] = Split::grouped(&patients, 1).fractions(&data, [0.5, 0.5])?;
    /// assert_eq!((training.len(), test.len()), (3, 3)); // Ann, and Bob and Cem
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn grouped<G: Eq + Hash>(groups: &[G], seed: u64) -> Self {
        let mut numbers = HashMap::new();
        let number = |group| {
            let next = numbers.len();
            *numbers.entry(group).or_insert(next)
        };
        Self { strategy: Strategy::Grouped(groups.iter().map(number).collect()), seed }
    }

    /// Splits `data` into N parts by their fractions, which sum to 1, or to less if samples are to be left out.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Split`] if a fraction is not positive or the fractions sum to more than 1, if a part would be
    /// empty, if a class would be missing from the first part, if a stratified split gets targets that are not classes,
    /// or if there are fewer groups than parts or not one group for each sample.
    pub fn fractions<T: Real, const N: usize>(
        &self,
        data: &Dataset<T>,
        fractions: [f64; N],
    ) -> Result<[Dataset<T>; N]> {
        let mut sum = 0.0;
        let mut begin = 0;
        let mut counts = [0; N];
        for (part, (count, fraction)) in (1..).zip(counts.iter_mut().zip(fractions)) {
            sum += fraction;
            // Rounding: ten times 0.1 is not exactly 1.
            if !(fraction > 0.0 && sum <= 1.0 + 1e-9) {
                return Err(Error::Split(SplitProblem::Fraction { part, fraction, sum }));
            }
            let end = ((sum * data.len() as f64).round() as usize).min(data.len());
            *count = end - begin;
            begin = end;
        }
        self.counts(data, counts)
    }

    /// Splits `data` into N parts of `counts` samples; samples beyond their sum are left out.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Split`] if a count is 0 or the counts sum to more than the number of samples, and for the
    /// classes and groups as [`fractions`](Self::fractions) does.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
    /// let [training, test] = Split::shuffled(7).counts(&data, [80, 15])?;
    /// assert_eq!((training.len(), test.len()), (80, 15));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn counts<T: Real, const N: usize>(
        &self,
        data: &Dataset<T>,
        counts: [usize; N],
    ) -> Result<[Dataset<T>; N]> {
        let samples = data.len();
        if let Some(part) = counts.iter().position(|&count| count == 0) {
            return Err(Error::Split(SplitProblem::EmptyPart { part: part + 1, samples }));
        }
        let wanted = counts.iter().fold(0usize, |sum, &count| sum.saturating_add(count));
        if wanted > samples {
            return Err(Error::Split(SplitProblem::TooFewSamples { wanted, samples }));
        }
        let parts = self.members(data)?.into_parts(&counts, samples - wanted)?;
        let mut views = Vec::new();
        for part in &parts {
            views.push(data.select(part)?);
        }
        if let Some(first) = views.first() {
            check_classes(data, first)?;
        }
        views.try_into().map_err(|_| Error::Split(SplitProblem::EmptyPart { part: N, samples }))
    }

    /// Splits `data` into `k` folds of nearly equal size for cross-validation: each [`Fold`] validates on one of them
    /// and trains on the others.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Split`] if `k` is below 2 or above the number of samples or groups, if a class would be missing
    /// from the training data of a fold, if a stratified split gets targets that are not classes, or if there is not
    /// one group for each sample.
    pub fn folds<T: Real>(&self, data: &Dataset<T>, k: usize) -> Result<Vec<Fold<T>>> {
        let folds = self.members(data)?.into_folds(k)?;
        let mut fold_of = vec![0; data.len()];
        for (number, fold) in folds.iter().enumerate() {
            fold.iter().for_each(|&sample| fold_of[sample] = number);
        }
        let division = |(number, fold): (usize, &Vec<usize>)| {
            let others: Vec<usize> = (0..data.len()).filter(|&sample| fold_of[sample] != number).collect();
            let training = data.select(&others)?;
            check_classes(data, &training)?;
            Ok(Fold { number, training, validation: data.select(fold)? })
        };
        folds.iter().enumerate().map(division).collect()
    }

    /// Returns the samples of `data`, in the sets that are to be divided evenly or kept together.
    fn members<T: Real>(&self, data: &Dataset<T>) -> Result<Members> {
        let n = data.len();
        match &self.strategy {
            Strategy::InOrder => Ok(Members::Any((0..n).collect())),
            Strategy::Shuffled => Ok(Members::Any(assign::shuffled(n, self.seed))),
            Strategy::Stratified => {
                let classes = data.classes().ok_or(Error::Split(SplitProblem::NoClasses))?;
                Ok(Members::Strata(assign::collect(&classes, self.seed)))
            }
            Strategy::Grouped(groups) if groups.len() != n => {
                Err(Error::Split(SplitProblem::Groups { groups: groups.len(), samples: n }))
            }
            Strategy::Grouped(groups) => Ok(Members::Groups(assign::collect(groups, self.seed))),
        }
    }
}

/// Returns an error if the targets are labels and a class of `data` does not occur in its subset `training`.
fn check_classes<T: Real>(data: &Dataset<T>, training: &Dataset<T>) -> Result<()> {
    let (Some(all), Some(present)) = (data.labels(), training.labels()) else { return Ok(()) };
    let mut counts = vec![0usize; data.n_outputs()];
    all.for_each(|label| counts[label] += 1);
    let mut missing = counts.clone();
    present.for_each(|label| missing[label] = 0);
    match missing.iter().position(|&count| count > 0) {
        Some(label) => {
            let name = data.class_names().get(label).map(|name| format!("`{name}`"));
            let (class, samples) = (name.unwrap_or(label.to_string()), counts[label]);
            Err(Error::Split(SplitProblem::MissingClass { class, samples }))
        }
        None => Ok(()),
    }
}
