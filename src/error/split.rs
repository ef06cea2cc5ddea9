//! Why a data set cannot be split as requested.

/// Why a data set cannot be split as requested; see [`Split`](crate::data::Split).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
/// use gradus::{Error, SplitProblem};
///
/// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
/// match Split::shuffled(1).counts(&data, [80, 30]).unwrap_err() {
///     Error::Split(SplitProblem::TooFewSamples { wanted, samples }) => {
///         assert_eq!((wanted, samples), (110, 100));
///     }
///     other => panic!("{other}"),
/// }
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SplitProblem {
    /// A fraction is not in (0, 1], or the fractions add up to more than 1.
    #[error(
        "fraction {fraction} of part {part} and those before it add up to {sum}: each must be above 0 and all together at most 1; give fractions such as 0.8 and 0.2"
    )]
    Fraction {
        /// The part, counted from 1.
        part: usize,
        /// Its fraction.
        fraction: f64,
        /// The sum of this and the fractions before it.
        sum: f64,
    },

    /// The counts add up to more samples than there are.
    #[error(
        "the parts need {wanted} samples, but the data set has {samples}; ask for fewer, or use fractions"
    )]
    TooFewSamples {
        /// The sum of the counts.
        wanted: usize,
        /// The number of samples.
        samples: usize,
    },

    /// A part would have no samples.
    #[error("part {part} would have no samples of the {samples}; give it a larger fraction or count")]
    EmptyPart {
        /// The part, counted from 1.
        part: usize,
        /// The number of samples of the data set.
        samples: usize,
    },

    /// There are more folds or parts than samples or groups to fill them, or fewer than two folds.
    #[error("{parts} parts cannot be made of {available} {of}: choose from 2 to {available}")]
    Parts {
        /// The number of folds or parts that were requested.
        parts: usize,
        /// The number of samples or groups.
        available: usize,
        /// `"samples"` or `"groups"`.
        of: &'static str,
    },

    /// The targets are not classes, so that the split cannot be stratified.
    #[error(
        "a stratified split needs classes, but the targets are numbers; use `Split::shuffled`, or make the data set from labels"
    )]
    NoClasses,

    /// A class would not occur in a training part.
    #[error(
        "class {class}, {samples} sample(s) in the data set, would not occur in part 1 or a fold's training data, so that it could not be learned: use `Split::stratified`, or get more samples of it"
    )]
    MissingClass {
        /// The name of the class, or its label.
        class: String,
        /// How many samples of it the data set holds.
        samples: usize,
    },

    /// The first part of a stratified split has fewer samples than there are classes.
    #[error(
        "the first part would have {samples} samples for {classes} classes, fewer than one of each; make it larger"
    )]
    FewerThanClasses {
        /// The number of samples in the first part.
        samples: usize,
        /// The number of classes in the data set.
        classes: usize,
    },

    /// The number of groups given differs from the number of samples.
    #[error("{groups} groups were given for {samples} samples: give the group of each sample")]
    Groups {
        /// The number of groups that were given.
        groups: usize,
        /// The number of samples.
        samples: usize,
    },
}
