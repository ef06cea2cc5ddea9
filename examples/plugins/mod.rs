//! One plug-in of each kind, a file each, with the line that tests it.

mod brier;
mod cosine;
mod generalization_loss;
mod lookahead;
mod smoothed;
mod swish;
mod weight_elimination;
pub mod wrong;

pub use brier::Brier;
pub use cosine::Cosine;
pub use generalization_loss::GeneralizationLoss;
pub use lookahead::Lookahead;
pub use smoothed::Smoothed;
pub use swish::Swish;
pub use weight_elimination::WeightElimination;
