//! Samples in the order of an output, for areas under curves.

use super::{Measure, Meter, Scored, Whole, undefined};
use crate::data::Task;
use crate::error::Result;

/// The value of an output for one sample, and whether the sample is positive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ranked {
    score: f64,
    is_positive: bool,
    weight: f64,
}

/// The weights of the positives and the negatives that share a score.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tied {
    pub score: f64,
    pub positives: f64,
    pub negatives: f64,
}

/// Creates a meter for the mean of `area` over the outputs for which it is defined; NaN if it is defined for none.
///
/// # Errors
///
/// Returns [`Error::Measure`](crate::Error::Measure) for regression.
pub(super) fn meter(
    measure: &dyn Measure,
    task: Task,
    area: fn(&[Tied]) -> Option<f64>,
) -> Result<Box<dyn Meter>> {
    if task == Task::Regression {
        return Err(undefined(measure, task, "there are no classes to rank; use R2 or MeanAbsoluteError"));
    }
    Ok(Box::new(Whole::new(move |all| {
        let areas = (0..all.outputs.nrows()).filter_map(|output| area(&tied_of(task, output, all)));
        let (sum, count) = areas.fold((0.0, 0.0), |(sum, count), area| (sum + area, count + 1.0));
        sum / count
    })))
}

/// The samples by descending value of an output. If the value is NaN, a positive sample comes last and a negative one
/// first.
fn ranked(task: Task, output: usize, all: &Scored<'_>) -> Vec<Ranked> {
    let sample = |(a, y, weight): (&[f64], &[f64], f64)| {
        let (&score, &target) = (a.get(output)?, y.get(output)?);
        let is_positive = match task {
            Task::Binary { threshold } | Task::Labels { threshold } => target >= threshold,
            _ => task.class(y) == Some(output),
        };
        let worst = if is_positive { f64::NEG_INFINITY } else { f64::INFINITY };
        Some(Ranked { score: if score.is_nan() { worst } else { score }, is_positive, weight })
    };
    let mut ranked: Vec<Ranked> = all.samples().filter_map(sample).collect();
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
    ranked
}

/// The samples by falling score of an output, those of equal score together.
pub(super) fn tied_of(task: Task, output: usize, all: &Scored<'_>) -> Vec<Tied> {
    let sum = |samples: &[Ranked]| {
        let score = samples.first().map_or(f64::NAN, |sample| sample.score);
        let none = Tied { score, ..Tied::default() };
        samples.iter().fold(none, |tied, sample| match sample.is_positive {
            true => Tied { positives: tied.positives + sample.weight, ..tied },
            false => Tied { negatives: tied.negatives + sample.weight, ..tied },
        })
    };
    ranked(task, output, all).chunk_by(|a, b| a.score == b.score).map(sum).collect()
}
