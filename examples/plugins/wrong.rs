//! Custom parts with a typical mistake, to show what the checks say.

use std::ops::ControlFlow;

use gradus::prelude::*;

/// Softsign, whose `pull_back` differentiates the numerator only.
#[derive(Debug)]
pub struct SoftsignWithoutQuotientRule;

impl<T: Real> Activation<T> for SoftsignWithoutQuotientRule {
    fn activate(&self, z: &DMatrix<T>, a: &mut DMatrix<T>) {
        super::Softsign.activate(z, a);
    }

    fn pull_back(&self, z: &DMatrix<T>, _a: &DMatrix<T>, grad: &mut DMatrix<T>) {
        gradus::real::zip_map(z, grad, |z, g| g / (T::one() + z.abs()));
    }
}

/// `RobustCost` in `values`, the log-likelihood in `delta`. The difference is as small as q.
#[derive(Debug)]
pub struct RobustInValueOnly;

impl<T: Real> Cost<T, Softmax> for RobustInValueOnly {
    fn values(&self, output: &Softmax, z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, costs: &mut [f64]) {
        super::RobustCost { q: 0.001 }.values(output, z, a, y, costs);
    }

    fn delta(
        &self,
        output: &Softmax,
        z: &DMatrix<T>,
        a: &DMatrix<T>,
        y: &DMatrix<T>,
        delta: &mut DMatrix<T>,
    ) {
        LogLikelihood.delta(output, z, a, y, delta);
    }
}

/// η = 0.5 (21 − t)/20 in epoch t: it is 0 in epoch 21 and negative afterwards, instead of `None`.
#[derive(Debug)]
pub struct LineToZero;

impl LrSchedule for LineToZero {
    fn rate(&self, progress: &Progress<'_>) -> Option<f64> {
        Some(0.5 * (21.0 - progress.epoch as f64) / 20.0)
    }
}

/// Reads the validation cost without declaring it in `metrics`: without validation data it would never stop.
#[derive(Debug)]
pub struct UndeclaredGap;

impl StoppingRule for UndeclaredGap {
    fn check(&self, history: &History) -> ControlFlow<StopReason> {
        super::Gap { limit: 0.1 }.check(history)
    }
}

#[cfg(test)]
#[test]
fn are_found_out() {
    let law = |result: gradus::Result<()>| result.unwrap_err().to_string();
    assert!(law(gradus::check::activation(&SoftsignWithoutQuotientRule)).contains("transposed Jacobian"));
    assert!(
        law(gradus::check::cost(&RobustInValueOnly, &Softmax::default())).contains("delta is the derivative")
    );
    assert!(law(gradus::check::schedule(&LineToZero)).contains("positive and finite"));
    assert!(law(gradus::check::stopping_rule(&UndeclaredGap)).contains("metrics() declares"));
}
