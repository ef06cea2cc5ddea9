//! Decides whether a table's targets are classes or numbers.

use std::collections::BTreeSet;

use super::super::Predicted;
use super::super::rows::Fault;
use super::finish::hardly_repeats;
use super::plan::{Kind, Use};
use super::{Fit, MAX_CATEGORIES};
use crate::error::TableProblem;
use crate::real::Real;

/// Maximum number of different integers of a target that counts as classes without a declaration.
pub(in crate::data::csv) const FEW: usize = 20;

/// The targets: labels and names of classes, or numbers.
pub(super) enum Targets {
    Classes { labels: Vec<u32>, names: Vec<String> },
    Numbers,
}

impl<T: Real> Fit<'_, T> {
    /// Decides whether classes or numbers are predicted.
    pub(super) fn targets(&mut self) -> std::result::Result<Targets, Fault> {
        let n_targets = self.targets.len();
        for (slot, &at) in self.targets.iter().enumerate() {
            let mut values = self.y.values.iter().skip(slot).step_by(n_targets);
            let first = values.next().copied().unwrap_or_default();
            if values.all(|&value| value == first) && !self.is_beginning {
                let value = match &self.uses[at] {
                    Use::Target { kind: Kind::Texts { dictionary, .. }, .. } => dictionary.name(0),
                    _ => first.to_f64().to_string(),
                };
                return Err((Some(at), TableProblem::OneTarget { value, rows: self.kept }));
            }
        }
        let &[at] = &self.targets[..] else { return Ok(Targets::Numbers) };
        match &mut self.uses[at] {
            Use::Target { kind: Kind::Texts { dictionary, declared, .. }, .. } => {
                if !*declared && hardly_repeats(dictionary, self.kept) {
                    let (classes, example) = (dictionary.len(), dictionary.name(0));
                    return Err((
                        Some(at),
                        TableProblem::TooManyClasses { classes, rows: self.kept, example },
                    ));
                }
                let (names, places) = std::mem::take(dictionary).sorted();
                let labels = self.y.values.iter().map(|number| places[number.to_f64() as usize]).collect();
                Ok(Targets::Classes { labels, names })
            }
            _ => self.number_classes().map_err(|problem| (Some(at), problem)),
        }
    }

    /// Decides whether a single target that is written as numbers contains classes.
    fn number_classes(&self) -> std::result::Result<Targets, TableProblem> {
        let most = match self.csv.task {
            Predicted::Numbers => return Ok(Targets::Numbers),
            Predicted::Auto => FEW,
            Predicted::Classes => MAX_CATEGORIES,
        };
        // Floats have no total order, so the set contains their bits. Adding 0.0 turns −0 into 0.
        let mut classes: Vec<f64> = Vec::new();
        let mut seen = BTreeSet::new();
        for value in self.y.values.iter().map(|value| value.to_f64() + 0.0) {
            if self.csv.task == Predicted::Auto && value.fract() != 0.0 {
                return Ok(Targets::Numbers);
            }
            if seen.insert(value.to_bits()) {
                classes.push(value);
            }
            if classes.len() > most && self.csv.task == Predicted::Auto {
                return Ok(Targets::Numbers);
            }
            if classes.len() > most {
                let example = value.to_string();
                return Err(TableProblem::TooManyClasses {
                    classes: classes.len(),
                    rows: self.kept,
                    example,
                });
            }
        }
        classes.sort_unstable_by(f64::total_cmp);
        let enough = classes == [0.0, 1.0] || self.kept >= 5 * classes.len();
        if self.csv.task == Predicted::Auto && !enough {
            return Ok(Targets::Numbers);
        }
        let label = |value: &T| classes.partition_point(|&class| class < value.to_f64()) as u32;
        let labels = self.y.values.iter().map(label).collect();
        Ok(Targets::Classes { labels, names: classes.iter().map(f64::to_string).collect() })
    }
}
