//! Networks and costs with their types erased.

use nalgebra::DMatrix;

use super::{AnyNetwork, Network};
use crate::activation::Activation;
use crate::cost::Cost;
use crate::error::Result;
use crate::real::Real;

/// A network and its cost function, with their types erased.
///
/// Training and evaluation use this trait, so that they are compiled once for each scalar type, and not for each
/// combination of activations and costs in a program.
pub(crate) trait Model<T: Real>: Send + Sync {
    fn network(&self) -> &dyn AnyNetwork<T>;

    /// C_x of each example; see [`Cost::values`].
    fn costs(&self, z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, costs: &mut [f64]);

    /// ∂C_x/∂z of the outputs; see [`Cost::delta`].
    fn output_delta(&self, z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, delta: &mut DMatrix<T>);

    /// See [`Cost::check_targets`].
    fn check_targets(&self, y: &DMatrix<T>, first: usize) -> Result<()>;
}

/// A model whose parameters may change.
pub(crate) trait ModelMut<T: Real>: Model<T> {
    /// The weights and the biases of layer `index`, 0 for the first after the inputs.
    fn layer_mut(&mut self, index: usize) -> (&mut [T], &mut [T]);
}

/// A borrowed network and a borrowed cost.
pub(crate) struct Bound<'a, T, H, O, C> {
    pub(crate) network: &'a Network<T, H, O>,
    pub(crate) cost: &'a C,
}

impl<T: Real, H: Activation<T>, O: Activation<T>, C: Cost<T, O>> Model<T> for Bound<'_, T, H, O, C> {
    fn network(&self) -> &dyn AnyNetwork<T> {
        self.network
    }

    fn costs(&self, z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, costs: &mut [f64]) {
        self.cost.values(&self.network.output.activation, z, a, y, costs);
    }

    fn output_delta(&self, z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, delta: &mut DMatrix<T>) {
        self.cost.delta(&self.network.output.activation, z, a, y, delta);
    }

    fn check_targets(&self, y: &DMatrix<T>, first: usize) -> Result<()> {
        self.cost.check_targets(y, first)
    }
}

/// A network that is being trained, and the cost.
pub(crate) struct BoundMut<'a, T, H, O, C> {
    pub(crate) network: &'a mut Network<T, H, O>,
    pub(crate) cost: &'a C,
}

impl<T, H, O, C> BoundMut<'_, T, H, O, C> {
    fn bound(&self) -> Bound<'_, T, H, O, C> {
        Bound { network: self.network, cost: self.cost }
    }
}

impl<T: Real, H: Activation<T>, O: Activation<T>, C: Cost<T, O>> Model<T> for BoundMut<'_, T, H, O, C> {
    fn network(&self) -> &dyn AnyNetwork<T> {
        self.network
    }

    fn costs(&self, z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, costs: &mut [f64]) {
        self.bound().costs(z, a, y, costs);
    }

    fn output_delta(&self, z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, delta: &mut DMatrix<T>) {
        self.bound().output_delta(z, a, y, delta);
    }

    fn check_targets(&self, y: &DMatrix<T>, first: usize) -> Result<()> {
        self.bound().check_targets(y, first)
    }
}

impl<T: Real, H: Activation<T>, O: Activation<T>, C: Cost<T, O>> ModelMut<T> for BoundMut<'_, T, H, O, C> {
    fn layer_mut(&mut self, index: usize) -> (&mut [T], &mut [T]) {
        let Network { hidden, output } = self.network;
        let (weights, biases) = match hidden.get_mut(index) {
            Some(layer) => (&mut layer.weights, &mut layer.biases),
            None => (&mut output.weights, &mut output.biases),
        };
        (weights.as_mut_slice(), biases.as_mut_slice())
    }
}
