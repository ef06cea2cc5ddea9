//! Named arrays of values, to be written to a file.

use nalgebra::DMatrix;
use safetensors::Dtype;
use safetensors::tensor::TensorInfo;

use super::transpose::transpose;
use crate::real::{LittleEndian, Real, Slice};

/// A named array of values to be written to a file, in single or double precision.
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

    /// Returns the number of bytes in a file.
    pub(crate) fn n_bytes(&self) -> usize {
        match self.values {
            Slice::F32(values) => size_of_val(values),
            Slice::F64(values) => size_of_val(values),
        }
    }

    /// Returns the entry in the header of a file with `start` bytes of data before this tensor.
    pub(super) fn info(&self, start: usize) -> TensorInfo {
        let data_offsets = (start, start + self.n_bytes());
        TensorInfo { dtype: self.dtype(), shape: self.shape.clone(), data_offsets }
    }

    /// Writes the values row by row to `bytes`, whose length is [`n_bytes`](Self::n_bytes).
    pub(crate) fn write(&self, bytes: &mut [u8]) {
        match self.values {
            Slice::F32(values) => write(values, &self.shape, bytes),
            Slice::F64(values) => write(values, &self.shape, bytes),
        }
    }
}

fn write<T: LittleEndian>(values: &[T], shape: &[usize], bytes: &mut [u8]) {
    let to = T::groups_mut(bytes);
    match *shape {
        // A matrix in column order is its transpose in row order.
        [rows, columns] if rows > 1 && columns > 1 => {
            transpose((values, rows), (to, columns), (columns, rows), T::to_bytes);
        }
        _ => to.iter_mut().zip(values).for_each(|(to, &value)| *to = value.to_bytes()),
    }
}
