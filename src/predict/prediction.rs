//! The prediction for one sample.

use std::fmt;

use super::Meaning;
use crate::data::{TargetColumns, Task};
use crate::real::Real;

/// The prediction for one sample, in the buffers of the [`Predictor`](super::Predictor).
///
/// | task | what it holds |
/// |---|---|
/// | `Classes`, `Binary` | [`class`](Self::class), [`class_name`](Self::class_name), [`probabilities`](Self::probabilities) of the classes |
/// | `Labels` | [`labels`](Self::labels), [`probabilities`](Self::probabilities) of the labels |
/// | `Regression` | [`values`](Self::values) |
///
/// `Display` writes the class with its probability, the labels, or the values.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let x = DMatrix::from_column_slice(1, 4, &[170.0, 180.0, 30.0, 40.0]);
/// let data = Dataset::from_class_names(x, &["human", "human", "cat", "cat"])?;
/// let network = Network::<f64, _, _>::new(&[1, 2], Tanh, Softmax::default(), &ByActivation, 1)?;
/// let mut predictor = Predictor::new(network, Meaning::of(&data))?;
/// let prediction = predictor.predict(&[35.0])?;
/// let class = prediction.class().unwrap();
/// assert_eq!(prediction.class_name(), Some(["cat", "human"][class]));
/// assert!(prediction.probabilities().unwrap()[class] >= 0.5);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Prediction<'a, T> {
    pub(super) outputs: &'a [T],
    pub(super) values: &'a [T],
    pub(super) probabilities: Option<&'a [T]>,
    pub(super) meaning: &'a Meaning,
}

impl<'a, T: Real> Prediction<'a, T> {
    /// The outputs a of the network as they are.
    pub fn outputs(&self) -> &'a [T] {
        self.outputs
    }

    /// The outputs in the units of the data: c + s a if the targets were scaled, else the outputs.
    pub fn values(&self) -> &'a [T] {
        self.values
    }

    /// What the outputs mean, such as the names of all classes.
    pub fn meaning(&self) -> &'a Meaning {
        self.meaning
    }

    /// The number of the predicted class; `None` if the task has none, or if an output is NaN.
    pub fn class(&self) -> Option<usize> {
        self.meaning.task().class(self.outputs)
    }

    /// The name of the predicted class; `None` if it has none.
    pub fn class_name(&self) -> Option<&'a str> {
        self.meaning.class_names().get(self.class()?).map(String::as_str)
    }

    /// The probability of each class or label, with a_c the outputs of the network:
    ///
    /// | task | output layer | probabilities |
    /// |---|---|---|
    /// | `Classes` | softmax | a_c |
    /// | `Classes` | sigmoid | a_c / Σ a |
    /// | `Binary` with threshold ½ | sigmoid | 1 − a, a |
    /// | `Labels` with threshold ½ | sigmoid | a_c |
    ///
    /// `None` in all other cases: the outputs are then not probabilities.
    pub fn probabilities(&self) -> Option<&'a [T]> {
        self.probabilities
    }

    /// Returns for each label whether it applies; empty unless the task is `Labels`.
    pub fn labels(&self) -> impl Iterator<Item = bool> + use<'a, T> {
        let (outputs, threshold) = match self.meaning.task() {
            Task::Labels { threshold } => (self.outputs, T::cast(threshold)),
            _ => (&[][..], T::zero()),
        };
        outputs.iter().map(move |&output| output >= threshold)
    }
}

impl<T: Real> fmt::Display for Prediction<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.meaning.task(), self.class()) {
            (Task::Classes | Task::Binary { .. }, None) => f.write_str("no class, as an output is NaN"),
            (Task::Labels { .. }, _) => self.fmt_labels(f),
            (_, Some(class)) => {
                match self.class_name() {
                    Some(name) => f.write_str(name)?,
                    None => write!(f, "class {class}")?,
                }
                match self.probabilities.and_then(|all| all.get(class)) {
                    Some(probability) => write!(f, " ({:.1} %)", 100.0 * probability.to_f64()),
                    None => Ok(()),
                }
            }
            (_, None) => self.fmt_values(f),
        }
    }
}

impl<T: Real> Prediction<'_, T> {
    fn fmt_labels(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (label, _) in self.labels().enumerate().filter(|&(_, applies)| applies) {
            f.write_str(separator)?;
            match self.meaning.class_names().get(label) {
                Some(name) => f.write_str(name)?,
                None => write!(f, "label {label}")?,
            }
            separator = ", ";
        }
        if separator.is_empty() { f.write_str("no label") } else { Ok(()) }
    }

    fn fmt_values(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = match self.meaning.columns().map(|columns| columns.targets()) {
            Some(TargetColumns::Numbers { columns }) => &columns[..],
            _ => &[],
        };
        for (index, value) in self.values.iter().enumerate() {
            let separator = if index > 0 { ", " } else { "" };
            match names.get(index) {
                Some(name) => write!(f, "{separator}{name} {value}")?,
                None => write!(f, "{separator}{value}")?,
            }
        }
        Ok(())
    }
}
