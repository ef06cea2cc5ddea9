//! The attributes of nodes.

use super::Outcome;
use super::attribute::Attribute;
use super::chain::refused;
use super::proto::Node;

/// The attribute of this name.
pub(super) fn attribute<'g, 'a>(node: &'g Node<'a>, name: &str) -> Option<&'g Attribute<'a>> {
    node.attributes.iter().find(|(found, _)| *found == name).map(|(_, value)| value)
}

/// A number; `default` if it is not given.
pub(super) fn float(node: &Node<'_>, name: &str, default: f32) -> Outcome<f32> {
    match attribute(node, name) {
        None => Ok(default),
        Some(Attribute::Float(value)) => Ok(*value),
        Some(_) => Err(refused(node, format!("its attribute {name} is no number"))),
    }
}

/// An integer; `default` if it is not given.
pub(super) fn int(node: &Node<'_>, name: &str, default: i64) -> Outcome<i64> {
    match attribute(node, name) {
        None => Ok(default),
        Some(Attribute::Int(value)) => Ok(*value),
        Some(_) => Err(refused(node, format!("its attribute {name} is no integer"))),
    }
}

/// Checks that an operator works along the outputs of a sample, and not along the samples.
pub(super) fn check_axis(node: &Node<'_>, name: &str, default: i64) -> Outcome<()> {
    match int(node, name, default)? {
        1 | -1 => Ok(()),
        _ => Err(refused(node, "it works along the samples")),
    }
}

/// Checks that a node has no attributes but these.
pub(super) fn check_attributes(node: &Node<'_>, known: &[&str]) -> Outcome<()> {
    match node.attributes.iter().find(|(name, _)| !known.contains(name)) {
        Some((name, _)) => Err(refused(node, format!("its attribute {name} is not known"))),
        None => Ok(()),
    }
}
