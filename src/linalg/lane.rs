//! The vector instructions that products use, spelled once for `f32` and `f64`.

use std::cell::Cell;

use nalgebra::RealField;
use pulp::{Simd, bytemuck};

use super::blocks::{self, Left};
use super::operand::Operand;
use super::target::Target;
use super::tile::Start;

/// What a product needs of a number: a register of several and the fused multiply-add. Private to the crate, which
/// also seals [`Real`](crate::real::Real).
pub trait Lane: RealField + Copy + Default {
    /// c = start + a b on this thread. It is not generic, so that its many loops are compiled once, with this crate, and
    /// not with every program that uses it.
    #[doc(hidden)]
    fn product(start: Start<'_, Self>, a: Left<'_, Self>, b: Operand<'_, Self>, c: Target<'_, Self>);

    /// A register full of numbers on the instruction set `S`.
    type Register<S: Simd>: Copy;

    /// How many numbers a register holds.
    fn lanes<S: Simd>() -> usize {
        size_of::<Self::Register<S>>() / size_of::<Self>()
    }

    /// `x` as registers, without the rest that fills none.
    fn registers<S: Simd>(x: &[Self]) -> &[Self::Register<S>];

    /// `x` as registers, without the rest that fills none.
    fn registers_mut<S: Simd>(x: &mut [Self]) -> &mut [Self::Register<S>];

    /// The numbers in some registers.
    fn numbers<S: Simd>(registers: &[Self::Register<S>]) -> &[Self];

    /// The numbers in some registers.
    fn numbers_mut<S: Simd>(registers: &mut [Self::Register<S>]) -> &mut [Self];

    /// Runs `work` with room for copies that belongs to the thread and is kept for the next time.
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

    /// The first `count` lanes of `new`, and the others of `old`.
    fn first<S: Simd>(
        simd: S,
        count: usize,
        new: Self::Register<S>,
        old: Self::Register<S>,
    ) -> Self::Register<S>;
}

macro_rules! lane {
    ($real:ty, $mask_integer:ty, $register:ident, $registers:ident, $registers_mut:ident, $splat:ident, $fused:ident, $mask:ident, $select:ident) => {
        impl Lane for $real {
            type Register<S: Simd> = S::$register;

            fn product(start: Start<'_, Self>, a: Left<'_, Self>, b: Operand<'_, Self>, c: Target<'_, Self>) {
                blocks::product(start, a, b, c);
            }

            #[inline(always)]
            fn registers<S: Simd>(x: &[Self]) -> &[S::$register] {
                S::$registers(x).0
            }

            #[inline(always)]
            fn registers_mut<S: Simd>(x: &mut [Self]) -> &mut [S::$register] {
                S::$registers_mut(x).0
            }

            #[inline(always)]
            fn numbers<S: Simd>(registers: &[S::$register]) -> &[Self] {
                bytemuck::cast_slice(registers)
            }

            #[inline(always)]
            fn numbers_mut<S: Simd>(registers: &mut [S::$register]) -> &mut [Self] {
                bytemuck::cast_slice_mut(registers)
            }

            fn with_scratch<V>(work: impl FnOnce(&mut Vec<Self>) -> V) -> V {
                thread_local!(static SCRATCH: Cell<Vec<$real>> = const { Cell::new(Vec::new()) });
                SCRATCH.with(|scratch| {
                    let mut room = scratch.take();
                    let value = work(&mut room);
                    scratch.set(room);
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
            fn first<S: Simd>(simd: S, count: usize, new: S::$register, old: S::$register) -> S::$register {
                let mask = simd.$mask(0, count as $mask_integer).mask();
                simd.$select(mask, new, old)
            }
        }
    };
}

lane!(
    f32,
    u32,
    f32s,
    as_simd_f32s,
    as_mut_simd_f32s,
    splat_f32s,
    mul_add_f32s,
    mask_between_m32s,
    select_f32s
);
lane!(
    f64,
    u64,
    f64s,
    as_simd_f64s,
    as_mut_simd_f64s,
    splat_f64s,
    mul_add_f64s,
    mask_between_m64s,
    select_f64s
);
