//! How a mini-batch is cut into leaves.

use std::ops::Range;

/// The leaves of a mini-batch: neighbouring columns, cut at fixed places. A trainer without [`leaves`](super::Trainer::leaves)
/// has one.
///
/// The gradient of each is summed by itself, and the sums are added in one fixed binary tree. So whoever computes some
/// whole subtrees of it computes the same bits as everybody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Leaves {
    count: usize,
    /// Those that are computed here.
    first: usize,
    end: usize,
}

impl Leaves {
    /// `count` leaves, a power of two, all of which are computed here.
    pub(super) fn all(count: usize) -> Self {
        Self { count, first: 0, end: count }
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

    /// The columns of `leaf` in a mini-batch of `m`. Of fewer than there are leaves, some are empty.
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
