//! Choosing among models: cross-validation, and the search for settings.

mod cross_validation;
mod found;
mod search;
mod space;

pub use cross_validation::{CrossValidated, CrossValidation};
pub use found::{Found, Tried};
pub use search::Search;
pub use space::{Trial, Value};
