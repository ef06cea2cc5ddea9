//! The laws of an optimizer.

use super::{check_that, normal, numbers, rng};
use crate::error::Result;
use crate::optimizer::Optimizer;

/// Verifies an optimizer:
///
/// - from a fresh state, a gradient of zeros moves nothing, and the first step goes downhill;
/// - the same state, parameters and gradient give the same step, to the bit;
/// - if it says that it is elementwise, an array moves as its parts do, to the bit;
/// - on the parabola ½ Σ w², 2,000 small steps come closer to the minimum, and never give NaN.
///
/// # Errors
///
/// [`Error::Law`](crate::Error::Law) for the first law that is broken.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// #[derive(Debug)]
/// struct Uphill;
/// impl Optimizer<f64> for Uphill {
///     type State = ();
///     fn init(&self, _: usize) {}
///     fn step(&self, _: &mut (), w: &mut [f64], gradient: &[f64], eta: f64) {
///         w.iter_mut().zip(gradient).for_each(|(w, g)| *w += eta * g);
///     }
/// }
/// assert!(gradus::check::optimizer(&Uphill).unwrap_err().to_string().contains("downhill"));
/// ```
pub fn optimizer<O: Optimizer<f64>>(rule: &O) -> Result<()> {
    let mut rng = rng(4);
    let start = normal(&mut rng, 9, 1, 1.0);
    let gradient = normal(&mut rng, 9, 1, 1.0);
    let (start, gradient) = (start.as_slice(), gradient.as_slice());
    let at = || format!("w = {}, gradient = {}", numbers(start), numbers(gradient));

    let mut w = start.to_vec();
    rule.step(&mut rule.init(w.len()), &mut w, &vec![0.0; start.len()], 0.1);
    check_that(rule, "a gradient of zeros moves nothing at first", at, w == start)?;

    let mut state = rule.init(w.len());
    let mut w = start.to_vec();
    rule.step(&mut state, &mut w, gradient, 0.1);
    let along: f64 = w.iter().zip(start).zip(gradient).map(|((w, start), g)| (w - start) * g).sum();
    check_that(rule, "the first step goes downhill", at, along < 0.0)?;

    let (mut again, mut twin) = (w.clone(), w.clone());
    rule.step(&mut state.clone(), &mut again, gradient, 0.1);
    rule.step(&mut state.clone(), &mut twin, gradient, 0.1);
    check_that(rule, "the same state, parameters and gradient give the same step", at, again == twin)?;

    if rule.elementwise() {
        moves_by_parts(rule, start, gradient)?;
    }

    let squares = |w: &[f64]| w.iter().map(|w| w * w).sum::<f64>();
    let mut state = rule.init(start.len());
    let mut w = start.to_vec();
    for _ in 0..2000 {
        let slope = w.clone();
        rule.step(&mut state, &mut w, &slope, 0.01);
    }
    let closer = squares(&w) < squares(start);
    check_that(
        rule,
        "2,000 steps of η = 0.01 on ½ Σ w² come closer to 0",
        || format!("w = {}, which come to {}", numbers(start), numbers(&w)),
        closer,
    )
}

/// Three steps of an array against those of two parts of it, each with a state of its own.
fn moves_by_parts<O: Optimizer<f64>>(rule: &O, start: &[f64], gradient: &[f64]) -> Result<()> {
    let (mut whole, mut parts) = (start.to_vec(), start.to_vec());
    let (one, other) = parts.split_at_mut(start.len() / 3);
    let mut states = (rule.init(start.len()), rule.init(one.len()), rule.init(other.len()));
    for _ in 0..3 {
        let (first, rest) = gradient.split_at(one.len());
        rule.step(&mut states.0, &mut whole, gradient, 0.1);
        rule.step(&mut states.1, one, first, 0.1);
        rule.step(&mut states.2, other, rest, 0.1);
    }
    let at = || format!("w = {start:?}, gradient = {gradient:?}, cut after {}", start.len() / 3);
    check_that(rule, "an elementwise rule moves an array as it moves its parts", at, whole == parts)
}
