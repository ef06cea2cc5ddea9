//! Follows the nodes of a graph from its input to its output, as long as they are dense layers and activations.

use std::collections::{BTreeMap, BTreeSet};

use super::array::{Array, FLOAT, type_name};
use super::formula::{Formula, Formulas};
use super::proto::{Graph, Node, Port};
use super::{Outcome, problem};
use crate::activation::AnyActivation;
use crate::error::{FileProblem, OnnxProblem};

/// A dense layer of the graph, whose parameters are not read yet.
#[derive(Debug)]
pub(super) struct Found<'g, 'a> {
    pub weights: Matrix<'g, 'a>,
    /// The factor of the weights.
    pub alpha: f32,
    /// The biases and their factor.
    pub biases: Option<(&'g Array<'a>, f32)>,
    pub activation: AnyActivation,
}

/// A matrix in the file, or its transpose.
#[derive(Debug, Clone, Copy)]
pub(super) struct Matrix<'g, 'a> {
    pub array: &'g Array<'a>,
    /// Whether each row in the file belongs to one output, as in w; otherwise each column does.
    pub rows_are_outputs: bool,
    pub n_inputs: i64,
    pub n_outputs: i64,
}

/// What a name in the graph stands for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'g, 'a> {
    /// A tensor in the file, or its transpose.
    Constant { array: &'g Array<'a>, transposed: bool },
    /// The inputs of the network: whether each sample is a vector, and its number and type of elements, if given.
    Inputs { flat: bool, width: Option<i64>, element: Option<i64> },
    /// A formula of the last layer's z.
    Formula(usize),
    /// Labels, or outputs in another form, computed from the formula.
    Label(usize),
}

/// The state of the walk.
#[derive(Debug)]
pub(super) struct Chain<'g, 'a> {
    /// The element type of the network.
    pub element: i64,
    pub layers: Vec<Found<'g, 'a>>,
    pub formulas: Formulas,
    /// The first formula of the last layer.
    pub first: usize,
    /// The size of the batch, if it is fixed in the graph.
    pub batch: Option<i64>,
    nodes: &'g [Node<'a>],
    values: BTreeMap<&'a str, Value<'g, 'a>>,
    /// The offsets of the weights that layers already use.
    taken: BTreeSet<u64>,
}

/// The layers of a graph.
pub(super) fn layers<'g, 'a>(graph: &'g Graph<'a>, element: i64) -> Outcome<Vec<Found<'g, 'a>>> {
    let mut chain = Chain::new(graph, element)?;
    for node in &graph.nodes {
        chain.follow(node)?;
    }
    chain.finish(&graph.outputs)
}

impl<'g, 'a> Chain<'g, 'a> {
    fn new(graph: &'g Graph<'a>, element: i64) -> Outcome<Self> {
        let mut values = BTreeMap::new();
        for array in &graph.initializers {
            if values.insert(array.name, Value::Constant { array, transposed: false }).is_some() {
                let (name, offset) = (array.name.to_owned(), array.offset);
                let why = "there is a tensor of this name before it".to_owned();
                return Err(problem(OnnxProblem::Tensor { name, offset, why }));
            }
        }
        // Old files list the tensors among the inputs.
        let mut inputs = graph.inputs.iter().filter(|port| !values.contains_key(port.name));
        let (Some(input), None) = (inputs.next(), inputs.next()) else {
            let n = graph.inputs.iter().filter(|port| !values.contains_key(port.name)).count();
            return Err(not_a_chain(format!("has {n} inputs")));
        };
        let sizes = input.shape.as_deref();
        let width = sizes.and_then(|sizes| match sizes {
            [_, others @ ..] => others.iter().try_fold(1_i64, |product, size| product.checked_mul((*size)?)),
            [] => None,
        });
        let flat = sizes.is_none_or(|sizes| sizes.len() == 2);
        let batch = sizes.and_then(|sizes| sizes.first().copied().flatten());
        values.insert(input.name, Value::Inputs { flat, width, element: input.element });
        Ok(Self {
            element,
            layers: Vec::new(),
            formulas: Formulas::default(),
            first: 0,
            batch,
            nodes: &graph.nodes,
            values,
            taken: BTreeSet::new(),
        })
    }

    /// Determines what the output of a node stands for.
    fn follow(&mut self, node: &'g Node<'a>) -> Outcome<()> {
        let value = self.value_of(node)?;
        let &[output, ..] = &node.outputs[..] else { return Err(refused(node, "it has no output")) };
        if self.values.insert(output, value).is_some() {
            return Err(refused(node, format!("there is a value `{output}` before it")));
        }
        Ok(())
    }

    /// What the inputs of a node stand for; `None` for one that is left out.
    pub fn inputs(&self, node: &Node<'a>) -> Outcome<Vec<Option<Value<'g, 'a>>>> {
        let value = |name: &&'a str| match (*name, self.values.get(name)) {
            ("", _) => Ok(None),
            (_, Some(value)) => Ok(Some(*value)),
            (name, None) => Err(refused(node, format!("its input `{name}` is not defined before it"))),
        };
        node.inputs.iter().map(value).collect()
    }

    /// Begins a layer.
    pub fn begin(
        &mut self,
        node: &Node<'a>,
        flow: Value<'g, 'a>,
        layer: Found<'g, 'a>,
    ) -> Outcome<Value<'g, 'a>> {
        let Matrix { array, n_inputs, .. } = layer.weights;
        let before = match flow {
            Value::Inputs { element: Some(element), .. } if element != self.element => {
                return Err(other_type("the inputs".to_owned(), element, self.element));
            }
            Value::Inputs { flat: true, width, .. } if self.layers.is_empty() => width.unwrap_or(n_inputs),
            Value::Inputs { flat: false, .. } => {
                return Err(refused(
                    node,
                    "the inputs of a sample are not a vector; put a Flatten before it",
                ));
            }
            Value::Inputs { .. } => {
                return Err(refused(node, "it takes the inputs of the network, past the layers before it"));
            }
            flow => {
                let activation = self.activation(node, flow)?;
                let Some(last) = self.layers.last_mut() else {
                    return Err(refused(node, "no layer is before it"));
                };
                last.activation = activation;
                last.weights.n_outputs
            }
        };
        if before != n_inputs {
            return Err(refused(
                node,
                format!("it takes {n_inputs} inputs, and the layer before has {before}"),
            ));
        }
        // Ensures that the network is no larger than the file.
        if !self.taken.insert(array.offset) {
            return Err(refused(node, "its weights are those of another layer"));
        }
        self.layers.push(layer);
        Ok(self.weighted_inputs())
    }

    /// The z of the last layer. Formulas of an earlier z are no longer valid afterwards.
    pub fn weighted_inputs(&mut self) -> Value<'g, 'a> {
        self.first = self.formulas.push(Formula::Z);
        Value::Formula(self.first)
    }

    /// Whether the output of a node goes into a `ZipMap`, a map from classes to probabilities, and into no other
    /// node, as in scikit-learn's files.
    pub fn is_mapped(&self, node: &Node<'a>) -> bool {
        let mut users =
            self.nodes.iter().filter(|user| user.inputs.iter().any(|input| node.outputs.contains(input)));
        users.next().is_some_and(|user| user.operator == "ZipMap") && users.next().is_none()
    }

    /// The number of outputs of the last layer.
    pub fn n_outputs(&self) -> Option<i64> {
        self.layers.last().map(|layer| layer.weights.n_outputs)
    }

    /// The formula that a value is, if it is one of the last layer.
    pub fn formula(&self, node: &Node<'a>, value: Value<'g, 'a>) -> Outcome<usize> {
        match value {
            Value::Formula(at) if at >= self.first => Ok(at),
            Value::Formula(_) => Err(refused(node, "it takes a value from before the last layer")),
            Value::Label(_) => Err(refused(node, "it computes with labels")),
            Value::Inputs { .. } => Err(refused(
                node,
                "the inputs may go into a dense layer only; scale them outside of the network and remove the nodes that do it here, or read a file of `Predictor::to_onnx` with `Predictor::from_onnx`",
            )),
            Value::Constant { .. } => Err(refused(node, "it computes with tensors of the file only")),
        }
    }

    /// The activation that a value is.
    fn activation(&self, node: &Node<'a>, value: Value<'g, 'a>) -> Outcome<AnyActivation> {
        let at = self.formula(node, value)?;
        self.activation_at(at).map_err(|why| refused(self.maker(at).unwrap_or(node), why))
    }

    /// The activation that a formula is, or why it is none.
    fn activation_at(&self, at: usize) -> Result<AnyActivation, String> {
        match self.formulas.activation(at) {
            Some(activation) => activation.map_err(|error| error.to_string()),
            None => Err("it does not compute an activation of the crate".to_owned()),
        }
    }

    /// The node that made a formula.
    fn maker(&self, at: usize) -> Option<&'g Node<'a>> {
        self.nodes.iter().find(|node| {
            let value = node.outputs.first().and_then(|name| self.values.get(name));
            matches!(value, Some(Value::Formula(found)) if *found == at)
        })
    }

    /// The layers, if all outputs of the graph are the same activation of the last layer, or labels computed from it.
    fn finish(mut self, outputs: &[Port<'a>]) -> Outcome<Vec<Found<'g, 'a>>> {
        let mut result = None;
        for output in outputs {
            let name = output.name;
            let at = match (self.values.get(name), output.element) {
                (Some(Value::Formula(_)), Some(element)) if element != self.element => {
                    return Err(other_type(format!("output `{name}`"), element, self.element));
                }
                (Some(Value::Formula(at) | Value::Label(at)), _) if *at >= self.first => *at,
                (Some(_), _) => {
                    return Err(not_a_chain(format!("has an output `{name}` that is not of the last layer")));
                }
                (None, _) => return Err(not_a_chain(format!("has an output `{name}` that no node makes"))),
            };
            if result.replace(at).is_some_and(|other| other != at) {
                return Err(not_a_chain(format!("has an output `{name}` that differs from the one before")));
            }
        }
        let none = || not_a_chain("has no output that a layer makes".to_owned());
        let at = result.ok_or_else(none)?;
        let activation = self.activation_at(at).map_err(|why| match self.maker(at) {
            Some(node) => refused(node, why),
            None => none(),
        })?;
        self.layers.last_mut().ok_or_else(none)?.activation = activation;
        Ok(self.layers)
    }
}

/// The error for a graph that is not a chain.
fn not_a_chain(why: String) -> FileProblem {
    problem(OnnxProblem::Graph { why })
}

/// The error for a node.
pub(super) fn refused(node: &Node<'_>, why: impl Into<String>) -> FileProblem {
    let name = Some(node.name).filter(|name| !name.is_empty()).or(node.outputs.first().copied());
    let operator = match node.domain {
        "" | "ai.onnx" => node.operator.to_owned(),
        domain => format!("{domain}.{}", node.operator),
    };
    let name = name.unwrap_or_default().to_owned();
    problem(OnnxProblem::Node { name, operator, offset: node.offset, why: why.into() })
}

/// The error for elements of another type than that of the network.
pub(super) fn other_type(name: String, found: i64, expected: i64) -> FileProblem {
    let expected = if expected == FLOAT { "f32" } else { "f64" };
    FileProblem::Dtype { name, found: type_name(found), expected }
}
