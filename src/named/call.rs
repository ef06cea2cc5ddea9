//! Parsing and writing a name with parameters.

use std::fmt;

use super::Value;
use crate::error::{Error, Result};

/// The maximum depth of nested parentheses, which keeps hostile text from exhausting the stack.
const MAX_DEPTH: usize = 16;

/// A name and its parameters, parsed but not yet looked up.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    kind: &'static str,
    pub(crate) name: &'a str,
    /// The arguments without a parameter's name: the component that this one wraps.
    inner: Vec<&'a str>,
    arguments: Vec<(&'a str, &'a str)>,
    /// The parameters that were read, each with its value and its default.
    read: Vec<Parameter>,
}

#[derive(Debug)]
struct Parameter {
    name: &'static str,
    value: String,
    default: String,
}

impl<'a> Call<'a> {
    /// Parses `name`, `name(parameter=value, …)` or `name(inner, parameter=value, …)`; spaces around any of these are
    /// ignored. `inner` may have parameters too.
    pub(crate) fn parse(kind: &'static str, text: &'a str) -> Result<Self> {
        let malformed = |problem: String| Error::MalformedName { kind, text: text.to_owned(), problem };
        let text = text.trim();
        let Some((name, rest)) = text.split_once('(') else {
            return Ok(Self { kind, name: text, inner: Vec::new(), arguments: Vec::new(), read: Vec::new() });
        };
        let Some(inside) = rest.strip_suffix(')') else {
            return Err(malformed("the closing parenthesis is missing at the end".to_owned()));
        };
        let mut call = Self { name: name.trim(), ..Self::parse(kind, "")? };
        for argument in split_at_commas(inside).map_err(|problem| malformed(problem.to_owned()))? {
            // Only an equals sign before any parenthesis belongs to this name.
            let outside = argument.split('(').next().unwrap_or_default();
            match outside.split_once('=') {
                Some((parameter, _)) => {
                    let value = argument[parameter.len() + 1..].trim();
                    let parameter = parameter.trim();
                    if call.arguments.iter().any(|&(other, _)| other == parameter) {
                        return Err(malformed(format!("{parameter} is given twice")));
                    }
                    call.arguments.push((parameter, value));
                }
                None => call.inner.push(argument),
            }
        }
        Ok(call)
    }

    /// Returns an error if a parameter was not read, or if there is not exactly one inner component where `has_inner`
    /// is true, and none where it is false.
    pub(crate) fn check(&self, has_inner: bool) -> Result<()> {
        let unknown =
            |(parameter, _): &&(&str, &str)| !self.read.iter().any(|known| known.name == *parameter);
        if let Some((parameter, _)) = self.arguments.iter().find(unknown) {
            let name = |known: &Parameter| format!("{} (default {})", known.name, known.default);
            let names: Vec<_> = self.read.iter().map(name).collect();
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            return Err(self.malformed(format!("there is no parameter `{parameter}`; parameters: {names}")));
        }
        match (has_inner, &self.inner[..]) {
            (false, [argument, ..]) => {
                Err(self.malformed(format!("`{argument}` is not of the form parameter=value")))
            }
            (true, []) => {
                let Self { kind, name, .. } = self;
                let problem =
                    format!("it wraps another {kind}, which comes first: {name}(…, parameter=value)");
                Err(self.malformed(problem))
            }
            (true, [_, argument, ..]) => {
                Err(self.malformed(format!("`{argument}` is one {} too many: it wraps one", self.kind)))
            }
            _ => Ok(()),
        }
    }

    /// Returns the text of the inner component, after [`check`](Self::check).
    pub(crate) fn inner(&self) -> &'a str {
        self.inner.first().copied().unwrap_or_default()
    }

    /// Returns the value of the parameter `name`, or `default` if it is not given.
    pub(crate) fn get<V: Value>(&mut self, name: &'static str, default: V) -> Result<V> {
        let usual = default.text();
        let value = match self.arguments.iter().find(|(other, _)| *other == name) {
            None => default,
            Some((_, text)) => V::read(text)?
                .ok_or_else(|| self.malformed(format!("{name} = `{text}` is not {}", V::EXPECTED)))?,
        };
        self.read.push(Parameter { name, value: value.text(), default: usual });
        Ok(value)
    }

    /// Returns the name with all parameters that were read, as it prints.
    pub(crate) fn text(&self) -> String {
        let parameters: Vec<_> = self.read.iter().map(|read| (read.name, read.value.clone())).collect();
        Named(self.name, &parameters).to_string()
    }

    /// Returns the error for a name that is not among `known`.
    pub(crate) fn unknown(&self, known: &[&str]) -> Error {
        Error::UnknownName { kind: self.kind, found: self.name.to_owned(), known: known.join(", ") }
    }

    fn malformed(&self, problem: String) -> Error {
        Error::MalformedName { kind: self.kind, text: self.name.to_owned(), problem }
    }
}

/// Splits at the commas outside of all parentheses and brackets. Empty arguments are left out.
fn split_at_commas(text: &str) -> std::result::Result<Vec<&str>, &'static str> {
    let (mut arguments, mut start, mut depth) = (Vec::new(), 0, 0usize);
    for (at, character) in text.char_indices() {
        match character {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.checked_sub(1).ok_or("there is one closing parenthesis too many")?,
            ',' if depth == 0 => {
                arguments.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err("it is nested too deeply");
        }
    }
    if depth > 0 {
        return Err("a closing parenthesis is missing");
    }
    arguments.push(&text[start..]);
    Ok(arguments.into_iter().map(str::trim).filter(|argument| !argument.is_empty()).collect())
}

/// A name with its parameters, which prints as it parses.
pub(crate) struct Named<'a>(pub(crate) &'a str, pub(crate) &'a [(&'a str, String)]);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.0, None, self.1)
    }
}

/// Writes `name`, `name(parameter=value, …)` or `name(inner, parameter=value, …)`. Every value parses back bitwise
/// identical.
pub(crate) fn write(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    inner: Option<&dyn fmt::Display>,
    parameters: &[(&str, String)],
) -> fmt::Result {
    let parameters = parameters.iter().map(|(parameter, value)| format!("{parameter}={value}"));
    let arguments: Vec<String> = inner.map(ToString::to_string).into_iter().chain(parameters).collect();
    if arguments.is_empty() { f.write_str(name) } else { write!(f, "{name}({})", arguments.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_parameters_print_as_they_parse() {
        assert_eq!(Named("rule", &[]).to_string(), "rule");
        let text = Named("rule", &[("first", 0.9.text()), ("second", 1e-8.text())]).to_string();
        assert_eq!(text, "rule(first=0.9, second=1e-8)");
        let mut call = Call::parse("rule", &text).expect("a name");
        assert_eq!(call.name, "rule");
        let mut value = |name| call.get(name, 7.0).expect("a number");
        assert_eq!((value("second"), value("third"), value("first")), (1e-8, 7.0, 0.9));
        assert_eq!(call.text(), "rule(second=1e-8, third=7, first=0.9)");
    }

    #[test]
    fn arguments_are_split_outside_of_parentheses_only() {
        let text = " outer( inner(a=1, b=[2, 3]) , list = [ 4,5 ], flag=true) ";
        let mut call = Call::parse("rule", text).expect("a name");
        assert_eq!((call.name, call.inner()), ("outer", "inner(a=1, b=[2, 3])"));
        assert_eq!(call.get("list", Vec::new()).expect("a list"), [4usize, 5]);
        assert!(call.get("flag", false).expect("a flag"));
        let inner = call.inner();
        assert_eq!(Call::parse("rule", inner).expect("a name").get("a", 0usize).expect("a number"), 1);
        for wrong in ["a(b(c)", "a(b))c)", "a(b=1", "a(b=1, b=2)"] {
            assert!(Call::parse("rule", wrong).is_err(), "{wrong}");
        }
        let deep = "a(".repeat(1_000_000) + &")".repeat(1_000_000);
        assert!(Call::parse("rule", &deep).expect_err("too deep").to_string().contains("nested too deeply"));
    }
}
