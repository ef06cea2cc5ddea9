//! The JSON of the book's program `network2.py`.

use std::path::Path;

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use super::rows::{Matrices, Matrix};
use super::{FileSystem, IN_MEMORY, MAX_BYTES, Outcome, read, refuse, replace};
use crate::activation::Sigmoid;
use crate::error::{Error, FileProblem, Result};
use crate::network::{Dense, Network};

/// The cost function that a file of `network2.py` names.
///
/// # Examples
///
/// Choosing the cost for further training:
///
/// ```
/// use gradus::persist::{Network2, Network2Cost};
/// use gradus::prelude::*;
///
/// let saved = r#"{"sizes": [2, 1], "weights": [[[0.5, -1.0]]], "biases": [[[0.25]]],
///     "cost": "QuadraticCost"}"#;
/// let cost: AnyCost<f64, Sigmoid> = match Network2::from_json(saved.as_bytes())?.cost {
///     Network2Cost::Quadratic => "quadratic".parse()?,
///     Network2Cost::CrossEntropy => "cross_entropy".parse()?,
/// };
/// assert_eq!(cost.to_string(), "quadratic");
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Network2Cost {
    /// `QuadraticCost`, here [`Quadratic`](crate::cost::Quadratic).
    #[serde(rename = "QuadraticCost")]
    Quadratic,
    /// `CrossEntropyCost`, here [`CrossEntropy`](crate::cost::CrossEntropy).
    #[serde(rename = "CrossEntropyCost")]
    CrossEntropy,
}

/// A network that the book's program `network2.py` saved or can load: sigmoid neurons in double precision.
///
/// The file is one JSON object:
///
/// | field | contents |
/// |---|---|
/// | `sizes` | the number of neurons of each layer, the inputs first |
/// | `weights` | for each layer after the inputs w as a list of rows, one row for each neuron |
/// | `biases` | for each layer after the inputs b as a list of rows with one number each |
/// | `cost` | `"CrossEntropyCost"` or `"QuadraticCost"` |
///
/// Source: `network2.py`, `Network.save` and `load`, in the code repository of the book.
///
/// # Examples
///
/// ```
/// use gradus::persist::{Network2, Network2Cost};
/// use gradus::prelude::*;
///
/// let saved = r#"{"sizes": [2, 1], "weights": [[[0.5, -1.0]]], "biases": [[[0.25]]],
///     "cost": "CrossEntropyCost"}"#;
/// let Network2 { network, cost } = Network2::from_json(saved.as_bytes())?;
/// assert_eq!(cost, Network2Cost::CrossEntropy);
/// let outputs = network.predict(&DMatrix::from_column_slice(2, 1, &[1.0, 0.0]))?;
/// assert_eq!(outputs[(0, 0)], Sigmoid::eval(0.75));
///
/// let again = Network2::from_json(&Network2 { network, cost }.to_json()?)?;
/// assert_eq!(again.network.output().weights.as_slice(), [0.5, -1.0]);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Network2 {
    /// The network.
    pub network: Network<f64, Sigmoid, Sigmoid>,
    /// The cost function with which it was trained.
    pub cost: Network2Cost,
}

/// The file that is written.
#[derive(Serialize)]
struct Written<'a> {
    sizes: Vec<usize>,
    weights: Vec<Matrix<&'a DMatrix<f64>>>,
    biases: Vec<Vec<[f64; 1]>>,
    cost: Network2Cost,
}

/// The file that was read, whose shapes and numbers are not yet checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    sizes: Vec<usize>,
    weights: Matrices<f64>,
    biases: Matrices<f64>,
    cost: Network2Cost,
}

impl Network2 {
    /// Returns the JSON, for `network2.load` of the book's program.
    ///
    /// # Errors
    ///
    /// Returns [`Error::File`] with [`FileProblem::Network`] if the layers were changed so that they do not fit each
    /// other, or if a parameter is not finite.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        self.try_to_json().map_err(|problem| refuse(IN_MEMORY, problem))
    }

    /// Reads JSON that the book's program saved.
    ///
    /// # Errors
    ///
    /// Returns [`Error::File`] with [`FileProblem::Json`] if `json` is not of this form, and with
    /// [`FileProblem::Network`] if the layers do not fit each other or `sizes`, or if a parameter is not finite.
    pub fn from_json(json: &[u8]) -> Result<Self> {
        Self::try_from_json(json).map_err(|problem| refuse(IN_MEMORY, problem))
    }

    /// Writes the JSON to the file at `path`, in place of the one that is there; see [`replace()`](super::replace()).
    ///
    /// # Errors
    ///
    /// Returns the errors of [`to_json`](Self::to_json) and of [`replace()`](super::replace()).
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let json = self.try_to_json().map_err(|problem| refuse(&path, problem))?;
        replace(&FileSystem, path, &json)
    }

    /// Reads the file at `path` of at most [`MAX_BYTES`] bytes.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`from_json`](Self::from_json), and [`Error::File`] if the file is missing, unreadable,
    /// not regular, or too long.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::load_within(path, MAX_BYTES)
    }

    /// Reads the file at `path` of at most `max_bytes` bytes, with at most ten times as much memory.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`load`](Self::load).
    pub fn load_within(path: impl AsRef<Path>, max_bytes: u64) -> Result<Self> {
        read::read(path.as_ref(), max_bytes)
            .and_then(|json| Self::try_from_json(&json))
            .map_err(|problem| refuse(path, problem))
    }

    fn try_to_json(&self) -> Outcome<Vec<u8>> {
        self.network.check()?;
        let written = Written {
            sizes: self.network.sizes(),
            weights: self.network.layers().map(|layer| Matrix(layer.weights)).collect(),
            biases: self.network.layers().map(|layer| layer.biases.iter().map(|&b| [b]).collect()).collect(),
            cost: self.cost,
        };
        serde_json::to_vec(&written).map_err(json)
    }

    fn try_from_json(text: &[u8]) -> Outcome<Self> {
        let Read { sizes, weights, biases, cost } = serde_json::from_slice(text).map_err(json)?;
        let n_layers = sizes.len().saturating_sub(1);
        check_size("weight matrices, one for each layer after the inputs", weights.len(), n_layers)?;
        check_size("bias vectors, one for each layer after the inputs", biases.len(), n_layers)?;
        let mut hidden = Vec::new();
        for (weights, biases) in weights.into_iter().zip(biases.into_iter()) {
            check_size("columns of the biases", biases.ncols(), 1)?;
            let biases = DVector::from_column_slice(biases.as_slice());
            hidden.push(Dense { weights, biases, activation: Sigmoid });
        }
        let output = hidden.pop().ok_or(Error::TooFewLayers { found: sizes.len() })?;
        let network = Network::from_layers(hidden, output)?;
        for (found, expected) in network.sizes().into_iter().zip(sizes) {
            check_size("neurons of a layer, by the shapes of its parameters", found, expected)?;
        }
        Ok(Self { network, cost })
    }
}

fn check_size(what: &'static str, found: usize, expected: usize) -> Result<()> {
    if found == expected { Ok(()) } else { Err(Error::SizeMismatch { what, found, expected }) }
}

fn json(error: serde_json::Error) -> FileProblem {
    FileProblem::Json { what: "JSON of network2.py", reason: error.to_string() }
}
