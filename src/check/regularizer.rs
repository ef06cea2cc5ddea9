//! The laws of a regularizer.

use super::difference::derivative;
use super::{check_close, check_that, normal, numbers, rng};
use crate::error::Result;
use crate::regularizer::Regularizer;

/// Verifies a regularizer:
///
/// - `add_gradient` adds `scale` times the derivative of `penalty`, by differences, to a relative 10⁻⁷; at a kink, such
///   as that of |w| at 0, something between the derivatives from either side;
/// - it adds to what was there;
/// - if it says that it is elementwise, the gradient of an array is that of its parts, to the bit;
/// - weights up to ±10³⁰⁸ never give NaN, though a penalty may be infinite.
///
/// # Errors
///
/// Returns [`Error::Law`](crate::Error::Law) for the first law that is broken.
///
/// # Examples
///
/// A penalty ‖w‖² whose gradient belongs to ½‖w‖²:
///
/// ```
/// use gradus::prelude::*;
///
/// #[derive(Debug)]
/// struct Wrong;
/// impl Regularizer<f64> for Wrong {
///     fn penalty(&self, w: &[f64]) -> f64 {
///         w.iter().map(|w| w * w).sum()
///     }
///     fn add_gradient(&self, w: &[f64], scale: f64, grad: &mut [f64]) {
///         grad.iter_mut().zip(w).for_each(|(g, w)| *g += scale * w);
///     }
/// }
/// assert!(gradus::check::regularizer(&Wrong).is_err());
/// ```
pub fn regularizer<R: Regularizer<f64>>(regularizer: &R) -> Result<()> {
    let mut rng = rng(3);
    for scale in [0.1, 1.0, 10.0] {
        let mut w = normal(&mut rng, 12, 1, scale);
        w[5] = 0.0;
        let w = w.as_slice();
        let factor = 0.7;
        let mut added = vec![0.0; w.len()];
        regularizer.add_gradient(w, factor, &mut added);

        let penalty = regularizer.penalty(w);
        for i in 0..w.len() {
            let along = |h: f64| {
                let mut w = w.to_vec();
                w[i] += h;
                factor * regularizer.penalty(&w)
            };
            let at = || format!("∂Ω/∂w[{i}] at w = {}", numbers(w));
            derivative(
                regularizer,
                "add_gradient adds the derivative of penalty",
                at,
                added[i],
                penalty,
                along,
            )?;
        }

        let mut before = vec![3.0; w.len()];
        regularizer.add_gradient(w, factor, &mut before);
        for i in 0..w.len() {
            let wanted = 3.0 + added[i];
            let at = || format!("w[{i}] at w = {}", numbers(w));
            let tolerance = 1e-14 * (3.0 + wanted.abs());
            check_close(
                regularizer,
                "add_gradient adds to what was there",
                at,
                before[i],
                wanted,
                tolerance,
            )?;
        }
    }
    if regularizer.elementwise() {
        let w = normal(&mut rng, 9, 1, 1.0);
        let (mut whole, mut parts) = (vec![0.0; 9], vec![0.0; 9]);
        let (one, other) = parts.split_at_mut(4);
        regularizer.add_gradient(w.as_slice(), 0.7, &mut whole);
        regularizer.add_gradient(&w.as_slice()[..4], 0.7, one);
        regularizer.add_gradient(&w.as_slice()[4..], 0.7, other);
        let at = || format!("w = {:?}, cut after 4", w.as_slice());
        check_that(
            regularizer,
            "an elementwise penalty's gradient is that of the parts",
            at,
            whole == parts,
        )?;
    }
    for x in [1e150, -1e150, 1e200, -1e200, 1e308, -1e308] {
        let mut grad = [0.0; 2];
        regularizer.add_gradient(&[x, 0.0], 1.0, &mut grad);
        let numbers = !grad.iter().any(|g| g.is_nan()) && !regularizer.penalty(&[x, 0.0]).is_nan();
        check_that(regularizer, "extreme weights give no NaN", || format!("w = [{x:e}, 0]"), numbers)?;
    }
    Ok(())
}
