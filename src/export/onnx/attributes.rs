//! The attributes of nodes.

use super::Outcome;
use super::attribute::Attribute;
use super::chain::refused;
use super::proto::Node;

/// The attribute of this name.
pub(super) fn attribute<'g, 'a>(node: &'g Node<'a>, name: &str) -> Option<&'g Attribute<'a>> {
    node.attributes.iter().find(|(found, _)| *found == name).map(|(_, value)| value)
}

/// The attribute as a float; `default` if it is not given.
pub(super) fn float(node: &Node<'_>, name: &str, default: f32) -> Outcome<f32> {
    match attribute(node, name) {
        None => Ok(default),
        Some(Attribute::Float(value)) => Ok(*value),
        Some(_) => Err(refused(node, format!("its attribute {name} is not a float"))),
    }
}

/// The attribute as an integer; `default` if it is not given.
pub(super) fn int(node: &Node<'_>, name: &str, default: i64) -> Outcome<i64> {
    match attribute(node, name) {
        None => Ok(default),
        Some(Attribute::Int(value)) => Ok(*value),
        Some(_) => Err(refused(node, format!("its attribute {name} is not an integer"))),
    }
}

/// Checks that the axis of an operator is that of the outputs, not that of the samples.
pub(super) fn check_axis(node: &Node<'_>, name: &str, default: i64) -> Outcome<()> {
    match int(node, name, default)? {
        1 | -1 => Ok(()),
        _ => Err(refused(node, "its axis is not that of the outputs")),
    }
}

/// Checks that a node has no attributes but these.
pub(super) fn check_attributes(node: &Node<'_>, known: &[&str]) -> Outcome<()> {
    match node.attributes.iter().find(|(name, _)| !known.contains(name)) {
        Some((name, _)) => Err(refused(node, format!("its attribute {name} is not known"))),
        None => Ok(()),
    }
}
