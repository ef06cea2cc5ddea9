//! The results of a search, and their file.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::space::Trial;
use crate::error::{Error, FileProblem, Result};
use crate::persist::{FileSystem, replace};
use crate::real::exact;
use crate::wrap::{number, printable, right, width};

/// A trial and the score that it reached with its budget.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let search = Search::halving(4, 1).uniform("x", 0.0, 1.0);
/// let (found, _) = search.run(|trial| Ok((trial.number("x")?, ())))?;
/// let best = found.best().unwrap();
/// assert_eq!(best.score, best.trial.number("x")?);
/// assert_eq!(best.trial.budget, 4); // that of the third round
/// assert!(found.tried.iter().all(|tried| tried.score <= best.score));
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    /// The trial, with the budget of the last round that it took part in.
    pub trial: Trial,
    /// Its score; NaN if it diverged.
    #[serde(with = "exact")]
    pub score: f64,
}

/// The table of all trials, the best first: later rounds come before earlier ones, and each round is sorted by score.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let search = Search::grid(3).uniform("x", 0.0, 4.0).lower_is_better();
/// let (found, _) = search.run(|trial| Ok(((trial.number("x")? - 2.5).powi(2), ())))?;
/// println!("{found}"); // a table
/// let x = found.tried.iter().map(|tried| tried.trial.number("x"));
/// assert_eq!(x.collect::<gradus::Result<Vec<_>>>()?, [2.0, 4.0, 0.0]); // the best first
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The trials in the order of the table.
    pub tried: Vec<Tried>,
}

impl Found {
    /// Returns the best trial.
    pub fn best(&self) -> Option<&Tried> {
        self.tried.first()
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.tried.first().map(|tried| tried.trial.settings()).unwrap_or_default();
        let mut columns: Vec<usize> = names.iter().map(|(name, _)| width(&printable(name))).collect();
        for tried in &self.tried {
            for (column, (_, value)) in columns.iter_mut().zip(tried.trial.settings()) {
                *column = width(&printable(&value.to_string())).max(*column);
            }
        }
        let cell = |text: &str, column: usize| format!("  {}", right(&printable(text), column));
        write!(f, "rank trial budget       score")?;
        names.iter().zip(&columns).try_for_each(|((name, _), &column)| f.write_str(&cell(name, column)))?;
        for (rank, Tried { trial, score }) in (1..).zip(&self.tried) {
            let score = number(*score, 5);
            write!(f, "\n{rank:>4} {:>5} {:>6} {score:>11}", trial.number, trial.budget)?;
            let mut settings = trial.settings().iter().zip(&columns);
            settings.try_for_each(|((_, value), &column)| f.write_str(&cell(&value.to_string(), column)))?;
        }
        Ok(())
    }
}

/// The scores so far, and the file in which they are kept, if there is one.
pub(super) struct Record {
    path: Option<PathBuf>,
    file: Scores,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scores {
    search: String,
    tried: Vec<Tried>,
}

impl Record {
    /// Reads the file at `path`, if there is one, which has to be of the same search.
    pub fn open(path: Option<&Path>, search: &str) -> Result<Self> {
        let empty = Scores { search: search.to_owned(), tried: Vec::new() };
        let Some(path) = path else { return Ok(Self { path: None, file: empty }) };
        let fail = |problem| Error::File { path: path.to_path_buf(), problem };
        let file: Scores = match std::fs::read(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => empty,
            Err(source) => return Err(fail(FileProblem::Unreadable { source })),
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| fail(FileProblem::Json { what: "search", reason: error.to_string() }))?,
        };
        if file.search != search {
            let (now, before) = (search.to_owned(), file.search);
            return Err(Error::OtherSettings { name: "search".to_owned(), now, before });
        }
        Ok(Self { path: Some(path.to_path_buf()), file })
    }

    /// Returns the score of the trial with its budget, if it is known.
    pub fn find(&self, trial: &Trial) -> Option<f64> {
        self.file.tried.iter().find(|tried| tried.trial == *trial).map(|tried| tried.score)
    }

    /// Adds a score, and writes the file.
    pub fn add(&mut self, trial: &Trial, score: f64) -> Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        self.file.tried.push(Tried { trial: trial.clone(), score });
        let bytes = serde_json::to_vec_pretty(&self.file).map_err(|error| {
            let problem = FileProblem::Json { what: "search", reason: error.to_string() };
            Error::File { path: path.clone(), problem }
        })?;
        replace(&FileSystem, path, &bytes)
    }
}
