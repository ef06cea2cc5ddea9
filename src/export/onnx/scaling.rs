//! The scaling of inputs and outputs, as nodes before and after the layers.

use super::array::{Array, element_type};
use super::chain::{other_type, refused};
use super::graph::Writer;
use super::proto::{Graph, Node};
use super::{Outcome, problem};
use crate::data::Scaler;
use crate::error::{FileProblem, OnnxProblem};
use crate::real::{LittleEndian, Real};

/// The arithmetic of a scaler: an operator, the name of its second argument, and that argument for each element.
///
/// In single precision a center is the sum of two numbers, c = c₁ + c₂, so that x − c keeps its digits where x is
/// near c: the difference of near numbers is exact, so that (x − c₁) − c₂ is x − c within two roundings of the
/// result.
#[derive(Debug)]
pub(super) struct Scaling<T> {
    of: &'static str,
    steps: Vec<(&'static str, &'static str, Vec<T>)>,
}

impl<T: Real> Scaling<T> {
    /// (x − c)/s
    pub fn of_inputs(scaler: Option<&Scaler>) -> Outcome<Self> {
        let Some(scaler) = scaler else { return Ok(Self { of: "inputs", steps: Vec::new() }) };
        let (high, low) = centers(scaler, "input")?;
        let steps =
            [("Sub", "center", high), ("Sub", "center_low", low), ("Div", "width", widths(scaler, "input")?)];
        Ok(Self::new("inputs", steps))
    }

    /// c + s a
    pub fn of_outputs(scaler: Option<&Scaler>) -> Outcome<Self> {
        let Some(scaler) = scaler else { return Ok(Self { of: "outputs", steps: Vec::new() }) };
        let (high, low) = centers(scaler, "output")?;
        let steps = [
            ("Mul", "width", widths(scaler, "output")?),
            ("Add", "center", high),
            ("Add", "center_low", low),
        ];
        Ok(Self::new("outputs", steps))
    }

    /// Creates the scaling, without the steps that change nothing.
    fn new(of: &'static str, steps: [(&'static str, &'static str, Vec<T>); 3]) -> Self {
        let changes = |(operator, _, values): &(&str, &str, Vec<T>)| {
            let neutral = if matches!(*operator, "Mul" | "Div") { T::one() } else { T::zero() };
            values.iter().any(|&value| value != neutral)
        };
        Self { of, steps: steps.into_iter().filter(changes).collect() }
    }

    /// Whether nothing is scaled.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Writes the nodes that scale `value`. The output of the last node is called `last`. Returns the name of the
    /// scaled value, which is `value` if nothing is scaled.
    pub fn write(&self, graph: &mut Writer, value: &str, last: &str) -> String {
        let mut value = value.to_owned();
        for (index, (operator, what, numbers)) in self.steps.iter().enumerate() {
            let argument = format!("{}.{what}", self.of);
            let next = match index + 1 == self.steps.len() {
                true => last.to_owned(),
                false => format!("{last}.after_{what}"),
            };
            graph.vector(&argument, numbers);
            graph.node(operator, &[&value, &argument], &next, &[]);
            value = next;
        }
        value
    }
}

/// Removing the nodes that [`write`](Scaling::write) has written.
impl<T: Real> Scaling<T> {
    /// Removes the nodes that scale the inputs of a graph, which then begins with the scaled inputs.
    pub fn remove_first(&self, graph: &mut Graph<'_>) -> Outcome<()> {
        let Graph { nodes, initializers, inputs, .. } = graph;
        let is_tensor = |name: &str| initializers.iter().any(|array| array.name == name);
        let Some(input) = inputs.iter_mut().find(|port| !is_tensor(port.name)) else { return Ok(()) };
        let n = self.steps.len();
        input.name = self.follow(nodes.get(..n), initializers, input.name)?;
        nodes.drain(..n);
        Ok(())
    }

    /// Removes the nodes that take the outputs of a graph back to the units of the data. The graph then ends with the
    /// outputs of the last layer.
    pub fn remove_last(&self, graph: &mut Graph<'_>) -> Outcome<()> {
        let Graph { nodes, initializers, outputs, .. } = graph;
        if self.is_empty() {
            return Ok(());
        }
        let [output] = &mut outputs[..] else { return Err(self.missing()) };
        let start = nodes.len().checked_sub(self.steps.len());
        let last = start.and_then(|start| nodes.get(start..));
        let first = last.and_then(|nodes| nodes.first()?.inputs.first()).copied().unwrap_or_default();
        if self.follow(last, initializers, first)? != output.name {
            return Err(self.missing());
        }
        output.name = first;
        nodes.truncate(start.unwrap_or_default());
        Ok(())
    }

    /// The name of the value that `nodes` compute from `value`, if they are the steps of this scaling.
    fn follow<'a>(
        &self,
        nodes: Option<&[Node<'a>]>,
        tensors: &[Array<'a>],
        value: &'a str,
    ) -> Outcome<&'a str> {
        let nodes = nodes.ok_or_else(|| self.missing())?;
        let mut value = value;
        for (node, (operator, _, numbers)) in nodes.iter().zip(&self.steps) {
            let other =
                || refused(node, format!("it does not scale the {} as the description says", self.of));
            let (&[of, argument], &[output]) = (&node.inputs[..], &node.outputs[..]) else {
                return Err(other());
            };
            let array = tensors.iter().find(|array| array.name == argument).ok_or_else(other)?;
            let element = element_type::<T>();
            if array.element != element {
                return Err(other_type(format!("tensor {argument}"), array.element, element));
            }
            let is_own = matches!(node.domain, "" | "ai.onnx") && node.attributes.is_empty();
            let same = <T as LittleEndian>::groups(&array.data)
                .iter()
                .map(|&bytes| T::from_bytes(bytes))
                .eq(numbers.iter().copied())
                && array.data.len() == size_of_val(&numbers[..])
                && matches!(array.dims[..], [n] if usize::try_from(n) == Ok(numbers.len()));
            if !(is_own && same && node.operator == *operator && of == value) {
                return Err(other());
            }
            value = output;
        }
        Ok(value)
    }

    fn missing(&self) -> FileProblem {
        let why = format!("does not scale the {} as its description says", self.of);
        problem(OnnxProblem::Graph { why })
    }
}

/// The centers rounded to `T`, and their rounding errors.
fn centers<T: Real>(scaler: &Scaler, of: &'static str) -> Outcome<(Vec<T>, Vec<T>)> {
    let split = |(index, &center): (usize, &f64)| {
        let high = T::cast(center);
        match high.to_f64().is_finite() {
            true => Ok((high, T::cast(center - high.to_f64()))),
            false => Err(problem(OnnxProblem::Scale { what: "center", of, index, value: center })),
        }
    };
    scaler.centers().iter().enumerate().map(split).collect()
}

/// The widths, or an error if one is not a normal number of type `T`.
fn widths<T: Real>(scaler: &Scaler, of: &'static str) -> Outcome<Vec<T>> {
    let cast = |(index, &width): (usize, &f64)| {
        let value = T::cast(width);
        // Subnormal numbers have fewer digits.
        match (value.to_f64() / width - 1.0).abs() < 1e-6 {
            true => Ok(value),
            false => Err(problem(OnnxProblem::Scale { what: "width", of, index, value: width })),
        }
    };
    scaler.widths().iter().enumerate().map(cast).collect()
}
