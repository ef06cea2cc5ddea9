//! The fraction of samples whose class is among the k largest outputs.

use std::borrow::Cow;

use super::{Direction, Mean, Measure, Meter, undefined};
use crate::data::Task;
use crate::error::{Result, check_nonzero};

/// The fraction of samples whose class is among the k largest outputs; recorded as `"top-k accuracy"` with the value
/// of k. Of equal outputs the first counts as larger, so that k = 1 is the [`Accuracy`](super::Accuracy). A sample
/// with an output of NaN is incorrect. Defined for classes with one output each, for k below their number.
///
/// Source: `top_k_accuracy_score` of scikit-learn, in which the last of equal outputs counts as larger.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let mut meter = TopK::new(2)?.meter(Task::Classes, 3)?;
/// let outputs = DMatrix::from_column_slice(3, 2, &[0.5, 0.3, 0.2, 0.5, 0.3, 0.2]);
/// let targets = DMatrix::from_column_slice(3, 2, &[0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
/// meter.add(&Scored { outputs: &outputs, targets: &targets, weights: &[1.0; 2], costs: &[0.0; 2] })?;
/// assert_eq!(meter.value(), 0.5);
/// gradus::check::measure(&TopK::new(2)?).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopK {
    k: usize,
}

impl TopK {
    /// Creates the measure that counts a sample as correct if its class is among the `k` largest outputs.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `k` is 0.
    pub fn new(k: usize) -> Result<Self> {
        check_nonzero("k", k, "no class is among the 0 largest; try 5")?;
        Ok(Self { k })
    }
}

impl Measure for TopK {
    fn name(&self) -> Cow<'static, str> {
        format!("top-{} accuracy", self.k).into()
    }

    fn direction(&self) -> Direction {
        Direction::HigherIsBetter
    }

    fn is_fraction(&self) -> bool {
        true
    }

    fn meter(&self, task: Task, n_outputs: usize) -> Result<Box<dyn Meter>> {
        let k = self.k;
        if task != Task::Classes {
            return Err(undefined(self, task, "it ranks the outputs of several classes; use Accuracy"));
        }
        if k >= n_outputs {
            let why = format!("with {n_outputs} outputs it is always 1; choose a k below {n_outputs}");
            return Err(undefined(self, task, why));
        }
        Ok(Box::new(Mean::new(move |a, y| {
            let is_valid = !a.iter().any(|a| a.is_nan());
            let own = task.class(y).filter(|_| is_valid).and_then(|class| Some((class, *a.get(class)?)));
            let rank = own.map(|(class, own)| {
                let before = |&(i, &other): &(usize, &f64)| other > own || (other == own && i < class);
                a.iter().enumerate().filter(before).count()
            });
            f64::from(u8::from(rank.is_some_and(|rank| rank < k)))
        })))
    }
}
