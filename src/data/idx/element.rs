//! The types of elements that an IDX file may have, and their conversion to floats.

use byteorder::{BigEndian, ByteOrder};

use crate::real::Real;

/// A type of elements.
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
    /// The type that byte 2 of a file stands for.
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

    /// The size of an element in bytes.
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
        let value: fn(&[u8]) -> f64 = match self {
            Self::U8 => |bytes| bytes.iter().copied().map(f64::from).sum(),
            Self::I8 => |bytes| bytes.iter().map(|&byte| f64::from(byte.cast_signed())).sum(),
            Self::I16 => |bytes| BigEndian::read_i16(bytes).into(),
            Self::I32 => |bytes| BigEndian::read_i32(bytes).into(),
            Self::F32 => |bytes| BigEndian::read_f32(bytes).into(),
            Self::F64 => BigEndian::read_f64,
        };
        numbers.extend(bytes.chunks_exact(self.size()).map(|bytes| T::cast(value(bytes))));
    }
}
