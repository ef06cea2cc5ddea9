//! The vector instructions that products use, for `f32` and `f64`.

use std::cell::Cell;

use nalgebra::RealField;
use pulp::{Simd, bytemuck};

/// A scalar that a product computes with: registers of several, and the fused multiply-add. Private to the crate, which
/// also seals [`Real`](crate::real::Real).
pub trait SimdScalar: RealField + Copy + Default {
    /// A register full of scalars in the instruction set `S`.
    type Register<S: Simd>: Copy;

    /// A choice of lanes of a register.
    type Mask<S: Simd>: Copy;

    /// The number of scalars in a register.
    fn lanes<S: Simd>() -> usize {
        size_of::<Self::Register<S>>() / size_of::<Self>()
    }

    /// `x` as registers, without the rest that fills none.
    fn registers<S: Simd>(x: &[Self]) -> &[Self::Register<S>];

    /// `x` as mutable registers, without the rest that fills none.
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
    fn fused<S: Simd>(
        simd: S,
        a: Self::Register<S>,
        b: Self::Register<S>,
        c: Self::Register<S>,
    ) -> Self::Register<S>;

    /// The first `count` lanes.
    fn first_lanes<S: Simd>(simd: S, count: usize) -> Self::Mask<S>;

    /// The lanes of `new` that `mask` contains, and the others of `old`.
    fn select_lanes<S: Simd>(
        simd: S,
        mask: Self::Mask<S>,
        new: Self::Register<S>,
        old: Self::Register<S>,
    ) -> Self::Register<S>;
}

macro_rules! simd_scalar {
    ($real:ty, $mask_integer:ty, $register:ident, $mask:ident, $registers:ident, $registers_mut:ident, $splat:ident, $fused:ident, $mask_between:ident, $select:ident) => {
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
            fn fused<S: Simd>(simd: S, a: S::$register, b: S::$register, c: S::$register) -> S::$register {
                simd.$fused(a, b, c)
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
    mul_add_f32s,
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
    mul_add_f64s,
    mask_between_m64s,
    select_f64s
);
