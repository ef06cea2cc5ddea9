//! The laws of an optimizer.

use super::{check_that, normal, numbers, rng};
use crate::error::Result;
use crate::network::ParameterArrays;
use crate::optimizer::{MAX_SLOTS, Objective, Optimizer, ParameterKind, Scope, SearchInfo, StepInfo};

/// Verifies an optimizer:
///
/// - it has at most [`MAX_SLOTS`] slots, the average slot is one of them if there is one, and slots, average slot and
///   scope never change;
/// - [`prepare`](Optimizer::prepare) keeps the number of values of the gradient;
/// - from a fresh state, a gradient of zeros does not move biases, and moves weights only towards 0 (they may decay);
/// - the first step of biases goes downhill, and so does the first step of weights that begin at 0;
/// - the same state, parameters and gradient give bitwise the same step, also after many other steps;
/// - if its scope is [`Scope::Elementwise`], updating an array piece by piece gives bitwise the same result;
/// - on the parabola ½ Σ w², 2,000 small steps come closer to the minimum, and never give NaN.
///
/// An optimizer whose scope is [`Scope::Objective`] may have any number of slots, and has to obey these laws instead:
///
/// - a search does not raise the cost, and returns the cost before and after it;
/// - the same state and parameters give bitwise the same steps;
/// - on a parabola, 50 searches more than halve the cost.
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
/// struct Uphill;
/// impl Optimizer<f64> for Uphill {
///     fn step(
///         &self,
///         _: &StepInfo,
///         _slots: &mut [&mut [f64]],
///         w: &mut [f64],
///         gradient: &mut [f64],
///         eta: f64,
///     ) {
///         w.iter_mut().zip(gradient).for_each(|(w, g)| *w += eta * *g); // should be -=
///     }
/// }
/// assert!(gradus::check::optimizer(&Uphill).unwrap_err().to_string().contains("downhill"));
/// ```
pub fn optimizer<O: Optimizer<f64> + ?Sized>(rule: &O) -> Result<()> {
    use ParameterKind::{Biases, Weights};
    let slots = rule.slots();
    let at = || format!("{slots} slots, at most {MAX_SLOTS} are possible");
    let few = slots <= MAX_SLOTS || rule.scope() == Scope::Objective;
    check_that(&rule, "it has no more slots than there can be", at, few)?;
    let average = rule.average_slot();
    let at = || format!("{slots} slots, average_slot() = {average:?}");
    check_that(&rule, "the average is in one of its slots", at, average.is_none_or(|slot| slot < slots))?;

    let describe = || (rule.slots(), rule.average_slot(), rule.scope());
    let described = describe();

    let mut rng = rng(4);
    let start = normal(&mut rng, 9, 1, 1.0);
    let gradient = normal(&mut rng, 9, 1, 1.0);
    let (start, gradient) = (start.as_slice(), gradient.as_slice());
    let at = || format!("w = {}, gradient = {}", numbers(start), numbers(gradient));

    if rule.scope() == Scope::Objective {
        return searches(rule, start);
    }
    if rule.scope() == Scope::Global
        && let Ok(mut all) = ParameterArrays::from_values(vec![start.len() - 1, 1], gradient.to_vec())
    {
        rule.prepare(&mut all);
        let at = || format!("{} values, {} before", all.len(), gradient.len());
        let kept = all.len() == gradient.len();
        check_that(&rule, "prepare keeps the number of values of the gradient", at, kept)?;
    }

    let zeros = vec![0.0; start.len()];
    let moved = Moved::new(rule, start).step(rule, Biases, &zeros, 0.1).w;
    let at_zero = || format!("b = {}, gradient = 0, which come to {}", numbers(start), numbers(&moved));
    check_that(&rule, "a gradient of zeros does not move biases at first", at_zero, moved == start)?;
    let moved = Moved::new(rule, start).step(rule, Weights, &zeros, 0.1).w;
    let decays = moved.iter().zip(start).all(|(w, start)| w * start >= 0.0 && w.abs() <= start.abs());
    let at_zero = || format!("w = {}, gradient = 0, which come to {}", numbers(start), numbers(&moved));
    check_that(&rule, "a gradient of zeros moves weights at most towards 0", at_zero, decays)?;

    for (kind, start) in [(Biases, start), (Weights, &zeros[..])] {
        let moved = Moved::new(rule, start).step(rule, kind, gradient, 0.1).w;
        let along: f64 = moved.iter().zip(start).zip(gradient).map(|((w, start), g)| (w - start) * g).sum();
        check_that(&rule, "the first step goes downhill", at, along < 0.0)?;
    }

    let law = "the same state, parameters and gradient give the same step";
    let once = Moved::new(rule, start).step(rule, Weights, gradient, 0.1);
    let again = once.clone().step(rule, Weights, gradient, 0.1);
    let twin = once.clone().step(rule, Weights, gradient, 0.1);
    check_that(&rule, law, at, again == twin)?;

    if rule.scope() == Scope::Elementwise {
        moves_by_parts(rule, start, gradient)?;
    }

    let squares = |w: &[f64]| w.iter().map(|w| w * w).sum::<f64>();
    let mut moved = Moved::new(rule, start);
    for _ in 0..2000 {
        let slope = moved.w.clone();
        moved = moved.step(rule, Weights, &slope, 0.01);
    }
    let later = || format!("{described:?} at first, {:?} later", describe());
    check_that(&rule, "slots, average and scope stay the same", later, describe() == described)?;
    // By now a hidden counter in the optimizer would show.
    check_that(&rule, law, at, Moved::new(rule, start).step(rule, Weights, gradient, 0.1) == once)?;
    let closer = squares(&moved.w) < squares(start);
    check_that(
        &rule,
        "2,000 steps of η = 0.01 on ½ Σ w² come closer to 0",
        || format!("w = {}, which come to {}", numbers(start), numbers(&moved.w)),
        closer,
    )
}

/// The cost Σ_i (i/2) w_i², with i from 1.
struct Parabola(Vec<f64>);

impl Parabola {
    fn value(&self) -> f64 {
        (1..).zip(&self.0).map(|(i, w)| 0.5 * f64::from(i) * w * w).sum()
    }
}

impl Objective<f64> for Parabola {
    fn read(&self, parameters: &mut [f64]) {
        parameters.copy_from_slice(&self.0);
    }

    fn evaluate(&mut self, parameters: &[f64], gradient: &mut [f64]) -> f64 {
        self.0.copy_from_slice(parameters);
        (1..).zip(parameters).zip(gradient).for_each(|((i, w), g)| *g = f64::from(i) * w);
        self.value()
    }
}

/// Verifies 50 searches on a parabola, and that the same searches again give the same parameters.
fn searches<O: Optimizer<f64> + ?Sized>(rule: &O, start: &[f64]) -> Result<()> {
    let descend = || -> Result<Vec<f64>> {
        let mut slots = vec![ParameterArrays::zeros(&[start.len() - 1, 1]); rule.slots()];
        let (mut cost, mut known) = (Parabola(start.to_vec()), None);
        for t in 1..=50 {
            let before = cost.value();
            let found = rule.search(&SearchInfo { t, eta: 1.0, known }, &mut slots, &mut cost)?;
            let at = || format!("step {t} from the cost {before}, after it {}: {found:?}", cost.value());
            let told = (found.before - before).abs() <= 1e-12 * before && found.after == cost.value();
            check_that(&rule, "a search returns the cost before and after it", at, told)?;
            check_that(&rule, "a search does not raise the cost", at, cost.value() <= before)?;
            known = Some(found.after);
        }
        Ok(cost.0)
    };
    let (end, again) = (descend()?, descend()?);
    let at = || format!("w = {}, which come to {}", numbers(start), numbers(&end));
    check_that(&rule, "the same state and parameters give the same steps", at, end == again)?;
    let closer = Parabola(end.clone()).value() < 0.5 * Parabola(start.to_vec()).value();
    check_that(&rule, "50 searches on a parabola come closer to the minimum", at, closer)
}

/// An array after `t` steps, with its optimizer state.
#[derive(Clone, PartialEq)]
struct Moved {
    w: Vec<f64>,
    slots: Vec<Vec<f64>>,
    t: u64,
}

impl Moved {
    fn new<O: Optimizer<f64> + ?Sized>(rule: &O, start: &[f64]) -> Self {
        Self { w: start.to_vec(), slots: vec![vec![0.0; start.len()]; rule.slots()], t: 0 }
    }

    fn step<O: Optimizer<f64> + ?Sized>(
        mut self,
        rule: &O,
        kind: ParameterKind,
        gradient: &[f64],
        eta: f64,
    ) -> Self {
        self.t += 1;
        let mut gradient = gradient.to_vec();
        // One neuron: the last value is its bias, the others are its weights.
        let sizes = vec![gradient.len() - 1, 1];
        if rule.scope() == Scope::Global
            && let Ok(mut all) = ParameterArrays::from_values(sizes, gradient.clone())
        {
            rule.prepare(&mut all);
            gradient.copy_from_slice(all.values());
        }
        let at = StepInfo { t: self.t, kind, ..StepInfo::first(1) };
        let mut slots: Vec<&mut [f64]> = self.slots.iter_mut().map(Vec::as_mut_slice).collect();
        rule.step(&at, &mut slots, &mut self.w, &mut gradient, eta);
        self
    }
}

/// Verifies that three steps of an array equal three steps of its two pieces.
fn moves_by_parts<O: Optimizer<f64> + ?Sized>(rule: &O, start: &[f64], gradient: &[f64]) -> Result<()> {
    let cut = start.len() / 3;
    let mut whole = Moved::new(rule, start);
    let (mut one, mut other) = (Moved::new(rule, &start[..cut]), Moved::new(rule, &start[cut..]));
    for _ in 0..3 {
        whole = whole.step(rule, ParameterKind::Weights, gradient, 0.1);
        one = one.step(rule, ParameterKind::Weights, &gradient[..cut], 0.1);
        other = other.step(rule, ParameterKind::Weights, &gradient[cut..], 0.1);
    }
    let at = || format!("w = {start:?}, gradient = {gradient:?}, cut after {cut}");
    let same = whole.w == [one.w, other.w].concat();
    check_that(&rule, "an elementwise optimizer gives the same steps piece by piece", at, same)
}
