//! Model selection: cross-validation and hyper-parameter search.

mod cross_validation;
mod found;
mod search;
mod space;

pub use cross_validation::{CrossValidated, CrossValidation};
pub use found::{Found, Tried};
pub use search::Search;
pub use space::{Trial, Value};
