//! The order in which an epoch goes through the samples.

use std::ops::Range;

use rand::seq::SliceRandom;

use super::leaves::Leaves;
use crate::data::{Blocks, Samples};
use crate::random::{Purpose, generator};
use crate::real::Real;

/// The order of the samples in an epoch, a function of (seed, epoch) and of how a batch is cut.
pub(super) struct Order {
    leaves: Leaves,
    n: usize,
    m: usize,
    seed: u64,
    epoch: u64,
    places: Places,
}

/// What determines the sample at a place of the order.
enum Places {
    /// The samples themselves: all in memory, in any order.
    All(Vec<usize>),
    /// The blocks of a source that is read in large pieces. Each leaf of a batch has its own stretch of their sequence,
    /// so that a rank reads only the blocks of its leaves.
    Blocks { blocks: Blocks, stretches: Vec<Stretch> },
}

impl Order {
    /// Creates the order of `n` samples in mini-batches of `m`, of which only some `leaves` are computed here.
    pub(super) fn new(leaves: Leaves, (n, m): (usize, usize), blocks: Option<Blocks>, seed: u64) -> Self {
        let places = match blocks {
            None => Places::All((0..n).collect()),
            Some(blocks) => Places::Blocks { blocks, stretches: Vec::new() },
        };
        Self { leaves, n, m, seed, epoch: 0, places }
    }

    /// The number of mini-batches.
    pub(super) fn steps(&self) -> usize {
        self.n.div_ceil(self.m)
    }

    /// The number of samples in mini-batch `step`, in all leaves.
    pub(super) fn size(&self, step: usize) -> usize {
        self.m.min(self.n - (step * self.m).min(self.n))
    }

    /// Begins `epoch`, counted from 1.
    pub(super) fn begin(&mut self, epoch: u64, shuffled: bool) {
        self.epoch = epoch;
        let mut rng = generator(self.seed, Purpose::Shuffle, epoch, 0);
        match &mut self.places {
            Places::All(samples) => {
                // From the same order each time: the shuffle depends on the epoch only, not on those before it.
                samples.iter_mut().enumerate().for_each(|(index, sample)| *sample = index);
                if shuffled {
                    samples.shuffle(&mut rng);
                }
            }
            Places::Blocks { blocks, stretches } => {
                let mut pieces: Vec<Range<usize>> =
                    blocks.starts.windows(2).map(|pair| pair[0]..pair[1]).collect();
                pieces.shuffle(&mut rng);
                *stretches = cut(&pieces, self.leaves, (self.n, self.m), blocks.window);
            }
        }
    }

    /// Replaces `samples` by those of mini-batch `step`, leaf after leaf.
    pub(super) fn samples<T: Real>(
        &mut self,
        source: &dyn Samples<T>,
        step: usize,
        samples: &mut Vec<usize>,
    ) {
        samples.clear();
        let (m, size) = (self.m, self.size(step));
        match &mut self.places {
            Places::All(all) => {
                let columns = self.leaves.columns(size);
                samples.extend_from_slice(&all[step * m + columns.start..step * m + columns.end]);
            }
            Places::Blocks { stretches, .. } => {
                let mut entered = false;
                for stretch in stretches.iter_mut() {
                    let first = step * self.leaves.leaf(m, stretch.leaf).len();
                    let count = self.leaves.leaf(size, stretch.leaf).len();
                    entered |= stretch.samples(first..first + count, (self.seed, self.epoch), samples);
                }
                if entered {
                    let soon: Vec<_> = stretches.iter().flat_map(Stretch::soon).cloned().collect();
                    source.read_ahead(&soon);
                }
            }
        }
    }
}

/// Cuts the sequence of `pieces` into a stretch for each leaf, with as many samples as the leaf learns from in an
/// epoch.
fn cut(pieces: &[Range<usize>], leaves: Leaves, (n, m): (usize, usize), window: usize) -> Vec<Stretch> {
    let window = (window / leaves.count()).max(1);
    let (mut rest, mut piece) = (pieces.iter().cloned(), 0..0);
    let mut stretches = Vec::new();
    for leaf in 0..leaves.count() {
        let mut missing = n / m * leaves.leaf(m, leaf).len() + leaves.leaf(n % m, leaf).len();
        let mut own = Vec::new();
        while missing > 0 {
            if piece.is_empty() {
                let Some(next) = rest.next() else { break };
                piece = next;
            }
            let count = missing.min(piece.len());
            own.push(piece.start..piece.start + count);
            piece.start += count;
            missing -= count;
        }
        if leaves.own().contains(&leaf) {
            stretches.push(Stretch::new(leaf, own, window));
        }
    }
    stretches
}

/// A sequence of pieces, in windows whose samples are shuffled.
struct Stretch {
    leaf: usize,
    pieces: Vec<Range<usize>>,
    /// The pieces of a window.
    window: usize,
    /// The places at which the windows end.
    ends: Vec<usize>,
    /// The window in which the last mini-batch begins.
    first: usize,
    /// The window that was entered last, and its samples in their order.
    entered: Option<usize>,
    samples: Vec<usize>,
}

impl Stretch {
    fn new(leaf: usize, pieces: Vec<Range<usize>>, window: usize) -> Self {
        let lengths = pieces.chunks(window).map(|pieces| pieces.iter().map(Range::len).sum::<usize>());
        let ends = lengths.scan(0, |end, length| {
            *end += length;
            Some(*end)
        });
        Self { leaf, ends: ends.collect(), pieces, window, first: 0, entered: None, samples: Vec::new() }
    }

    /// Appends the samples at `places` of the stretch. Returns whether another window was entered.
    fn samples(&mut self, places: Range<usize>, (seed, epoch): (u64, u64), samples: &mut Vec<usize>) -> bool {
        let (mut at, mut changed) = (places.start, false);
        self.first = self.ends.partition_point(|&end| end <= at);
        while at < places.end {
            let window = self.ends.partition_point(|&end| end <= at);
            let Some(&end) = self.ends.get(window) else { break };
            if self.entered != Some(window) {
                self.enter(window, seed, epoch);
                changed = true;
            }
            let start = end - self.samples.len();
            let until = end.min(places.end);
            samples.extend_from_slice(&self.samples[at - start..until - start]);
            at = until;
        }
        changed
    }

    fn enter(&mut self, window: usize, seed: u64, epoch: u64) {
        self.entered = Some(window);
        self.samples.clear();
        for piece in self.pieces.chunks(self.window).nth(window).into_iter().flatten() {
            self.samples.extend(piece.clone());
        }
        // 0 is the stream of the blocks.
        let stream = 1 + ((self.leaf as u64) << 32 | window as u64);
        self.samples.shuffle(&mut generator(seed, Purpose::Shuffle, epoch, stream));
    }

    /// Returns the pieces of the windows of the last mini-batch, and of the next window.
    fn soon(&self) -> &[Range<usize>] {
        let end = self.entered.map_or(self.first, |entered| entered + 1) + 1;
        let place = |window: usize| self.pieces.len().min(window * self.window);
        &self.pieces[place(self.first.min(end))..place(end)]
    }
}
