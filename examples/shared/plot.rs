//! Figures of the examples, in `target/figures`.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

pub use gradus::plot::Chart;
#[allow(unused_imports, reason = "most examples have a logarithmic axis")]
pub use gradus::plot::Scale;

const DIRECTORY: &str = "target/figures";

/// Draws `charts`, `columns` per row, under one title into `target/figures/NAME.svg`, and returns that path.
///
/// # Errors
///
/// Returns an error if the file cannot be written.
pub fn save(name: &str, title: &str, columns: usize, charts: &[Chart]) -> Result<PathBuf, Box<dyn Error>> {
    fs::create_dir_all(DIRECTORY).map_err(|error| format!("{DIRECTORY}: {error}"))?;
    let path = Path::new(DIRECTORY).join(name).with_extension("svg");
    gradus::plot::save(&path, title, columns, charts)?;
    Ok(path)
}
