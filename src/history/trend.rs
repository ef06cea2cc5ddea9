//! The best epoch so far of each measured value, and for how long the value has not improved.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{EpochRecord, Metric, Split};
use crate::metrics::{Direction, Score};

/// A trend for each named value on each data set.
#[derive(Debug, Clone, Default)]
pub(super) struct Trends(Vec<Trend>);

/// The development of one named value.
#[derive(Debug, Clone)]
pub(super) struct Trend {
    pub(super) split: Split,
    pub(super) name: Cow<'static, str>,
    pub(super) direction: Direction,
    /// The epochs that were better than all before them, with their values: the last of them is the best.
    improvements: Vec<(usize, f64)>,
    /// The number of values since the best.
    since: usize,
    /// How often each gap occurred: the number of values between one improvement and the next. Gaps of 0 are left out.
    gaps: BTreeMap<usize, usize>,
}

impl Trends {
    pub(super) fn push(&mut self, record: &EpochRecord) {
        for (split, scores) in [(Split::Training, &record.training), (Split::Validation, &record.validation)]
        {
            for score in scores.iter().flatten() {
                match self.0.iter_mut().find(|trend| trend.split == split && trend.name == score.name) {
                    Some(trend) => trend.push(record.epoch, score.value),
                    None => self.0.push(Trend::new(split, record.epoch, score)),
                }
            }
        }
    }

    /// The trend of `metric` in a run with these `epochs`.
    pub(super) fn of(&self, metric: &Metric, epochs: &[EpochRecord]) -> Option<&Trend> {
        // The main metric is the same in all epochs of a run; the newest says which it is.
        let name = match metric.measure() {
            Some(measure) => measure.name(),
            None => epochs.iter().rev().find_map(|record| metric.score_in(record))?.name.clone(),
        };
        self.0.iter().find(|trend| trend.split == metric.split() && trend.name == name)
    }
}

impl Trend {
    fn new(split: Split, epoch: usize, score: &Score) -> Self {
        let Score { name, value, direction, .. } = score;
        Self {
            split,
            name: name.clone(),
            direction: *direction,
            improvements: vec![(epoch, *value)],
            since: 0,
            gaps: BTreeMap::new(),
        }
    }

    fn push(&mut self, epoch: usize, value: f64) {
        if self.improvements.last().is_some_and(|&(_, best)| !self.direction.improves(value, best)) {
            self.since += 1;
            return;
        }
        if self.since > 0 {
            *self.gaps.entry(self.since).or_insert(0) += 1;
        }
        self.improvements.push((epoch, value));
        self.since = 0;
    }

    /// The best of the values up to `epoch`, and its epoch: a search among the improvements, not among all epochs.
    pub(super) fn best_until(&self, epoch: usize) -> Option<(usize, f64)> {
        let after = self.improvements.partition_point(|&(improved, _)| improved <= epoch);
        self.improvements.get(after.checked_sub(1)?).copied()
    }

    /// How many times `patience` values in a row brought no improvement.
    ///
    /// Only gaps of at least that length are visited, of which there are never more than the result.
    pub(super) fn plateaus(&self, patience: usize) -> usize {
        let times = |gap: usize| gap.checked_div(patience).unwrap_or(0);
        self.gaps.range(patience.max(1)..).map(|(&gap, count)| times(gap) * count).sum::<usize>()
            + times(self.since)
    }
}
