//! The vector instructions that products use, for `f32` and `f64`.

use std::cell::Cell;

use nalgebra::RealField;
use pulp::{Simd, bytemuck};

use super::transpose::{self, Square};

/// A scalar type with vector registers and a fused multiply-add. Private to the crate, which also seals
/// [`Real`](crate::real::Real).
pub trait SimdScalar: RealField + Copy + Default {
    /// A register full of scalars in the instruction set `S`.
    type Register<S: Simd>: Copy;

    /// A choice of lanes of a register.
    type Mask<S: Simd>: Copy;

    /// The number of scalars in a register.
    fn lanes<S: Simd>() -> usize {
        size_of::<Self::Register<S>>() / size_of::<Self>()
    }

    /// `x` as registers, without the remainder that does not fill one.
    fn registers<S: Simd>(x: &[Self]) -> &[Self::Register<S>];

    /// `x` as mutable registers, without the remainder that does not fill one.
    fn registers_mut<S: Simd>(x: &mut [Self]) -> &mut [Self::Register<S>];

    /// The scalars in some registers.
    fn scalars<S: Simd>(registers: &[Self::Register<S>]) -> &[Self];

    /// The mutable scalars in some registers.
    fn scalars_mut<S: Simd>(registers: &mut [Self::Register<S>]) -> &mut [Self];

    /// Runs `work` with a reusable thread-local scratch buffer.
    fn with_scratch<V>(work: impl FnOnce(&mut Vec<Self>) -> V) -> V
    where
        Self: Sized;

    /// A register with `x` in every lane.
    fn broadcast<S: Simd>(simd: S, x: Self) -> Self::Register<S>;

    /// a b + c, rounded once, lane by lane.
    #[inline(always)]
    fn fused<S: Simd>(
        simd: S,
        a: Self::Register<S>,
        b: Self::Register<S>,
        c: Self::Register<S>,
    ) -> Self::Register<S> {
        let mut sums = [c];
        Self::add_products(simd, &[a], b, &mut sums);
        sums[0]
    }

    /// sums_i = a_i b + sums_i, rounded once, lane by lane.
    fn add_products<S: Simd, const N: usize>(
        simd: S,
        a: &[Self::Register<S>; N],
        b: Self::Register<S>,
        sums: &mut [Self::Register<S>; N],
    );

    /// The transpose of a square.
    fn transposed(square: Square<Self>) -> Square<Self>
    where
        Self: Sized;

    /// The first `count` lanes.
    fn first_lanes<S: Simd>(simd: S, count: usize) -> Self::Mask<S>;

    /// The lanes of `new` that are in `mask`, and the other lanes of `old`.
    fn select_lanes<S: Simd>(
        simd: S,
        mask: Self::Mask<S>,
        new: Self::Register<S>,
        old: Self::Register<S>,
    ) -> Self::Register<S>;
}

/// sums_i = a_i b + sums_i in single precision.
#[inline(always)]
fn add_products_f32<S: Simd, const N: usize>(simd: S, a: &[S::f32s; N], b: S::f32s, sums: &mut [S::f32s; N]) {
    #[cfg(target_arch = "wasm32")]
    {
        let (rounded, is_doubtful) = emulated::add_products::<S, N>(a, b, sums);
        *sums = if is_doubtful { emulated::in_software(simd, *a, b, *sums) } else { rounded };
    }
    #[cfg(not(target_arch = "wasm32"))]
    for i in 0..N {
        sums[i] = simd.mul_add_f32s(a[i], b, sums[i]);
    }
}

/// sums_i = a_i b + sums_i in double precision.
#[inline(always)]
fn add_products_f64<S: Simd, const N: usize>(simd: S, a: &[S::f64s; N], b: S::f64s, sums: &mut [S::f64s; N]) {
    for i in 0..N {
        sums[i] = simd.mul_add_f64s(a[i], b, sums[i]);
    }
}

/// Sums of products for a machine without fused multiply-add instructions.
#[cfg(target_arch = "wasm32")]
mod emulated {
    use pulp::{Simd, bytemuck};

    use crate::linalg::fused;

    /// Returns the sums, and whether the second rounding may have made a difference to one of them.
    #[inline(always)]
    pub fn add_products<S: Simd, const N: usize>(
        a: &[S::f32s; N],
        b: S::f32s,
        sums: &[S::f32s; N],
    ) -> ([S::f32s; N], bool) {
        let mut rounded = *sums;
        #[cfg(target_feature = "simd128")]
        if size_of::<S::f32s>() == 16 {
            use std::arch::wasm32::{f32x4, f32x4_extract_lane, f32x4_splat, v128, v128_any_true, v128_or};

            let register = |x: S::f32s| -> v128 {
                let [p, q, r, s] = bytemuck::cast(x);
                f32x4(p, q, r, s)
            };
            let mut doubt = f32x4_splat(0.0);
            for i in 0..N {
                let (sum, doubtful) =
                    fused::four::rounded_twice(register(a[i]), register(b), register(sums[i]));
                doubt = v128_or(doubt, doubtful);
                rounded[i] = bytemuck::cast([
                    f32x4_extract_lane::<0>(sum),
                    f32x4_extract_lane::<1>(sum),
                    f32x4_extract_lane::<2>(sum),
                    f32x4_extract_lane::<3>(sum),
                ]);
            }
            return (rounded, v128_any_true(doubt));
        }
        let mut is_doubtful = false;
        let terms = bytemuck::cast_slice::<_, f32>(a).iter().zip(bytemuck::cast_slice::<_, f32>(sums));
        let b = bytemuck::cast_slice::<_, f32>(std::slice::from_ref(&b));
        let rounded_sums = bytemuck::cast_slice_mut::<_, f32>(&mut rounded);
        for ((rounded, (&a, &sum)), &b) in rounded_sums.iter_mut().zip(terms).zip(b.iter().cycle()) {
            let doubtful;
            (*rounded, doubtful) = fused::rounded_twice(a, b, sum);
            is_doubtful |= doubtful;
        }
        (rounded, is_doubtful)
    }

    /// Returns the sums, each multiply-add fused bit by bit.
    #[cold]
    #[inline(never)]
    pub fn in_software<S: Simd, const N: usize>(
        simd: S,
        a: [S::f32s; N],
        b: S::f32s,
        sums: [S::f32s; N],
    ) -> [S::f32s; N] {
        std::array::from_fn(|i| simd.mul_add_f32s(a[i], b, sums[i]))
    }
}

macro_rules! simd_scalar {
    ($real:ty, $mask_integer:ty, $register:ident, $mask:ident, $registers:ident, $registers_mut:ident, $splat:ident, $add_products:ident, $transposed:path, $mask_between:ident, $select:ident) => {
        impl SimdScalar for $real {
            type Register<S: Simd> = S::$register;
            type Mask<S: Simd> = S::$mask;

            #[inline(always)]
            fn registers<S: Simd>(x: &[Self]) -> &[S::$register] {
                S::$registers(x).0
            }

            #[inline(always)]
            fn registers_mut<S: Simd>(x: &mut [Self]) -> &mut [S::$register] {
                S::$registers_mut(x).0
            }

            #[inline(always)]
            fn scalars<S: Simd>(registers: &[S::$register]) -> &[Self] {
                bytemuck::cast_slice(registers)
            }

            #[inline(always)]
            fn scalars_mut<S: Simd>(registers: &mut [S::$register]) -> &mut [Self] {
                bytemuck::cast_slice_mut(registers)
            }

            fn with_scratch<V>(work: impl FnOnce(&mut Vec<Self>) -> V) -> V {
                thread_local!(static SCRATCH: Cell<Vec<$real>> = const { Cell::new(Vec::new()) });
                SCRATCH.with(|cell| {
                    let mut scratch = cell.take();
                    let value = work(&mut scratch);
                    cell.set(scratch);
                    value
                })
            }

            #[inline(always)]
            fn broadcast<S: Simd>(simd: S, x: Self) -> S::$register {
                simd.$splat(x)
            }

            #[inline(always)]
            fn add_products<S: Simd, const N: usize>(
                simd: S,
                a: &[S::$register; N],
                b: S::$register,
                sums: &mut [S::$register; N],
            ) {
                $add_products(simd, a, b, sums);
            }

            #[inline(always)]
            fn transposed(square: Square<Self>) -> Square<Self> {
                $transposed(square)
            }

            #[inline(always)]
            fn first_lanes<S: Simd>(simd: S, count: usize) -> S::$mask {
                simd.$mask_between(0, count as $mask_integer).mask()
            }

            #[inline(always)]
            fn select_lanes<S: Simd>(simd: S, mask: S::$mask, new: S::$register, old: S::$register) -> S::$register {
                simd.$select(mask, new, old)
            }
        }
    };
}

simd_scalar!(
    f32,
    u32,
    f32s,
    m32s,
    as_simd_f32s,
    as_mut_simd_f32s,
    splat_f32s,
    add_products_f32,
    transpose::square_f32,
    mask_between_m32s,
    select_f32s
);
simd_scalar!(
    f64,
    u64,
    f64s,
    m64s,
    as_simd_f64s,
    as_mut_simd_f64s,
    splat_f64s,
    add_products_f64,
    transpose::square,
    mask_between_m64s,
    select_f64s
);
