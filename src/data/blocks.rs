//! The blocks of a source that is read in large pieces.

/// Where the blocks of a source begin, and how many of them are mixed with each other.
///
/// In each epoch the trainer shuffles the blocks and cuts their sequence into windows of `window` blocks. It learns from the
/// samples of one window, all shuffled, and then from those of the next. So a disk is read in pieces of a block, and memory
/// holds a window and the next one. The more blocks a window has, the closer this is to a shuffle of all samples; samples that
/// are sorted by class want windows of many small blocks.
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
    /// How many blocks are mixed with each other, at least 1.
    pub window: usize,
}
