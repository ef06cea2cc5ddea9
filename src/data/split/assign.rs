//! Assigns samples to parts and folds.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rand::seq::SliceRandom;

use crate::error::{Error, Result, SplitProblem};
use crate::random::{Purpose, generator};

/// The samples, in the sets that a split has to respect.
pub(super) enum Members {
    /// The samples in the order in which they are assigned.
    Any(Vec<usize>),
    /// The samples of each class, to be divided in the same proportions.
    Strata(Vec<Vec<usize>>),
    /// The samples of each group, to be kept together.
    Groups(Vec<Vec<usize>>),
}

/// Returns the numbers below `n` in random order.
pub(super) fn shuffled(n: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    order.shuffle(&mut generator(seed, Purpose::Split, 0, 0));
    order
}

/// Returns the samples of each set in random order, with the sets in the order of their numbers.
pub(super) fn collect(set_of: &[usize], seed: u64) -> Vec<Vec<usize>> {
    let mut sets: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for sample in shuffled(set_of.len(), seed) {
        sets.entry(set_of[sample]).or_default().push(sample);
    }
    sets.into_values().collect()
}

impl Members {
    /// Divides the samples into parts of the sizes `counts`, each in ascending order; `left_out` samples are in none.
    pub(super) fn into_parts(self, counts: &[usize], left_out: usize) -> Result<Vec<Vec<usize>>> {
        let sizes: Vec<usize> = counts.iter().copied().chain((left_out > 0).then_some(left_out)).collect();
        let mut parts = match self {
            Self::Any(order) => consecutive(&order, &sizes),
            Self::Strata(strata) => stratify(strata, &sizes)?,
            Self::Groups(groups) => distribute(groups, &sizes, counts.len())?,
        };
        parts.truncate(counts.len());
        parts.iter_mut().for_each(|part| part.sort_unstable());
        Ok(parts)
    }

    /// Divides the samples into `k` folds of nearly the same size, each in ascending order.
    pub(super) fn into_folds(self, k: usize) -> Result<Vec<Vec<usize>>> {
        let (available, of) = match &self {
            Self::Any(order) => (order.len(), "samples"),
            Self::Strata(strata) => (strata.iter().map(Vec::len).sum(), "samples"),
            Self::Groups(groups) => (groups.len(), "groups"),
        };
        if k < 2 || k > available {
            return Err(Error::Split(SplitProblem::Parts { parts: k, available, of }));
        }
        let size = |n: usize| -> Vec<usize> { (0..k).map(|i| (i + 1) * n / k - i * n / k).collect() };
        let mut folds = match self {
            Self::Any(order) => consecutive(&order, &size(order.len())),
            // Assigned in turn: the numbers of samples of a class, and of all samples, differ by at most one between
            // folds.
            Self::Strata(strata) => {
                let all = strata.concat();
                (0..k).map(|fold| all.iter().copied().skip(fold).step_by(k).collect()).collect()
            }
            Self::Groups(groups) => {
                let n = groups.iter().map(Vec::len).sum();
                distribute(groups, &size(n), k)?
            }
        };
        folds.iter_mut().for_each(|fold| fold.sort_unstable());
        Ok(folds)
    }
}

/// Returns the first `sizes[0]` samples, the next `sizes[1]`, and so on.
fn consecutive(order: &[usize], sizes: &[usize]) -> Vec<Vec<usize>> {
    let mut rest = order.iter().copied();
    sizes.iter().map(|&size| rest.by_ref().take(size).collect()).collect()
}

/// Takes the parts from the last to the second out of the strata; the first part is the rest.
fn stratify(mut strata: Vec<Vec<usize>>, sizes: &[usize]) -> Result<Vec<Vec<usize>>> {
    let (&first, others) = sizes.split_first().unwrap_or((&0, &[]));
    if first < strata.len() {
        return Err(Error::Split(SplitProblem::FewerThanClasses { samples: first, classes: strata.len() }));
    }
    let mut parts: Vec<Vec<usize>> =
        others.iter().rev().map(|&size| take_evenly(&mut strata, size)).collect();
    parts.push(strata.concat());
    parts.reverse();
    Ok(parts)
}

/// Takes `size` samples: from each stratum its proportion, rounded up or down, but never its last sample.
fn take_evenly(strata: &mut [Vec<usize>], size: usize) -> Vec<usize> {
    let total: usize = strata.iter().map(Vec::len).sum();
    // The products of two counts of samples may exceed a `usize` of 32 bits.
    let exact = |stratum: &Vec<usize>| stratum.len() as u128 * size as u128;
    let mut counts: Vec<usize> =
        strata.iter().map(|stratum| (exact(stratum) / total as u128) as usize).collect();
    let mut by_remainder: Vec<usize> = (0..strata.len()).collect();
    by_remainder.sort_by_key(|&c| Reverse(exact(&strata[c]) % total as u128));
    let mut missing = size - counts.iter().sum::<usize>();
    // More than one round only if strata are down to their last sample.
    while missing > 0 {
        for &c in &by_remainder {
            if missing > 0 && counts[c] + 1 < strata[c].len() {
                counts[c] += 1;
                missing -= 1;
            }
        }
    }
    let taken = strata.iter_mut().zip(counts);
    taken.flat_map(|(stratum, count)| stratum.split_off(stratum.len() - count)).collect()
}

/// Gives each group, largest first, to the part that lacks the most samples; each of the first `needed` parts gets at
/// least one group.
fn distribute(mut groups: Vec<Vec<usize>>, sizes: &[usize], needed: usize) -> Result<Vec<Vec<usize>>> {
    if groups.len() < needed {
        return Err(Error::Split(SplitProblem::Parts {
            parts: needed,
            available: groups.len(),
            of: "groups",
        }));
    }
    // Groups of equal size are ordered by their first sample, which is random.
    groups.sort_by_key(|group| (Reverse(group.len()), group.first().copied()));
    let mut parts = vec![Vec::new(); sizes.len()];
    let n_groups = groups.len();
    for (given, group) in groups.into_iter().enumerate() {
        let empty = parts.iter().take(needed).filter(|part: &&Vec<usize>| part.is_empty()).count();
        let forced = n_groups - given <= empty;
        let open = (0..parts.len()).filter(|&p| !forced || (p < needed && parts[p].is_empty()));
        let lack = |&p: &usize| sizes[p] as i128 - parts[p].len() as i128;
        // Ties go to the first part.
        if let Some(part) = open.max_by_key(|p| (lack(p), Reverse(*p))) {
            parts[part].extend(group);
        }
    }
    Ok(parts)
}
