//! Backpropagation: a batch forward through the network, and its error back.

use nalgebra::{DMatrix, DVector};

use super::Network;
use crate::activation::Activation;
use crate::cost::Cost;
use crate::linalg;
use crate::real::Real;

/// The matrices that a batch of a fixed number of examples needs on its way, made once and used for every batch.
#[derive(Debug, Clone)]
pub struct Workspace<T> {
    /// The inputs, n_in × examples.
    pub x: DMatrix<T>,
    /// The targets, n_out × examples.
    pub y: DMatrix<T>,
    layers: Vec<LayerWorkspace<T>>,
}

/// One layer's part in a pass, each neurons × examples.
#[derive(Debug, Clone)]
struct LayerWorkspace<T> {
    /// The weighted inputs, z = w a' + b with a' the activations of the layer before.
    z: DMatrix<T>,
    /// The activations, a = f(z).
    a: DMatrix<T>,
    /// The errors, δ = ∂C/∂z with C the mean cost of the batch.
    delta: DMatrix<T>,
}

impl<T: Real> Workspace<T> {
    /// Room for `examples` examples in a network with layers of `sizes` neurons, the inputs first.
    pub fn new(sizes: &[usize], examples: usize) -> Self {
        let zeros = |size: usize| DMatrix::zeros(size, examples);
        let layer = |&size: &usize| LayerWorkspace { z: zeros(size), a: zeros(size), delta: zeros(size) };
        Self {
            x: zeros(sizes.first().copied().unwrap_or(0)),
            y: zeros(sizes.last().copied().unwrap_or(0)),
            layers: sizes.iter().skip(1).map(layer).collect(),
        }
    }

    /// The inputs a' of layer `index` and its errors δ; the first hidden layer has index 0.
    pub(crate) fn layer(&self, index: usize) -> (&DMatrix<T>, &DMatrix<T>) {
        let before = index.checked_sub(1).map_or(&self.x, |before| &self.layers[before].a);
        (before, &self.layers[index].delta)
    }

    /// The gradient of the mean cost, from the errors that [`Network::compute_deltas`] has found: for each layer
    ///
    /// ```text
    /// ∂C/∂w = δ a'ᵀ        ∂C/∂b = Σ_x δ_x
    /// ```
    ///
    /// with a' the activations of the layer before.
    ///
    /// Source: chapter 2 of the book, equations (BP3) and (BP4), for a whole batch at once.
    pub fn gradient(&self, gradient: &mut Gradient<T>) {
        for (index, (weights, biases)) in gradient.layers.iter_mut().enumerate() {
            let (a, delta) = self.layer(index);
            linalg::weight_gradient(delta, a, weights);
            linalg::bias_gradient(delta, biases.as_mut_slice());
        }
    }

    /// The number of examples.
    pub fn examples(&self) -> usize {
        self.x.ncols()
    }

    /// The outputs of the network, outputs × examples.
    pub fn outputs(&self) -> &DMatrix<T> {
        self.layers.last().map_or(&self.x, |layer| &layer.a)
    }

    pub(super) fn into_outputs(mut self) -> DMatrix<T> {
        self.layers.pop().map_or(self.x, |layer| layer.a)
    }
}

/// The gradient of the mean cost of a batch: for each layer ∂C/∂w and ∂C/∂b, in the shapes of w and b.
#[derive(Debug, Clone)]
pub struct Gradient<T> {
    layers: Vec<(DMatrix<T>, DVector<T>)>,
}

impl<T: Real> Gradient<T> {
    /// A gradient of zeros for a network with layers of `sizes` neurons, the inputs first.
    pub fn new(sizes: &[usize]) -> Self {
        let layer = |size: &[usize]| (DMatrix::zeros(size[1], size[0]), DVector::zeros(size[1]));
        Self { layers: sizes.windows(2).map(layer).collect() }
    }

    /// ∂C/∂w and ∂C/∂b of each layer, the first hidden one first.
    pub fn layers(&self) -> &[(DMatrix<T>, DVector<T>)] {
        &self.layers
    }

    /// The same as slices, in the order of [`Network::parameters_mut`].
    pub fn arrays_mut(&mut self) -> impl Iterator<Item = &mut [T]> {
        self.layers.iter_mut().flat_map(|(w, b)| [w.as_mut_slice(), b.as_mut_slice()])
    }

    /// The same as slices, in the order of [`Network::parameters`].
    pub fn arrays(&self) -> impl Iterator<Item = &[T]> {
        self.layers.iter().flat_map(|(w, b)| [w.as_slice(), b.as_slice()])
    }
}

impl<T: Real, H: Activation<T>, O: Activation<T>> Network<T, H, O> {
    /// Takes `pass.x` through the network: for each layer z = w a' + b, a = f(z), where a' is the activation of the
    /// layer before, and x for the first.
    pub fn forward(&self, pass: &mut Workspace<T>) {
        let mut before = &pass.x;
        for (layer, LayerWorkspace { z, a, .. }) in self.layers().zip(&mut pass.layers) {
            linalg::weighted_inputs(layer.weights, layer.biases, before, z);
            layer.activation.activate(z, a);
            before = a;
        }
    }

    /// Σ_x C_x of the pass that has just gone forward.
    pub fn cost<C: Cost<T, O>>(&self, cost: &C, pass: &Workspace<T>) -> f64 {
        pass.layers.last().map_or(0.0, |last| cost.value(&self.output.activation, &last.z, &last.a, &pass.y))
    }

    /// Takes the error of the pass that has just gone forward back through the network, and computes the gradient of
    /// the batch's mean cost: [`compute_deltas`](Self::compute_deltas) and then [`Workspace::gradient`].
    pub fn backward<C: Cost<T, O>>(&self, cost: &C, pass: &mut Workspace<T>, gradient: &mut Gradient<T>) {
        self.compute_deltas(cost, pass);
        pass.gradient(gradient);
    }

    /// Finds the error δ = ∂C/∂z of every layer, C being the mean cost of the batch that has just gone forward.
    ///
    /// That of the output layer comes from the cost, divided by the number of examples m. Each layer, from the last to
    /// the second, hands ∂C/∂a' = wᵀ δ to the layer before, whose activation pulls it back to its own δ.
    ///
    /// Source: chapter 2 of the book, equations (BP1) and (BP2), for a whole batch at once.
    pub fn compute_deltas<C: Cost<T, O>>(&self, cost: &C, pass: &mut Workspace<T>) {
        let m = T::cast(pass.examples() as f64);
        if let Some(last) = pass.layers.last_mut() {
            cost.delta(&self.output.activation, &last.z, &last.a, &pass.y, &mut last.delta);
            last.delta /= m;
        }
        for (index, layer) in self.hidden.iter().enumerate().rev() {
            let after = self.hidden.get(index + 1).map_or(&self.output.weights, |layer| &layer.weights);
            let (before, from_here) = pass.layers.split_at_mut(index + 1);
            let LayerWorkspace { z, a, delta } = &mut before[index];
            linalg::input_gradient(after, &from_here[0].delta, delta);
            layer.activation.pull_back(z, a, delta);
        }
    }
}
