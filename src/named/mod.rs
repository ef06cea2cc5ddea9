//! Components chosen at run time by a name with parameters, such as `elu(alpha=1)`, which prints as it
//! parses.

mod call;
mod text;

pub(crate) use call::{Call, write};
pub(crate) use text::{Named, inside, split, whole};

/// Declares an enum of all components of one kind, for a choice at run time. A component is one line:
///
/// ```text
/// Type = "name"(parameter = default, …) => the value, as a function of the parameters;
/// ```
///
/// For each component this makes the variant, the conversions between the two types, and `Display`,
/// `FromStr`, `Serialize` and `Deserialize` by the name. The component has a method of the same name for each
/// parameter.
macro_rules! named {
    ($(#[$doc:meta])* $any:ident: $trait:ident, $kind:literal;
     $($part:ident = $name:literal($($parameter:ident = $default:expr),*) => $make:expr;)*) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq)]
        #[non_exhaustive]
        pub enum $any {
            $(#[doc = concat!("[`", stringify!($part), "`]")] $part($part),)*
        }

        impl $any {
            /// The names of all components, without their parameters.
            pub const NAMES: &[&str] = &[$($name),*];

            fn get<T: $crate::real::Real>(&self) -> &dyn $trait<T> {
                match self {
                    $(Self::$part(part) => part,)*
                }
            }
        }

        impl std::fmt::Display for $any {
            /// Writes the name with its parameters.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $(Self::$part(part) => std::fmt::Display::fmt(part, f),)*
                }
            }
        }

        impl std::str::FromStr for $any {
            type Err = $crate::error::Error;

            /// Parses a name; parameters that are not given have their defaults.
            fn from_str(text: &str) -> $crate::error::Result<Self> {
                let call = $crate::named::Call::parse($kind, text)?;
                match call.name {
                    $($name => {
                        let [$($parameter),*] = call.parameters([$((stringify!($parameter), $default)),*])?;
                        Ok(Self::$part($make))
                    })*
                    _ => Err(call.unknown(Self::NAMES)),
                }
            }
        }

        $crate::named::serde_by_name!($any);

        $(
            impl From<$part> for $any {
                fn from(part: $part) -> Self {
                    Self::$part(part)
                }
            }

            impl TryFrom<$any> for $part {
                type Error = $crate::error::Error;

                fn try_from(any: $any) -> $crate::error::Result<Self> {
                    match any {
                        $any::$part(part) => Ok(part),
                        other => Err($crate::error::Error::UnknownName {
                            kind: $kind,
                            found: other.to_string(),
                            known: $name.to_owned(),
                        }),
                    }
                }
            }

            impl std::fmt::Display for $part {
                /// Writes the name with its parameters.
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    $crate::named::write(f, $name, &[$((stringify!($parameter), self.$parameter())),*])
                }
            }

            impl std::str::FromStr for $part {
                type Err = $crate::error::Error;

                /// Parses the name with its parameters.
                fn from_str(text: &str) -> $crate::error::Result<Self> {
                    text.parse::<$any>()?.try_into()
                }
            }

            $crate::named::serde_by_name!($part);
        )*
    };
}

/// Serializes a type by its name, so that whatever is read passes through its constructor.
macro_rules! serde_by_name {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> std::result::Result<Self, D::Error> {
                let name = <String as serde::Deserialize>::deserialize(deserializer)?;
                name.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use {named, serde_by_name};
