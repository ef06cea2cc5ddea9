//! The check of a whole network's gradient.

use nalgebra::DMatrix;

use super::difference::derivative;
use crate::activation::Activation;
use crate::cost::Cost;
use crate::data::{Batch, check_finite};
use crate::error::{Error, Result};
use crate::network::{Network, ParameterArrays, Workspace, check_batch_shapes};

/// Verifies backpropagation: the derivative of the mean cost of the batch (`x`, `y`) with respect to every weight and
/// bias of `network` agrees with finite differences to a relative error of 10⁻⁷.
///
/// # Shapes
///
/// `x` is inputs × examples, `y` outputs × examples.
///
/// # Errors
///
/// Returns [`Error::SizeMismatch`] if `x` or `y` does not fit the network, or its layers do not fit each other;
/// [`Error::Empty`] if there are no examples; [`Error::NonFiniteSample`] or [`Error::NonFiniteParameter`] for a NaN or
/// an infinity in the batch or the network; and [`Error::Law`] for the first parameter whose derivative is wrong.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let network = Network::new(&[3, 4, 4, 2], Tanh, Sigmoid, &ScaledGaussian, 1)?;
/// let x = DMatrix::from_fn(3, 5, |i, j| (i as f64 - j as f64) / 3.0);
/// let y = DMatrix::from_fn(2, 5, |i, j| ((i + j) % 2) as f64);
/// gradus::check::gradient(&network, &CrossEntropy, &x, &y)?;
/// # Ok::<(), gradus::Error>(())
/// ```
pub fn gradient<H, O, C>(
    network: &Network<f64, H, O>,
    cost: &C,
    x: &DMatrix<f64>,
    y: &DMatrix<f64>,
) -> Result<()>
where
    H: Activation<f64> + Clone,
    O: Activation<f64> + Clone,
    C: Cost<f64, O>,
{
    network.check()?;
    check_batch_shapes(x.shape(), y.shape(), (network.n_inputs(), network.n_outputs()))?;
    if x.ncols() == 0 {
        return Err(Error::Empty { what: "the batch" });
    }
    check_finite("input", x, 0)?;
    check_finite("target", y, 0)?;

    let sizes = network.sizes();
    let batch = Batch::new(x.clone(), y.clone())?;
    let (mut workspace, mut found) = (Workspace::new(&sizes, x.ncols())?, ParameterArrays::zeros(&sizes));
    network.forward(x, &mut workspace);
    let here = network.cost(cost, &batch, &mut workspace) / x.ncols() as f64;
    network.backward(cost, &batch, &mut workspace, &mut found);

    let mut moved = network.clone();
    for (index, array) in found.arrays().enumerate() {
        let name = if index % 2 == 0 { "weights" } else { "biases" };
        for (i, &found) in array.iter().enumerate() {
            let at = || format!("element {i} of the {name} of layer {}", index / 2 + 1);
            let along = |h: f64| {
                let parameter = moved.parameters_mut().nth(index).and_then(|array| array.get_mut(i));
                let before = parameter.map(|parameter| std::mem::replace(parameter, *parameter + h));
                moved.forward(x, &mut workspace);
                let there = moved.cost(cost, &batch, &mut workspace) / x.ncols() as f64;
                if let (Some(array), Some(before)) = (moved.parameters_mut().nth(index), before) {
                    array[i] = before;
                }
                there
            };
            derivative(&cost, "backward gives the gradient of the mean cost", at, found, here, along)?;
        }
    }
    Ok(())
}
