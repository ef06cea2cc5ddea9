//! A measure.

use std::borrow::Cow;

use gradus::prelude::*;

/// The spherical score, the mean of Σ_j a_j y_j/‖a‖: how good the outputs are as probabilities, not only which of them
/// is the largest. 1 is best.
///
/// Source: Gneiting and Raftery, *Strictly proper scoring rules, prediction, and estimation*, 2007, section 4.
#[derive(Debug, Clone, Copy)]
pub struct Spherical;

impl Measure for Spherical {
    fn name(&self) -> Cow<'static, str> {
        "spherical score".into()
    }

    fn direction(&self) -> Direction {
        Direction::HigherIsBetter
    }

    fn meter(&self, _task: Task, _n_outputs: usize) -> gradus::Result<Box<dyn Meter>> {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        Ok(Box::new(Mean::new(move |a, y| if dot(a, a) == 0.0 { 0.0 } else { dot(a, y) / dot(a, a).sqrt() })))
    }
}

#[cfg(test)]
#[test]
fn is_lawful() {
    gradus::check::measure(&Spherical).unwrap();
}
