//! The laws of an initializer.

use nalgebra::{DMatrix, DVector};

use super::{check_close, check_that, rng};
use crate::activation::{Activation, Relu, Softmax, Tanh};
use crate::error::Result;
use crate::init::Initializer;

/// Verifies an initializer:
///
/// - it fills the given matrices in place: it keeps their shapes, and sets every element to a finite number;
/// - the same state of the generator gives the same parameters;
/// - if [`deviation`](Initializer::deviation) is not `None`, weights have mean 0 and this standard deviation.
///
/// Mean and variance are measured over 30,000 weights, with a tolerance of six standard errors for normal weights. A
/// correct initializer whose weights are not heavier-tailed than normal ones fails with a probability below 10⁻⁷. The
/// draws have a fixed seed, so the answer is always the same.
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
/// gradus::check::initializer(&HeUniform).unwrap();
/// gradus::check::initializer(&WithBiases::new(Orthogonal::default(), 0.1, 0.0)?).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
pub fn initializer<I: Initializer<f64> + ?Sized>(initializer: &I) -> Result<()> {
    let activations: [&dyn Activation<f64>; 3] = [&Tanh, &Relu, &Softmax::default()];
    for activation in activations {
        for (n_out, n_in) in [(1, 1), (1, 5), (5, 1), (7, 4), (4, 7), (150, 200)] {
            let (weights, biases) = initialize(&initializer, activation, n_out, n_in)?;
            let again = initialize(&initializer, activation, n_out, n_in)?;
            let at = || place(activation, n_out, n_in);
            let same = (&weights, &biases) == (&again.0, &again.1);
            check_that(&initializer, "the same generator gives the same parameters", at, same)?;
        }
        if let Some(deviation) = initializer.deviation(activation, 200, 150) {
            keeps_its_deviation(&initializer, activation, deviation)?;
        }
    }
    Ok(())
}

fn place(activation: &dyn Activation<f64>, n_out: usize, n_in: usize) -> String {
    format!("a layer of {n_out} × {n_in} weights and activation {}", activation.name())
}

/// Initializes matrices of NaN, so that an element that is not set is found.
fn initialize(
    initializer: &dyn Initializer<f64>,
    activation: &dyn Activation<f64>,
    n_out: usize,
    n_in: usize,
) -> Result<(DMatrix<f64>, DVector<f64>)> {
    let (mut weights, mut biases) =
        (DMatrix::from_element(n_out, n_in, f64::NAN), DVector::from_element(n_out, f64::NAN));
    initializer.initialize(&mut rng(11), activation, &mut weights, &mut biases);
    let at = || place(activation, n_out, n_in);
    let kept = weights.shape() == (n_out, n_in) && biases.len() == n_out;
    check_that(&initializer, "the shapes of weights and biases stay as they are", at, kept)?;
    let finite = weights.iter().chain(&biases).all(|parameter| parameter.is_finite());
    check_that(&initializer, "every weight and bias is set to a finite number", at, finite)?;
    Ok((weights, biases))
}

fn keeps_its_deviation(
    initializer: &dyn Initializer<f64>,
    activation: &dyn Activation<f64>,
    deviation: f64,
) -> Result<()> {
    let (weights, _) = initialize(initializer, activation, 150, 200)?;
    let (n, at) = (weights.len() as f64, || place(activation, 150, 200));
    let tolerance = 6.0 * deviation / n.sqrt();
    check_close(&initializer, "weights have mean 0", at, weights.mean(), 0.0, tolerance)?;
    // The variance of w² is 2σ⁴ for a normal w.
    let (found, wanted) = (weights.norm_squared() / n, deviation * deviation);
    let tolerance = 6.0 * wanted * (2.0 / n).sqrt();
    check_close(
        &initializer,
        "weights have the variance that deviation() claims",
        at,
        found,
        wanted,
        tolerance,
    )
}
