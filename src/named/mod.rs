//! Components chosen at run time by a name with parameters, such as `elu(alpha=1)`, which prints as it
//! parses.

mod call;
mod text;
mod value;

pub(crate) use call::{Call, Named, write};
pub(crate) use text::{inside, split};
pub(crate) use value::Value;

/// Declares an enum of all components of one kind, for a choice at run time. A component is one line:
///
/// ```text
/// Type = "name"(parameter = default, …) => the value, as a function of the parameters;
/// ```
///
/// and one that wraps another of its kind is a line after `[wrappers]`:
///
/// ```text
/// Type = "name"(parameter = default, …) => |inner| the value, as a function of `inner` and the parameters;
/// ```
///
/// A parameter has the type of its default, which implements [`Value`] and may depend on the parameters before it. For
/// each parameter the component has a getter of the same name, or of the name in brackets after the parameter; a
/// wrapper also has a getter of the name of `inner`.
///
/// For each component the macro declares the variant, the conversions between the two types, and `Display`,
/// `FromStr`, `Serialize` and `Deserialize` by the name; for a wrapper the variant and `Display`.
macro_rules! named {
    ($(#[$meta:meta])* $any:ident: $trait:ident $(<$real:ident>)?, $kind:literal;
     $($part:ident = $name:literal($($parameter:ident $([$getter:ident])? = $default:expr),*) => $make:expr;)*
     $([wrappers] $(
        $outer:ident = $outer_name:literal($($setting:ident $([$reader:ident])? = $usual:expr),*)
            => |$inner:ident| $wrap:expr;
     )*)?) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq)]
        #[non_exhaustive]
        pub enum $any {
            $(#[doc = concat!("[`", stringify!($part), "`]")] $part($part),)*
            $($(#[doc = concat!("[`", stringify!($outer), "`]")] $outer($outer<Box<$any>>),)*)?
        }

        impl $any {
            /// The names of all components, without their parameters.
            pub const NAMES: &[&str] = &[$($name,)* $($($outer_name),*)?];

            fn get$(<$real: $crate::real::Real>)?(&self) -> &dyn $trait$(<$real>)? {
                match self {
                    $(Self::$part(part) => part,)*
                    $($(Self::$outer(part) => part,)*)?
                }
            }
        }

        /// Prints as the component itself does, so that a run begun with one can be resumed with the other.
        impl std::fmt::Debug for $any {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $(Self::$part(part) => std::fmt::Debug::fmt(part, f),)*
                    $($(Self::$outer(part) => std::fmt::Debug::fmt(part, f),)*)?
                }
            }
        }

        impl std::fmt::Display for $any {
            /// Writes the name with its parameters.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $(Self::$part(part) => std::fmt::Display::fmt(part, f),)*
                    $($(Self::$outer(part) => std::fmt::Display::fmt(part, f),)*)?
                }
            }
        }

        impl std::str::FromStr for $any {
            type Err = $crate::error::Error;

            /// Parses a name; parameters that are not given have their defaults.
            fn from_str(text: &str) -> $crate::error::Result<Self> {
                let mut call = $crate::named::Call::parse($kind, text)?;
                match call.name {
                    $($name => {
                        $(let $parameter = call.get(stringify!($parameter), $default)?;)*
                        call.check(false)?;
                        Ok(Self::$part($make))
                    })*
                    $($($outer_name => {
                        $(let $setting = call.get(stringify!($setting), $usual)?;)*
                        call.check(true)?;
                        let $inner = Box::new(call.inner().parse::<Self>()?);
                        Ok(Self::$outer($wrap))
                    })*)?
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
                    $crate::named::write(f, $name, None, &[$((
                        stringify!($parameter),
                        $crate::named::Value::text(&$crate::named::read_parameter!(self $parameter $($getter)?)),
                    )),*])
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

        $($(
            impl<P: std::fmt::Display> std::fmt::Display for $outer<P> {
                /// Writes the name with the wrapped component and its parameters.
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    $crate::named::write(f, $outer_name, Some(self.$inner()), &[$((
                        stringify!($setting),
                        $crate::named::Value::text(&$crate::named::read_parameter!(self $setting $($reader)?)),
                    )),*])
                }
            }
        )*)?
    };
}

/// Reads a parameter by the getter of its name, or by another one.
macro_rules! read_parameter {
    ($part:ident $parameter:ident) => {
        $part.$parameter()
    };
    ($part:ident $parameter:ident $getter:ident) => {
        $part.$getter()
    };
}

/// Serializes a type by its name, so that deserialization passes through its constructor.
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

pub(crate) use {named, read_parameter, serde_by_name};
