//! The entry point of a product on one thread: the only function that this crate compiles for each scalar type.

use super::blocks::{self, Left};
use super::destination::Destination;
use super::initial::InitialValue;
use super::operand::Operand;
use super::scalar::SimdScalar;

/// A scalar type whose products are compiled with this crate, and not with every program that uses it.
pub trait Product: SimdScalar {
    /// c = initial + a b on this thread.
    #[doc(hidden)]
    fn product(
        initial: InitialValue<'_, Self>,
        a: Left<'_, Self>,
        b: Operand<'_, Self>,
        c: Destination<'_, Self>,
    );
}

macro_rules! product {
    ($($real:ty)*) => {$(
        impl Product for $real {
            fn product(
                initial: InitialValue<'_, Self>,
                a: Left<'_, Self>,
                b: Operand<'_, Self>,
                c: Destination<'_, Self>,
            ) {
                blocks::product(initial, a, b, c);
            }
        }
    )*};
}

product!(f32 f64);
