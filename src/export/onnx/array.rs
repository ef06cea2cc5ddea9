//! Tensors in a file.

use std::borrow::Cow;

use super::field;
use super::wire::{Field, Part, Wire, malformed};
use super::{MAX_PARTS, Outcome, problem};
use crate::error::OnnxProblem;
use crate::real::Real;

/// Types of elements.
pub(super) const FLOAT: i64 = 1;
pub(super) const INT64: i64 = 7;
pub(super) const BOOL: i64 = 9;
pub(super) const DOUBLE: i64 = 11;

/// The element type of `T`.
pub(super) fn element_type<T: Real>() -> i64 {
    if size_of::<T>() == 4 { FLOAT } else { DOUBLE }
}

/// The name of an element type, `f32` and `f64` for the types of the crate.
pub(super) fn type_name(code: i64) -> String {
    const NAMES: [&str; 17] = [
        "undefined",
        "f32",
        "u8",
        "i8",
        "u16",
        "i16",
        "i32",
        "i64",
        "string",
        "bool",
        "f16",
        "f64",
        "u32",
        "u64",
        "complex64",
        "complex128",
        "bf16",
    ];
    let name = usize::try_from(code).ok().and_then(|code| NAMES.get(code));
    name.map_or_else(|| format!("type {code}"), ToString::to_string)
}

/// Appends the integers of a field: one, or several if the field is packed.
pub(super) fn read_ints(field: Field<'_>, ints: &mut Vec<i64>, what: &'static str) -> Outcome<()> {
    let push = |int: u64| {
        if ints.len() <= MAX_PARTS {
            ints.push(int as i64);
        }
    };
    match field.value {
        Wire::Bytes(part) => part.varints(push)?,
        _ => ints.push(field.int()?),
    }
    if ints.len() <= MAX_PARTS {
        return Ok(());
    }
    Err(problem(OnnxProblem::TooMany { offset: field.offset, what, allowed: MAX_PARTS }))
}

/// A tensor of numbers in the file.
#[derive(Debug, Default)]
pub(super) struct Array<'a> {
    pub offset: u64,
    pub name: &'a str,
    pub element: i64,
    pub dims: Vec<i64>,
    /// The elements, little-endian; of elements in `int64_data`, only the first few.
    pub data: Cow<'a, [u8]>,
    /// Whether the elements are in another file.
    pub external: bool,
}

impl<'a> Array<'a> {
    pub fn read(part: Part<'a>) -> Outcome<Self> {
        let mut array = Self { offset: part.offset, ..Self::default() };
        let mut source = None;
        for field in part.fields() {
            let field = field?;
            match field.number {
                field::tensor::NAME => array.name = field.text()?,
                field::tensor::DATA_TYPE => array.element = field.int()?,
                field::tensor::DIMS => read_ints(field, &mut array.dims, "dimensions of a tensor")?,
                field::tensor::EXTERNAL_DATA => array.external = true,
                field::tensor::DATA_LOCATION => array.external |= field.int()? != 0,
                field::tensor::RAW_DATA
                | field::tensor::FLOAT_DATA
                | field::tensor::DOUBLE_DATA
                | field::tensor::INT64_DATA => {
                    if source.is_some_and(|source| source != field.number) {
                        return Err(malformed(field.offset, "a tensor has its elements twice"));
                    }
                    source = Some(field.number);
                    array.read_data(field)?;
                }
                _ => {}
            }
        }
        let of_type = match source {
            Some(field::tensor::FLOAT_DATA) => array.element == FLOAT,
            Some(field::tensor::DOUBLE_DATA) => array.element == DOUBLE,
            Some(field::tensor::INT64_DATA) => array.element == INT64,
            _ => true,
        };
        if of_type {
            Ok(array)
        } else {
            Err(malformed(array.offset, "a tensor has elements of another type than it names"))
        }
    }

    /// Appends elements. A list may come in one piece, in several, or element by element.
    fn read_data(&mut self, field: Field<'a>) -> Outcome<()> {
        if field.number == field::tensor::INT64_DATA {
            // Only shapes are read from integers, and they are short. Without a limit one byte could become eight.
            let data = self.data.to_mut();
            let push = |int: u64| {
                if data.len() < 8 * MAX_PARTS {
                    data.extend_from_slice(&int.to_le_bytes());
                }
            };
            return match field.value {
                Wire::Bytes(part) => part.varints(push),
                _ => {
                    data.extend_from_slice(&field.int()?.to_le_bytes());
                    Ok(())
                }
            };
        }
        match field.value {
            Wire::Bytes(part) if self.data.is_empty() => self.data = Cow::Borrowed(part.bytes),
            Wire::Bytes(part) => self.data.to_mut().extend_from_slice(part.bytes),
            Wire::Four(bytes) => self.data.to_mut().extend_from_slice(&bytes),
            Wire::Eight(bytes) => self.data.to_mut().extend_from_slice(&bytes),
            Wire::Int(_) => {
                return Err(malformed(field.offset, "a tensor of floats has integers as its elements"));
            }
        }
        Ok(())
    }
}
