//! The text of a name with parameters, taken apart and written.

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

#[cfg(test)]
mod tests {
    use super::*;

    struct Printed(&'static [(&'static str, f64)]);

    impl fmt::Display for Printed {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write(f, "rule", self.0)
        }
    }

    /// No activation has two parameters.
    #[test]
    fn several_parameters_print_as_they_parse() {
        assert_eq!(Printed(&[]).to_string(), "rule");
        let text = Printed(&[("first", 0.9), ("second", 1e-8)]).to_string();
        assert_eq!(text, "rule(first=0.9, second=1e-8)");
        let call = Call::parse("rule", &text).expect("a name");
        let known = [("second", 5.0), ("third", 7.0), ("first", 6.0)];
        assert_eq!(
            (call.name, call.parameters(known).expect("known parameters")),
            ("rule", [1e-8, 7.0, 0.9])
        );
    }
}
