//! The meaning of each operator.

use super::Outcome;
use super::array::{Array, BOOL, DOUBLE, FLOAT, INT64};
use super::attribute::Attribute;
use super::attributes::{attribute, check_attributes, check_axis, float, int};
use super::chain::{Chain, Found, Matrix, Value, other_type, refused};
use super::formula::{Formula, Operator};
use super::proto::Node;
use crate::activation::Linear;

/// Operators that change the form of labels or probabilities. They are left out of the network.
const FORMS: [&str; 9] = [
    "ArgMax",
    "ArrayFeatureExtractor",
    "Binarizer",
    "Cast",
    "Concat",
    "Identity",
    "Reshape",
    "Squeeze",
    "ZipMap",
];

impl<'g, 'a> Chain<'g, 'a> {
    /// What the first output of a node stands for.
    pub fn value_of(&mut self, node: &'g Node<'a>) -> Outcome<Value<'g, 'a>> {
        let own = matches!(node.domain, "" | "ai.onnx");
        if !own && node.domain != "ai.onnx.ml" {
            return Err(refused(node, "its operator is of a domain that is not ONNX's own"));
        }
        let inputs = self.inputs(node)?;
        let label = inputs.iter().flatten().find_map(|value| match value {
            Value::Label(of) => Some(*of),
            _ => None,
        });
        if let Some(of) = label {
            let others = inputs
                .iter()
                .flatten()
                .all(|value| matches!(value, Value::Label(_) | Value::Constant { .. }));
            return match others && FORMS.contains(&node.operator) {
                true => Ok(Value::Label(of)),
                false => Err(refused(node, "it computes with labels")),
            };
        }
        match (own, node.operator, &inputs[..]) {
            (true, "Constant", []) => constant(node),
            (true, "Identity", [Some(value)]) => Ok(*value),
            (true, "Dropout", [Some(value)] | [Some(value), _] | [Some(value), _, None]) => Ok(*value),
            (true, "Dropout", [Some(value), _, Some(training)]) => match training {
                Value::Constant { array, .. } if array.element == BOOL && *array.data == [0] => Ok(*value),
                _ => Err(refused(node, "it drops inputs, as in training; export the network for prediction")),
            },
            (true, "Shape", [Some(_)]) => Err(refused(
                node,
                "sizes are computed; write nn.Flatten or torch.flatten(x, 1) in place of a view",
            )),
            (true, "Cast", [Some(value)]) => self.cast(node, *value),
            (true, "Flatten", [Some(value)]) => flatten(node, *value),
            (true, "Reshape", [Some(value), Some(shape)]) => self.reshape(node, *value, *shape),
            (true, "Transpose", [Some(value)]) => transpose(node, *value),
            (true, "Gemm", [Some(a), Some(b)] | [Some(a), Some(b), None]) => self.gemm(node, *a, *b, None),
            (true, "Gemm", [Some(a), Some(b), Some(c)]) => self.gemm(node, *a, *b, Some(*c)),
            (true, "MatMul", [Some(a), Some(b)]) => self.gemm(node, *a, *b, None),
            (true, "Concat", [Some(a), Some(b)]) => self.two_classes(node, *a, *b),
            (true, "Where", [Some(a), Some(b), Some(c)]) => {
                let at = [*a, *b, *c].map(|value| self.formula(node, value));
                let [above, z, softplus] = at;
                let (above, z, softplus) = (above?, z?, softplus?);
                match self.formulas.bounded_softplus(above, z, softplus) {
                    true => Ok(Value::Formula(softplus)),
                    false => Err(refused(
                        node,
                        "the only `Where` that is read is the one of a softplus for large inputs",
                    )),
                }
            }
            (true, "ArgMax", [Some(value)]) => {
                check_axis(node, "axis", 0)?;
                Ok(Value::Label(self.formula(node, *value)?))
            }
            (false, "ZipMap" | "Binarizer", [Some(value)]) => Ok(Value::Label(self.formula(node, *value)?)),
            (true, _, [Some(value)]) => self.function(node, *value),
            (true, _, [Some(a), Some(b)]) => self.operator(node, *a, *b),
            _ => Err(unknown(node)),
        }
    }

    /// A cast to the type of the network, which can change the type of the inputs only.
    fn cast(&self, node: &Node<'a>, value: Value<'g, 'a>) -> Outcome<Value<'g, 'a>> {
        match (int(node, "to", 0)?, value) {
            (to, Value::Formula(_)) if to == self.element => Ok(value),
            (to, Value::Inputs { flat, width, .. }) if to == self.element => {
                Ok(Value::Inputs { flat, width, element: Some(to) })
            }
            (to @ (FLOAT | DOUBLE), Value::Inputs { .. }) => {
                Err(other_type(format!("the inputs, after `{}`,", node.name), to, self.element))
            }
            _ => Err(refused(node, "it casts to another type than that of the network")),
        }
    }

    /// A reshape that leaves each sample a vector.
    fn reshape(&self, node: &Node<'a>, value: Value<'g, 'a>, shape: Value<'g, 'a>) -> Outcome<Value<'g, 'a>> {
        check_attributes(node, &["allowzero"])?;
        let array = match shape {
            Value::Constant { array, .. } if array.element == INT64 => array,
            _ => return Err(refused(node, "its shape is not a list of integers in the file")),
        };
        let width = match value {
            Value::Inputs { width, .. } => width,
            _ => {
                self.formula(node, value)?;
                self.n_outputs()
            }
        };
        let zero_is_kept = int(node, "allowzero", 0)? == 0;
        let kept = |rows: i64| rows == -1 || (rows == 0 && zero_is_kept) || Some(rows) == self.batch;
        let vectors = match integers(array)[..] {
            [rows, columns] if columns > 0 => kept(rows) && width.is_none_or(|width| width == columns),
            [rows, -1] => rows != -1 && kept(rows),
            _ => false,
        };
        match (vectors, value) {
            (true, Value::Inputs { width, element, .. }) => Ok(Value::Inputs { flat: true, width, element }),
            (true, _) => Ok(value),
            (false, _) => Err(refused(node, "its output is not one vector for each sample")),
        }
    }

    /// A dense layer: alpha · x wᵀ + beta · b, or the product alone.
    fn gemm(
        &mut self,
        node: &Node<'a>,
        a: Value<'g, 'a>,
        b: Value<'g, 'a>,
        c: Option<Value<'g, 'a>>,
    ) -> Outcome<Value<'g, 'a>> {
        let Value::Constant { array, transposed } = b else {
            return Err(refused(node, "its second factor is not a tensor of the file"));
        };
        let (mut alpha, mut beta, mut rows_are_outputs) = (1.0, 1.0, transposed);
        if node.operator == "Gemm" {
            check_attributes(node, &["alpha", "beta", "transA", "transB"])?;
            (alpha, beta) = (float(node, "alpha", 1.0)?, float(node, "beta", 1.0)?);
            rows_are_outputs ^= int(node, "transB", 0)? != 0;
            if int(node, "transA", 0)? != 0 {
                return Err(refused(node, "it transposes the samples (transA)"));
            }
        } else {
            check_attributes(node, &[])?;
        }
        let (n_inputs, n_outputs) = match (&array.dims[..], rows_are_outputs) {
            (&[outputs, inputs], true) | (&[inputs, outputs], false) if outputs > 0 && inputs > 0 => {
                (inputs, outputs)
            }
            _ => return Err(refused(node, format!("its weights `{}` are not a matrix", array.name))),
        };
        let weights = Matrix { array, rows_are_outputs, n_inputs, n_outputs };
        let biases = c.map(|c| self.biases(node, c, n_outputs)).transpose()?.map(|biases| (biases, beta));
        let layer = Found { weights, alpha, biases, activation: Linear.into() };
        self.begin(node, a, layer)
    }

    /// The tensor that holds the biases of a layer, or one number for all of them.
    pub fn biases(&self, node: &Node<'a>, value: Value<'g, 'a>, n_outputs: i64) -> Outcome<&'g Array<'a>> {
        match value {
            Value::Constant { array, .. } => match array.dims[..] {
                [] | [1] | [1, 1] => Ok(array),
                [n] | [1, n] if n == n_outputs => Ok(array),
                _ => Err(refused(node, format!("its biases `{}` are not one for each output", array.name))),
            },
            _ => Err(refused(node, "its biases are computed")),
        }
    }

    /// The probabilities 1 − p and p of two classes, of which the network gives the second.
    fn two_classes(&self, node: &Node<'a>, a: Value<'g, 'a>, b: Value<'g, 'a>) -> Outcome<Value<'g, 'a>> {
        check_axis(node, "axis", 0)?;
        let (no, yes) = (self.formula(node, a)?, self.formula(node, b)?);
        match self.formulas.get(no) {
            Formula::Both(Operator::Sub, one, p)
                if p == yes
                    && self.formulas.is_number(one, 1.0)
                    && (self.n_outputs() == Some(1) || self.is_mapped(node)) =>
            {
                Ok(Value::Label(yes))
            }
            _ => Err(refused(
                node,
                "the only `Concat` that is read is that of the probabilities 1 − p and p of two classes",
            )),
        }
    }
}

fn constant<'g, 'a>(node: &'g Node<'a>) -> Outcome<Value<'g, 'a>> {
    match attribute(node, "value") {
        Some(Attribute::Tensor(array)) => Ok(Value::Constant { array, transposed: false }),
        _ => Err(refused(node, "its value is not a tensor")),
    }
}

fn flatten<'g, 'a>(node: &Node<'a>, value: Value<'g, 'a>) -> Outcome<Value<'g, 'a>> {
    check_attributes(node, &["axis"])?;
    match (int(node, "axis", 1)?, value) {
        (1, Value::Inputs { width, element, .. }) => Ok(Value::Inputs { flat: true, width, element }),
        // With two axes, −1 is the same as 1.
        (-1, Value::Inputs { flat: true, .. }) | (1 | -1, Value::Formula(_)) => Ok(value),
        _ => Err(refused(node, "its output is not one vector for each sample")),
    }
}

fn transpose<'g, 'a>(node: &Node<'a>, value: Value<'g, 'a>) -> Outcome<Value<'g, 'a>> {
    check_attributes(node, &["perm"])?;
    let exchanges = match attribute(node, "perm") {
        Some(Attribute::Ints(axes)) => axes[..] == [1, 0],
        other => other.is_none(),
    };
    match value {
        Value::Constant { array, transposed } if exchanges => {
            Ok(Value::Constant { array, transposed: !transposed })
        }
        _ => Err(refused(node, "only weights may be transposed")),
    }
}

/// The integers of a tensor.
fn integers(array: &Array<'_>) -> Vec<i64> {
    array.data.as_chunks().0.iter().map(|&bytes| i64::from_le_bytes(bytes)).collect()
}

/// The error for an operator that is not known.
pub(super) fn unknown(node: &Node<'_>) -> crate::error::FileProblem {
    refused(node, "it belongs neither to a dense layer nor to an activation of the crate")
}
