//! The messages of an ONNX file, with the fields that are read.
//!
//! Source: `onnx.proto` of the ONNX project.

use super::array::Array;
use super::attribute::Attribute;
use super::field;
use super::wire::{Field, Part, malformed};
use super::{DESCRIPTION, MAX_PARTS, Outcome, problem};
use crate::error::OnnxProblem;

/// The maximum number of nodes, tensors, inputs or outputs of a graph that is read.
const MAX_ITEMS: usize = 4096;

/// The lowest version of the operators that is read: before it, attributes controlled broadcasting.
const MIN_OPSET: i64 = 7;

/// A graph that was read from a file; it borrows the texts and values.
#[derive(Debug, Default)]
pub(super) struct Graph<'a> {
    pub nodes: Vec<Node<'a>>,
    pub initializers: Vec<Array<'a>>,
    pub inputs: Vec<Port<'a>>,
    pub outputs: Vec<Port<'a>>,
    /// The description of the network, as JSON.
    pub description: Option<&'a str>,
}

impl<'a> Graph<'a> {
    /// Reads the graph of a file with these bytes.
    pub fn of_file(bytes: &'a [u8]) -> Outcome<Self> {
        let (mut graph, mut opset, mut description) = (None, None, None);
        for field in (Part { bytes, offset: 0 }).fields() {
            let field = field?;
            match field.number {
                field::model::GRAPH if graph.is_some() => {
                    return Err(malformed(field.offset, "a second graph begins"));
                }
                field::model::GRAPH => graph = Some(Self::read(field.part()?)?),
                field::model::OPSET_IMPORT => {
                    let version = opset_version(field.part()?)?;
                    if version.is_some() && opset.is_some() {
                        return Err(malformed(field.offset, "a second version of the operators is named"));
                    }
                    opset = version.or(opset);
                }
                field::model::METADATA_PROPS => {
                    let (key, value) = entry(field.part()?)?;
                    if key == DESCRIPTION && description.replace(value).is_some() {
                        return Err(malformed(field.offset, "a second description begins"));
                    }
                }
                field::model::FUNCTIONS => {
                    let why = "has functions of its own".to_owned();
                    return Err(problem(OnnxProblem::Graph { why }));
                }
                _ => {}
            }
        }
        let missing = |what| problem(OnnxProblem::Missing { what });
        let graph = Self { description, ..graph.ok_or_else(|| missing("graph"))? };
        match opset.ok_or_else(|| missing("version of the operators"))? {
            found if found < MIN_OPSET => Err(problem(OnnxProblem::Opset { found, least: MIN_OPSET })),
            _ => Ok(graph),
        }
    }

    fn read(part: Part<'a>) -> Outcome<Self> {
        let mut graph = Self::default();
        for field in part.fields() {
            let field = field?;
            match field.number {
                field::graph::NODE => push(&mut graph.nodes, ("nodes", MAX_ITEMS), field, Node::read)?,
                field::graph::INITIALIZER => {
                    push(&mut graph.initializers, ("tensors", MAX_ITEMS), field, Array::read)?
                }
                field::graph::INPUT => push(&mut graph.inputs, ("inputs", MAX_ITEMS), field, Port::read)?,
                field::graph::OUTPUT => push(&mut graph.outputs, ("outputs", MAX_ITEMS), field, Port::read)?,
                _ => {}
            }
        }
        Ok(graph)
    }
}

/// Reads one more item of a list, or returns an error if there are too many.
fn push<'a, V>(
    list: &mut Vec<V>,
    (what, allowed): (&'static str, usize),
    field: Field<'a>,
    read: impl FnOnce(Part<'a>) -> Outcome<V>,
) -> Outcome<()> {
    if list.len() == allowed {
        return Err(problem(OnnxProblem::TooMany { offset: field.offset, what, allowed }));
    }
    list.push(read(field.part()?)?);
    Ok(())
}

/// The fields `key` and `value` of a message, the default where one is missing.
fn pair<'a, V: Default>(
    part: Part<'a>,
    (key, value): (u64, u64),
    read: impl Fn(Field<'a>) -> Outcome<V>,
) -> Outcome<(&'a str, V)> {
    let mut pair = ("", V::default());
    for field in part.fields() {
        let field = field?;
        match field.number {
            number if number == key => pair.0 = field.text()?,
            number if number == value => pair.1 = read(field)?,
            _ => {}
        }
    }
    Ok(pair)
}

/// The key and the value of an entry of the metadata.
fn entry(part: Part<'_>) -> Outcome<(&str, &str)> {
    pair(part, (field::entry::KEY, field::entry::VALUE), Field::text)
}

/// The version of ONNX's own operators; `None` for those of another domain.
fn opset_version(part: Part<'_>) -> Outcome<Option<i64>> {
    let (domain, version) = pair(part, (field::opset::DOMAIN, field::opset::VERSION), Field::int)?;
    Ok(matches!(domain, "" | "ai.onnx").then_some(version))
}

/// An operator and the names of its inputs and outputs.
#[derive(Debug, Default)]
pub(super) struct Node<'a> {
    pub offset: u64,
    pub name: &'a str,
    pub domain: &'a str,
    pub operator: &'a str,
    pub inputs: Vec<&'a str>,
    pub outputs: Vec<&'a str>,
    pub attributes: Vec<(&'a str, Attribute<'a>)>,
}

impl<'a> Node<'a> {
    fn read(part: Part<'a>) -> Outcome<Self> {
        let mut node = Self { offset: part.offset, ..Self::default() };
        for field in part.fields() {
            let field = field?;
            match field.number {
                field::node::INPUT => {
                    push(&mut node.inputs, ("inputs of a node", MAX_PARTS), field, Part::text)?
                }
                field::node::OUTPUT => {
                    push(&mut node.outputs, ("outputs of a node", MAX_PARTS), field, Part::text)?
                }
                field::node::NAME => node.name = field.text()?,
                field::node::OP_TYPE => node.operator = field.text()?,
                field::node::DOMAIN => node.domain = field.text()?,
                field::node::ATTRIBUTE => {
                    push(&mut node.attributes, ("attributes of a node", MAX_PARTS), field, Attribute::read)?;
                    if let Some(((name, _), before)) = node.attributes.split_last()
                        && before.iter().any(|(other, _)| other == name)
                    {
                        return Err(malformed(field.offset, "a node has an attribute twice"));
                    }
                }
                _ => {}
            }
        }
        if node.operator.is_empty() {
            return Err(malformed(part.offset, "a node has no operator"));
        }
        Ok(node)
    }
}

/// An input or output of the graph.
#[derive(Debug, Default)]
pub(super) struct Port<'a> {
    pub name: &'a str,
    /// The type of its elements, if it is a tensor.
    pub element: Option<i64>,
    /// Its sizes, if they are given; a free size is `None`.
    pub shape: Option<Vec<Option<i64>>>,
}

impl<'a> Port<'a> {
    fn read(part: Part<'a>) -> Outcome<Self> {
        let mut port = Self::default();
        for field in part.fields() {
            let field = field?;
            match field.number {
                field::value::NAME => port.name = field.text()?,
                field::value::TYPE => {
                    for field in field.part()?.fields() {
                        let field = field?;
                        if field.number == field::kind::TENSOR_TYPE {
                            port.read_type(field.part()?)?;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(port)
    }

    fn read_type(&mut self, part: Part<'a>) -> Outcome<()> {
        for field in part.fields() {
            let field = field?;
            match field.number {
                field::kind::ELEM_TYPE => self.element = Some(field.int()?),
                field::kind::SHAPE => {
                    let mut shape = Vec::new();
                    for field in field.part()?.fields() {
                        let field = field?;
                        if field.number == field::kind::DIM {
                            push(&mut shape, ("sizes of an input or output", MAX_PARTS), field, size)?;
                        }
                    }
                    self.shape = Some(shape);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// One size of a shape.
fn size(part: Part<'_>) -> Outcome<Option<i64>> {
    let mut size = None;
    for field in part.fields() {
        let field = field?;
        if field.number == field::kind::DIM_VALUE {
            size = Some(field.int()?);
        }
    }
    Ok(size)
}
