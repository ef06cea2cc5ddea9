//! The four products of a training step, the only place where matrices are multiplied.
//!
//! Every element of a result is a chain of fused multiply-adds over the inner dimension, in ascending order. Every 1024
//! terms a new chain begins, which is added to the sum of the chains before: in one chain over 50,000 examples the
//! rounding errors of `f32` would add up to 3·10⁻⁵. The order depends on neither the number of threads nor the
//! position of the element, so products that are divided among threads by rows or columns of the result are bitwise
//! identical.

mod blocks;
mod destination;
mod divide;
mod edges;
#[cfg(any(test, target_arch = "wasm32"))]
mod fused;
mod initial;
mod operand;
mod panels;
mod product;
mod scalar;
mod stream;
mod tile;
mod transpose;

use std::ops::Range;

use blocks::Left;
use destination::Destination;
use initial::InitialValue;
use nalgebra::{DMatrix, DVector};
use operand::Operand;

pub(crate) use panels::Panels;
pub(crate) use product::Product;

/// The maximum number of bytes of an operand that stays in each thread's own cache.
pub(crate) const CACHED: usize = 1 << 19;

/// Rows of δ that are summed at a time.
const ROWS: usize = 16;

/// Allocates the scratch buffers of a run on every thread that may take part, so that no product allocates.
pub(crate) fn prepare<T: Product>() {
    crate::threads::broadcast(blocks::prepare::<T>);
}

/// Computes z = w x + b, a layer's weighted inputs.
///
/// # Shapes
///
/// `w` n_out × n_in, `b` n_out, `x` n_in × examples, `z` n_out × examples.
///
/// # Panics
///
/// Panics if the shapes are others.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let w = DMatrix::from_row_slice(1, 2, &[2.0, 3.0]);
/// let (x, b) = (DMatrix::from_row_slice(2, 1, &[10.0, 1.0]), DVector::from_element(1, 0.5));
/// let mut z = DMatrix::zeros(1, 1);
/// gradus::linalg::weighted_inputs(&w, &b, &x, &mut z);
/// assert_eq!(z[0], 23.5);
/// ```
pub fn weighted_inputs<T: Product>(w: &DMatrix<T>, b: &DVector<T>, x: &DMatrix<T>, z: &mut DMatrix<T>) {
    weighted_inputs_of(w, b, x, 0..x.ncols(), z);
}

/// Computes [`weighted_inputs`] of some `examples`, which are columns of `x`.
pub(crate) fn weighted_inputs_of<T: Product>(
    w: &DMatrix<T>,
    b: &DVector<T>,
    x: &DMatrix<T>,
    examples: Range<usize>,
    z: &mut DMatrix<T>,
) {
    assert_eq!(b.len(), z.nrows(), "biases against rows of z");
    let x = Operand::of(x).columns(examples);
    divide::product(InitialValue::Rows(b.as_slice()), Operand::of(w), x, z);
}

/// Computes ∂C/∂w = δ aᵀ, with a the activations of the previous layer.
///
/// # Shapes
///
/// `delta` n_out × examples, `a` n_in × examples, `gradient` n_out × n_in.
///
/// # Panics
///
/// Panics if the shapes are others.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let (delta, a) = (DMatrix::from_row_slice(1, 2, &[2.0, 4.0]), DMatrix::from_row_slice(1, 2, &[1.0, 3.0]));
/// let mut gradient = DMatrix::zeros(1, 1);
/// gradus::linalg::weight_gradient(&delta, &a, &mut gradient);
/// assert_eq!(gradient[0], 14.0);
/// ```
pub fn weight_gradient<T: Product>(delta: &DMatrix<T>, a: &DMatrix<T>, gradient: &mut DMatrix<T>) {
    divide::product(InitialValue::Zero, Operand::of(delta), Operand::of(a).transposed(), gradient);
}

/// Computes the columns `inputs` of [`weight_gradient`], summed over `examples`, on this thread.
///
/// `delta` holds the δ of these examples only. `gradient` receives the columns one after the other. If `add` is true,
/// each complete sum is added to the value that is there.
pub(crate) fn weight_gradient_of<T: Product>(
    delta: &Panels<T>,
    a: &DMatrix<T>,
    examples: Range<usize>,
    inputs: Range<usize>,
    gradient: &mut [T],
    add: bool,
) {
    if add && examples.is_empty() {
        // −0 + 0 is 0: bitwise the same as if the caller added an empty sum.
        gradient.iter_mut().for_each(|value| *value += T::zero());
    }
    let initial = if add { InitialValue::Result } else { InitialValue::Zero };
    let a = Operand::of(a).columns(examples).transposed().columns(inputs);
    if let Some(row) = delta.only_row() {
        // The gradient's only row is computed as the column a δᵀ, which fills whole registers.
        let c = Destination::Columns { data: gradient, rows: a.columns };
        return T::product(initial, Left::Operand(a.transposed()), row.columns(0..a.rows).transposed(), c);
    }
    let c = Destination::Columns { data: gradient, rows: delta.rows() };
    T::product(initial, Left::Panels(delta), a, c);
}

/// The maximum number of examples whose sum [`weight_gradient_of`] adds in one piece: a sum over more consists of
/// several chains, which would be added to `gradient` one by one.
pub(crate) const MOST_ADDED: usize = panels::INNER;

/// Computes ∂C/∂b = Σ_x δ_x, summed in double precision in the order of the examples. Every 1024 examples a new sum begins,
/// which is added to the sum of those before.
///
/// # Shapes
///
/// `delta` n_out × examples, `gradient` n_out.
///
/// # Panics
///
/// Panics if the shapes are others.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let mut gradient = [0.0];
/// gradus::linalg::bias_gradient(&DMatrix::from_row_slice(1, 2, &[2.0, 4.0]), &mut gradient);
/// assert_eq!(gradient, [6.0]);
/// ```
pub fn bias_gradient<T: Product>(delta: &DMatrix<T>, gradient: &mut [T]) {
    bias_gradient_of(delta, 0..delta.ncols(), gradient, false);
}

/// Computes [`bias_gradient`], summed over some `examples`, and adds it to `gradient` if `add` is true.
pub(crate) fn bias_gradient_of<T: Product>(
    delta: &DMatrix<T>,
    examples: Range<usize>,
    gradient: &mut [T],
    add: bool,
) {
    assert_eq!(gradient.len(), delta.nrows(), "elements of the gradient against rows of delta");
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            for (row, gradient) in (0..).step_by(ROWS).zip(gradient.chunks_mut(ROWS)) {
                let mut sums = [0.0; ROWS];
                for first in examples.clone().step_by(MOST_ADDED) {
                    let piece = first..examples.end.min(first + MOST_ADDED);
                    let piece = row_sums(delta, row, piece);
                    sums.iter_mut().zip(piece).for_each(|(sum, piece)| *sum += piece);
                }
                for (gradient, sum) in gradient.iter_mut().zip(sums) {
                    let sum = nalgebra::convert(sum);
                    *gradient = if add { *gradient + sum } else { sum };
                }
            }
        },
    );
}

/// Computes Σ_x δ_x over some `examples`, at most [`MOST_ADDED`].
pub(crate) fn bias_sums<T: Product>(delta: &DMatrix<T>, examples: Range<usize>, sums: &mut [f64]) {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            for (row, sums) in (0..).step_by(ROWS).zip(sums.chunks_mut(ROWS)) {
                sums.copy_from_slice(&row_sums(delta, row, examples.clone())[..sums.len()]);
            }
        },
    );
}

/// The sums of [`ROWS`] rows of δ from `row` on, in the order of the examples. Sums beyond the last row mean nothing.
#[inline(always)]
fn row_sums<T: Product>(delta: &DMatrix<T>, row: usize, examples: Range<usize>) -> [f64; ROWS] {
    let (rows, delta) = (delta.nrows(), delta.as_slice());
    // Sums in registers: an array that is indexed by a variable anywhere would be in memory.
    let (mut sums, mut rest) = ([0.0; ROWS], examples.end);
    for column in examples.clone() {
        // An array of a length that the compiler knows. It may reach into the next column.
        let Some(delta) = delta[column * rows + row..].first_chunk::<ROWS>() else {
            rest = column;
            break;
        };
        for (sum, delta) in sums.iter_mut().zip(delta) {
            *sum += nalgebra::convert_ref_unchecked::<T, f64>(delta);
        }
    }
    let mut all = sums;
    for column in rest..examples.end {
        for (sum, delta) in all.iter_mut().zip(&delta[column * rows + row..]) {
            *sum += nalgebra::convert_ref_unchecked::<T, f64>(delta);
        }
    }
    all
}

/// Computes ∂C/∂a = wᵀ δ, with a the activations of the previous layer.
///
/// # Shapes
///
/// `w` n_out × n_in, `delta` n_out × examples, `result` n_in × examples.
///
/// # Panics
///
/// Panics if the shapes are others.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let (w, delta) = (DMatrix::from_row_slice(1, 2, &[2.0, 3.0]), DMatrix::from_element(1, 1, 10.0));
/// let mut result = DMatrix::zeros(2, 1);
/// gradus::linalg::input_gradient(&w, &delta, &mut result);
/// assert_eq!(result.as_slice(), [20.0, 30.0]);
/// ```
pub fn input_gradient<T: Product>(w: &DMatrix<T>, delta: &DMatrix<T>, result: &mut DMatrix<T>) {
    divide::product(InitialValue::Zero, Operand::of(w).transposed(), Operand::of(delta), result);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Integers, so that every sum is exact in any order.
    fn matrix(rows: usize, columns: usize, seed: usize) -> DMatrix<f32> {
        DMatrix::from_fn(rows, columns, |i, j| ((i * 31 + j * 17 + seed * 7) % 13) as f32 - 6.0)
    }

    /// Compares all products of a layer with nalgebra's.
    fn assert_products(n_out: usize, n_in: usize, m: usize) {
        let (w, x, delta) = (matrix(n_out, n_in, 1), matrix(n_in, m, 2), matrix(n_out, m, 3));
        let b = DVector::from_fn(n_out, |i, _| i as f32);
        let mut z = DMatrix::from_element(n_out, m, f32::NAN);
        weighted_inputs(&w, &b, &x, &mut z);
        let mut wanted = &w * &x;
        wanted.column_iter_mut().for_each(|mut column| column += &b);
        assert_eq!(z, wanted);

        let mut result = DMatrix::from_element(n_in, m, f32::NAN);
        input_gradient(&w, &delta, &mut result);
        assert_eq!(result, w.transpose() * &delta);

        let mut gradient = DMatrix::from_element(n_out, n_in, f32::NAN);
        weight_gradient(&delta, &x, &mut gradient);
        let wanted = &delta * x.transpose();
        assert_eq!(gradient, wanted);
        let (mut panels, mut part) = (Panels::new(n_out, m), vec![f32::NAN; n_out * (n_in - n_in / 3)]);
        panels.copy_from(&delta, 0..m);
        weight_gradient_of(&panels, &x, 0..m, n_in / 3..n_in, &mut part, false);
        assert_eq!(part[..], wanted.as_slice()[n_out * (n_in / 3)..]);
        weight_gradient_of(&panels, &x, 0..m, n_in / 3..n_in, &mut part, true);
        let twice = |(part, wanted): (&f32, &f32)| *part == 2.0 * wanted;
        assert!(part.iter().zip(&wanted.as_slice()[n_out * (n_in / 3)..]).all(twice));
    }

    proptest! {
        #[test]
        fn products_are_those_of_the_definition(n_out in 1usize..150, n_in in 1usize..600, m in 1usize..70) {
            assert_products(n_out, n_in, m);
        }
    }

    #[test]
    fn products_without_examples_inputs_or_outputs_are_those_of_the_definition() {
        for (n_out, n_in, m) in [(3, 4, 0), (3, 0, 4), (0, 3, 4), (0, 0, 0)] {
            assert_products(n_out, n_in, m);
        }
    }

    /// Each argument in turn has one row or one column too many.
    #[test]
    fn other_shapes_panic() {
        let m = |rows, columns| DMatrix::<f32>::zeros(rows, columns);
        let panics = |f: &dyn Fn()| std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).is_err();
        for (argument, rows, columns) in (0..4).flat_map(|argument| [(argument, 1, 0), (argument, 0, 1)]) {
            let shaped = |i, n, k| if i == argument { m(n + rows, k + columns) } else { m(n, k) };
            let (w, x, z) = (shaped(0, 3, 4), shaped(1, 4, 5), shaped(2, 3, 5));
            let b = DVector::zeros(if argument == 3 { 4 } else { 3 });
            assert!(panics(&|| weighted_inputs(&w, &b, &x, &mut z.clone())), "{argument} {rows} {columns}");
            if argument < 3 {
                assert!(panics(&|| weight_gradient(&z, &x, &mut w.clone())), "{argument} {rows} {columns}");
                assert!(panics(&|| input_gradient(&w, &z, &mut x.clone())), "{argument} {rows} {columns}");
            }
        }
        for length in [0, 2, 4] {
            assert!(panics(&|| bias_gradient(&m(3, 5), &mut vec![0.0; length])), "{length}");
        }
    }

    /// Inner dimensions that take more than one block, and more rows than a block of panels holds.
    #[test]
    fn products_of_several_blocks_are_those_of_the_definition() {
        for (n_out, n_in, m) in
            [(37, 2100, 30), (2100, 37, 30), (37, 30, 2100), (1100, 1030, 40), (1, 1, 1025), (1, 130, 2100)]
        {
            assert_products(n_out, n_in, m);
        }
    }
}
