//! The vector instructions that products use, spelled once for `f32` and `f64`.

use std::cell::Cell;

use nalgebra::{DMatrixViewMut, RealField};
use pulp::{Simd, bytemuck};

use super::blocks;
use super::operand::Operand;

/// What a product needs of a number: a register of several, loads, stores and the fused multiply-add. Private to the
/// crate, which also seals [`Real`](crate::real::Real).
pub trait Lane: RealField + Copy + Default {
    /// c = alpha a b + beta c on this thread. It is not generic, so that its many loops are compiled once, with this
    /// crate, and not with every program that uses it.
    #[doc(hidden)]
    fn product(
        alpha: Self,
        a: Operand<'_, Self>,
        b: Operand<'_, Self>,
        beta: Self,
        c: DMatrixViewMut<'_, Self>,
    );

    /// A register full of numbers on the instruction set `S`.
    type Register<S: Simd>: Copy;

    /// How many numbers a register holds.
    fn lanes<S: Simd>() -> usize {
        size_of::<Self::Register<S>>() / size_of::<Self>()
    }

    /// `x` as registers, and the rest that fills none.
    fn registers<S: Simd>(x: &[Self]) -> (&[Self::Register<S>], &[Self]);

    /// `x` as registers, and the rest that fills none.
    fn registers_mut<S: Simd>(x: &mut [Self]) -> (&mut [Self::Register<S>], &mut [Self]);

    /// The numbers in some registers.
    fn numbers<S: Simd>(registers: &[Self::Register<S>]) -> &[Self];

    /// `self` b + c, rounded once.
    fn fused_scalar(self, b: Self, c: Self) -> Self;

    /// Runs `work` with room for copies that belongs to the thread and is kept for the next time.
    fn with_scratch<V>(work: impl FnOnce(&mut Vec<Self>) -> V) -> V
    where
        Self: Sized;

    /// A register with `x` in every lane.
    fn broadcast<S: Simd>(simd: S, x: Self) -> Self::Register<S>;

    /// a b, lane by lane.
    fn times<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Register<S>;

    /// a b + c, rounded once, lane by lane.
    fn fused<S: Simd>(
        simd: S,
        a: Self::Register<S>,
        b: Self::Register<S>,
        c: Self::Register<S>,
    ) -> Self::Register<S>;

    /// A register whose first lanes are `x`, at most as long, and the others 0.
    fn load_part<S: Simd>(simd: S, x: &[Self]) -> Self::Register<S>;

    /// Stores the first lanes into `x`, at most as long.
    fn store_part<S: Simd>(simd: S, x: &mut [Self], register: Self::Register<S>);
}

macro_rules! lane {
    ($real:ty, $register:ident, $registers:ident, $registers_mut:ident, $splat:ident, $times:ident, $fused:ident,
     $load_part:ident, $store_part:ident) => {
        impl Lane for $real {
            type Register<S: Simd> = S::$register;

            fn product(
                alpha: Self,
                a: Operand<'_, Self>,
                b: Operand<'_, Self>,
                beta: Self,
                c: DMatrixViewMut<'_, Self>,
            ) {
                blocks::product(alpha, a, b, beta, c);
            }

            #[inline(always)]
            fn registers<S: Simd>(x: &[Self]) -> (&[S::$register], &[Self]) {
                S::$registers(x)
            }

            #[inline(always)]
            fn registers_mut<S: Simd>(x: &mut [Self]) -> (&mut [S::$register], &mut [Self]) {
                S::$registers_mut(x)
            }

            #[inline(always)]
            fn numbers<S: Simd>(registers: &[S::$register]) -> &[Self] {
                bytemuck::cast_slice(registers)
            }

            #[inline(always)]
            fn fused_scalar(self, b: Self, c: Self) -> Self {
                self.mul_add(b, c)
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
            fn times<S: Simd>(simd: S, a: S::$register, b: S::$register) -> S::$register {
                simd.$times(a, b)
            }

            #[inline(always)]
            fn fused<S: Simd>(simd: S, a: S::$register, b: S::$register, c: S::$register) -> S::$register {
                simd.$fused(a, b, c)
            }

            #[inline(always)]
            fn load_part<S: Simd>(simd: S, x: &[Self]) -> S::$register {
                simd.$load_part(x)
            }

            #[inline(always)]
            fn store_part<S: Simd>(simd: S, x: &mut [Self], register: S::$register) {
                simd.$store_part(x, register)
            }
        }
    };
}

lane!(
    f32,
    f32s,
    as_simd_f32s,
    as_mut_simd_f32s,
    splat_f32s,
    mul_f32s,
    mul_add_f32s,
    partial_load_f32s,
    partial_store_f32s
);
lane!(
    f64,
    f64s,
    as_simd_f64s,
    as_mut_simd_f64s,
    splat_f64s,
    mul_f64s,
    mul_add_f64s,
    partial_load_f64s,
    partial_store_f64s
);
