//! Why memory could not be allocated.

/// What did not fit in memory.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
/// use gradus::{Error, MemoryProblem};
///
/// let sizes = [784, usize::MAX, 10];
/// match Network::<f32, _, _>::new(&sizes, Tanh, Linear, &ByActivation, 1).unwrap_err() {
///     Error::Memory(MemoryProblem::Layer { layer, n_inputs, n_outputs }) => {
///         assert_eq!((layer, n_inputs, n_outputs), (1, 784, usize::MAX));
///     }
///     other => panic!("{other}"),
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MemoryProblem {
    /// A layer that is larger than the machine has memory for.
    #[error(
        "layer {layer} (the inputs are layer 0) would have {n_outputs} × {n_inputs} weights, and there is no memory for them: choose smaller sizes"
    )]
    Layer {
        /// Which layer, counted from 0 for the inputs.
        layer: usize,
        /// The neurons of the layer before.
        n_inputs: usize,
        /// Its own neurons.
        n_outputs: usize,
    },

    /// An array whose number of elements overflows, or for which there is no memory.
    #[error(
        "{what} would hold {rows} × {columns} values, which do not fit in memory: choose smaller sizes, or fewer samples at a time"
    )]
    Array {
        /// The array.
        what: &'static str,
        /// Its rows.
        rows: usize,
        /// Its columns.
        columns: usize,
    },

    /// An augmented data set of more copies than fit in memory.
    #[error(
        "{copies} copies of {samples} samples do not fit in memory; use fewer, or train on `Augmented` itself, which stores none"
    )]
    Copies {
        /// How many copies of each sample were requested.
        copies: usize,
        /// The number of samples.
        samples: usize,
    },
}
