//! Custom parts, one file for each, with the line that tests it.

mod gap;
mod lookahead;
mod robust;
mod softsign;
mod spherical;
mod square_root;
mod weight_elimination;
pub mod wrong;

pub use gap::Gap;
pub use lookahead::Lookahead;
pub use robust::RobustCost;
pub use softsign::Softsign;
pub use spherical::Spherical;
pub use square_root::SquareRoot;
pub use weight_elimination::WeightElimination;
