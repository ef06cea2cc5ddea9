//! L-BFGS: steps that use the curvature of the cost.

mod line_search;
mod two_loop;

use super::{Objective, Optimizer, Scope, SearchInfo, Searched, StepInfo};
use crate::error::{Result, check_setting};
use crate::network::ParameterArrays;
use crate::real::Real;
use line_search::{Point, strong_wolfe};
use two_loop::{Pairs, dot};

/// Moves along −H g, with g the gradient and H an estimate of the inverse Hessian from the last steps. A line search
/// finds the length of the step.
///
/// ```text
/// d = −H g
/// w → w + α d,     α: the strong Wolfe conditions hold; α = η is tried first
/// s = the change of w,  y = the change of g:   H becomes the nearest matrix H' with H' y = s
/// ```
///
/// It is for small data sets: every step uses all samples, whatever the size of the trainer's mini-batch, and an
/// epoch is one step. The cost must be the same function each time it is evaluated, so that neither dropout nor
/// augmentation is allowed. The run ends when no element of the gradient, penalty included, is above the tolerance in
/// magnitude, or when a step lowers the cost by less than its rounding error.
///
/// The slots are the gradient, the parameters, d, and s and y of the last steps. The learning rate, unless a schedule
/// gives one, is 1.
///
/// Source: Nocedal and Wright, *Numerical optimization*, 2006, algorithms 7.4 and 7.5; Liu and Nocedal, *On the
/// limited memory BFGS method for large scale optimization*, 1989.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// // A parabola through 20 points, to the last digits.
/// let x = DMatrix::from_fn(1, 20, |_, j| j as f64 / 10.0 - 1.0);
/// let data = Dataset::new(x.clone(), x.map(|x| 0.5 * x * x - 1.0))?;
/// let mut network = Network::new(&[1, 4, 1], Tanh, Linear, &ScaledGaussian, 1)?;
/// let trainer = Trainer::new(Quadratic).optimizer(Lbfgs::default()).stop(MaxEpochs::new(300)?);
/// let report = trainer.fit(&mut network, &data, None)?;
/// assert!(report.history.last().unwrap().running_cost < 1e-5);
///
/// // Any other function of many variables.
/// let mut x = [-1.0, 1.0];
/// let minimum = Lbfgs::default().minimize(&mut x, 100, |x: &[f64], gradient| {
///     (gradient[0], gradient[1]) = (2.0 * (x[0] - 3.0), 20.0 * x[1]);
///     (x[0] - 3.0).powi(2) + 10.0 * x[1] * x[1]
/// });
/// assert!(minimum.converged && (x[0] - 3.0).abs() < 1e-5);
/// gradus::check::optimizer(&Lbfgs::default()).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lbfgs {
    memory: usize,
    tolerance: f64,
}

/// The maximum number of remembered steps.
const MAX_MEMORY: usize = 50;

/// The maximum number of evaluations in one step.
const MAX_EVALUATIONS: usize = 25;

/// The number of slots before those of s and y.
const FIRST: usize = 3;

impl Default for Lbfgs {
    /// The last 10 steps, and a tolerance of 10⁻⁵.
    fn default() -> Self {
        Self { memory: 10, tolerance: 1e-5 }
    }
}

/// The result of [`Lbfgs::minimize`].
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// // (x − 3)² + 1
/// let mut x = [5.0];
/// let minimum = Lbfgs::default().minimize(&mut x, 50, |x: &[f64], gradient| {
///     gradient[0] = 2.0 * (x[0] - 3.0);
///     (x[0] - 3.0).powi(2) + 1.0
/// });
/// assert!(minimum.converged && minimum.iterations < 50);
/// assert!((minimum.value - 1.0).abs() < 1e-9);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Minimum {
    /// The value of the function.
    pub value: f64,
    /// The number of steps.
    pub iterations: usize,
    /// The number of evaluations of the function.
    pub evaluations: usize,
    /// Whether the gradient is within the tolerance, or rounding hides what another step would gain.
    pub converged: bool,
}

impl Lbfgs {
    /// Creates L-BFGS that remembers the last `memory` steps.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `memory` is 0 or above 50.
    pub fn new(memory: usize) -> Result<Self> {
        let why =
            "each step remembered takes two copies of all parameters, and more than 20 hardly help; try 10";
        check_setting("memory of L-BFGS", memory as f64, (1..=MAX_MEMORY).contains(&memory), "[1, 50]", why)?;
        Ok(Self { memory, ..Self::default() })
    }

    /// Sets the tolerance: the run ends when no element of the gradient is above `tolerance` in magnitude.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `tolerance` is negative, NaN or infinite.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let minimize = |lbfgs: Lbfgs| {
    ///     let mut x = [5.0];
    ///     let minimum = lbfgs.minimize(&mut x, 100, |x: &[f64], gradient| {
    ///         gradient[0] = 4.0 * x[0].powi(3);
    ///         x[0].powi(4)
    ///     });
    ///     assert!(minimum.converged);
    ///     x[0].abs()
    /// };
    /// let default = Lbfgs::default();
    /// assert!(minimize(default.tolerance(1e-12)?) < minimize(default));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn tolerance(mut self, tolerance: f64) -> Result<Self> {
        let ok = tolerance >= 0.0 && tolerance.is_finite();
        let why = "it is the largest slope that counts as none; with 0 only rounding ends the run; try 1e-5";
        check_setting("tolerance of L-BFGS", tolerance, ok, "[0, ∞)", why)?;
        self.tolerance = tolerance;
        Ok(self)
    }

    /// The number of steps that are remembered.
    pub fn memory(&self) -> usize {
        self.memory
    }

    /// The tolerance: the largest magnitude of an element of the gradient with which the run ends.
    pub fn largest_slope(&self) -> f64 {
        self.tolerance
    }

    /// Minimizes `f`, beginning at `x`, in at most `iterations` steps, and writes the minimizer to `x`. `f(x,
    /// gradient)` returns the value of the function at x and writes its gradient.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// // The least squares line through (0, 1), (1, 3), (2, 5) and (3, 6.6).
    /// let points: [(f64, f64); 4] = [(0.0, 1.0), (1.0, 3.0), (2.0, 5.0), (3.0, 6.6)];
    /// let mut line = [0.0, 0.0];
    /// let lbfgs = Lbfgs::default().tolerance(1e-9)?;
    /// let minimum = lbfgs.minimize(&mut line, 100, |line: &[f64], gradient| {
    ///     gradient.fill(0.0);
    ///     let mut sum = 0.0;
    ///     for (x, y) in points {
    ///         let error = line[0] + line[1] * x - y;
    ///         gradient[0] += 2.0 * error;
    ///         gradient[1] += 2.0 * error * x;
    ///         sum += error * error;
    ///     }
    ///     sum
    /// });
    /// assert!(minimum.converged);
    /// assert!((line[0] - 1.08).abs() < 1e-6 && (line[1] - 1.88).abs() < 1e-6);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn minimize<T: Real>(
        &self,
        x: &mut [T],
        iterations: usize,
        f: impl FnMut(&[T], &mut [T]) -> f64,
    ) -> Minimum {
        let mut slots = vec![vec![T::zero(); x.len()]; FIRST + 2 * self.memory];
        let mut function = Function { x: x.to_vec(), f, evaluations: 0 };
        let (mut known, mut iteration, mut converged) = (None, 0, false);
        while iteration < iterations && !converged {
            iteration += 1;
            let at = SearchInfo { t: iteration as u64, eta: 1.0, known };
            let found = self.iterate(&at, &mut slots, &mut function);
            (known, converged) = (Some(found.after), found.converged.is_some());
        }
        x.copy_from_slice(&function.x);
        let value = known.unwrap_or(f64::NAN);
        Minimum { value, iterations: iteration, evaluations: function.evaluations, converged }
    }

    /// One step, with slots of any kind.
    fn iterate<T: Real, S: AsRef<[T]> + AsMut<[T]>>(
        &self,
        at: &SearchInfo,
        slots: &mut [S],
        objective: &mut dyn Objective<T>,
    ) -> Searched {
        let end = |before, after, converged| Searched { before, after, converged };
        let (now, pairs) = slots.split_at_mut(FIRST.min(slots.len()));
        let (steps, changes) = pairs.split_at_mut(pairs.len() / 2);
        let [g, x, d] = now else { return end(f64::NAN, f64::NAN, None) };
        let (g, x, d) = (g.as_mut(), x.as_mut(), d.as_mut());
        let before = at.known.unwrap_or_else(|| {
            objective.read(x);
            objective.evaluate(x, g)
        });
        let largest = g.iter().map(|g| g.to_f64().abs()).fold(0.0, f64::max);
        let squares = dot(g, g);
        if !before.is_finite() || !squares.is_finite() {
            // NaN also where only the gradient is not finite.
            return end(before + 0.0 * squares, before, None);
        }
        if largest <= self.tolerance {
            return end(before, before, Some("no element of the gradient is above the tolerance"));
        }

        let mut pairs = Pairs { steps, changes, t: at.t };
        let mut slope = pairs.direction(g, d);
        let steepest = slope >= 0.0 || slope.is_nan() || !pairs.any::<T>();
        if steepest {
            pairs.forget::<T>();
            d.iter_mut().zip(&*g).for_each(|(d, &g)| *d = -g);
            slope = -squares;
        }
        let first = if steepest { at.eta * (1.0 / squares.sqrt()).min(1.0) } else { at.eta };
        // The oldest pair is about to be overwritten: until then its memory holds the point that is tried.
        let Some((new_x, new_g)) = pairs.newest::<T>() else { return end(before, before, None) };
        let start = Point { alpha: 0.0, value: before, slope };
        let found = strong_wolfe(start, first, MAX_EVALUATIONS, |alpha| {
            let length = T::cast(alpha);
            new_x.iter_mut().zip(&*x).zip(&*d).for_each(|((new, &x), &d)| *new = x + length * d);
            let value = objective.evaluate(new_x, new_g);
            Point { alpha, value, slope: dot(new_g, d) }
        });
        match found {
            Some(point) => {
                for (old, new) in [(x, new_x), (g, new_g)] {
                    for (old, new) in old.iter_mut().zip(new) {
                        (*old, *new) = (*new, *new - *old);
                    }
                }
                end(before, point.value, None)
            }
            None => {
                pairs.forget::<T>();
                let value = objective.evaluate(x, g);
                let reason = "rounding hides what a step along the gradient would gain";
                end(before, value, steepest.then_some(reason))
            }
        }
    }
}

/// The caller's function, and the point at which it was evaluated last.
struct Function<T, F> {
    x: Vec<T>,
    f: F,
    evaluations: usize,
}

impl<T: Real, F: FnMut(&[T], &mut [T]) -> f64> Objective<T> for Function<T, F> {
    fn read(&self, parameters: &mut [T]) {
        parameters.copy_from_slice(&self.x);
    }

    fn evaluate(&mut self, parameters: &[T], gradient: &mut [T]) -> f64 {
        self.evaluations += 1;
        self.x.copy_from_slice(parameters);
        (self.f)(parameters, gradient)
    }
}

impl<T: Real> Optimizer<T> for Lbfgs {
    fn slots(&self) -> usize {
        FIRST + 2 * self.memory
    }

    fn scope(&self) -> Scope {
        Scope::Objective
    }

    fn default_rate(&self) -> f64 {
        1.0
    }

    fn search(
        &self,
        at: &SearchInfo,
        slots: &mut [ParameterArrays<T>],
        objective: &mut dyn Objective<T>,
    ) -> Result<Searched> {
        Ok(self.iterate(at, slots, objective))
    }

    /// A step of plain gradient descent, for a training loop that does not call `search`.
    fn step(&self, _: &StepInfo, _: &mut [&mut [T]], parameters: &mut [T], gradient: &mut [T], eta: T) {
        parameters.iter_mut().zip(gradient).for_each(|(w, &mut g)| *w -= eta * g);
    }
}
