//! A stopping rule that is chosen at run time.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::*;
use crate::error::{Error, Result};
use crate::metrics::AnyMeasure;
use crate::named::{Call, Named, inside, serde_by_name, split, whole};

/// The kind of component, for messages.
const KIND: &str = "stopping rule";

/// Most parentheses of a text: each may be a step of the recursion.
const MAX_PARENTHESES: usize = 100;

/// Any stopping rule of the crate, alone or joined with others, for a choice that a user makes at run time.
///
/// It parses from names with parameters and prints them back. `and` binds more tightly than `or`, and parentheses may be put
/// around either. Behind a rule that monitors a metric, `on` names another one: the data and an
/// [`AnyMeasure`](crate::metrics::AnyMeasure).
///
/// ```text
/// no_improvement(patience=5) on validation cost and max_epochs(epochs=10) or max_epochs(epochs=100)
/// ```
///
/// | name | parameters and defaults | rule |
/// |---|---|---|
/// | `max_epochs` | epochs=30 | [`MaxEpochs`] |
/// | `no_improvement` | patience=10, min_delta=0 | [`NoImprovement`] |
/// | `rolling_average` | window=5 | [`RollingAverage`] |
/// | `target` | value=0.97 | [`Target`] |
/// | `cost_explosion` | factor=2 | [`CostExplosion`] |
/// | `generalization_loss` | alpha=5 | [`GeneralizationLoss`] |
/// | `progress_quotient` | alpha=1, strip=5 | [`ProgressQuotient`] |
/// | `successive_strips` | strips=3, strip=5 | [`SuccessiveStrips`] |
///
/// # Errors
///
/// Parsing returns [`Error::UnknownName`] if there is no rule, or no measure, of a name, [`Error::MalformedName`] if the
/// text cannot be read, and [`Error::Setting`] if a parameter is outside its range.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let rule: AnyStoppingRule = "no_improvement(patience=2) or max_epochs".parse()?;
/// assert_eq!(rule.to_string(), "no_improvement(patience=2, min_delta=0) or max_epochs(epochs=30)");
/// let history = History::from_validation_accuracies(&[0.9, 0.8, 0.8]);
/// assert_eq!(rule.replay(&history).unwrap().0, 3);
///
/// let rule: AnyStoppingRule = "target(value=0.5) on training top_k(k=2)".parse()?;
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

/// Parses one rule, and the metric that it monitors.
fn single(text: &str) -> Result<AnyStoppingRule> {
    let malformed = |problem: &str| {
        let (text, problem) = (text.to_owned(), problem.to_owned());
        Error::MalformedName { kind: KIND, text, problem }
    };
    let (name, metric) = match split(text, " on ")[..] {
        [name] => (name, None),
        [name, on] => (name, Some(metric(on).ok_or_else(|| malformed(METRIC))??)),
        _ => return Err(malformed("it monitors one metric")),
    };
    let call = Call::parse(KIND, name)?;
    let monitored = metric.as_ref().map(|(_, metric)| metric.clone());
    let (rule, parameters) = rule(&call, monitored.clone())?;
    if monitored.is_some_and(|metric| !rule.metrics().contains(&metric)) {
        return Err(malformed("this rule monitors no metric that could be chosen"));
    }
    let mut text = Named(call.name, &parameters).to_string();
    if let Some((name, _)) = metric {
        text = format!("{text} on {name}");
    }
    Ok(AnyStoppingRule { text, rule })
}

/// What stands behind `on`.
const METRIC: &str =
    "behind `on` a metric is named as `training` or `validation` and a measure, such as `validation cost`";

/// Parses a metric, and returns how it is written; `None` if the data are not named.
fn metric(text: &str) -> Option<Result<(String, Metric)>> {
    let (data, measure) = text.split_once(' ')?;
    let new: fn(AnyMeasure) -> Metric = match data {
        "training" => Metric::training,
        "validation" => Metric::validation,
        _ => return None,
    };
    let measure = measure.parse::<AnyMeasure>();
    Some(measure.map(|measure| (format!("{data} {measure}"), new(measure))))
}

type Rule = (Arc<dyn StoppingRule>, Vec<(&'static str, f64)>);

/// The rule of a name, and its parameters.
fn rule(call: &Call<'_>, metric: Option<Metric>) -> Result<Rule> {
    let main = metric.clone().unwrap_or_default();
    let cost = metric.unwrap_or(Metric::validation_cost());
    Ok(match call.name {
        "max_epochs" => {
            let [epochs] = call.parameters([("epochs", 30.0)])?;
            (Arc::new(MaxEpochs::new(whole("epochs", epochs)?)?), vec![("epochs", epochs)])
        }
        "no_improvement" => {
            let [patience, min_delta] = call.parameters([("patience", 10.0), ("min_delta", 0.0)])?;
            let rule = NoImprovement::new(whole("patience", patience)?)?.min_delta(min_delta)?;
            (Arc::new(rule.monitor(main)), vec![("patience", patience), ("min_delta", min_delta)])
        }
        "rolling_average" => {
            let [window] = call.parameters([("window", 5.0)])?;
            let rule = RollingAverage::new(whole("window", window)?)?;
            (Arc::new(rule.monitor(main)), vec![("window", window)])
        }
        "target" => {
            let [value] = call.parameters([("value", 0.97)])?;
            (Arc::new(Target::new(main, value)?), vec![("value", value)])
        }
        "cost_explosion" => {
            let [factor] = call.parameters([("factor", 2.0)])?;
            (Arc::new(CostExplosion::new(factor)?), vec![("factor", factor)])
        }
        "generalization_loss" => {
            let [alpha] = call.parameters([("alpha", 5.0)])?;
            (Arc::new(GeneralizationLoss::new(alpha)?.monitor(cost)), vec![("alpha", alpha)])
        }
        "progress_quotient" => {
            let [alpha, strip] = call.parameters([("alpha", 1.0), ("strip", 5.0)])?;
            let rule = ProgressQuotient::new(alpha)?.strip(whole("strip", strip)?)?;
            (Arc::new(rule.monitor(cost)), vec![("alpha", alpha), ("strip", strip)])
        }
        "successive_strips" => {
            let [strips, strip] = call.parameters([("strips", 3.0), ("strip", 5.0)])?;
            let rule = SuccessiveStrips::new(whole("strips", strips)?)?.strip(whole("strip", strip)?)?;
            (Arc::new(rule.monitor(cost)), vec![("strips", strips), ("strip", strip)])
        }
        _ => return Err(call.unknown(AnyStoppingRule::NAMES)),
    })
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
