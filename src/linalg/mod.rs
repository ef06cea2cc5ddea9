//! The four products of a training step, the one place where matrices are multiplied.
//!
//! Every element of a result is one sum over the inner dimension, in an order that depends on neither the number of
//! threads nor the place of the element. So a product may be divided among threads by rows or columns of its result
//! without a change in a single bit.

mod narrow;
mod wide;

use nalgebra::{DMatrix, DVector};

use crate::real::Real;

/// A matrix of which the product reads either the elements as they stand or the transpose, in place.
///
/// As it is stored, column after column, column j begins at `stride` · j.
#[derive(Debug, Clone, Copy)]
struct Operand<'a, T> {
    data: &'a [T],
    stride: usize,
    rows: usize,
    columns: usize,
    transposed: bool,
}

impl<'a, T: Real> Operand<'a, T> {
    fn plain(matrix: &'a DMatrix<T>) -> Self {
        let (rows, columns) = matrix.shape();
        Self { data: matrix.as_slice(), stride: rows, rows, columns, transposed: false }
    }

    fn transpose(matrix: &'a DMatrix<T>) -> Self {
        let (columns, rows) = matrix.shape();
        Self { data: matrix.as_slice(), stride: columns, rows, columns, transposed: true }
    }
}

/// z = w x + b: each layer's weighted inputs.
///
/// # Shapes
///
/// `w` n_out × n_in, `b` n_out, `x` n_in × examples, `z` n_out × examples.
pub(crate) fn weighted_inputs<T: Real>(w: &DMatrix<T>, b: &DVector<T>, x: &DMatrix<T>, z: &mut DMatrix<T>) {
    for mut z in z.column_iter_mut() {
        z.copy_from(b);
    }
    product(T::one(), Operand::plain(w), Operand::plain(x), T::one(), z);
}

/// ∂C/∂w = δ aᵀ / m, with a the activations of the layer before and m the number of examples.
///
/// # Shapes
///
/// `delta` n_out × m, `a` n_in × m, `gradient` n_out × n_in.
pub(crate) fn weight_gradient<T: Real>(delta: &DMatrix<T>, a: &DMatrix<T>, gradient: &mut DMatrix<T>) {
    let scale = T::of(1.0 / delta.ncols() as f64);
    product(scale, Operand::plain(delta), Operand::transpose(a), T::zero(), gradient);
}

/// ∂C/∂b = Σ_x δ_x / m, summed in the order of the examples.
///
/// # Shapes
///
/// `delta` n_out × m, `gradient` n_out.
pub(crate) fn bias_gradient<T: Real>(delta: &DMatrix<T>, gradient: &mut DVector<T>) {
    gradient.fill(T::zero());
    for delta in delta.column_iter() {
        *gradient += delta;
    }
    *gradient *= T::of(1.0 / delta.ncols() as f64);
}

/// ∂C/∂a = wᵀ δ, with a the activations of the layer before.
///
/// # Shapes
///
/// `w` n_out × n_in, `delta` n_out × examples, `result` n_in × examples.
pub(crate) fn back<T: Real>(w: &DMatrix<T>, delta: &DMatrix<T>, result: &mut DMatrix<T>) {
    product(T::one(), Operand::transpose(w), Operand::plain(delta), T::zero(), result);
}

/// c = alpha a b + beta c.
fn product<T: Real>(alpha: T, a: Operand<'_, T>, b: Operand<'_, T>, beta: T, c: &mut DMatrix<T>) {
    debug_assert_eq!((a.rows, a.columns, b.columns), (c.nrows(), b.rows, c.ncols()));
    if narrow::suits(&a, &b) {
        narrow::product(alpha, a, b, beta, c);
    } else {
        wide::product(alpha, a, b, beta, c);
    }
}
