//! Reads tensors from a stream in pieces, so that a file takes only the memory of its values.

use std::io::{self, Read};

use crc32fast::Hasher;
use safetensors::Dtype;
use safetensors::tensor::TensorInfo;

use super::Outcome;
use super::transpose::{SQUARE, transpose};
use crate::error::FileProblem;
use crate::real::{LittleEndian, Values};

/// The bytes that are read at once, which stay in the L2 cache until they are converted.
const PIECE: usize = 1 << 17;

/// A stream that counts its bytes and computes their checksum.
pub(super) struct Stream<R> {
    reader: R,
    remaining: u64,
    hasher: Hasher,
    buffer: Vec<u8>,
}

impl<R: Read> Stream<R> {
    /// Creates the stream of a file whose first bytes were read and passed to `hasher`; `remaining` bytes follow.
    pub fn new(reader: R, remaining: u64, hasher: Hasher) -> Self {
        Self { reader, remaining, hasher, buffer: Vec::new() }
    }

    /// Returns how many bytes have not been read.
    pub fn remaining(&self) -> u64 {
        self.remaining
    }

    /// Reads the next `length` bytes.
    pub fn bytes(&mut self, length: usize) -> Outcome<&[u8]> {
        if length as u64 > self.remaining {
            return Err(FileProblem::Changed { found: self.remaining, expected: length as u64 });
        }
        if self.buffer.len() < length {
            reserve(&mut self.buffer, length)?;
            self.buffer.resize(length, 0);
        }
        let bytes = &mut self.buffer[..length];
        self.reader.read_exact(bytes).map_err(|source| match source.kind() {
            io::ErrorKind::UnexpectedEof => FileProblem::Changed { found: 0, expected: length as u64 },
            _ => FileProblem::Unreadable { source },
        })?;
        self.remaining -= length as u64;
        self.hasher.update(bytes);
        Ok(bytes)
    }

    /// Reads the values of the next tensor, of a matrix in column order. The header has been checked: its shape fits
    /// its length.
    pub fn tensor(&mut self, name: &str, info: &TensorInfo) -> Outcome<Values> {
        match info.dtype {
            Dtype::F32 => Ok(Values::F32(self.values(&info.shape)?)),
            Dtype::F64 => Ok(Values::F64(self.values(&info.shape)?)),
            other => Err(FileProblem::Dtype {
                name: format!("tensor {name}"),
                found: format!("{other:?}").to_lowercase(),
                expected: "f32 or f64",
            }),
        }
    }

    fn values<T: LittleEndian + Default>(&mut self, shape: &[usize]) -> Outcome<Vec<T>> {
        // Only matrices are transposed.
        let (rows, columns) = match shape {
            [rows, columns] => (*rows, *columns),
            _ => (1, shape.iter().product()),
        };
        // First a check that there is memory, then an allocation of zeros that the system provides without a write.
        reserve(&mut Vec::<T>::new(), rows * columns)?;
        let mut values = vec![T::default(); rows * columns];
        if rows == 1 || columns <= 1 {
            for piece in values.chunks_mut(PIECE / size_of::<T>()) {
                let bytes = self.bytes(size_of_val(piece))?;
                piece
                    .iter_mut()
                    .zip(T::groups(bytes))
                    .for_each(|(value, &bytes)| *value = T::from_bytes(bytes));
            }
            return Ok(values);
        }
        let band = (PIECE / (columns * size_of::<T>())).max(1).next_multiple_of(SQUARE);
        for top in (0..rows).step_by(band) {
            let height = band.min(rows - top);
            let stored = T::groups(self.bytes(height * columns * size_of::<T>())?);
            transpose((stored, columns), (&mut values[top..], rows), (height, columns), T::from_bytes);
        }
        Ok(values)
    }

    /// Reads the remaining bytes. Returns the checksum.
    pub fn finish(mut self) -> Outcome<u32> {
        while self.remaining > 0 {
            self.bytes(self.remaining.min(PIECE as u64) as usize)?;
        }
        Ok(self.hasher.finalize())
    }
}

/// Reserves memory for `length` more elements.
pub(super) fn reserve<V>(values: &mut Vec<V>, length: usize) -> Outcome<()> {
    let bytes = (length as u64).saturating_mul(size_of::<V>() as u64);
    values.try_reserve_exact(length).map_err(|_| FileProblem::OutOfMemory { bytes })
}
