//! Networks in formats that other programs use without this crate.
//!
//! | for | see |
//! |---|---|
//! | firmware: one Rust file without a dependency | [`RustSource`] |
//! | ONNX Runtime, tract, rten and other runtimes | `onnx` (feature `onnx`) |

#[cfg(feature = "onnx")]
pub mod onnx;
mod rust;

pub use rust::{EightBits, RustSource};
