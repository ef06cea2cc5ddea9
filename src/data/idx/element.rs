//! The types of elements that an IDX file may have, and their conversion to floats.

use crate::real::Real;

/// An element type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    U8,
    I8,
    I16,
    I32,
    F32,
    F64,
}

impl Element {
    /// Returns the type for byte 2 of a file.
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            0x08 => Some(Self::U8),
            0x09 => Some(Self::I8),
            0x0b => Some(Self::I16),
            0x0c => Some(Self::I32),
            0x0d => Some(Self::F32),
            0x0e => Some(Self::F64),
            _ => None,
        }
    }

    /// Returns the size of an element in bytes.
    pub fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// Appends the elements in `bytes`, each rounded to `T`, to `numbers`.
    pub fn decode<T: Real>(self, bytes: &[u8], numbers: &mut Vec<T>) {
        match self {
            Self::U8 => each(bytes, |[byte]| f64::from(byte), numbers),
            Self::I8 => each(bytes, |[byte]| f64::from(byte.cast_signed()), numbers),
            Self::I16 => each(bytes, |bytes| i16::from_be_bytes(bytes).into(), numbers),
            Self::I32 => each(bytes, |bytes| i32::from_be_bytes(bytes).into(), numbers),
            Self::F32 => each(bytes, |bytes| f32::from_be_bytes(bytes).into(), numbers),
            Self::F64 => each(bytes, f64::from_be_bytes, numbers),
        }
    }
}

/// Appends the value of every `N` bytes.
fn each<T: Real, const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f64, numbers: &mut Vec<T>) {
    numbers.extend(bytes.as_chunks().0.iter().map(|&bytes| T::cast(value(bytes))));
}
