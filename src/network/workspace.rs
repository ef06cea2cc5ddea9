//! Backpropagation: the forward pass, the errors δ and the gradient of a batch.

use std::ops::Range;

use nalgebra::DMatrix;

use super::gradient::Sums;
use super::outputs::reshape;
use super::shares::{self, Shares};
use super::{AnyNetwork, Bound, Model, Network, ParameterArrays};
use crate::activation::Activation;
use crate::cost::Cost;
use crate::data::Batch;
use crate::error::Result;
use crate::linalg;
use crate::memory;
use crate::real::{Real, all_finite};

/// Preallocated activations, errors δ and costs for batches of one size.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let network = Network::<f64, _, _>::new(&[2, 3, 1], Tanh, Sigmoid, &ScaledGaussian, 1)?;
/// let batch = Batch::new(DMatrix::from_element(2, 5, 0.5), DMatrix::from_element(1, 5, 1.0))?;
/// let mut workspace = Workspace::new(&network.sizes(), batch.examples())?;
/// let mut gradient = ParameterArrays::zeros(&network.sizes());
///
/// network.forward(&batch.x, &mut workspace);
/// let cost = network.cost(&CrossEntropy, &batch, &mut workspace);
/// network.backward(&CrossEntropy, &batch, &mut workspace, &mut gradient);
/// assert!(cost > 0.0 && gradient.biases(1)[0] < 0.0); // a larger bias would make the output larger, as it should be
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Workspace<T> {
    pub(super) layers: Vec<LayerWorkspace<T>>,
    /// The dropout mask of the inputs, if there is one.
    pub(super) inputs: Option<Mask<T>>,
    /// C_x of each example.
    pub(super) costs: Vec<f64>,
    /// The buffers in which the examples are summed.
    pub(super) sums: Sums<T>,
    /// The buffers of the threads that share the examples, if they do.
    pub(super) shares: Option<Box<Shares<T>>>,
}

/// One layer's buffers, each neurons × examples.
#[derive(Debug, Clone)]
pub(super) struct LayerWorkspace<T> {
    /// The weighted inputs, z = w a' + b with a' the activations of the layer before.
    z: DMatrix<T>,
    /// The activations, a = f(z).
    a: DMatrix<T>,
    /// The errors, δ = ∂C/∂z with C the mean cost of the batch.
    pub(super) delta: DMatrix<T>,
    /// The dropout mask of the activations, if there is one.
    mask: Option<Mask<T>>,
}

/// Factors of the activations on their way to the next layer, 0 for a neuron that is dropped, and the products.
#[derive(Debug, Clone)]
pub(crate) struct Mask<T> {
    /// Neurons × examples.
    pub(crate) factors: DMatrix<T>,
    pub(super) masked: DMatrix<T>,
}

impl<T: Real> Mask<T> {
    fn new(neurons: usize, examples: usize) -> Self {
        Self { factors: DMatrix::zeros(neurons, examples), masked: DMatrix::zeros(neurons, examples) }
    }

    fn apply(&mut self, a: &DMatrix<T>) {
        self.masked.copy_from(a);
        self.masked.component_mul_assign(&self.factors);
    }
}

impl<T> LayerWorkspace<T> {
    /// The inputs of the next layer.
    pub(super) fn outputs(&self) -> &DMatrix<T> {
        self.mask.as_ref().map_or(&self.a, |mask| &mask.masked)
    }
}

impl<T: Real> LayerWorkspace<T> {
    /// a and δ, neurons × examples.
    pub(super) fn results_mut(&mut self) -> (&mut [T], &mut [T]) {
        (self.a.as_mut_slice(), self.delta.as_mut_slice())
    }
}

impl<T: Real> Workspace<T> {
    /// Allocates buffers for `examples` examples in a network with layers of `sizes` neurons, the inputs first.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Memory`](crate::Error::Memory) if the buffers, mainly three values per neuron and example, do
    /// not fit in memory.
    pub fn new(sizes: &[usize], examples: usize) -> Result<Self> {
        let shapes = sizes.iter().skip(1).flat_map(|&size| [(size, examples); 3]);
        memory::check::<T>("the buffers of a workspace", shapes)?;
        let zeros = |size: usize| DMatrix::zeros(size, examples);
        let layer =
            |&size: &usize| LayerWorkspace { z: zeros(size), a: zeros(size), delta: zeros(size), mask: None };
        let highest = sizes.iter().skip(1).copied().max().unwrap_or(0);
        let mut costs = memory::reserve("the costs of a batch", examples, 1)?;
        costs.resize(examples, 0.0);
        Ok(Self {
            layers: sizes.iter().skip(1).map(layer).collect(),
            inputs: None,
            costs,
            sums: Sums::new(highest, examples, 1),
            shares: None,
        })
    }

    /// Divides the examples among threads for [`pass`], if that is faster and there are neither masks nor leaves.
    pub(crate) fn with_shares(mut self, sizes: &[usize]) -> Result<Self> {
        if self.sums.leaves.len() == 1 && self.masks_mut().next().is_none() {
            self.shares = Shares::new(sizes, self.examples())?.map(Box::new);
        }
        Ok(self)
    }

    /// Gives the buffers another number of examples, at most as many as in [`new`](Self::new), of `m` in the whole batch.
    /// Does not allocate.
    pub(super) fn resize(&mut self, examples: usize, m: usize) {
        self.set_leaves(std::iter::once(0..examples), m);
        for LayerWorkspace { z, a, delta, .. } in &mut self.layers {
            for matrix in [z, a, delta] {
                let rows = matrix.nrows();
                reshape(matrix, rows, examples);
            }
        }
        self.costs.resize(examples, 0.0);
    }

    /// Whether all weighted inputs, costs and errors δ are finite.
    pub(super) fn is_finite(&self) -> bool {
        let layers = self.layers.iter().flat_map(|layer| [&layer.z, &layer.delta]);
        layers.into_iter().all(|values| all_finite(values.as_slice()))
            && self.costs.iter().all(|cost| cost.is_finite())
    }

    /// Computes C_x of each example, after [`forward`] and with the targets `y`.
    pub(super) fn compute_costs(&mut self, model: &dyn Model<T>, y: &DMatrix<T>) {
        if let Some(last) = self.layers.last() {
            model.costs(&last.z, &last.a, y, &mut self.costs);
        }
    }

    /// Adds masks: the activations of layer l are multiplied by factors on their way to the next layer if `masked(l)`
    /// is true; the inputs are layer 0.
    pub(crate) fn with_masks(mut self, n_inputs: usize, masked: impl Fn(usize) -> bool) -> Self {
        let examples = self.examples();
        self.inputs = masked(0).then(|| Mask::new(n_inputs, examples));
        let last = self.layers.len();
        for (number, layer) in (1..last).zip(&mut self.layers) {
            layer.mask = masked(number).then(|| Mask::new(layer.a.nrows(), examples));
        }
        self
    }

    /// Visits the masks, each with the number of its layer.
    pub(crate) fn masks_mut(&mut self) -> impl Iterator<Item = (usize, &mut Mask<T>)> {
        let hidden = self.layers.iter_mut().map(|layer| &mut layer.mask);
        (0..)
            .zip([&mut self.inputs].into_iter().chain(hidden))
            .filter_map(|(l, mask)| Some((l, mask.as_mut()?)))
    }

    /// The number of examples.
    pub fn examples(&self) -> usize {
        self.costs.len()
    }

    /// The outputs of the network after [`Network::forward`], outputs × examples.
    ///
    /// # Panics
    ///
    /// Panics if the workspace was made for fewer than two sizes.
    pub fn outputs(&self) -> &DMatrix<T> {
        &self.layers[self.layers.len() - 1].a
    }

    /// The weighted inputs z of layer `index` after [`Network::forward`], 0 for the first layer after the inputs;
    /// neurons × examples.
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
    /// // One neuron without a bias, a = max(z, 0) with z = −x.
    /// let output = Dense {
    ///     weights: DMatrix::from_element(1, 1, -1.0),
    ///     biases: DVector::zeros(1),
    ///     activation: Relu,
    /// };
    /// let network = Network::<f64, Relu, _>::from_layers(vec![], output)?;
    /// let mut workspace = Workspace::new(&network.sizes(), 1)?;
    /// network.forward(&DMatrix::from_element(1, 1, 2.0), &mut workspace);
    /// assert_eq!((workspace.weighted_inputs(0)[0], workspace.activations(0)[0]), (-2.0, 0.0));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn weighted_inputs(&self, index: usize) -> &DMatrix<T> {
        &self.layers[index].z
    }

    /// The activations of layer `index`, 0 for the first after the inputs; neurons × examples.
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
    /// let network = Network::<f64, _, _>::new(&[2, 3, 1], Sigmoid, Linear, &ByActivation, 1)?;
    /// let mut workspace = Workspace::new(&network.sizes(), 5)?;
    /// network.forward(&DMatrix::zeros(2, 5), &mut workspace);
    /// // Without inputs and biases, every hidden neuron has σ(0) = ½.
    /// assert_eq!(workspace.activations(0), &DMatrix::from_element(3, 5, 0.5));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn activations(&self, index: usize) -> &DMatrix<T> {
        &self.layers[index].a
    }

    /// The errors δ of layer `index` after [`Network::compute_deltas`], 0 for the first layer after the inputs;
    /// neurons × examples.
    ///
    /// # Panics
    ///
    /// Panics if there is no such layer.
    pub fn deltas(&self, index: usize) -> &DMatrix<T> {
        &self.layers[index].delta
    }

    /// C_x of each example, after [`Network::cost`].
    pub fn costs(&self) -> &[f64] {
        &self.costs
    }
}

impl<T: Real, H: Activation<T>, O: Activation<T>> Network<T, H, O> {
    /// Computes the activations of every layer: z = w a' + b, a = f(z), where a' are the activations of the layer
    /// before, or `x` for the first layer.
    ///
    /// # Shapes
    ///
    /// `x` n_in × examples.
    ///
    /// # Panics
    ///
    /// Panics if `workspace` was made for other sizes or another number of examples.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// // One neuron, a = 2 x + 1.
    /// let output = Dense {
    ///     weights: DMatrix::from_element(1, 1, 2.0),
    ///     biases: DVector::from_element(1, 1.0),
    ///     activation: Linear,
    /// };
    /// let network = Network::<f64, Linear, _>::from_layers(vec![], output)?;
    /// let mut workspace = Workspace::new(&network.sizes(), 2)?;
    /// network.forward(&DMatrix::from_row_slice(1, 2, &[3.0, -1.0]), &mut workspace);
    /// assert_eq!(workspace.outputs().as_slice(), [7.0, -1.0]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn forward(&self, x: &DMatrix<T>, workspace: &mut Workspace<T>) {
        forward(self, x, workspace);
    }

    /// Computes the cost C_j of each example of the batch after [`forward`](Self::forward), and returns Σ_j weight_j
    /// C_j.
    ///
    /// # Panics
    ///
    /// Panics if `workspace` was made for other sizes or another number of examples.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// // One neuron, a = 2 x + 1.
    /// let output = Dense {
    ///     weights: DMatrix::from_element(1, 1, 2.0),
    ///     biases: DVector::from_element(1, 1.0),
    ///     activation: Linear,
    /// };
    /// let network = Network::<f64, Linear, _>::from_layers(vec![], output)?;
    /// let x = DMatrix::from_row_slice(1, 2, &[3.0, -1.0]);
    /// let batch = Batch::new(x, DMatrix::from_row_slice(1, 2, &[5.0, -1.0]))?;
    /// let mut workspace = Workspace::new(&network.sizes(), batch.examples())?;
    /// network.forward(&batch.x, &mut workspace);
    /// // The outputs are 7 and −1.
    /// assert_eq!(network.cost(&Quadratic, &batch, &mut workspace), 2.0);
    /// assert_eq!(workspace.costs(), [2.0, 0.0]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn cost<C: Cost<T, O>>(&self, cost: &C, batch: &Batch<T>, workspace: &mut Workspace<T>) -> f64 {
        compute_costs(&Bound { network: self, cost }, batch, workspace)
    }

    /// Computes the gradient of the mean cost 1/m Σ_j weight_j C_j of the batch of m examples after
    /// [`forward`](Self::forward).
    ///
    /// # Panics
    ///
    /// Panics if `workspace` or `gradient` was made for other sizes, or `workspace` for another number of examples.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// // One neuron, a = 2 x + 1.
    /// let output = Dense {
    ///     weights: DMatrix::from_element(1, 1, 2.0),
    ///     biases: DVector::from_element(1, 1.0),
    ///     activation: Linear,
    /// };
    /// let network = Network::<f64, Linear, _>::from_layers(vec![], output)?;
    /// let x = DMatrix::from_row_slice(1, 2, &[3.0, -1.0]);
    /// let batch = Batch::new(x, DMatrix::from_row_slice(1, 2, &[5.0, -1.0]))?;
    /// let mut workspace = Workspace::new(&network.sizes(), batch.examples())?;
    /// network.forward(&batch.x, &mut workspace);
    /// // The outputs are 7 and −1, so that the first example has the error a − y = 2.
    /// let mut gradient = ParameterArrays::zeros(&network.sizes());
    /// network.backward(&Quadratic, &batch, &mut workspace, &mut gradient);
    /// assert_eq!((gradient.weights(0)[0], gradient.biases(0)[0]), (2.0 * 3.0 / 2.0, 2.0 / 2.0));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn backward<C: Cost<T, O>>(
        &self,
        cost: &C,
        batch: &Batch<T>,
        workspace: &mut Workspace<T>,
        gradient: &mut ParameterArrays<T>,
    ) {
        self.compute_deltas(cost, batch, workspace);
        let mut arrays = gradient.arrays_mut();
        for index in 0..workspace.layers.len() {
            let (Some(weights), Some(biases)) = (arrays.next(), arrays.next()) else {
                panic!("the gradient has arrays for fewer layers than the network");
            };
            let inputs = weights.len() / biases.len().max(1);
            workspace.begin_gradient(index);
            workspace.weight_gradient(&batch.x, index, 0..inputs, weights, &mut []);
            workspace.bias_gradient(index, biases, &mut []);
        }
    }

    /// Computes the error δ = ∂C/∂z of every layer after [`forward`](Self::forward), with C = 1/m Σ_j weight_j C_j the
    /// mean cost of the batch of m examples.
    ///
    /// # Panics
    ///
    /// Panics if `workspace` was made for other sizes or another number of examples.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// // One neuron, a = 2 x + 1.
    /// let output = Dense {
    ///     weights: DMatrix::from_element(1, 1, 2.0),
    ///     biases: DVector::from_element(1, 1.0),
    ///     activation: Linear,
    /// };
    /// let network = Network::<f64, Linear, _>::from_layers(vec![], output)?;
    /// let x = DMatrix::from_row_slice(1, 2, &[3.0, -1.0]);
    /// let batch = Batch::new(x, DMatrix::from_row_slice(1, 2, &[5.0, -1.0]))?;
    /// let mut workspace = Workspace::new(&network.sizes(), batch.examples())?;
    /// network.forward(&batch.x, &mut workspace);
    /// // The outputs are 7 and −1. The errors a − y are divided by the number of examples.
    /// network.compute_deltas(&Quadratic, &batch, &mut workspace);
    /// assert_eq!(workspace.deltas(0).as_slice(), [1.0, 0.0]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn compute_deltas<C: Cost<T, O>>(&self, cost: &C, batch: &Batch<T>, workspace: &mut Workspace<T>) {
        compute_deltas(&Bound { network: self, cost }, (&batch.y, &batch.weights), workspace);
    }
}

/// See [`Network::forward`].
pub(crate) fn forward<T: Real>(network: &dyn AnyNetwork<T>, x: &DMatrix<T>, workspace: &mut Workspace<T>) {
    forward_some(network, x, 0..x.ncols(), workspace);
}

/// [`forward`] for some `examples`, which are columns of `x`.
pub(super) fn forward_some<T: Real>(
    network: &dyn AnyNetwork<T>,
    x: &DMatrix<T>,
    mut examples: Range<usize>,
    workspace: &mut Workspace<T>,
) {
    let Workspace { layers, inputs, .. } = workspace;
    let mut before = match inputs {
        Some(mask) => {
            mask.apply(x);
            &mask.masked
        }
        None => x,
    };
    assert_eq!(layers.len(), network.n_layers(), "layers of the workspace against those of the network");
    for (index, buffers) in layers.iter_mut().enumerate() {
        let layer = network.layer(index);
        linalg::weighted_inputs_of(layer.weights, layer.biases, before, examples, &mut buffers.z);
        layer.activation.activate(&buffers.z, &mut buffers.a);
        if let Some(mask) = &mut buffers.mask {
            mask.apply(&buffers.a);
        }
        before = buffers.outputs();
        examples = 0..before.ncols();
    }
}

/// See [`Network::cost`].
pub(crate) fn compute_costs<T: Real>(
    model: &dyn Model<T>,
    batch: &Batch<T>,
    workspace: &mut Workspace<T>,
) -> f64 {
    workspace.compute_costs(model, &batch.y);
    workspace.sums.cost(&workspace.costs, &batch.weights)
}

/// The outcome of [`pass`].
pub(crate) struct Passed {
    /// Σ weight_x C_x.
    pub(crate) sum: f64,
    /// Whether this sum, and every weighted input and error δ, is finite. If not, the workspace holds them all.
    pub(crate) is_finite: bool,
}

/// Takes a batch forward and back: computes what its gradient needs, the activations and the errors δ, and the costs.
pub(crate) fn pass<T: Real>(model: &dyn Model<T>, batch: &Batch<T>, workspace: &mut Workspace<T>) -> Passed {
    if let Some(sum) = shares::compute(model, batch, workspace) {
        return Passed { sum, is_finite: true };
    }
    forward(model.network(), &batch.x, workspace);
    let sum = compute_costs(model, batch, workspace);
    compute_deltas(model, (&batch.y, &batch.weights), workspace);
    Passed { sum, is_finite: sum.is_finite() && workspace.is_finite() }
}

/// Computes the error δ = ∂C/∂z of every layer; see [`Network::compute_deltas`].
///
/// The output layer's δ comes from the cost and is divided by m, the number of examples of the batch. Each layer,
/// from the last to the second, passes ∂C/∂a' = wᵀ δ to the layer before, whose activation pulls it back to the δ of
/// that layer.
///
/// Source: chapter 2 of the book, equations (BP1) and (BP2), for a whole batch at once.
pub(super) fn compute_deltas<T: Real>(
    model: &dyn Model<T>,
    (y, weights): (&DMatrix<T>, &[T]),
    workspace: &mut Workspace<T>,
) {
    let m = T::cast(workspace.sums.m as f64);
    if let Some(last) = workspace.layers.last_mut() {
        model.output_delta(&last.z, &last.a, y, &mut last.delta);
        for (mut delta, &weight) in last.delta.column_iter_mut().zip(weights) {
            delta.apply(|delta| *delta = *delta * weight / m);
        }
    }
    let network = model.network();
    for index in (1..workspace.layers.len()).rev() {
        let (before, from_here) = workspace.layers.split_at_mut(index);
        let LayerWorkspace { z, a, delta, mask } = &mut before[index - 1];
        linalg::input_gradient(network.layer(index).weights, &from_here[0].delta, delta);
        if let Some(mask) = mask {
            delta.component_mul_assign(&mask.factors);
        }
        network.layer(index - 1).activation.pull_back(z, a, delta);
    }
}
