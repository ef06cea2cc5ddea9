//! Visits a data set block by block, and finds its task.

use super::task::TaskFinder;
use super::{Samples, Task, gather_checked};
use crate::error::Result;
use crate::memory;
use crate::real::Real;

/// Maximum number of samples of a block.
const BLOCK: usize = 500;

/// Maximum number of values of a block: large samples are visited in smaller blocks, so that memory stays bounded.
const BLOCK_VALUES: usize = 1 << 20;

/// Returns what the targets of `samples` mean: the task that the source declares, or else the one found from the
/// targets.
pub(crate) fn task_of<T: Real>(samples: &dyn Samples<T>) -> Result<Task> {
    if let Some(task) = samples.task().filter(|task| task.fits(samples.n_outputs())) {
        return Ok(task);
    }
    let samples = samples.unaugmented().unwrap_or(samples);
    let size = block_size(samples.n_inputs().max(samples.n_outputs()), samples.len());
    let mut finder = TaskFinder::new();
    for_each_block(samples.len(), size, |indices| {
        let mut x = memory::zeros("the inputs of a block", samples.n_inputs(), indices.len())?;
        let mut y = memory::zeros("the targets of a block", samples.n_outputs(), indices.len())?;
        gather_checked(samples, 1, indices, &mut x, &mut y)?;
        finder.add(&y);
        Ok(())
    })?;
    Ok(finder.finish())
}

/// Returns how many samples to evaluate at once in a network whose widest layer has `widest` values.
pub(crate) fn block_size(widest: usize, samples: usize) -> usize {
    (BLOCK_VALUES / widest.max(1)).clamp(1, BLOCK).min(samples.max(1))
}

/// Visits the indices from 0 to `n`, block by block.
pub(crate) fn for_each_block(
    n: usize,
    size: usize,
    mut visit: impl FnMut(&[usize]) -> Result<()>,
) -> Result<()> {
    let mut indices = Vec::with_capacity(size);
    for first in (0..n).step_by(size.max(1)) {
        indices.clear();
        indices.extend(first..first.saturating_add(size).min(n));
        visit(&indices)?;
    }
    Ok(())
}
