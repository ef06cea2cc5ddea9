//! Predictions in the units of the data: numbers, classes, their names and probabilities.

mod buffers;
mod meaning;
mod prediction;
mod predictor;

pub use meaning::Meaning;
pub use prediction::Prediction;
pub use predictor::Predictor;
