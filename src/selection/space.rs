//! The settings that a search chooses from, and the choice of one trial.

use std::fmt;

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, check_setting};
use crate::real::portable::{exp, ln};

/// 2⁵³: up to here every integer is an `f64`.
const LARGEST_INTEGER: u64 = 1 << 53;

/// The values that one setting may have.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Domain {
    Uniform { low: f64, high: f64 },
    LogUniform { low: f64, high: f64 },
    Integers { low: u64, high: u64 },
    LogIntegers { low: u64, high: u64 },
    Choice(Vec<String>),
}

/// The value of one setting.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
/// use gradus::selection::Value;
///
/// let search = Search::grid(1).integers("hidden", 30, 30).choice("cost", &["quadratic"]);
/// let (_, settings) = search.run(|trial| Ok((0.0, trial.settings().to_vec())))?;
/// assert_eq!(settings[0], ("hidden".to_owned(), Value::Integer(30)));
/// assert_eq!(settings[1].1.to_string(), "quadratic");
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Value {
    /// A number.
    Number(f64),
    /// An integer.
    Integer(u64),
    /// A text, such as the name of a component.
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(v) if *v == 0.0 || (1e-3..1e5).contains(&v.abs()) => f.pad(&format!("{v:.4}")),
            Self::Number(v) => f.pad(&format!("{v:.3e}")),
            Self::Integer(v) => f.pad(&v.to_string()),
            Self::Text(v) => f.pad(v),
        }
    }
}

impl Domain {
    /// Checks that the range is not empty, that it is above 0 if it is logarithmic, and that its width is finite.
    pub fn check(&self) -> Result<()> {
        let (low, high, log) = match *self {
            Self::Uniform { low, high } => (low, high, false),
            Self::LogUniform { low, high } => (low, high, true),
            Self::Integers { low, high } | Self::LogIntegers { low, high } => {
                let why =
                    "an integer of a setting is at most 2⁵³, as larger ones are not all exact in an f64";
                let largest = low.max(high);
                let ok = largest <= LARGEST_INTEGER;
                check_setting("end of a range", largest as f64, ok, "[0, 9007199254740992]", why)?;
                (low as f64, high as f64, matches!(self, Self::LogIntegers { .. }))
            }
            Self::Choice(ref texts) => {
                let why = "a setting needs a value to choose";
                return crate::error::check_nonzero("number of choices of a setting", texts.len(), why);
            }
        };
        let allowed = if log { "(0, high]" } else { "(−∞, high]" };
        let why = "the range of a setting goes from its low to its high end, both finite, and a logarithmic one is above 0";
        let ok = low.is_finite() && high.is_finite() && low <= high && (!log || low > 0.0);
        check_setting("low end of a range", low, ok, allowed, why)?;
        let (width, allowed) =
            if log { (high / low, "high/low finite") } else { (high - low, "high − low finite") };
        let why = "a range this wide overflows; take a narrower one";
        check_setting("high end of a range", high, width.is_finite(), allowed, why)
    }

    /// Returns the value at position `at` ∈ [0, 1] of a range, or of a list of choices.
    fn at(&self, at: f64) -> Value {
        let log = |low: f64, high: f64| exp(ln(low) + at * ln(high / low)).clamp(low, high);
        // Each integer has the same fraction of the range, or one in proportion to its logarithmic width.
        let integer =
            |value: f64, low: u64, high: u64| Value::Integer((value.floor() as u64).clamp(low, high));
        match *self {
            Self::Uniform { low, high } => Value::Number((low + at * (high - low)).clamp(low, high)),
            Self::LogUniform { low, high } => Value::Number(log(low, high)),
            Self::Integers { low, high } => integer(low as f64 + at * (high - low + 1) as f64, low, high),
            Self::LogIntegers { low, high } => {
                let (from, to) = (low as f64, high as f64 + 1.0);
                integer(exp(ln(from) + at * ln(to / from)), low, high)
            }
            Self::Choice(ref texts) => {
                let index = ((at * texts.len() as f64) as usize).min(texts.len().saturating_sub(1));
                Value::Text(texts.get(index).cloned().unwrap_or_default())
            }
        }
    }

    /// Draws a value.
    pub fn draw(&self, rng: &mut dyn Rng) -> Value {
        self.at(rng.random::<f64>())
    }

    /// Returns up to `points` different values from the low to the high end, or all choices.
    pub fn points(&self, points: usize) -> Vec<Value> {
        let n = if let Self::Choice(texts) = self { texts.len() } else { points };
        let at = |i: usize| match (self, n) {
            (Self::Choice(_), n) => (i as f64 + 0.5) / n as f64,
            (_, 0 | 1) => 0.5,
            (_, n) => i as f64 / (n - 1) as f64,
        };
        let mut values: Vec<Value> = (0..n).map(|i| self.at(at(i))).collect();
        values.dedup();
        values
    }
}

/// One choice of all settings, and the budget for it.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let search =
///     Search::random(8).integers("hidden", 5, 30).choice("activation", &["tanh", "relu"]);
/// search.run(|trial| {
///     assert!((5..=30).contains(&trial.integer("hidden")?));
///     assert!(matches!(trial.text("activation")?, "tanh" | "relu"));
///     assert!(trial.number("rate").is_err()); // the search has no such setting
///     Ok((0.0, ())) // the score, and a value to keep
/// })?;
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Its number, counted from 0. Equal numbers have equal settings in every round.
    pub number: usize,
    /// The budget of this round, such as a number of epochs: the `budget` of
    /// [`Search::halving`](super::Search::halving), doubled in each further round; 1 in the other searches.
    pub budget: usize,
    pub(super) settings: Vec<(String, Value)>,
}

impl Trial {
    /// The settings, in the order in which they were added to the search.
    pub fn settings(&self) -> &[(String, Value)] {
        &self.settings
    }

    /// The value of the number or integer called `name`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::UnknownName`] if there is no such setting, or if it is a text.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let search = Search::grid(1).uniform("rate", 0.0, 1.0).integers("hidden", 30, 30);
    /// let (found, _) = search.run(|_| Ok((0.0, ())))?;
    /// let trial = &found.best().unwrap().trial;
    /// assert_eq!((trial.number("rate")?, trial.number("hidden")?), (0.5, 30.0));
    /// assert!(trial.number("momentum").is_err()); // there is no such setting
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn number(&self, name: &str) -> Result<f64> {
        match self.find(name)? {
            Value::Number(value) => Ok(*value),
            Value::Integer(value) => Ok(*value as f64),
            Value::Text(_) => Err(self.unknown("setting that is a number", name)),
        }
    }

    /// The value of the integer called `name`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::UnknownName`] if there is no such setting, or if it is not an integer.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let search = Search::grid(1).uniform("rate", 0.0, 1.0).integers("hidden", 30, 30);
    /// let (found, _) = search.run(|_| Ok((0.0, ())))?;
    /// let trial = &found.best().unwrap().trial;
    /// assert_eq!(trial.integer("hidden")?, 30);
    /// assert!(trial.integer("rate").is_err());
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn integer(&self, name: &str) -> Result<usize> {
        match self.find(name)? {
            Value::Integer(value) => Ok(usize::try_from(*value).unwrap_or(usize::MAX)),
            _ => Err(self.unknown("setting that is an integer", name)),
        }
    }

    /// The value of the choice called `name`, such as the name of a component.
    ///
    /// # Errors
    ///
    /// Returns [`Error::UnknownName`] if there is no such setting, or if it is not a text.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let search = Search::grid(1).choice("optimizer", &["momentum(mu=0.9)"]);
    /// let (found, _) = search.run(|_| Ok((0.0, ())))?;
    /// let trial = &found.best().unwrap().trial;
    /// let optimizer: AnyOptimizer = trial.text("optimizer")?.parse()?;
    /// assert_eq!(optimizer.to_string(), "momentum(mu=0.9)");
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn text(&self, name: &str) -> Result<&str> {
        match self.find(name)? {
            Value::Text(text) => Ok(text),
            _ => Err(self.unknown("setting that is a text", name)),
        }
    }

    fn find(&self, name: &str) -> Result<&Value> {
        let found = self.settings.iter().find(|(other, _)| other == name).map(|(_, value)| value);
        found.ok_or_else(|| self.unknown("setting", name))
    }

    fn unknown(&self, kind: &'static str, found: &str) -> Error {
        let known: Vec<&str> = self.settings.iter().map(|(name, _)| &name[..]).collect();
        Error::UnknownName { kind, found: found.to_owned(), known: known.join(", ") }
    }
}
