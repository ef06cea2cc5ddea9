//! Nodes that are functions of one or two arguments, from which activations are composed.

use super::Outcome;
use super::array::{DOUBLE, FLOAT};
use super::attribute::Attribute;
use super::attributes::{attribute, check_attributes, check_axis, float};
use super::chain::{Chain, Value, refused};
use super::formula::{Formula, Function, Operator, shortest};
use super::nodes::unknown;
use super::proto::Node;

/// The α and γ of ONNX's Selu.
const SELU: (f32, f32) = (1.673_263_2, 1.050_701);

impl<'g, 'a> Chain<'g, 'a> {
    /// A function of one argument.
    pub fn function(&mut self, node: &Node<'a>, value: Value<'g, 'a>) -> Outcome<Value<'g, 'a>> {
        let parameter = |default| float(node, "alpha", default).map(shortest);
        let (function, attributes): (_, &[&str]) = match node.operator {
            "Abs" => (Function::Abs, &[]),
            "Elu" => (Function::Elu(parameter(1.0)?), &["alpha"]),
            "Erf" => (Function::Erf, &[]),
            "Exp" => (Function::Exp, &[]),
            "Gelu" => match attribute(node, "approximate") {
                None | Some(Attribute::Text(b"none")) => (Function::Gelu, &["approximate"]),
                _ => {
                    return Err(refused(
                        node,
                        "it is the approximation by tanh, and the crate has the exact function",
                    ));
                }
            },
            "LeakyRelu" => (Function::LeakyRelu(parameter(0.01)?), &["alpha"]),
            "Log" => (Function::Log, &[]),
            "Neg" => (Function::Neg, &[]),
            "Relu" => (Function::Relu, &[]),
            "Selu" => {
                let (alpha, gamma) = (float(node, "alpha", SELU.0)?, float(node, "gamma", SELU.1)?);
                (Function::Selu { alpha: alpha.into(), gamma: gamma.into() }, &["alpha", "gamma"])
            }
            "Sigmoid" => (Function::Sigmoid, &[]),
            "Softmax" => {
                check_axis(node, "axis", 1)?;
                (Function::Softmax, &["axis"])
            }
            "Softplus" => (Function::Softplus, &[]),
            "Tanh" => (Function::Tanh, &[]),
            _ => return Err(unknown(node)),
        };
        check_attributes(node, attributes)?;
        let of = self.formula(node, value)?;
        Ok(Value::Formula(self.formulas.push(Formula::Of(function, of))))
    }

    /// A function of two arguments, or the biases of a layer.
    pub fn operator(
        &mut self,
        node: &Node<'a>,
        a: Value<'g, 'a>,
        b: Value<'g, 'a>,
    ) -> Outcome<Value<'g, 'a>> {
        let operator = match node.operator {
            "Add" => Operator::Add,
            "Sub" => Operator::Sub,
            "Mul" => Operator::Mul,
            "Div" => Operator::Div,
            "Max" => Operator::Max,
            "Min" => Operator::Min,
            "Greater" => Operator::Greater,
            _ => return Err(unknown(node)),
        };
        check_attributes(node, &[])?;
        if operator == Operator::Add {
            // The biases of a product that has none yet.
            if let (Value::Formula(at), Value::Constant { .. })
            | (Value::Constant { .. }, Value::Formula(at)) = (a, b)
            {
                let open = at == self.first && self.layers.last().is_some_and(|layer| layer.biases.is_none());
                if open {
                    let constant = if matches!(a, Value::Constant { .. }) { a } else { b };
                    let n_outputs = self.n_outputs().unwrap_or(0);
                    let biases = self.biases(node, constant, n_outputs)?;
                    if let Some(layer) = self.layers.last_mut() {
                        layer.biases = Some((biases, 1.0));
                    }
                    return Ok(self.weighted_inputs());
                }
            }
        }
        let (a, b) = (self.number_or_formula(node, a)?, self.number_or_formula(node, b)?);
        Ok(Value::Formula(self.formulas.push(Formula::Both(operator, a, b))))
    }

    /// The formula that a value is; a tensor of one element is a number.
    fn number_or_formula(&mut self, node: &Node<'a>, value: Value<'g, 'a>) -> Outcome<usize> {
        let Value::Constant { array, .. } = value else { return self.formula(node, value) };
        // By broadcasting, more than two dimensions would give the samples as many.
        let is_one = array.dims.len() <= 2 && array.dims.iter().all(|&dim| dim == 1) && !array.external;
        let number = match (is_one, array.element, &*array.data) {
            (true, FLOAT, bytes) => bytes.try_into().ok().map(f32::from_le_bytes).map(shortest),
            (true, DOUBLE, bytes) => bytes.try_into().ok().map(f64::from_le_bytes),
            _ => None,
        };
        match number {
            Some(number) => Ok(self.formulas.push(Formula::Number(number))),
            None => Err(refused(
                node,
                format!("it computes with the tensor `{}`, which is not one number", array.name),
            )),
        }
    }
}
