//! The blocks of a source that is read block by block.

use crate::error::{Error, Result, check_nonzero};

/// Where the blocks of a source begin, and how many of them are shuffled together.
///
/// In each epoch the trainer shuffles the blocks and cuts their sequence into windows of `window` blocks. It learns
/// from the samples of one window in random order, and then from those of the next. So a disk is read in whole blocks,
/// and memory holds the current window and the next one. The more blocks a window has, the closer this is to a shuffle
/// of all samples. Samples that are sorted by class need windows of many small blocks.
///
/// # Examples
///
/// ```
/// use gradus::data::Blocks;
///
/// // Three blocks, of two, two and one sample.
/// let blocks = Blocks { starts: vec![0, 2, 4, 5], window: 2 };
/// assert_eq!(blocks.starts.len() - 1, 3);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocks {
    /// The first sample of each block, in ascending order and from 0 on; then the number of all samples.
    pub starts: Vec<usize>,
    /// How many blocks are shuffled together, at least 1.
    pub window: usize,
}

impl Blocks {
    /// Returns an error unless these are valid blocks of `n` samples.
    pub(crate) fn check(&self, n: usize) -> Result<()> {
        check_nonzero("window of blocks", self.window, "samples are mixed within one block at least")?;
        let ascending = self.starts.windows(2).filter(|pair| pair[0] < pair[1]).count();
        let ends = |index: Option<&usize>| index.copied().unwrap_or(usize::MAX);
        for (what, found, expected) in [
            ("first sample of the first block", ends(self.starts.first()), 0),
            ("samples of all blocks", ends(self.starts.last()), n),
            ("blocks that begin after the one before", ascending, self.starts.len().saturating_sub(1)),
        ] {
            if found != expected {
                return Err(Error::SizeMismatch { what, found, expected });
            }
        }
        Ok(())
    }
}
