//! Tables, splits, scalers and images: what is read is what was written, and no sample is lost.

#[path = "suite/images.rs"]
mod images;
#[path = "suite/labels.rs"]
mod labels;
#[path = "suite/mistakes.rs"]
mod mistakes;
#[path = "suite/scale.rs"]
mod scale;
#[path = "suite/split.rs"]
mod split;
#[path = "suite/tables.rs"]
mod tables;
