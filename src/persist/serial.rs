//! Networks in JSON and the other formats of serde.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use super::rows::Matrix;
use crate::activation::Activation;
use crate::network::{Dense, Network};
use crate::real::Real;

/// A network as it is in the file.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Network", deny_unknown_fields)]
struct Layers<H, O> {
    hidden: Vec<H>,
    output: O,
}

/// A layer that is written.
#[derive(Serialize)]
#[serde(rename = "Dense")]
struct Written<'a, T: Real, A> {
    weights: Matrix<&'a DMatrix<T>>,
    biases: &'a [T],
    activation: &'a A,
}

impl<'a, T: Real, A> From<&'a Dense<T, A>> for Written<'a, T, A> {
    fn from(layer: &'a Dense<T, A>) -> Self {
        let Dense { weights, biases, activation } = layer;
        Self { weights: Matrix(weights), biases: biases.as_slice(), activation }
    }
}

/// A layer that was read, whose shapes and numbers are not yet checked.
#[derive(Deserialize)]
#[serde(rename = "Dense", deny_unknown_fields)]
#[serde(bound(deserialize = "T: Real, A: Deserialize<'de>"))]
struct Read<T: Real, A> {
    weights: Matrix<DMatrix<T>>,
    biases: Vec<T>,
    activation: A,
}

impl<T: Real, A> From<Read<T, A>> for Dense<T, A> {
    fn from(layer: Read<T, A>) -> Self {
        let Read { weights, biases, activation } = layer;
        Self { weights: weights.0, biases: DVector::from_vec(biases), activation }
    }
}

/// Writes `{"hidden": [layer, …], "output": layer}`, where a layer is `{"weights": [[w₀₀, w₀₁, …], …], "biases": [b₀,
/// …], "activation": f}`. A network with a NaN or an infinity is rejected, since JSON would write it as `null`.
impl<T, H, O> Serialize for Network<T, H, O>
where
    T: Real,
    H: Activation<T> + Serialize,
    O: Activation<T> + Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.check().map_err(ser::Error::custom)?;
        let hidden: Vec<Written<'_, T, H>> = self.hidden().iter().map(Written::from).collect();
        Layers { hidden, output: Written::from(self.output()) }.serialize(serializer)
    }
}

/// Reads the form that `Serialize` writes. Layers that do not fit each other and non-finite parameters are rejected.
impl<'de, T, H, O> Deserialize<'de> for Network<T, H, O>
where
    T: Real,
    H: Activation<T> + Deserialize<'de>,
    O: Activation<T> + Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let layers = Layers::<Read<T, H>, Read<T, O>>::deserialize(deserializer)?;
        let hidden = layers.hidden.into_iter().map(Dense::from).collect();
        Self::from_layers(hidden, layers.output.into()).map_err(de::Error::custom)
    }
}
