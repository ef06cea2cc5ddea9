//! Matrices as lists of rows in JSON and similar formats, read without a vector for every row.

use std::fmt;
use std::marker::PhantomData;

use nalgebra::DMatrix;
use serde::de::{DeserializeSeed, Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::real::Real;

/// Several matrices, each a list of rows of the same length, with at least one element.
///
/// All values are kept in one vector: a vector for each row would take many times the memory of a malicious text.
#[derive(Debug)]
pub(super) struct Matrices<T> {
    shapes: Vec<(usize, usize)>,
    values: Vec<T>,
}

impl<T: Real> Matrices<T> {
    pub fn len(&self) -> usize {
        self.shapes.len()
    }

    /// Returns the matrices, in order.
    pub fn into_iter(self) -> impl Iterator<Item = DMatrix<T>> {
        let Self { shapes, values } = self;
        let mut start = 0;
        shapes.into_iter().map(move |(rows, columns)| {
            let matrix = DMatrix::from_row_slice(rows, columns, &values[start..start + rows * columns]);
            start += rows * columns;
            matrix
        })
    }
}

impl<'de, T: Real> Deserialize<'de> for Matrices<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(MatricesVisitor(PhantomData))
    }
}

struct MatricesVisitor<T>(PhantomData<T>);

impl<'de, T: Real> Visitor<'de> for MatricesVisitor<T> {
    type Value = Matrices<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of matrices")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut matrices = Matrices { shapes: Vec::new(), values: Vec::new() };
        while let Some(shape) = sequence.next_element_seed(Rows(&mut matrices.values))? {
            matrices.shapes.push(shape);
        }
        Ok(matrices)
    }
}

/// Reads one matrix, appends its elements row by row, and returns its shape.
struct Rows<'a, T>(&'a mut Vec<T>);

impl<'de, T: Real> DeserializeSeed<'de> for Rows<'_, T> {
    type Value = (usize, usize);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Real> Visitor<'de> for Rows<'_, T> {
    type Value = (usize, usize);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a matrix, a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let (mut rows, mut columns) = (0, 0);
        while let Some(length) = sequence.next_element_seed(Row(self.0))? {
            if length == 0 {
                return Err(Error::custom(format!("row {rows} of a matrix is empty")));
            }
            if rows > 0 && length != columns {
                let what =
                    format!("row {rows} of a matrix has {length} elements, the rows before it {columns}");
                return Err(Error::custom(what));
            }
            (rows, columns) = (rows + 1, length);
        }
        if rows == 0 { Err(Error::custom("a matrix has no rows")) } else { Ok((rows, columns)) }
    }
}

/// Reads one row, appends its elements, and returns its length.
struct Row<'a, T>(&'a mut Vec<T>);

impl<'de, T: Real> DeserializeSeed<'de> for Row<'_, T> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Real> Visitor<'de> for Row<'_, T> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row of a matrix, a list of numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<usize, A::Error> {
        let start = self.0.len();
        while let Some(value) = sequence.next_element()? {
            self.0.push(value);
        }
        Ok(self.0.len() - start)
    }
}

/// One matrix as a list of its rows.
#[derive(Debug)]
pub(super) struct Matrix<M>(pub M);

impl<T: Real> Serialize for Matrix<&DMatrix<T>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((0..self.0.nrows()).map(|row| RowOf(self.0, row)))
    }
}

/// A row of a matrix as a list of its numbers.
struct RowOf<'a, T>(&'a DMatrix<T>, usize);

impl<T: Real> Serialize for RowOf<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.row(self.1).iter())
    }
}

impl<'de, T: Real> Deserialize<'de> for Matrix<DMatrix<T>> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut values = Vec::new();
        let (rows, columns) = Rows(&mut values).deserialize(deserializer)?;
        Ok(Self(DMatrix::from_row_slice(rows, columns, &values)))
    }
}
