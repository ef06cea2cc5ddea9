//! The value of an attribute of a node, as it is in the file.

use super::Outcome;
use super::array::{Array, read_ints};
use super::field;
use super::wire::{Part, malformed};

/// Types of attributes.
pub(super) const ATTRIBUTE_FLOAT: u64 = 1;
pub(super) const ATTRIBUTE_INT: u64 = 2;
const ATTRIBUTE_STRING: u64 = 3;
const ATTRIBUTE_TENSOR: u64 = 4;
const ATTRIBUTE_INTS: u64 = 7;

/// The value of an attribute.
#[derive(Debug)]
pub(super) enum Attribute<'a> {
    Float(f32),
    Int(i64),
    Text(&'a [u8]),
    /// In a box, so that attributes take little memory.
    Tensor(Box<Array<'a>>),
    Ints(Vec<i64>),
    /// A list of another type, a graph, or no value.
    Other,
}

impl<'a> Attribute<'a> {
    /// Reads an attribute: its name and its value.
    pub fn read(part: Part<'a>) -> Outcome<(&'a str, Self)> {
        let (mut name, mut value, mut kind, mut is_reference) = ("", Self::Other, 0, false);
        for field in part.fields() {
            let field = field?;
            match field.number {
                field::attribute::NAME => name = field.text()?,
                field::attribute::F => value = Self::Float(field.float()?),
                field::attribute::I => value = Self::Int(field.int()?),
                field::attribute::S => value = Self::Text(field.part()?.bytes),
                field::attribute::INTS => {
                    let mut ints = if let Self::Ints(ints) = value { ints } else { Vec::new() };
                    read_ints(field, &mut ints, "integers of an attribute")?;
                    value = Self::Ints(ints);
                }
                field::attribute::T => value = Self::Tensor(Box::new(Array::read(field.part()?)?)),
                field::attribute::TYPE => kind = field.int()?.unsigned_abs(),
                field::attribute::REF_ATTR_NAME => is_reference = true,
                _ => {}
            }
        }
        if name.is_empty() {
            return Err(malformed(part.offset, "an attribute has no name"));
        }
        let value = match (kind, value) {
            _ if is_reference => Self::Other,
            // Some programs omit a value of 0.
            (ATTRIBUTE_FLOAT, Self::Other) => Self::Float(0.0),
            (ATTRIBUTE_INT, Self::Other) => Self::Int(0),
            // Old files have no type.
            (0, value)
            | (ATTRIBUTE_FLOAT, value @ Self::Float(_))
            | (ATTRIBUTE_INT, value @ Self::Int(_))
            | (ATTRIBUTE_STRING, value @ Self::Text(_))
            | (ATTRIBUTE_TENSOR, value @ Self::Tensor(_))
            | (ATTRIBUTE_INTS, value @ Self::Ints(_)) => value,
            _ => Self::Other,
        };
        Ok((name, value))
    }
}
