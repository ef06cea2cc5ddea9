//! Values in the shape of a network's parameters: a gradient, an optimizer's state, a snapshot.

use nalgebra::{DMatrixView, DVectorView};
use serde::{Deserialize, Serialize};

#[cfg(doc)]
use super::Network;
use super::{AnyNetwork, Layer, ModelMut};
use crate::error::{Error, Result};
use crate::real::Real;

/// One value for each weight and each bias of a network: w₁, b₁, w₂, b₂, … in one vector, weights in column order. It
/// holds a gradient, for example.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let mut gradient = ParameterArrays::<f64>::zeros(&[784, 30, 10]);
/// assert_eq!(gradient.len(), 784 * 30 + 30 + 30 * 10 + 10);
/// assert_eq!(gradient.weights(1).shape(), (10, 30));
/// gradient.arrays_mut().for_each(|array| array.fill(1.0));
/// assert_eq!(gradient.biases(0).sum(), 30.0);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored<T>", bound(deserialize = "T: Real"))]
pub struct ParameterArrays<T> {
    sizes: Vec<usize>,
    values: Vec<T>,
}

/// The deserialized form, not yet validated.
#[derive(Deserialize)]
#[serde(rename = "ParameterArrays", bound(deserialize = "T: Real"))]
struct Stored<T> {
    sizes: Vec<usize>,
    values: Vec<T>,
}

impl<T: Real> TryFrom<Stored<T>> for ParameterArrays<T> {
    type Error = Error;

    fn try_from(Stored { sizes, values }: Stored<T>) -> Result<Self> {
        Self::from_values(sizes, values)
    }
}

/// The number of weights and biases of a network with layers of `sizes` neurons; `None` if it overflows.
fn count(sizes: &[usize]) -> Option<usize> {
    let layer = |pair: &[usize]| pair[0].checked_add(1)?.checked_mul(pair[1]);
    sizes.windows(2).try_fold(0, |sum: usize, pair| sum.checked_add(layer(pair)?))
}

impl<T: Real> ParameterArrays<T> {
    /// Creates zeros for a network with layers of `sizes` neurons, the inputs first.
    ///
    /// # Panics
    ///
    /// Panics if the number of parameters is larger than a `Vec` may be.
    pub fn zeros(sizes: &[usize]) -> Self {
        let len = count(sizes).unwrap_or(usize::MAX);
        Self { sizes: sizes.to_vec(), values: vec![T::zero(); len] }
    }

    /// Creates arrays for a network with layers of `sizes` neurons from all their values in order.
    ///
    /// # Errors
    ///
    /// Returns [`Error::SizeMismatch`] if there is not one value for each parameter.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// // Two inputs, one neuron: two weights and a bias.
    /// let arrays = ParameterArrays::from_values(vec![2, 1], vec![0.1, 0.2, 0.3])?;
    /// assert_eq!(arrays.weights(0), DMatrix::from_row_slice(1, 2, &[0.1, 0.2]));
    /// assert_eq!(arrays.biases(0)[0], 0.3);
    /// assert!(ParameterArrays::from_values(vec![2, 1], vec![0.1, 0.2]).is_err());
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn from_values(sizes: Vec<usize>, values: Vec<T>) -> Result<Self> {
        if count(&sizes) != Some(values.len()) {
            let expected = count(&sizes).unwrap_or(usize::MAX);
            return Err(Error::SizeMismatch {
                what: "values of all parameters",
                found: values.len(),
                expected,
            });
        }
        Ok(Self { sizes, values })
    }

    /// Copies the parameters of `network`.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let network = Network::<f64, _, _>::new(&[2, 3, 1], Tanh, Sigmoid, &ByActivation, 1)?;
    /// let copy = ParameterArrays::from_network(&network);
    /// assert_eq!(copy.len(), network.n_parameters());
    /// assert_eq!(copy.weights(1), network.output().weights);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn from_network(network: &dyn AnyNetwork<T>) -> Self {
        let mut copy = Self::zeros(&network.sizes());
        copy.copy_from(network);
        copy
    }

    /// Copies the parameters of `network`, which must have the same sizes. Does not allocate.
    pub(crate) fn copy_from(&mut self, network: &dyn AnyNetwork<T>) {
        let mut arrays = self.arrays_mut();
        for index in 0..network.n_layers() {
            let Layer { weights, biases, .. } = network.layer(index);
            let parameters = [weights.as_slice(), biases.as_slice()];
            parameters.into_iter().zip(&mut arrays).for_each(|(from, to)| to.copy_from_slice(from));
        }
    }

    /// Copies the values into the network of `model`, which must have the same sizes. Does not allocate.
    pub(crate) fn copy_to(&self, model: &mut dyn ModelMut<T>) {
        let mut arrays = self.arrays();
        for index in 0..model.network().n_layers() {
            let (weights, biases) = model.layer_mut(index);
            [weights, biases].into_iter().zip(&mut arrays).for_each(|(to, from)| to.copy_from_slice(from));
        }
    }

    /// Swaps the values with the parameters of `model`'s network, which must have the same sizes. Does not allocate.
    pub(crate) fn exchange(&mut self, model: &mut dyn ModelMut<T>) {
        let mut arrays = self.arrays_mut();
        for index in 0..model.network().n_layers() {
            let (weights, biases) = model.layer_mut(index);
            [weights, biases]
                .into_iter()
                .zip(&mut arrays)
                .for_each(|(one, other)| one.swap_with_slice(other));
        }
    }

    /// The number of neurons of each layer, the inputs first.
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// The number of values.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are no values: the network has no layers.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// All values in order.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// All values in order, mutably.
    pub fn values_mut(&mut self) -> &mut [T] {
        &mut self.values
    }

    /// The arrays w₁, b₁, w₂, b₂, … as slices, in the order of [`Network::parameters`].
    pub fn arrays(&self) -> impl Iterator<Item = &[T]> {
        let mut rest = &self.values[..];
        lengths(&self.sizes).map(move |len| {
            let (array, after) = rest.split_at(len);
            rest = after;
            array
        })
    }

    /// The arrays w₁, b₁, w₂, b₂, … as mutable slices, in the order of [`Network::parameters_mut`].
    pub fn arrays_mut(&mut self) -> impl Iterator<Item = &mut [T]> {
        let mut rest = &mut self.values[..];
        lengths(&self.sizes).map(move |len| {
            let (array, after) = std::mem::take(&mut rest).split_at_mut(len);
            rest = after;
            array
        })
    }

    /// The values for the weights of layer `index`, 0 for the first after the inputs: outputs × inputs.
    ///
    /// # Panics
    ///
    /// Panics if there is no such layer.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let arrays = ParameterArrays::from_values(vec![2, 1, 1], vec![0.1, 0.2, 0.3, 0.4, 0.5])?;
    /// assert_eq!(arrays.weights(0), DMatrix::from_row_slice(1, 2, &[0.1, 0.2]));
    /// assert_eq!(arrays.weights(1)[0], 0.4);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn weights(&self, index: usize) -> DMatrixView<'_, T> {
        let (n_in, n_out) = (self.sizes[index], self.sizes[index + 1]);
        DMatrixView::from_slice(&self.values[self.offset(index)..], n_out, n_in)
    }

    /// The values for the biases of layer `index`, 0 for the first after the inputs.
    ///
    /// # Panics
    ///
    /// Panics if there is no such layer.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let arrays = ParameterArrays::from_values(vec![2, 1, 1], vec![0.1, 0.2, 0.3, 0.4, 0.5])?;
    /// assert_eq!((arrays.biases(0)[0], arrays.biases(1)[0]), (0.3, 0.5));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn biases(&self, index: usize) -> DVectorView<'_, T> {
        let (n_in, n_out) = (self.sizes[index], self.sizes[index + 1]);
        DVectorView::from_slice(&self.values[self.offset(index) + n_in * n_out..], n_out)
    }

    /// The position of the first value of layer `index`.
    fn offset(&self, index: usize) -> usize {
        lengths(&self.sizes).take(2 * index).sum()
    }
}

impl<T> AsRef<[T]> for ParameterArrays<T> {
    fn as_ref(&self) -> &[T] {
        &self.values
    }
}

impl<T> AsMut<[T]> for ParameterArrays<T> {
    fn as_mut(&mut self) -> &mut [T] {
        &mut self.values
    }
}

/// The lengths of w₁, b₁, w₂, b₂, …
fn lengths(sizes: &[usize]) -> impl Iterator<Item = usize> {
    sizes.windows(2).flat_map(|pair| [pair[0] * pair[1], pair[1]])
}
