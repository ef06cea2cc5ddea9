//! The bytes of a floating-point number in a file.

/// A number that is stored as in safetensors: IEEE 754, little-endian. Private to the crate.
pub trait LittleEndian: Copy {
    /// The bytes of one number.
    #[doc(hidden)]
    type Bytes: Copy + Default;

    /// The name of the type.
    #[doc(hidden)]
    const DTYPE: &'static str;

    /// The bytes of `self`.
    #[doc(hidden)]
    fn to_bytes(self) -> Self::Bytes;

    /// The number whose bytes these are.
    #[doc(hidden)]
    fn from_bytes(bytes: Self::Bytes) -> Self;

    /// `bytes` in groups of one number each, without an incomplete last one.
    #[doc(hidden)]
    fn groups(bytes: &[u8]) -> &[Self::Bytes];

    /// `bytes` in groups of one number each, without an incomplete last one.
    #[doc(hidden)]
    fn groups_mut(bytes: &mut [u8]) -> &mut [Self::Bytes];

    /// `values` without the type parameter.
    #[doc(hidden)]
    fn slice(values: &[Self]) -> Slice<'_>;

    /// `values` if they are of this type.
    #[doc(hidden)]
    fn from_values(values: Values) -> Option<Vec<Self>>;
}

/// Numbers of either type.
#[derive(Debug, Clone, PartialEq)]
#[doc(hidden)]
pub enum Values {
    /// Single precision.
    F32(Vec<f32>),
    /// Double precision.
    F64(Vec<f64>),
}

impl Values {
    /// The name of the type.
    pub(crate) fn dtype(&self) -> &'static str {
        match self {
            Self::F32(_) => f32::DTYPE,
            Self::F64(_) => f64::DTYPE,
        }
    }
}

/// Numbers of either type.
#[derive(Debug, Clone, Copy)]
#[doc(hidden)]
pub enum Slice<'a> {
    /// Single precision.
    F32(&'a [f32]),
    /// Double precision.
    F64(&'a [f64]),
}

macro_rules! stored {
    ($real:ty, $slice:ident) => {
        impl LittleEndian for $real {
            type Bytes = [u8; size_of::<$real>()];

            const DTYPE: &'static str = stringify!($real);

            #[inline(always)]
            fn to_bytes(self) -> Self::Bytes {
                self.to_le_bytes()
            }

            #[inline(always)]
            fn from_bytes(bytes: Self::Bytes) -> Self {
                Self::from_le_bytes(bytes)
            }

            fn groups(bytes: &[u8]) -> &[Self::Bytes] {
                bytes.as_chunks().0
            }

            fn groups_mut(bytes: &mut [u8]) -> &mut [Self::Bytes] {
                bytes.as_chunks_mut().0
            }

            fn slice(values: &[Self]) -> Slice<'_> {
                Slice::$slice(values)
            }

            fn from_values(values: Values) -> Option<Vec<Self>> {
                if let Values::$slice(values) = values { Some(values) } else { None }
            }
        }
    };
}

stored!(f32, F32);
stored!(f64, F64);
