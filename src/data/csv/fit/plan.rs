//! Determines the use of each column of a table from the user's options and the first rows.

use super::super::dictionary::Dictionary;
use super::super::rows::Rows;
use super::super::store::Store;
use super::super::{Csv, Predicted};
use super::Fit;
use crate::data::columns::{Cell, looks_like_date, looks_like_number, lossy};
use crate::error::{Result, TableProblem};
use crate::real::Real;

/// The use of a column of the file.
#[derive(Debug)]
pub(super) enum Use {
    Ignore,
    Tag {
        dictionary: Dictionary,
        values: Vec<u32>,
    },
    /// The input `slot` of a row.
    Input {
        slot: usize,
        kind: Kind,
    },
    /// The target `slot` of a row.
    Target {
        slot: usize,
        kind: Kind,
    },
}

/// What a column contains.
#[derive(Debug)]
pub(super) enum Kind {
    Numbers,
    Texts {
        dictionary: Dictionary,
        /// Whether the user has declared the column as categories or classes.
        declared: bool,
        /// Whether the column is a target, for messages.
        target: bool,
    },
}

impl<'a, T: Real> Fit<'a, T> {
    pub(super) fn new<R: std::io::Read>(csv: &'a Csv, rows: &Rows<R>) -> Result<Self> {
        let find =
            |names: &[String]| names.iter().map(|name| rows.find(name)).collect::<Result<Vec<usize>>>();
        let targets = find(&csv.targets)?;
        let (ignored, tags) = (find(&csv.ignored)?, find(&csv.tags)?);
        let (categorical, numeric) = (find(&csv.categorical)?, find(&csv.numeric)?);
        if targets.is_empty() {
            return Err(rows.fail(None, (None, TableProblem::NoTarget { columns: rows.names.clone() })));
        }
        let lists = [("a target", &targets), ("ignored", &ignored), ("a tag", &tags)];
        let kinds = [("categorical", &categorical), ("numeric", &numeric)];
        for (at, name) in rows.names.iter().enumerate() {
            let uses = |lists: &[(&'static str, &Vec<usize>)]| -> Vec<&'static str> {
                lists.iter().filter(|(_, list)| list.contains(&at)).map(|(what, _)| *what).collect()
            };
            let repeated = csv.targets.iter().filter(|target| *target == name).count() > 1;
            let conflict = match (&uses(&lists)[..], &uses(&kinds)[..]) {
                ([first, second, ..], _) | (_, [first, second, ..]) => Some((*first, *second)),
                _ if repeated => Some(("a target", "a target again")),
                _ => None,
            };
            if let Some((first, second)) = conflict {
                return Err(rows.fail(None, (Some(at), TableProblem::TwoUses { first, second })));
            }
        }

        let (mut uses, mut inputs) = (Vec::new(), Vec::new());
        for at in 0..rows.names.len() {
            let declared = categorical.contains(&at);
            let number = numeric.contains(&at);
            let kind =
                |target| kind(rows, at, number, declared, target).map_err(|p| rows.fail(None, (Some(at), p)));
            uses.push(if ignored.contains(&at) {
                Use::Ignore
            } else if tags.contains(&at) {
                Use::Tag { dictionary: Dictionary::default(), values: Vec::new() }
            } else if let Some(slot) = targets.iter().position(|&target| target == at) {
                let numbers = targets.len() > 1 || csv.task == Predicted::Numbers;
                Use::Target { slot, kind: if numbers { Kind::Numbers } else { kind(Some(csv.task))? } }
            } else {
                inputs.push(at);
                Use::Input { slot: inputs.len() - 1, kind: kind(None)? }
            });
        }
        if inputs.is_empty() {
            return Err(rows.fail(None, (None, TableProblem::NoInputs { columns: rows.names.len() })));
        }
        let (x, y) = (Store::new(inputs.len(), rows.expected), Store::new(targets.len(), rows.expected));
        let syntax = rows.syntax.clone();
        Ok(Self {
            csv,
            syntax,
            uses,
            inputs,
            targets,
            x,
            y,
            rows: 0,
            kept: 0,
            dropped: 0,
            without_target: 0,
            is_beginning: false,
        })
    }
}

/// Returns what the column `at` contains: numbers, if at least nine of ten of its first values are numbers.
fn kind<R: std::io::Read>(
    rows: &Rows<R>,
    at: usize,
    number: bool,
    declared: bool,
    target: Option<Predicted>,
) -> std::result::Result<Kind, TableProblem> {
    let (mut numbers, mut texts, mut dates) = (0, 0, 0);
    let mut example = None;
    for field in rows.head.iter().filter(|row| row.len() == rows.names.len()).filter_map(|row| row.get(at)) {
        match rows.syntax.number(field) {
            Cell::Number(_) => numbers += 1,
            Cell::Missing => {}
            // Probably a number with misplaced commas or dots: as a number, it is reported with its line.
            Cell::Text(text) if looks_like_number(text) => numbers += 1,
            Cell::Text(text) => {
                texts += 1;
                if looks_like_date(text) {
                    dates += 1;
                    example.get_or_insert_with(|| lossy(text));
                }
            }
        }
    }
    if number || (!declared && texts * 9 <= numbers) {
        return Ok(Kind::Numbers);
    }
    match example {
        Some(example) if !declared && 2 * dates > texts => Err(TableProblem::Dates { example }),
        _ => Ok(Kind::Texts {
            dictionary: Dictionary::default(),
            declared: declared || target == Some(Predicted::Classes),
            target: target.is_some(),
        }),
    }
}
