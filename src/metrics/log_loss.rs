//! The negative logarithm of the predicted probability of the truth.

use std::borrow::Cow;

use super::{Direction, Mean, Measure, Meter, probability};
use crate::data::Task;
use crate::error::Result;
use crate::real::portable::ln;

/// The mean of −ln p, with p the predicted probability of the truth; recorded as `"log loss"`.
///
/// | task | value of a sample |
/// |---|---|
/// | `Classes` | −Σ_k y_k ln a_k, which is −ln of the output of its class |
/// | `Binary` | −y ln a − (1 − y) ln(1 − a) |
/// | `Labels` | the mean of the same over the outputs |
///
/// Outputs are used as probabilities and clamped to [ε, 1 − ε] with ε = 2⁻⁵², so that a certain but incorrect
/// prediction costs 36 and not infinitely much. Targets of −1 and 1 are mapped to 0 and 1, and their outputs with
/// them. For sigmoid and softmax networks it is comparable whatever the cost function of their training. NaN if an
/// output is NaN. Not defined for regression.
///
/// Source: `log_loss` of scikit-learn.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let mut meter = LogLoss.meter(Task::Classes, 3)?;
/// let outputs = DMatrix::from_column_slice(3, 2, &[0.5, 0.3, 0.2, 0.25, 0.25, 0.5]);
/// let targets = DMatrix::from_column_slice(3, 2, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
/// meter.add(&Scored { outputs: &outputs, targets: &targets, weights: &[1.0; 2], costs: &[0.0; 2] })?;
/// assert!((meter.value() - 8f64.ln() / 2.0).abs() < 1e-15);
/// gradus::check::measure(&LogLoss).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogLoss;

impl Measure for LogLoss {
    fn name(&self) -> Cow<'static, str> {
        "log loss".into()
    }

    fn direction(&self) -> Direction {
        Direction::LowerIsBetter
    }

    fn meter(&self, task: Task, _n_outputs: usize) -> Result<Box<dyn Meter>> {
        probability::check_task(self, task)?;
        let held = |p: f64| p.clamp(f64::EPSILON, 1.0 - f64::EPSILON);
        Ok(Box::new(Mean::new(move |a, y| {
            let p = probability::of(task, y);
            let pairs = a.iter().zip(y).map(|(&a, &y)| (held(p(a)), p(y)));
            match task {
                Task::Classes => -pairs.map(|(a, y)| y * ln(a)).sum::<f64>(),
                _ => {
                    let losses = pairs.map(|(a, y)| -y * ln(a) - (1.0 - y) * ln(1.0 - a));
                    losses.sum::<f64>() / a.len() as f64
                }
            }
        })))
    }
}
