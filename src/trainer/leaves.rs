//! How a mini-batch is cut into leaves.

use std::ops::Range;

use crate::error::{Result, check_setting};

/// More leaves than any mini-batch can feed.
const MAX_LEAVES: usize = 4096;

/// The leaves of a mini-batch: neighbouring columns, cut at fixed places. A trainer without
/// [`leaves`](super::Trainer::leaves) has one.
///
/// The gradient of each is summed by itself, and the sums are added in one fixed binary tree. So the result is bitwise
/// identical however whole subtrees are divided among ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Leaves {
    count: usize,
    /// Those that are computed here.
    first: usize,
    end: usize,
}

impl Leaves {
    /// `count` leaves, all of which are computed here.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) unless `count` is a power of two up to 4096.
    pub(super) fn all(count: usize) -> Result<Self> {
        let why = "their sums are added in pairs, and each needs a buffer; try 4";
        let possible = count.is_power_of_two() && count <= MAX_LEAVES;
        check_setting("leaves of a mini-batch", count as f64, possible, "1, 2, 4, 8 … 4096", why)?;
        Ok(Self { count, first: 0, end: count })
    }

    /// The leaves that part number `part` of `parts` computes.
    pub(super) fn part(count: usize, part: usize, parts: usize) -> Self {
        Self { count, first: count / parts * part, end: count / parts * (part + 1) }
    }

    pub(super) fn count(self) -> usize {
        self.count
    }

    /// The leaves that are computed here.
    pub(super) fn own(self) -> Range<usize> {
        self.first..self.end
    }

    pub(super) fn are_all_here(self) -> bool {
        self.own().len() == self.count
    }

    /// How often the sums of the leaves here are added in pairs until one is left.
    pub(super) fn depth(self) -> usize {
        self.own().len().trailing_zeros() as usize
    }

    /// The leaves that are computed here, as columns of what is here of a mini-batch of `m`.
    pub(super) fn here(self, m: usize) -> impl Iterator<Item = Range<usize>> {
        let first = self.cut(m, self.first);
        self.own().map(move |leaf| self.cut(m, leaf) - first..self.cut(m, leaf + 1) - first)
    }

    /// The columns of `leaf` in a mini-batch of `m`. If `m` is below the number of leaves, some are empty.
    pub(super) fn leaf(self, m: usize, leaf: usize) -> Range<usize> {
        self.cut(m, leaf)..self.cut(m, leaf + 1)
    }

    /// The columns of all leaves that are computed here.
    pub(super) fn columns(self, m: usize) -> Range<usize> {
        self.cut(m, self.first)..self.cut(m, self.end)
    }

    fn cut(self, m: usize, leaf: usize) -> usize {
        (m as u128 * leaf as u128 / self.count as u128) as usize
    }
}
