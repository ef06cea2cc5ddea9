//! The four products of a training step, the one place where matrices are multiplied.
//!
//! Every element of a result is one sum over the inner dimension, whose order depends on neither the number of
//! threads nor the place of the element. So a product may be divided among threads by rows or columns of its result
//! without a change in a single bit.

mod blocks;
mod lane;
mod operand;
mod threads;
mod tile;

use nalgebra::{DMatrix, DVector};
use operand::Operand;

pub(crate) use lane::Lane;

/// Makes room for the products of a run on every thread that may take part, so that no product allocates.
pub(crate) fn prepare<T: Lane>() {
    threads::prepare::<T>();
}

/// z = w x + b: a layer's weighted inputs.
///
/// # Shapes
///
/// `w` n_out × n_in, `b` n_out, `x` n_in × examples, `z` n_out × examples.
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
pub fn weighted_inputs<T: Lane>(w: &DMatrix<T>, b: &DVector<T>, x: &DMatrix<T>, z: &mut DMatrix<T>) {
    for mut z in z.column_iter_mut() {
        z.copy_from(b);
    }
    threads::product(T::one(), Operand::of(w), Operand::of(x), T::one(), z);
}

/// ∂C/∂w = δ aᵀ / m, with a the activations of the layer before and m the number of examples.
///
/// # Shapes
///
/// `delta` n_out × m, `a` n_in × m, `gradient` n_out × n_in.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let (delta, a) = (DMatrix::from_row_slice(1, 2, &[2.0, 4.0]), DMatrix::from_row_slice(1, 2, &[1.0, 3.0]));
/// let mut gradient = DMatrix::zeros(1, 1);
/// gradus::linalg::weight_gradient(&delta, &a, &mut gradient);
/// assert_eq!(gradient[0], 7.0);
/// ```
pub fn weight_gradient<T: Lane>(delta: &DMatrix<T>, a: &DMatrix<T>, gradient: &mut DMatrix<T>) {
    let scale = nalgebra::convert(1.0 / delta.ncols() as f64);
    threads::product(scale, Operand::of(delta), Operand::of(a).transposed(), T::zero(), gradient);
}

/// ∂C/∂b = Σ_x δ_x / m, summed in the order of the examples.
///
/// # Shapes
///
/// `delta` n_out × m, `gradient` n_out.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let mut gradient = DVector::zeros(1);
/// gradus::linalg::bias_gradient(&DMatrix::from_row_slice(1, 2, &[2.0, 4.0]), &mut gradient);
/// assert_eq!(gradient[0], 3.0);
/// ```
pub fn bias_gradient<T: Lane>(delta: &DMatrix<T>, gradient: &mut DVector<T>) {
    gradient.fill(T::zero());
    for delta in delta.column_iter() {
        *gradient += delta;
    }
    *gradient *= nalgebra::convert::<f64, T>(1.0 / delta.ncols() as f64);
}

/// ∂C/∂a = wᵀ δ, with a the activations of the layer before.
///
/// # Shapes
///
/// `w` n_out × n_in, `delta` n_out × examples, `result` n_in × examples.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let (w, delta) = (DMatrix::from_row_slice(1, 2, &[2.0, 3.0]), DMatrix::from_element(1, 1, 10.0));
/// let mut result = DMatrix::zeros(2, 1);
/// gradus::linalg::back(&w, &delta, &mut result);
/// assert_eq!(result.as_slice(), [20.0, 30.0]);
/// ```
pub fn back<T: Lane>(w: &DMatrix<T>, delta: &DMatrix<T>, result: &mut DMatrix<T>) {
    threads::product(T::one(), Operand::of(w).transposed(), Operand::of(delta), T::zero(), result);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Whole numbers, so that every sum is exact in any order.
    fn matrix(rows: usize, columns: usize, seed: usize) -> DMatrix<f32> {
        DMatrix::from_fn(rows, columns, |i, j| ((i * 31 + j * 17 + seed * 7) % 13) as f32 - 6.0)
    }

    proptest! {
        #[test]
        fn products_are_those_of_the_definition(n_out in 1usize..150, n_in in 1usize..600, m in 1usize..70) {
            let (w, x, delta) = (matrix(n_out, n_in, 1), matrix(n_in, m, 2), matrix(n_out, m, 3));
            let b = DVector::from_fn(n_out, |i, _| i as f32);
            let mut z = DMatrix::from_element(n_out, m, f32::NAN);
            weighted_inputs(&w, &b, &x, &mut z);
            let mut wanted = &w * &x;
            wanted.column_iter_mut().for_each(|mut column| column += &b);
            prop_assert_eq!(&z, &wanted);

            let mut result = DMatrix::from_element(n_in, m, f32::NAN);
            back(&w, &delta, &mut result);
            prop_assert_eq!(&result, &(w.transpose() * &delta));

            let mut gradient = DMatrix::from_element(n_out, n_in, f32::NAN);
            weight_gradient(&delta, &x, &mut gradient);
            let wanted = (&delta * x.transpose()) * (1.0 / m as f64) as f32;
            prop_assert_eq!(&gradient, &wanted);
        }
    }
}
