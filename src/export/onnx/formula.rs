//! Activations as other programs write them: one operator, or a formula of several.

use crate::activation::*;
use crate::error::Result;

/// A function of the weighted inputs z of a layer. Arguments are indices into the list of all formulas.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Formula {
    Z,
    Number(f64),
    Of(Function, usize),
    Both(Operator, usize, usize),
}

/// A function of one argument.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Function {
    Abs,
    Elu(f64),
    Erf,
    Exp,
    Gelu,
    LeakyRelu(f64),
    Log,
    Neg,
    Relu,
    Selu { alpha: f64, gamma: f64 },
    Sigmoid,
    Softmax,
    Softplus,
    Tanh,
}

/// A function of two arguments.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Operator {
    Add,
    Sub,
    Mul,
    Div,
    Max,
    Min,
    Greater,
}

/// The relative error that constants of other programs may have: a few roundings in single precision.
const TOLERANCE: f64 = 1e-6;

/// The maximum depth to which nested products are resolved.
const DEPTH: usize = 4;

/// All formulas of a graph, each made of those before it.
#[derive(Debug, Default)]
pub(super) struct Formulas(Vec<Formula>);

impl Formulas {
    /// Appends a formula. Returns its index.
    pub fn push(&mut self, formula: Formula) -> usize {
        self.0.push(formula);
        self.0.len() - 1
    }

    /// The formula at an index.
    pub fn get(&self, at: usize) -> Formula {
        self.0.get(at).copied().unwrap_or(Formula::Number(f64::NAN))
    }

    /// The activation that a formula is; `None` if it is none of the crate's, and an error if a parameter is outside
    /// its range.
    pub fn activation(&self, at: usize) -> Option<Result<AnyActivation>> {
        use Formula::{Both, Of};
        use Function::{Elu as EluOp, Exp, Gelu as GeluOp, LeakyRelu as LeakyOp, Log};
        match self.get(at) {
            Formula::Z => Some(Ok(Linear.into())),
            Of(Function::Softmax, z) => self.scaled(z).map(|c| Softmax::with_sharpness(c).map(Into::into)),
            Of(Log, sum) => self.is_of(Exp, self.plus_one(sum)?).then(|| Ok(Softplus.into())),
            Of(function, z) if self.is_z(z) => Some(Ok(match function {
                Function::Sigmoid => Sigmoid.into(),
                Function::Tanh => Tanh.into(),
                Function::Relu => Relu.into(),
                Function::Softplus => Softplus.into(),
                Exp => Exponential.into(),
                GeluOp => Gelu.into(),
                EluOp(alpha) => return Some(Elu::new(alpha).map(Into::into)),
                LeakyOp(slope) => return Some(LeakyRelu::new(slope).map(Into::into)),
                Function::Selu { alpha, gamma } => {
                    return is_selu(gamma, gamma * alpha).then(|| Ok(Selu.into()));
                }
                _ => return None,
            })),
            Both(Operator::Mul | Operator::Div, ..) => self.product(at),
            Both(Operator::Max, a, b) => self.either(a, b, |z, other| {
                let slope = self.scaled(other).filter(|_| self.is_z(z))?;
                Some(LeakyRelu::new(slope).map(Into::into))
            }),
            Both(Operator::Add, a, b) => self
                .either(a, b, |above, below| self.softplus(above, below).or_else(|| self.elu(above, below))),
            _ => None,
        }
    }

    /// The activation that a product or quotient is: z Φ(z) by the error function, z σ(z), z/(1 + e^(−z)), 1/(1 +
    /// e^(−z)), or a multiple of an ELU that is a SELU.
    fn product(&self, at: usize) -> Option<Result<AnyActivation>> {
        if let Formula::Both(Operator::Div, above, below) = self.get(at)
            && let Some(power) = self.plus_one(below)
        {
            let Formula::Of(Function::Exp, minus) = self.get(power) else { return None };
            return match (self.is_of(Function::Neg, minus), self.get(above)) {
                (true, Formula::Z) => Some(Ok(Silu.into())),
                (true, Formula::Number(1.0)) => Some(Ok(Sigmoid.into())),
                _ => None,
            };
        }
        let (number, factors) = self.factors(at, DEPTH)?;
        if let &[only] = &factors[..]
            && let Formula::Of(Function::Elu(alpha), z) = self.get(only)
        {
            return (self.is_z(z) && is_selu(number, number * alpha)).then(|| Ok(Selu.into()));
        }
        let &[a, b] = &factors[..] else { return None };
        self.either(a, b, |z, other| {
            if !self.is_z(z) {
                return None;
            }
            if number == 1.0 && self.is_of(Function::Sigmoid, other) {
                return Some(Ok(Silu.into()));
            }
            let Formula::Of(Function::Erf, inside) = self.get(self.plus_one(other)?) else { return None };
            let half = is_near(number, 0.5) && is_near(self.scaled(inside)?, std::f64::consts::FRAC_1_SQRT_2);
            half.then(|| Ok(Gelu.into()))
        })
    }

    /// max(z, 0) + ln(1 + e^(−|z|))
    fn softplus(&self, above: usize, below: usize) -> Option<Result<AnyActivation>> {
        let Formula::Of(Function::Log, sum) = self.get(below) else { return None };
        let Formula::Of(Function::Exp, minus) = self.get(self.plus_one(sum)?) else { return None };
        let Formula::Of(Function::Neg, size) = self.get(minus) else { return None };
        let fits = self.is_of(Function::Relu, above) && self.is_of(Function::Abs, size);
        fits.then(|| Ok(Softplus.into()))
    }

    /// s max(z, 0) + l (e^min(z, 0) − 1)
    fn elu(&self, above: usize, below: usize) -> Option<Result<AnyActivation>> {
        let (scale, above) = self.multiple(above)?;
        let (limit, below) = self.multiple(below)?;
        let Formula::Both(Operator::Sub, power, one) = self.get(below) else { return None };
        let Formula::Of(Function::Exp, least) = self.get(power) else { return None };
        let Formula::Both(Operator::Min, a, b) = self.get(least) else { return None };
        let zero = self.either(a, b, |z, zero| (self.is_z(z) && self.is_number(zero, 0.0)).then_some(()));
        if zero.is_none() || !self.is_number(one, 1.0) || !self.is_of(Function::Relu, above) {
            return None;
        }
        if scale == 1.0 {
            return Some(Elu::new(limit).map(Into::into));
        }
        is_selu(scale, limit).then(|| Ok(Selu.into()))
    }

    /// The number c of c z.
    fn scaled(&self, at: usize) -> Option<f64> {
        self.multiple(at).filter(|&(_, z)| self.is_z(z)).map(|(c, _)| c)
    }

    /// The number and the only other factor of a product.
    fn multiple(&self, at: usize) -> Option<(f64, usize)> {
        let (number, factors) = self.factors(at, DEPTH)?;
        let &[only] = &factors[..] else { return None };
        Some((number, only))
    }

    /// The product of the numbers in a product, and its other factors; `None` if it is too deep.
    fn factors(&self, at: usize, depth: usize) -> Option<(f64, Vec<usize>)> {
        let below = |at| self.factors(at, depth.checked_sub(1)?);
        match self.get(at) {
            Formula::Number(number) => Some((number, Vec::new())),
            Formula::Both(Operator::Mul, a, b) => {
                let ((a, mut factors), (b, more)) = (below(a)?, below(b)?);
                factors.extend(more);
                Some((a * b, factors))
            }
            Formula::Both(Operator::Div, a, b) => match (below(a)?, self.get(b)) {
                ((number, factors), Formula::Number(divisor)) => Some((number / divisor, factors)),
                _ => Some((1.0, vec![at])),
            },
            _ => Some((1.0, vec![at])),
        }
    }

    /// The x of x + 1.
    fn plus_one(&self, at: usize) -> Option<usize> {
        let Formula::Both(Operator::Add, a, b) = self.get(at) else { return None };
        self.either(a, b, |x, one| self.is_number(one, 1.0).then_some(x))
    }

    /// The result of `f` for the arguments in this order, or in the other if it is `None`.
    fn either<V>(&self, a: usize, b: usize, f: impl Fn(usize, usize) -> Option<V>) -> Option<V> {
        f(a, b).or_else(|| f(b, a))
    }

    fn is_z(&self, at: usize) -> bool {
        self.get(at) == Formula::Z
    }

    /// Whether this is `function` of z.
    fn is_of(&self, function: Function, at: usize) -> bool {
        matches!(self.get(at), Formula::Of(found, z) if found == function && self.is_z(z))
    }

    /// Whether this is the number.
    pub fn is_number(&self, at: usize, number: f64) -> bool {
        self.get(at) == Formula::Number(number)
    }

    /// Whether a choice is the softplus as PyTorch writes it: z above a bound, and the softplus of z below. Above 20
    /// the two differ by less than 2.1·10⁻⁹, and not at all in single precision.
    pub fn bounded_softplus(&self, above: usize, z: usize, softplus: usize) -> bool {
        let Formula::Both(Operator::Greater, compared, bound) = self.get(above) else { return false };
        let far = matches!(self.get(bound), Formula::Number(bound) if bound >= 20.0);
        far && self.is_z(z) && self.is_z(compared) && self.is_of(Function::Softplus, softplus)
    }
}

fn is_near(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= TOLERANCE * expected.abs()
}

/// Whether these are the slope λ above 0 and the absolute limit λ α below 0 of a [`Selu`].
fn is_selu(scale: f64, limit: f64) -> bool {
    is_near(scale, Selu::SCALE) && is_near(limit, Selu::LIMIT)
}

/// The decimal number with the fewest digits that rounds to `value` in single precision: most probably the one that was
/// written in the source of the network.
pub(super) fn shortest(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}
