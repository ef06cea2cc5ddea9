//! The laws of a cost function.

use nalgebra::DMatrix;
use rand_chacha::ChaCha8Rng;

use super::difference::derivative;
use super::{EXTREMES, check_close, check_that, column_of, normal, numbers, rng, uniform};
use crate::activation::Activation;
use crate::cost::Cost;
use crate::error::Result;

/// Verifies a cost function with the output activation that it is paired with:
///
/// - `delta` is the derivative ∂C_x/∂z of `value` at a = f(z): it agrees with finite differences to a relative error of
///   10⁻⁷, and does not depend on the previous contents of the matrix;
/// - `values` and `delta` of a column do not depend on the other columns of the batch;
/// - weighted inputs up to ±10³⁰⁸ never give NaN.
///
/// Four kinds of targets are tried, if [`check_targets`](Cost::check_targets) accepts them: probability distributions,
/// half of them one-hot; counts; any numbers; and any numbers above as many zeros. A cost must obey the laws
/// for all targets that it accepts, so one that is defined for probabilities only must reject others.
///
/// # Errors
///
/// Returns [`Error::Law`](crate::Error::Law) for the first law that is broken, also if `check_targets` accepts no kind
/// of targets.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// gradus::check::cost(&Quadratic, &Tanh).unwrap();
/// gradus::check::cost(&LogLikelihood, &Softmax::with_sharpness(3.0)?).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
pub fn cost<C: Cost<f64, A>, A: Activation<f64>>(cost: &C, output: &A) -> Result<()> {
    let mut rng = rng(2);
    let accepted: Vec<_> =
        KINDS.iter().filter(|targets| cost.check_targets(&targets(&mut rng), 0).is_ok()).collect();
    check_that(
        cost,
        "check_targets accepts targets of some kind",
        || "distributions, counts, numbers, and numbers above zeros".to_owned(),
        !accepted.is_empty(),
    )?;
    for targets in accepted {
        for scale in [0.1, 1.0, 4.0] {
            for _ in 0..20 {
                let z = normal(&mut rng, 4, 3, scale);
                let y = targets(&mut rng);
                differentiates(cost, output, &z, &y)?;
                adds_up(cost, output, &z, &y)?;
            }
        }
        for x in EXTREMES {
            stays_a_number(cost, output, x, &targets(&mut rng))?;
        }
    }
    Ok(())
}

/// Targets of several kinds, 4 × 3.
const KINDS: [fn(&mut ChaCha8Rng) -> DMatrix<f64>; 4] = [
    |rng| distributions(rng, 4, 3),
    |rng| DMatrix::from_fn(4, 3, |_, _| (4.0 * uniform(rng)).floor()),
    |rng| normal(rng, 4, 3, 1.0),
    |rng| normal(rng, 2, 3, 1.0).resize_vertically(4, 0.0),
];

/// Draws columns that sum to 1; every second one is one-hot.
fn distributions(rng: &mut ChaCha8Rng, rows: usize, columns: usize) -> DMatrix<f64> {
    let mut y = DMatrix::from_fn(rows, columns, |_, _| uniform(rng));
    for (j, mut column) in y.column_iter_mut().enumerate() {
        if j % 2 == 0 {
            let largest = column.argmax().0;
            column.fill(0.0);
            column[largest] = 1.0;
        } else {
            let sum = column.sum();
            column /= sum;
        }
    }
    y
}

fn value<C: Cost<f64, A>, A: Activation<f64>>(
    cost: &C,
    output: &A,
    z: &DMatrix<f64>,
    y: &DMatrix<f64>,
) -> (f64, DMatrix<f64>) {
    let mut a = z.clone();
    output.activate(z, &mut a);
    // `delta` must overwrite these values, not add to them.
    let mut delta = DMatrix::from_element(z.nrows(), z.ncols(), 1e6);
    cost.delta(output, z, &a, y, &mut delta);
    (cost.value(output, z, &a, y), delta)
}

fn differentiates<C: Cost<f64, A>, A: Activation<f64>>(
    cost: &C,
    output: &A,
    z: &DMatrix<f64>,
    y: &DMatrix<f64>,
) -> Result<()> {
    let (here, delta) = value(cost, output, z, y);
    for i in 0..z.len() {
        let at = || {
            let (row, z, y) = (i % z.nrows(), column_of(z, i), column_of(y, i));
            format!("∂C/∂z[{row}] at z = {z}, y = {y}")
        };
        let along = |h: f64| {
            let mut z = z.clone();
            z[i] += h;
            value(cost, output, &z, y).0
        };
        derivative(cost, "delta is the derivative of value with respect to z", at, delta[i], here, along)?;
    }
    Ok(())
}

fn adds_up<C: Cost<f64, A>, A: Activation<f64>>(
    cost: &C,
    output: &A,
    z: &DMatrix<f64>,
    y: &DMatrix<f64>,
) -> Result<()> {
    let (_, delta) = value(cost, output, z, y);
    let mut a = z.clone();
    output.activate(z, &mut a);
    let mut costs = vec![f64::NAN; z.ncols()];
    cost.values(output, z, &a, y, &mut costs);
    for (j, whole) in costs.into_iter().enumerate() {
        let (z, y) = (z.columns(j, 1).into_owned(), y.columns(j, 1).into_owned());
        let (alone, delta_alone) = value(cost, output, &z, &y);
        let at = || format!("z = {}, column {j} of a batch", numbers(z.as_slice()));
        let tolerance = 1e-12 * (1.0 + alone.abs());
        check_close(cost, "value of a column is the same alone and in a batch", at, whole, alone, tolerance)?;
        let same = delta.column(j) == delta_alone.column(0);
        check_that(cost, "delta of a column is the same alone and in a batch", at, same)?;
    }
    Ok(())
}

fn stays_a_number<C: Cost<f64, A>, A: Activation<f64>>(
    cost: &C,
    output: &A,
    x: f64,
    y: &DMatrix<f64>,
) -> Result<()> {
    for pattern in [[x, -x, 0.0, 1.0], [x, x, -x, -x], [-x, -x, x, x], [0.0, x, x, 0.0]] {
        let z = DMatrix::from_fn(y.nrows(), y.ncols(), |i, j| pattern[(i + j) % 4]);
        let (value, delta) = value(cost, output, &z, y);
        let at = || format!("z = {}, y = {}", numbers(z.as_slice()), numbers(y.as_slice()));
        check_that(cost, "extreme weighted inputs give no NaN in value", at, !value.is_nan())?;
        let numbers = !delta.iter().any(|d| d.is_nan());
        check_that(cost, "extreme weighted inputs give no NaN in delta", at, numbers)?;
    }
    Ok(())
}
