//! The laws of a regularizer.

use nalgebra::DMatrix;

use super::difference::derivative;
use super::{check_close, check_that, normal, numbers, rng};
use crate::error::Result;
use crate::regularizer::{LayerInfo, Regularizer};

/// Verifies a regularizer, on the weights of two layers of different shapes:
///
/// - `add_gradient` adds `scale` times the derivative of `penalty`: it agrees with finite differences to a relative
///   error of 10⁻⁷ and, at a kink such as that of |w| at 0, lies between the one-sided derivatives;
/// - it adds to the values in `grad`;
/// - if [`elementwise`](Regularizer::elementwise) is true, the gradient computed piece by piece is bitwise the same;
/// - weights up to ±10³⁰⁸ never give NaN, though a penalty may be infinite.
///
/// # Errors
///
/// Returns [`Error::Law`](crate::Error::Law) for the first law that is broken.
///
/// # Examples
///
/// A penalty ‖w‖² with the gradient of ½‖w‖²:
///
/// ```
/// use gradus::prelude::*;
///
/// #[derive(Debug)]
/// struct Wrong;
/// impl Regularizer<f64> for Wrong {
///     fn penalty(&self, _: &LayerInfo, w: &[f64]) -> f64 {
///         w.iter().map(|w| w * w).sum()
///     }
///     fn add_gradient(&self, _: &LayerInfo, w: &[f64], scale: f64, grad: &mut [f64]) {
///         grad.iter_mut().zip(w).for_each(|(g, w)| *g += scale * w);
///     }
/// }
/// assert!(gradus::check::regularizer(&Wrong).is_err());
/// ```
pub fn regularizer<R: Regularizer<f64>>(regularizer: &R) -> Result<()> {
    let mut rng = rng(3);
    // 3 neurons with 4 inputs, and 4 neurons with 3 inputs.
    for at in [LayerInfo { layer: 0, rows: 3 }, LayerInfo { layer: 1, rows: 4 }] {
        for scale in [0.1, 1.0, 10.0] {
            let mut w = normal(&mut rng, 12, 1, scale);
            w[5] = 0.0;
            check_gradient(regularizer, &at, w.as_slice())?;
        }
        // All weights of one neuron and of one input are 0.
        let mut w = normal(&mut rng, at.rows, 12 / at.rows, 1.0);
        w.row_mut(1).fill(0.0);
        w.column_mut(2).fill(0.0);
        check_gradient(regularizer, &at, w.as_slice())?;
        check_elementwise(regularizer, &at, normal(&mut rng, 12, 1, 1.0).as_slice())?;
        for x in [1e150, -1e150, 1e200, -1e200, 1e308, -1e308] {
            let (mut grad, w) = ([0.0; 12], DMatrix::from_fn(12, 1, |i, _| if i == 0 { x } else { 0.0 }));
            regularizer.add_gradient(&at, w.as_slice(), 1.0, &mut grad);
            let penalty = regularizer.penalty(&at, w.as_slice());
            let numbers = !grad.iter().any(|g| g.is_nan()) && !penalty.is_nan();
            let at = || format!("w = [{x:e}, 0, … 0]");
            check_that(regularizer, "extreme weights give no NaN", at, numbers)?;
        }
    }
    Ok(())
}

/// Verifies that `add_gradient` adds the derivative of the penalty to the values in `grad`.
fn check_gradient<R: Regularizer<f64>>(regularizer: &R, layer: &LayerInfo, w: &[f64]) -> Result<()> {
    let place = |i: usize| format!("w[{i}] of a layer of {} neurons at w = {}", layer.rows, numbers(w));
    let factor = 0.7;
    let mut added = vec![0.0; w.len()];
    regularizer.add_gradient(layer, w, factor, &mut added);

    let penalty = regularizer.penalty(layer, w);
    for i in 0..w.len() {
        let along = |h: f64| {
            let mut w = w.to_vec();
            w[i] += h;
            factor * regularizer.penalty(layer, &w)
        };
        let at = || format!("∂Ω/∂{}", place(i));
        derivative(regularizer, "add_gradient adds the derivative of penalty", at, added[i], penalty, along)?;
    }

    let mut before = vec![3.0; w.len()];
    regularizer.add_gradient(layer, w, factor, &mut before);
    for i in 0..w.len() {
        let wanted = 3.0 + added[i];
        let tolerance = 1e-14 * (3.0 + wanted.abs());
        let law = "add_gradient adds to what was there";
        check_close(regularizer, law, || place(i), before[i], wanted, tolerance)?;
    }
    Ok(())
}

/// Verifies that an elementwise penalty gives the same gradient piece by piece, wherever an array is cut.
fn check_elementwise<R: Regularizer<f64>>(regularizer: &R, layer: &LayerInfo, w: &[f64]) -> Result<()> {
    if !regularizer.elementwise() {
        return Ok(());
    }
    let mut whole = vec![0.0; w.len()];
    regularizer.add_gradient(layer, w, 0.7, &mut whole);
    for cut in [layer.rows, layer.rows + 1] {
        let mut parts = vec![0.0; w.len()];
        let (one, other) = parts.split_at_mut(cut);
        regularizer.add_gradient(layer, &w[..cut], 0.7, one);
        regularizer.add_gradient(layer, &w[cut..], 0.7, other);
        let at = || format!("w = {w:?} of a layer of {} neurons, cut after {cut}", layer.rows);
        let law = "an elementwise penalty gives the same gradient piece by piece";
        check_that(regularizer, law, at, whole == parts)?;
    }
    Ok(())
}
