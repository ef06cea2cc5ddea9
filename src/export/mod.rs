//! Trained networks in the forms that other programs run.

mod rust;

pub use rust::{EightBits, RustSource};
