//! Elementwise loops, compiled for the widest vector instructions of the machine.

use nalgebra::DMatrix;

use super::Real;
use crate::threads;

/// Runs `f` compiled for the widest vector instructions of the machine (AVX-512, AVX2, NEON), which are detected at run
/// time. Only code that is inlined into `f` is vectorized, so loops over plain slices gain most.
///
/// A `move` closure is faster if it captures values: see [`map`].
///
/// Vectorization never changes a result: the compiler may do several additions at once, but not in another order.
///
/// # Examples
///
/// ```
/// let mut v = vec![1.0f32; 100];
/// gradus::real::vectorized(|| v.iter_mut().for_each(|v| *v = *v * 0.9 - 0.1));
/// assert!(v.iter().all(|&v| v == 1.0f32 * 0.9 - 0.1));
/// ```
#[inline(always)]
pub fn vectorized<R>(f: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(f)
}

/// Elements whose results [`zip_map`] collects.
const BLOCK: usize = 64;

/// Elements that [`zip_map_except`] tests together: more would often include a rare one, and then all take the slow
/// path.
const FEW: usize = 16;

/// Computes `out_i = f(x_i)` for every element. Large matrices are divided among threads.
///
/// A closure `f` that captures values should be a `move` closure: a borrowed value is read again for each element,
/// because the compiler cannot rule out that writing to `out` changes it.
///
/// # Panics
///
/// Panics if `x` and `out` differ in their number of elements, which is an error of the plug-in that calls it.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let z = DMatrix::from_column_slice(2, 1, &[-1.0, 2.0]);
/// let mut a = DMatrix::zeros(2, 1);
/// gradus::real::map(&z, &mut a, |z: f64| z.max(0.0));
/// assert_eq!(a.as_slice(), [0.0, 2.0]);
/// ```
#[inline(always)]
pub fn map<T: Real>(x: &DMatrix<T>, out: &mut DMatrix<T>, f: impl Fn(T) -> T + Copy + Sync) {
    assert_eq!(x.len(), out.len(), "map needs matrices of one shape");
    let x = x.as_slice();
    in_chunks([x, x], out.as_mut_slice(), &move |[x, _]: [&[T]; 2], out: &mut [T]| {
        vectorized(
            #[inline(always)]
            move || {
                for (out, &x) in out.iter_mut().zip(x) {
                    *out = f(x);
                }
            },
        );
    });
}

/// Computes `out_i = f(x_i, out_i)` for every element. Large matrices are divided among threads. As with [`map`], `f`
/// should be a `move` closure.
///
/// # Panics
///
/// Panics if `x` and `out` differ in their number of elements, which is an error of the plug-in that calls it.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let a = DMatrix::from_column_slice(2, 1, &[0.5, 0.25]);
/// let mut grad = DMatrix::from_element(2, 1, 2.0);
/// gradus::real::zip_map(&a, &mut grad, |a: f64, g| g * a * (1.0 - a));
/// assert_eq!(grad.as_slice(), [0.5, 0.375]);
/// ```
#[inline(always)]
pub fn zip_map<T: Real>(x: &DMatrix<T>, out: &mut DMatrix<T>, f: impl Fn(T, T) -> T + Copy + Sync) {
    assert_eq!(x.len(), out.len(), "zip_map needs matrices of one shape");
    let x = x.as_slice();
    in_chunks([x, x], out.as_mut_slice(), &move |[x, _]: [&[T]; 2], out: &mut [T]| {
        vectorized(
            #[inline(always)]
            move || {
                // Results go to an array first: a choice of `f` between two stores to `out` would become a branch.
                let mut results = [T::zero(); BLOCK];
                for (out, x) in out.chunks_mut(BLOCK).zip(x.chunks(BLOCK)) {
                    for ((result, &x), &old) in results.iter_mut().zip(x).zip(&*out) {
                        *result = f(x, old);
                    }
                    out.iter_mut().zip(&results).for_each(|(out, &result)| *out = result);
                }
            },
        );
    });
}

/// Runs `work` on pieces of `inputs` and `out`, on several threads if there are many elements.
#[inline(always)]
fn in_chunks<T: Real>(inputs: [&[T]; 2], out: &mut [T], work: &(impl Fn([&[T]; 2], &mut [T]) + Sync)) {
    match threads::useful_threads_for_elements(out.len()) {
        1 => work(inputs, out),
        _ => halve(inputs, out, work),
    }
}

fn halve<T: Real>(inputs: [&[T]; 2], out: &mut [T], work: &(impl Fn([&[T]; 2], &mut [T]) + Sync)) {
    if threads::useful_threads_for_elements(out.len()) == 1 {
        return work(inputs, out);
    }
    let at = (out.len() / 2).next_multiple_of(64);
    let [(x, other_x), (z, other_z)] = inputs.map(|input| input.split_at(at));
    let (out, other_out) = out.split_at_mut(at);
    threads::join(|| halve([x, z], out, work), || halve([other_x, other_z], other_out, work));
}

/// Computes `out_i = usual(x_i, out_i)`, or `rare(x_i, z_i, out_i)` where `is_rare(x_i, out_i)`, for every element.
///
/// For a formula that is cheap in terms of x and inexact where x has been rounded: the exact formula, in terms of z, is
/// computed only for blocks that hold such an element. The choice of the formula depends on the element alone, so
/// results do not depend on where the matrix is cut.
///
/// # Panics
///
/// Panics if the matrices differ in their number of elements.
#[inline(always)]
pub(crate) fn zip_map_except<T: Real>(
    (x, z): (&DMatrix<T>, &DMatrix<T>),
    out: &mut DMatrix<T>,
    is_rare: impl Fn(T, T) -> bool + Copy + Sync,
    usual: impl Fn(T, T) -> T + Copy + Sync,
    rare: impl Fn(T, T, T) -> T + Copy + Sync,
) {
    assert_eq!((x.len(), z.len()), (out.len(), out.len()), "zip_map_except needs matrices of one shape");
    in_chunks([x.as_slice(), z.as_slice()], out.as_mut_slice(), &move |[x, z]: [&[T]; 2], out: &mut [T]| {
        vectorized(
            #[inline(always)]
            move || {
                // Arrays have a length that the compiler knows.
                let ((xs, x), (zs, z)) = (x.as_chunks::<FEW>(), z.as_chunks::<FEW>());
                let (outs, out) = out.as_chunks_mut::<FEW>();
                for ((x, z), out) in xs.iter().zip(zs).zip(outs) {
                    few((x, z), out, is_rare, usual, rare);
                }
                few((x, z), out, is_rare, usual, rare);
            },
        );
    });
}

/// [`zip_map_except`] for the elements of one block.
#[inline(always)]
fn few<T: Real>(
    (x, z): (&[T], &[T]),
    out: &mut [T],
    is_rare: impl Fn(T, T) -> bool,
    usual: impl Fn(T, T) -> T,
    rare: impl Fn(T, T, T) -> T,
) {
    let any = x.iter().zip(&*out).fold(false, |any, (&x, &out)| any | is_rare(x, out));
    if any {
        for ((out, &x), &z) in out.iter_mut().zip(x).zip(z) {
            let exact = rare(x, z, *out);
            *out = if is_rare(x, *out) { exact } else { usual(x, *out) };
        }
    } else {
        for (out, &x) in out.iter_mut().zip(x) {
            *out = usual(x, *out);
        }
    }
}

/// Computes `sums[j] = Σ_i f(x_ij, y_ij)` for every column j, added in order and in double precision.
///
/// The terms are computed many at once, in the precision of `T`, and then added one by one in `f64`, so that a sum is
/// the same as that of a plain loop and does not lose digits in a long column.
///
/// # Panics
///
/// Panics if `x` and `y` differ in their number of elements, or if `sums` does not hold one value per column.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let (x, y) = (DMatrix::from_element(50, 2, 3.0), DMatrix::from_element(50, 2, 1.0));
/// let mut sums = [0.0; 2];
/// gradus::real::zip_sums(&x, &y, &mut sums, |x, y| x * y);
/// assert_eq!(sums, [150.0; 2]);
/// ```
#[inline(always)]
pub fn zip_sums<T: Real>(x: &DMatrix<T>, y: &DMatrix<T>, sums: &mut [f64], f: impl Fn(T, T) -> T) {
    assert_eq!(
        (x.len(), x.ncols()),
        (y.len(), sums.len()),
        "zip_sums needs matrices of one shape, and a sum per column"
    );
    let rows = x.nrows().max(1);
    sums.fill(0.0);
    let (x, y) = (x.as_slice(), y.as_slice());
    vectorized(
        #[inline(always)]
        move || {
            let mut terms = [T::zero(); 64];
            let (mut column, mut row) = (0, 0);
            for (x, y) in x.chunks(terms.len()).zip(y.chunks(terms.len())) {
                for ((term, &x), &y) in terms.iter_mut().zip(x).zip(y) {
                    *term = f(x, y);
                }
                for &term in terms.iter().take(x.len()) {
                    sums[column] += term.to_f64();
                    row += 1;
                    if row == rows {
                        (column, row) = (column + 1, 0);
                    }
                }
            }
        },
    );
}
