//! The laws of an activation function.

use nalgebra::DMatrix;

use super::difference::derivative;
use super::{EXTREMES, check_close, check_that, column_of, normal, numbers, rng};
use crate::activation::Activation;
use crate::error::Result;

/// Verifies an activation function:
///
/// - `pull_back` applies the transposed Jacobian of `activate`: it agrees with finite differences to a relative error
///   of 10⁻⁷;
/// - a column of a batch has exactly the same activations alone as in the batch;
/// - weighted inputs up to ±10³⁰⁸ never give NaN, and a NaN is passed on.
///
/// # Errors
///
/// Returns [`Error::Law`](crate::Error::Law) for the first law that is broken.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// #[derive(Debug)]
/// struct Wrong;
/// impl Activation<f64> for Wrong {
///     fn activate(&self, z: &DMatrix<f64>, a: &mut DMatrix<f64>) {
///         gradus::real::map(z, a, |z| z * z);
///     }
///     fn pull_back(&self, z: &DMatrix<f64>, _: &DMatrix<f64>, grad: &mut DMatrix<f64>) {
///         gradus::real::zip_map(z, grad, |z, g| g * z); // should be 2 z
///     }
/// }
/// assert!(gradus::check::activation(&Wrong).unwrap_err().to_string().contains("Jacobian"));
/// ```
pub fn activation<A: Activation<f64>>(f: &A) -> Result<()> {
    let mut rng = rng(1);
    for scale in [0.1, 1.0, 4.0] {
        for _ in 0..20 {
            let (z, g) = (normal(&mut rng, 4, 3, scale), normal(&mut rng, 4, 3, 1.0));
            pulls_back(f, &z, &g)?;
            keeps_columns_apart(f, &z)?;
        }
    }
    stays_a_number(f)
}

fn activate<A: Activation<f64>>(f: &A, z: &DMatrix<f64>) -> DMatrix<f64> {
    let mut a = DMatrix::from_element(z.nrows(), z.ncols(), 0.123);
    f.activate(z, &mut a);
    a
}

fn pulls_back<A: Activation<f64>>(f: &A, z: &DMatrix<f64>, g: &DMatrix<f64>) -> Result<()> {
    let a = activate(f, z);
    let mut pulled = g.clone();
    f.pull_back(z, &a, &mut pulled);
    let magnitude = a.zip_fold(g, 0.0, |sum, a, g| sum + (a * g).abs());
    for i in 0..z.len() {
        let at = || {
            let (row, z, g) = (i % z.nrows(), column_of(z, i), column_of(g, i));
            format!("∂⟨g, f(z)⟩/∂z[{row}] at z = {z}, g = {g}")
        };
        let along = |h: f64| {
            let mut z = z.clone();
            z[i] += h;
            activate(f, &z).dot(g)
        };
        derivative(
            f,
            "pull_back applies the transposed Jacobian of activate",
            at,
            pulled[i],
            magnitude,
            along,
        )?;
    }
    Ok(())
}

fn keeps_columns_apart<A: Activation<f64>>(f: &A, z: &DMatrix<f64>) -> Result<()> {
    let a = activate(f, z);
    for j in 0..z.ncols() {
        let column = z.columns(j, 1).into_owned();
        let alone = activate(f, &column);
        for i in 0..z.nrows() {
            let at = || format!("a[{i}] at z = {}, column {j} of a batch", numbers(column.as_slice()));
            check_close(f, "a column gives the same alone and in a batch", at, a[(i, j)], alone[i], 0.0)?;
        }
    }
    Ok(())
}

fn stays_a_number<A: Activation<f64>>(f: &A) -> Result<()> {
    for x in EXTREMES {
        let z = DMatrix::from_column_slice(3, 2, &[x, -x, 0.0, x, x, 1.0]);
        let a = activate(f, &z);
        let mut grad = DMatrix::from_element(3, 2, 1.0);
        f.pull_back(&z, &a, &mut grad);
        let at =
            || format!("the columns {} and {}", numbers(&z.as_slice()[..3]), numbers(&z.as_slice()[3..]));
        check_that(f, "extreme weighted inputs give no NaN in activate", at, !a.iter().any(|a| a.is_nan()))?;
        check_that(
            f,
            "extreme weighted inputs give no NaN in pull_back",
            at,
            !grad.iter().any(|g| g.is_nan()),
        )?;
    }
    let z = DMatrix::from_column_slice(3, 1, &[0.5, f64::NAN, -0.5]);
    let passed_on = activate(f, &z)[1].is_nan();
    check_that(f, "a NaN is passed on and not hidden", || "z = [0.5, NaN, −0.5]".to_owned(), passed_on)
}
