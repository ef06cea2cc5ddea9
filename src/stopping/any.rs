//! A stopping rule that is chosen at run time.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::*;
use crate::error::{Error, Result};
use crate::named::{Call, inside, serde_by_name, split};

/// The kind of component, for messages.
const KIND: &str = "stopping rule";

/// The maximum number of parentheses in a text: each may be a level of recursion.
const MAX_PARENTHESES: usize = 100;

/// Any stopping rule of the crate, alone or joined with others, chosen at run time.
///
/// It parses from names with parameters and prints them back. `and` binds more tightly than `or`, and parentheses may
/// be put around either. A metric is `main`, or `training` or `validation` followed by an
/// [`AnyMeasure`](crate::metrics::AnyMeasure).
///
/// ```text
/// no_improvement(patience=5, monitor=validation cost) and max_epochs(epochs=10)
///     or max_epochs(epochs=100)
/// ```
///
/// | name | parameters and defaults | rule |
/// |---|---|---|
/// | `max_epochs` | epochs=30 | [`MaxEpochs`] |
/// | `no_improvement` | patience=10, min_delta=0, monitor=main | [`NoImprovement`] |
/// | `rolling_average` | window=5, monitor=main | [`RollingAverage`] |
/// | `target` | value=0.97, monitor=main | [`Target`] |
/// | `cost_explosion` | factor=2 | [`CostExplosion`] |
/// | `generalization_loss` | alpha=5, monitor=validation cost | [`GeneralizationLoss`] |
/// | `progress_quotient` | alpha=1, strip=5, monitor=validation cost | [`ProgressQuotient`] |
/// | `successive_strips` | strips=3, strip=5, monitor=validation cost | [`SuccessiveStrips`] |
///
/// # Errors
///
/// Parsing returns [`Error::UnknownName`] if there is no rule or measure of that name, [`Error::MalformedName`] if the
/// text cannot be read, and [`Error::Setting`] if a parameter is outside its range.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let rule: AnyStoppingRule = "no_improvement(patience=2) or max_epochs".parse()?;
/// assert_eq!(
///     rule.to_string(),
///     "no_improvement(patience=2, min_delta=0, monitor=main) or max_epochs(epochs=30)"
/// );
/// let history = History::from_validation_accuracies(&[0.9, 0.8, 0.8]);
/// assert_eq!(rule.replay(&history).unwrap().0, 3);
///
/// let rule: AnyStoppingRule = "target(value=0.5, monitor=training top_k(k=2))".parse()?;
/// assert_eq!(rule.metrics(), [Metric::training(TopK::new(2)?)]);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Clone)]
pub struct AnyStoppingRule {
    /// The names with all parameters.
    text: String,
    rule: Arc<dyn StoppingRule>,
}

impl AnyStoppingRule {
    /// The names of all rules, without their parameters.
    pub const NAMES: &[&str] = &[
        "max_epochs",
        "no_improvement",
        "rolling_average",
        "target",
        "cost_explosion",
        "generalization_loss",
        "progress_quotient",
        "successive_strips",
    ];
}

impl FromStr for AnyStoppingRule {
    type Err = Error;

    /// Parses names that are joined by `or` and `and`; parameters that are not given have their defaults.
    fn from_str(text: &str) -> Result<Self> {
        if text.matches('(').count() > MAX_PARENTHESES {
            let problem = format!("it has more than {MAX_PARENTHESES} parentheses");
            return Err(Error::MalformedName { kind: KIND, text: text.to_owned(), problem });
        }
        let all = split(text.trim(), " or ").into_iter().map(conjunction);
        all.reduce(|a, b| {
            let (a, b) = (a?, b?);
            Ok(AnyStoppingRule { text: format!("{a} or {b}"), rule: Arc::new(a.rule.or(b.rule)) })
        })
        .unwrap_or_else(|| single(text))
    }
}

/// Parses rules that are joined by `and`.
fn conjunction(text: &str) -> Result<AnyStoppingRule> {
    let all = split(text, " and ").into_iter().map(|text| match inside(text) {
        Some(text) => text.parse::<AnyStoppingRule>(),
        None => single(text),
    });
    // A rule with an `or` in it stood in parentheses.
    let operand = |rule: &AnyStoppingRule| match split(&rule.text, " or ").len() {
        1 => rule.text.clone(),
        _ => format!("({rule})"),
    };
    all.reduce(|a, b| {
        let (a, b) = (a?, b?);
        let text = format!("{} and {}", operand(&a), operand(&b));
        Ok(AnyStoppingRule { text, rule: Arc::new(a.rule.and(b.rule)) })
    })
    .unwrap_or_else(|| single(text))
}

/// Parses one rule.
fn single(text: &str) -> Result<AnyStoppingRule> {
    let mut call = Call::parse(KIND, text)?;
    let rule: Arc<dyn StoppingRule> = match call.name {
        "max_epochs" => Arc::new(MaxEpochs::new(call.get("epochs", 30)?)?),
        "no_improvement" => {
            let rule =
                NoImprovement::new(call.get("patience", 10)?)?.min_delta(call.get("min_delta", 0.0)?)?;
            Arc::new(rule.monitor(call.get("monitor", Metric::default())?))
        }
        "rolling_average" => {
            let rule = RollingAverage::new(call.get("window", 5)?)?;
            Arc::new(rule.monitor(call.get("monitor", Metric::default())?))
        }
        "target" => {
            let value = call.get("value", 0.97)?;
            Arc::new(Target::new(call.get("monitor", Metric::default())?, value)?)
        }
        "cost_explosion" => Arc::new(CostExplosion::new(call.get("factor", 2.0)?)?),
        "generalization_loss" => {
            let rule = GeneralizationLoss::new(call.get("alpha", 5.0)?)?;
            Arc::new(rule.monitor(call.get("monitor", Metric::validation_cost())?))
        }
        "progress_quotient" => {
            let rule = ProgressQuotient::new(call.get("alpha", 1.0)?)?.strip(call.get("strip", 5)?)?;
            Arc::new(rule.monitor(call.get("monitor", Metric::validation_cost())?))
        }
        "successive_strips" => {
            let rule = SuccessiveStrips::new(call.get("strips", 3)?)?.strip(call.get("strip", 5)?)?;
            Arc::new(rule.monitor(call.get("monitor", Metric::validation_cost())?))
        }
        _ => return Err(call.unknown(AnyStoppingRule::NAMES)),
    };
    call.check(false)?;
    Ok(AnyStoppingRule { text: call.text(), rule })
}

impl StoppingRule for AnyStoppingRule {
    fn check(&self, history: &History) -> ControlFlow<StopReason> {
        self.rule.check(history)
    }

    fn metrics(&self) -> Vec<Metric> {
        self.rule.metrics()
    }
}

impl fmt::Display for AnyStoppingRule {
    /// Writes the names with their parameters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for AnyStoppingRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Equal if they print the same.
impl PartialEq for AnyStoppingRule {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

serde_by_name!(AnyStoppingRule);
