//! Named arrays of numbers, on their way into a file and out of it.

use nalgebra::DMatrix;
use safetensors::Dtype;
use safetensors::tensor::TensorInfo;

use crate::error::FileProblem;
use crate::real::{LittleEndian, Real, Slice};

/// Rows and columns of the squares in which a matrix is transposed: one line of the cache, and few enough rows for
/// those of a wide matrix not to evict each other.
const SQUARE: usize = 8;

/// A named array of numbers that is to be written, in either precision.
///
/// # Examples
///
/// ```
/// use gradus::persist::Tensor;
/// use gradus::prelude::*;
///
/// let w = DMatrix::from_row_slice(2, 3, &[1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0]);
/// assert_eq!(Tensor::matrix("w", &w).shape(), [2, 3]);
/// assert_eq!(Tensor::vector("b", &[0.5f64, 0.25]).shape(), [2]);
/// ```
#[derive(Debug, Clone)]
pub struct Tensor<'a> {
    name: String,
    shape: Vec<usize>,
    values: Slice<'a>,
}

impl<'a> Tensor<'a> {
    /// Creates an array of one dimension.
    pub fn vector<T: Real>(name: impl Into<String>, values: &'a [T]) -> Self {
        Self { name: name.into(), shape: vec![values.len()], values: T::slice(values) }
    }

    /// Creates a matrix, which is written row by row.
    pub fn matrix<T: Real>(name: impl Into<String>, matrix: &'a DMatrix<T>) -> Self {
        let (rows, columns) = matrix.shape();
        Self { name: name.into(), shape: vec![rows, columns], values: T::slice(matrix.as_slice()) }
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the sizes of the dimensions.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    pub(super) fn dtype(&self) -> Dtype {
        match self.values {
            Slice::F32(_) => Dtype::F32,
            Slice::F64(_) => Dtype::F64,
        }
    }

    /// The number of bytes in a file.
    pub(super) fn n_bytes(&self) -> usize {
        match self.values {
            Slice::F32(values) => size_of_val(values),
            Slice::F64(values) => size_of_val(values),
        }
    }

    /// The entry in the header of a file whose data before this tensor are `start` bytes long.
    pub(super) fn info(&self, start: usize) -> TensorInfo {
        let data_offsets = (start, start + self.n_bytes());
        TensorInfo { dtype: self.dtype(), shape: self.shape.clone(), data_offsets }
    }

    /// Writes the numbers row by row to `bytes`, which are as many as [`n_bytes`](Self::n_bytes) says.
    pub(super) fn write(&self, bytes: &mut [u8]) {
        let rows = self.shape.first().copied().unwrap_or(1);
        match self.values {
            Slice::F32(values) => transpose(values, rows, f32::groups_mut(bytes), LittleEndian::to_bytes),
            Slice::F64(values) => transpose(values, rows, f64::groups_mut(bytes), LittleEndian::to_bytes),
        }
    }
}

/// The type of numbers in a file for those of type T.
pub(super) fn dtype<T: Real>() -> Dtype {
    match T::slice(&[]) {
        Slice::F32(_) => Dtype::F32,
        Slice::F64(_) => Dtype::F64,
    }
}

/// The name of T in Rust.
pub(super) fn dtype_name<T: Real>() -> &'static str {
    match T::slice(&[]) {
        Slice::F32(_) => "f32",
        Slice::F64(_) => "f64",
    }
}

/// The numbers of a matrix with `columns` columns, which are stored row by row, column by column.
pub(super) fn values<T: Real>(bytes: &[u8], columns: usize) -> Result<Vec<T>, FileProblem> {
    let stored = T::groups(bytes);
    let mut values = Vec::new();
    values
        .try_reserve_exact(stored.len())
        .map_err(|_| FileProblem::OutOfMemory { bytes: bytes.len() as u64 })?;
    values.resize(stored.len(), T::zero());
    // Row by row, a matrix is its transpose column by column.
    transpose(stored, columns, &mut values, T::from_bytes);
    Ok(values)
}

/// Copies a matrix of `rows` rows, column by column, to `to` row by row, each element through `f`.
fn transpose<A: Copy, B>(from: &[A], rows: usize, to: &mut [B], f: impl Fn(A) -> B) {
    if rows == 0 || rows == from.len() {
        to.iter_mut().zip(from).for_each(|(to, &from)| *to = f(from));
        return;
    }
    let columns = from.len() / rows;
    if columns == 0 {
        return;
    }
    for (band, to) in to.chunks_mut(SQUARE * columns).enumerate() {
        for left in (0..columns).step_by(SQUARE) {
            let right = columns.min(left + SQUARE);
            for (i, line) in to.chunks_exact_mut(columns).enumerate() {
                let row = band * SQUARE + i;
                let elements = from[left * rows + row..].iter().step_by(rows);
                line[left..right].iter_mut().zip(elements).for_each(|(to, &from)| *to = f(from));
            }
        }
    }
}
