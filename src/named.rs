//! Components chosen at run time by a name with parameters, such as `elu(alpha=1)`, which prints as it parses.

use std::fmt;

use crate::error::{Error, Result, plain};

/// A name and its parameters, taken apart but not yet looked up.
pub(crate) struct Call<'a> {
    kind: &'static str,
    pub(crate) name: &'a str,
    arguments: Vec<(&'a str, f64)>,
}

impl<'a> Call<'a> {
    /// Parses `name` or `name(parameter=value, …)`; spaces around any of these are ignored.
    pub(crate) fn parse(kind: &'static str, text: &'a str) -> Result<Self> {
        let malformed = |problem: String| Error::MalformedName { kind, text: text.to_owned(), problem };
        let text = text.trim();
        let Some((name, rest)) = text.split_once('(') else {
            return Ok(Self { kind, name: text, arguments: Vec::new() });
        };
        let Some(inside) = rest.strip_suffix(')') else {
            return Err(malformed("the closing parenthesis is missing at the end".to_owned()));
        };
        let mut arguments: Vec<(&str, f64)> = Vec::new();
        for argument in inside.split(',').map(str::trim).filter(|argument| !argument.is_empty()) {
            let Some((parameter, value)) = argument.split_once('=') else {
                return Err(malformed(format!("`{argument}` is not of the form parameter=value")));
            };
            let (parameter, value) = (parameter.trim(), value.trim());
            let Ok(number) = value.parse() else {
                return Err(malformed(format!("{parameter} = `{value}` is not a number")));
            };
            if arguments.iter().any(|&(other, _)| other == parameter) {
                return Err(malformed(format!("{parameter} is given twice")));
            }
            arguments.push((parameter, number));
        }
        Ok(Self { kind, name: name.trim(), arguments })
    }

    /// Returns the value of each parameter in `known`, which holds names and defaults.
    pub(crate) fn parameters<const N: usize>(&self, known: [(&'static str, f64); N]) -> Result<[f64; N]> {
        let unknown = |(parameter, _): &&(&str, f64)| !known.iter().any(|(name, _)| name == parameter);
        if let Some((parameter, _)) = self.arguments.iter().find(unknown) {
            let names: Vec<_> =
                known.iter().map(|(name, default)| format!("{name} (default {default})")).collect();
            let names = if N == 0 { "none".to_owned() } else { names.join(", ") };
            let problem = format!("there is no parameter `{parameter}`; parameters: {names}");
            return Err(Error::MalformedName { kind: self.kind, text: self.name.to_owned(), problem });
        }
        Ok(known.map(|(name, default)| {
            self.arguments
                .iter()
                .find(|(parameter, _)| *parameter == name)
                .map_or(default, |&(_, value)| value)
        }))
    }

    /// The error for a name that is not among `known`.
    pub(crate) fn unknown(&self, known: &[&str]) -> Error {
        Error::UnknownName { kind: self.kind, found: self.name.to_owned(), known: known.join(", ") }
    }
}

/// Writes `name` or `name(parameter=value, …)`. Every value parses back to the same bits.
pub(crate) fn write(f: &mut fmt::Formatter<'_>, name: &str, parameters: &[(&str, f64)]) -> fmt::Result {
    f.write_str(name)?;
    for (index, (parameter, value)) in parameters.iter().enumerate() {
        write!(f, "{}{parameter}={}", if index == 0 { "(" } else { ", " }, plain(*value))?;
    }
    f.write_str(if parameters.is_empty() { "" } else { ")" })
}

/// Declares an enum of all components of one kind, for a choice at run time. A component is one line:
///
/// ```text
/// Type = "name"(parameter = default, …) => the value, as a function of the parameters;
/// ```
///
/// For each component this makes the variant, the conversions between the two types, and `Display`, `FromStr`,
/// `Serialize` and `Deserialize` by the name. The component has a method of the same name for each parameter.
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
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = <String as serde::Deserialize>::deserialize(deserializer)?;
                name.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use {named, serde_by_name};
