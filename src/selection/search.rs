//! Hyper-parameter search: at random, over a grid, or by successive halving.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::found::{Found, Record, Tried};
use super::space::{Domain, Trial};
use crate::error::{Error, Result, check_nonzero};
use crate::metrics::Direction;
use crate::random::{Purpose, generator};
use crate::threads;

/// More trials than anyone waits for.
const MAX_TRIALS: usize = 1_000_000;

/// A search for the best settings: learning rates, sizes, names of components, or anything else that a closure turns
/// into a score.
///
/// | made by | the trials |
/// |---|---|
/// | [`random`](Self::random) | a number of draws from the ranges |
/// | [`grid`](Self::grid) | all combinations of a few values of each setting |
/// | [`halving`](Self::halving) | draws, of which the better half is tried again with twice the budget, and so on |
///
/// Settings are added by [`uniform`](Self::uniform), [`log_uniform`](Self::log_uniform), [`integers`](Self::integers),
/// [`log_integers`](Self::log_integers) and [`choice`](Self::choice). The trials run in parallel, one per core. The
/// draws are derived from the seed and the number of the trial, so that the table of results is the same for any number
/// of cores, if the closure's scores are.
///
/// A trial that diverges has the score NaN, which is worse than any other, and the search goes on.
///
/// Beware: the score of the best of many trials is too good. Measure its network on data that the search has not seen.
///
/// Source: Bergstra and Bengio, *Random search for hyper-parameter optimization*, 2012; Jamieson and Talwalkar,
/// *Non-stochastic best arm identification and hyperparameter optimization*, 2016.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
/// use gradus::selection::Search;
///
/// let (training, validation) = Dataset::<f32>::synthetic_digits(300, 1)?.split_at(200)?;
/// let search = Search::halving(4, 1)
///     .log_uniform("rate", 1e-4, 1e-1)
///     .log_integers("hidden", 5, 30)
///     .choice("activation", &["tanh", "relu"])
///     .seed(7);
/// let (found, network) = search.run(|trial| {
///     let sizes = [784, trial.integer("hidden")?, 10];
///     let activation: AnyActivation = trial.text("activation")?.parse()?;
///     let softmax = Softmax::default();
///     let mut network = Network::new(&sizes, activation, softmax, &ByActivation, 1)?;
///     let report = Trainer::new(LogLikelihood)
///         .optimizer(Adam::default())
///         .schedule(Constant::new(trial.number("rate")?)?)
///         .stop(MaxEpochs::new(trial.budget)?)
///         .fit(&mut network, &training, Some(&validation))?;
///     let scores = report.kept().and_then(|kept| kept.validation.as_ref());
///     Ok((scores.map_or(f64::NAN, Scores::accuracy), network))
/// })?;
/// println!("{found}");
/// assert_eq!(found.tried.len(), 4);
/// assert_eq!(network.sizes()[1], found.best().unwrap().trial.integer("hidden")?);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Search {
    strategy: Strategy,
    space: Vec<(String, Domain)>,
    seed: u64,
    direction: Direction,
    path: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strategy {
    Random { trials: usize },
    Grid { points: usize },
    Halving { trials: usize, budget: usize },
}

impl Search {
    /// Tries `trials` draws.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let search = Search::random(20).uniform("x", -1.0, 1.0).lower_is_better();
    /// let (found, _) = search.run(|trial| Ok((trial.number("x")?.abs(), ())))?;
    /// assert_eq!(found.tried.len(), 20);
    /// assert!(found.best().unwrap().score < 0.5);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn random(trials: usize) -> Self {
        Self::new(Strategy::Random { trials })
    }

    /// Tries all combinations of `points` values of each range, its ends included, and of all choices.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let search = Search::grid(3).log_uniform("rate", 0.01, 1.0).choice("kind", &["a", "b"]);
    /// let (found, best) = search.run(|trial| {
    ///     let bonus = if trial.text("kind")? == "b" { 1.0 } else { 0.0 };
    ///     Ok((trial.number("rate")? + bonus, trial.number))
    /// })?;
    /// assert_eq!(found.tried.len(), 3 * 2); // the rates are 0.01, 0.1 and 1
    /// assert_eq!(best, 5); // the last setting changes fastest
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn grid(points: usize) -> Self {
        Self::new(Strategy::Grid { points })
    }

    /// Tries `trials` draws with the budget `budget`, the better half of them with twice the budget, and so on until
    /// one is left. Every round takes about the same work, so that the promising trials get most of it. The closure
    /// interprets the budget, for example as a number of epochs.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let search = Search::halving(4, 1).uniform("x", 0.0, 1.0);
    /// let (found, _) = search.run(|trial| Ok((trial.number("x")?, ())))?;
    /// let budgets: Vec<_> = found.tried.iter().map(|tried| tried.trial.budget).collect();
    /// assert_eq!(budgets, [4, 2, 1, 1]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn halving(trials: usize, budget: usize) -> Self {
        Self::new(Strategy::Halving { trials, budget })
    }

    fn new(strategy: Strategy) -> Self {
        Self { strategy, space: Vec::new(), seed: 0, direction: Direction::HigherIsBetter, path: None }
    }

    fn add(mut self, name: &str, domain: Domain) -> Self {
        self.space.push((name.to_owned(), domain));
        self
    }

    /// Adds a number from `low` to `high`.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let search = Search::grid(3).uniform("momentum", 0.0, 1.0);
    /// let (found, _) = search.run(|trial| Ok((-(trial.number as f64), ())))?;
    /// let values = found.tried.iter().map(|tried| tried.trial.number("momentum"));
    /// assert_eq!(values.collect::<gradus::Result<Vec<_>>>()?, [0.0, 0.5, 1.0]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn uniform(self, name: &str, low: f64, high: f64) -> Self {
        self.add(name, Domain::Uniform { low, high })
    }

    /// Adds a number from `low` to `high` whose logarithm is uniform: 0.01 to 0.1 is as likely as 0.1 to 1.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let search = Search::grid(3).log_uniform("rate", 0.01, 1.0);
    /// let (found, _) = search.run(|trial| Ok((-(trial.number as f64), ())))?;
    /// let values = found.tried.iter().map(|tried| tried.trial.number("rate"));
    /// for (value, wanted) in values.zip([0.01, 0.1, 1.0]) {
    ///     assert!((value? - wanted).abs() < 1e-12);
    /// }
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn log_uniform(self, name: &str, low: f64, high: f64) -> Self {
        self.add(name, Domain::LogUniform { low, high })
    }

    /// Adds an integer from `low` to `high` ≤ 2⁵³, both included.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let search = Search::grid(3).integers("hidden", 1, 9);
    /// let (found, _) = search.run(|trial| Ok((-(trial.number as f64), ())))?;
    /// let values = found.tried.iter().map(|tried| tried.trial.integer("hidden"));
    /// assert_eq!(values.collect::<gradus::Result<Vec<_>>>()?, [1, 5, 9]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn integers(self, name: &str, low: u64, high: u64) -> Self {
        self.add(name, Domain::Integers { low, high })
    }

    /// Adds an integer from `low` to `high` ≤ 2⁵³, both included, whose logarithm is uniform.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let search = Search::grid(3).log_integers("hidden", 1, 400);
    /// let (found, _) = search.run(|trial| Ok((-(trial.number as f64), ())))?;
    /// let values = found.tried.iter().map(|tried| tried.trial.integer("hidden"));
    /// assert_eq!(values.collect::<gradus::Result<Vec<_>>>()?, [1, 20, 400]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn log_integers(self, name: &str, low: u64, high: u64) -> Self {
        self.add(name, Domain::LogIntegers { low, high })
    }

    /// Adds a choice of texts, such as names of components.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let search = Search::grid(1).choice("activation", &["tanh", "relu"]);
    /// let (found, _) = search.run(|trial| Ok((-(trial.number as f64), ())))?;
    /// let values = found.tried.iter().map(|tried| tried.trial.text("activation"));
    /// assert_eq!(values.collect::<gradus::Result<Vec<_>>>()?, ["tanh", "relu"]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn choice(self, name: &str, texts: &[impl AsRef<str>]) -> Self {
        self.add(name, Domain::Choice(texts.iter().map(|text| text.as_ref().to_owned()).collect()))
    }

    /// Sets the seed of the draws, by default 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let scores = |seed| -> gradus::Result<Vec<f64>> {
    ///     let search = Search::random(4).uniform("x", 0.0, 1.0).seed(seed);
    ///     let (found, _) = search.run(|trial| Ok((trial.number("x")?, ())))?;
    ///     Ok(found.tried.iter().map(|tried| tried.score).collect())
    /// };
    /// assert_eq!(scores(1)?, scores(1)?);
    /// assert_ne!(scores(1)?, scores(2)?);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Treats lower scores as better, such as those of a cost.
    pub fn lower_is_better(mut self) -> Self {
        self.direction = Direction::LowerIsBetter;
        self
    }

    /// Saves every score to the file at `path` as soon as it is known, and does not repeat trials whose score is there:
    /// an interrupted search continues and gives the same table.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    ///
    /// use gradus::prelude::*;
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("search.json");
    /// let search = Search::random(5).uniform("x", 0.0, 1.0).resumable(&path);
    /// let calls = AtomicUsize::new(0);
    /// let run = || {
    ///     search.run(|trial| {
    ///         calls.fetch_add(1, Ordering::Relaxed);
    ///         Ok((trial.number("x")?, trial.number))
    ///     })
    /// };
    /// let first = run()?;
    /// assert_eq!(calls.load(Ordering::Relaxed), 5);
    /// assert_eq!(run()?, first);
    /// assert_eq!(calls.load(Ordering::Relaxed), 6); // the best trial alone, for its value
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn resumable(mut self, path: impl Into<PathBuf>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Runs all trials. Returns the table of results, and the value that the closure returned with the score of the
    /// best trial, such as its network. After a resumption the closure may be called again for the best trial.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`] for a search without trials or with a range that holds no value, [`Error::SameName`]
    /// for two settings of one name, [`Error::OtherSettings`] if the file of [`resumable`](Self::resumable) is of
    /// another search, [`Error::File`] if it cannot be read or written, and the error of the first trial that fails
    /// other than by divergence.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let search = Search::grid(5).uniform("x", -2.0, 2.0);
    /// let (found, best) = search.run(|trial| {
    ///     let x = trial.number("x")?;
    ///     Ok((-(x - 1.0).powi(2), x)) // the score, and a value to keep
    /// })?;
    /// assert_eq!((found.best().unwrap().score, best), (0.0, 1.0));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn run<V: Send>(&self, try_it: impl Fn(&Trial) -> Result<(f64, V)> + Sync) -> Result<(Found, V)> {
        let mut trials = self.trials()?;
        let record = Mutex::new(Record::open(self.path.as_deref(), &self.describe())?);
        let mut tried: Vec<Tried> = Vec::new();
        loop {
            let best = Mutex::new(None);
            let scores = threads::map(&trials, |trial| {
                if let Some(score) = lock(&record).find(trial) {
                    return Ok(score);
                }
                let score = self.score(trial, &try_it, &best)?;
                lock(&record).add(trial, score)?;
                Ok(score)
            })?;
            let mut round: Vec<Tried> = trials
                .iter()
                .zip(scores)
                .map(|(trial, score)| Tried { trial: trial.clone(), score })
                .collect();
            // The sort is stable: equal trials stay in their order.
            round.sort_by(|a, b| self.compare(a, b));
            let halved = self.halve(&round);
            tried.retain(|before| round.iter().all(|now| now.trial.number != before.trial.number));
            tried.splice(0..0, round);
            if let Some(halved) = halved {
                trials = halved;
                continue;
            }
            let found = Found { tried };
            let (Some(winner), best) =
                (found.best(), best.into_inner().unwrap_or_else(PoisonError::into_inner))
            else {
                return Err(Error::Empty { what: "the search" });
            };
            // After a resumption the file has the score of the best trial, but not its value.
            let value = match best {
                Some((best, value)) if best.trial.number == winner.trial.number => value,
                _ => try_it(&winner.trial)?.1,
            };
            return Ok((found, value));
        }
    }

    /// Returns the score of a trial, and keeps its value in `best` if it is the best so far.
    fn score<V>(
        &self,
        trial: &Trial,
        try_it: impl Fn(&Trial) -> Result<(f64, V)>,
        best: &Mutex<Option<(Tried, V)>>,
    ) -> Result<f64> {
        let (score, value) = match try_it(trial) {
            Ok(result) => result,
            Err(error) if diverged(&error) => return Ok(f64::NAN),
            Err(error) => return Err(error),
        };
        let new = Tried { trial: trial.clone(), score };
        let mut best = lock(best);
        let is_better = |(old, _): &(Tried, V)| {
            self.compare(&new, old).then(new.trial.number.cmp(&old.trial.number)).is_lt()
        };
        if best.as_ref().is_none_or(is_better) {
            *best = Some((new, value));
        }
        Ok(score)
    }

    fn compare(&self, a: &Tried, b: &Tried) -> std::cmp::Ordering {
        let goodness = |tried: &Tried| match self.direction.goodness(tried.score) {
            // NaN is worse than anything.
            value if value.is_nan() => f64::NEG_INFINITY,
            value => value + 0.0,
        };
        let finite = |tried: &Tried| !tried.score.is_nan();
        goodness(b).total_cmp(&goodness(a)).then(finite(b).cmp(&finite(a)))
    }

    /// Returns the better half of a round, with twice the budget; `None` after the last round.
    fn halve(&self, round: &[Tried]) -> Option<Vec<Trial>> {
        match self.strategy {
            Strategy::Halving { .. } if round.len() > 1 => {
                let doubled = |tried: &Tried| Trial {
                    budget: tried.trial.budget.saturating_mul(2),
                    ..tried.trial.clone()
                };
                Some(round.iter().take(round.len() / 2).map(doubled).collect())
            }
            _ => None,
        }
    }

    /// Returns the trials of the first round.
    fn trials(&self) -> Result<Vec<Trial>> {
        for (index, (name, domain)) in self.space.iter().enumerate() {
            domain.check()?;
            if self.space.iter().take(index).any(|(other, _)| other == name) {
                return Err(Error::SameName { name: name.clone() });
            }
        }
        let (n, budget) = match self.strategy {
            Strategy::Random { trials } => (trials, 1),
            Strategy::Halving { trials, budget } => (trials, budget),
            Strategy::Grid { points } => return self.combinations(points),
        };
        check_nonzero("budget of a search", budget, "a trial of no work has no score")?;
        check_trials(n)?;
        let trial = |number: usize| {
            let mut rng = generator(self.seed, Purpose::Search, 0, number as u64);
            let settings =
                self.space.iter().map(|(name, domain)| (name.clone(), domain.draw(&mut rng))).collect();
            Trial { number, budget, settings }
        };
        Ok((0..n).map(trial).collect())
    }

    /// Returns all combinations, the last setting changing fastest.
    fn combinations(&self, points: usize) -> Result<Vec<Trial>> {
        if self.space.iter().any(|(_, domain)| !matches!(domain, Domain::Choice(_))) {
            check_trials(points)?;
        }
        let axes: Vec<_> = self.space.iter().map(|(name, domain)| (name, domain.points(points))).collect();
        check_trials(axes.iter().fold(1usize, |n, (_, values)| n.saturating_mul(values.len())))?;
        let mut all = vec![Vec::new()];
        for (name, values) in axes {
            let extend = |settings: Vec<_>| {
                values.iter().map(move |value| [&settings[..], &[(name.clone(), value.clone())]].concat())
            };
            all = all.into_iter().flat_map(extend).collect();
        }
        Ok((0..).zip(all).map(|(number, settings)| Trial { number, budget: 1, settings }).collect())
    }

    /// Returns the search as text, without the file.
    fn describe(&self) -> String {
        let Self { strategy, space, seed, direction, path: _ } = self;
        format!("{strategy:?}, seed {seed}, {direction:?}, {space:?}")
    }
}

fn check_trials(n: usize) -> Result<()> {
    let why = "a search needs trials, and more than a million would not end";
    crate::error::check_setting(
        "number of trials",
        n as f64,
        (1..=MAX_TRIALS).contains(&n),
        "[1, 1000000]",
        why,
    )
}

fn diverged(error: &Error) -> bool {
    match error {
        Error::Diverged { .. } => true,
        Error::Interrupted(run) => diverged(&run.cause),
        _ => false,
    }
}

fn lock<V>(mutex: &Mutex<V>) -> std::sync::MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
