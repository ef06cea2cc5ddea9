//! The operators as which an activation is written.

use super::array::{DOUBLE, element_type};
use super::graph::{Attribute, Writer};
use crate::activation::{AnyActivation, Selu};
use crate::real::Real;

/// Writes the nodes that compute the value `a` from the value `z`.
///
/// In double precision an activation is a formula of operators that runtimes have in double precision, and whose
/// numbers are not rounded to the single precision of an attribute.
pub(super) fn write<T: Real>(graph: &mut Writer, activation: AnyActivation, z: &str, a: &str) {
    let double = element_type::<T>() == DOUBLE;
    let mut steps = Steps { graph, a };
    match activation {
        // z and a are one value.
        AnyActivation::Linear(_) => {}
        AnyActivation::Sigmoid(_) if double => {
            let above = steps.number("above", T::one());
            steps.logistic::<T>(z, &above);
        }
        AnyActivation::Sigmoid(_) => steps.last("Sigmoid", &[z], &[]),
        AnyActivation::Tanh(_) => steps.last("Tanh", &[z], &[]),
        AnyActivation::Relu(_) => steps.last("Relu", &[z], &[]),
        AnyActivation::Exponential(_) => steps.last("Exp", &[z], &[]),
        AnyActivation::Silu(_) if double => steps.logistic::<T>(z, z),
        AnyActivation::Silu(_) => {
            let sigmoid = steps.step("Sigmoid", &[z]);
            steps.last("Mul", &[z, &sigmoid], &[]);
        }
        AnyActivation::Softmax(softmax) => {
            let axis = [Attribute::Int("axis", 1)];
            if softmax.sharpness() == 1.0 {
                return steps.last("Softmax", &[z], &axis);
            }
            let sharpness = steps.number("sharpness", softmax.sharpness_in::<T>());
            let sharp = steps.step("Mul", &[z, &sharpness]);
            steps.last("Softmax", &[&sharp], &axis);
        }
        AnyActivation::Gelu(_) => {
            let root = steps.number("root", T::cast(std::f64::consts::SQRT_2));
            let (one, half) = (steps.number("one", T::one()), steps.number("half", T::cast(0.5)));
            let scaled = steps.step("Div", &[z, &root]);
            let erf = steps.step("Erf", &[&scaled]);
            let twice = steps.step("Add", &[&erf, &one]);
            let product = steps.step("Mul", &[z, &twice]);
            steps.last("Mul", &[&product, &half], &[]);
        }
        AnyActivation::LeakyRelu(leaky) if double => {
            let slope = steps.number("slope", T::cast(leaky.slope()));
            let below = steps.step("Mul", &[z, &slope]);
            steps.last("Max", &[z, &below], &[]);
        }
        AnyActivation::LeakyRelu(leaky) => {
            steps.last("LeakyRelu", &[z], &[Attribute::Float("alpha", leaky.slope() as f32)]);
        }
        AnyActivation::Elu(elu) if double => steps.elu(z, None, T::cast(elu.alpha())),
        AnyActivation::Elu(elu) => steps.last("Elu", &[z], &[Attribute::Float("alpha", elu.alpha() as f32)]),
        AnyActivation::Selu(_) if double => steps.elu(z, Some(T::cast(Selu::SCALE)), T::cast(Selu::LIMIT)),
        AnyActivation::Selu(_) => {
            let scale = steps.number("scale", T::cast(Selu::SCALE));
            let (elu, alpha) = (format!("{a}.elu"), (Selu::LIMIT / Selu::SCALE) as f32);
            steps.graph.node("Elu", &[z], &elu, &[Attribute::Float("alpha", alpha)]);
            steps.last("Mul", &[&elu, &scale], &[]);
        }
        AnyActivation::Softplus(_) if double => {
            let one = steps.number("one", T::one());
            let above = steps.step("Relu", &[z]);
            let size = steps.step("Abs", &[z]);
            let minus = steps.step("Neg", &[&size]);
            let power = steps.step("Exp", &[&minus]);
            let sum = steps.step("Add", &[&power, &one]);
            let below = steps.step("Log", &[&sum]);
            steps.last("Add", &[&above, &below], &[]);
        }
        AnyActivation::Softplus(_) => steps.last("Softplus", &[z], &[]),
    }
}

/// The nodes of one activation; the names of their outputs begin with that of the activation's value `a`.
struct Steps<'a> {
    graph: &'a mut Writer,
    a: &'a str,
}

impl Steps<'_> {
    /// Appends the last node, whose output is `a`.
    fn last(&mut self, operator: &str, inputs: &[&str], attributes: &[Attribute]) {
        self.graph.node(operator, inputs, self.a, attributes);
    }

    /// Appends a node. Returns the name of its output, which contains the operator: each may be used here once.
    fn step(&mut self, operator: &str, inputs: &[&str]) -> String {
        let output = format!("{}.{}", self.a, operator.to_lowercase());
        self.graph.node(operator, inputs, &output, &[]);
        output
    }

    /// Appends a number. Returns its name.
    fn number<T: Real>(&mut self, name: &str, value: T) -> String {
        let name = format!("{}.{name}", self.a);
        self.graph.number(&name, value);
        name
    }

    /// x/(1 + e^(−z))
    fn logistic<T: Real>(&mut self, z: &str, x: &str) {
        let one = self.number("one", T::one());
        let minus = self.step("Neg", &[z]);
        let power = self.step("Exp", &[&minus]);
        let sum = self.step("Add", &[&power, &one]);
        self.last("Div", &[x, &sum], &[]);
    }

    /// s max(z, 0) + l (e^min(z, 0) − 1), with s = 1 if there is none.
    fn elu<T: Real>(&mut self, z: &str, scale: Option<T>, limit: T) {
        let (zero, one) = (self.number("zero", T::zero()), self.number("one", T::one()));
        let limit = self.number("limit", limit);
        let mut above = self.step("Relu", &[z]);
        if let Some(scale) = scale {
            let (name, scaled) = (self.number("scale", scale), format!("{}.scaled", self.a));
            self.graph.node("Mul", &[&above, &name], &scaled, &[]);
            above = scaled;
        }
        let below = self.step("Min", &[z, &zero]);
        let power = self.step("Exp", &[&below]);
        let less = self.step("Sub", &[&power, &one]);
        let below = self.step("Mul", &[&less, &limit]);
        self.last("Add", &[&above, &below], &[]);
    }
}
