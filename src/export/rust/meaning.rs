//! The constants and functions that a [`Meaning`] adds to a written network: scaling and classes.

use std::fmt::Write;

use super::functions::number;
use super::write::array;
use crate::data::{Scaler, Task};
use crate::predict::Meaning;

/// Returns the constants and functions for a network with `n` outputs.
pub(super) fn text(meaning: &Meaning, n: usize) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write_meaning(&mut text, meaning, n);
    text
}

fn write_meaning(text: &mut String, meaning: &Meaning, n: usize) -> std::fmt::Result {
    let names = meaning.class_names();
    if !names.is_empty() {
        writeln!(text, "/// The names of the classes.\n#[allow(dead_code)]")?;
        let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
        writeln!(text, "pub const CLASS_NAMES: [&str; {}] = [{}];\n", names.len(), names.join(", "))?;
    }
    match meaning.task() {
        Task::Classes => {
            let body = "let [first, ..] = outputs;
    let mut best = (0, *first);
    for (class, &output) in outputs.iter().enumerate() {
        if output.is_nan() {
            return None;
        }
        if output > best.1 {
            best = (class, output);
        }
    }
    Some(best.0)";
            write_class(text, "the first of the largest outputs", n, body)?;
        }
        Task::Binary { threshold } => {
            let body = format!(
                "let [output] = outputs;
    if output.is_nan() {{ None }} else {{ Some(if *output >= {} {{ 1 }} else {{ 0 }}) }}",
                number(threshold as f32)
            );
            write_class(text, "1 if the output is not below the threshold", n, &body)?;
        }
        Task::Labels { threshold } => {
            writeln!(text, "/// Whether each of the labels applies.\n#[allow(dead_code)]")?;
            writeln!(
                text,
                "pub fn labels(outputs: &[f32; {n}]) -> [bool; {n}] {{
    let mut labels = [false; {n}];
    labels.iter_mut().zip(outputs).for_each(|(label, &output)| *label = output >= {});
    labels
}}\n",
                number(threshold as f32)
            )?;
        }
        Task::Regression => {}
    }
    if !names.is_empty() && !matches!(meaning.task(), Task::Labels { .. } | Task::Regression) {
        writeln!(text, "/// Returns the name of the class that the outputs stand for.\n#[allow(dead_code)]")?;
        writeln!(text, "pub fn class_name(outputs: &[f32; {n}]) -> Option<&'static str> {{")?;
        writeln!(text, "    CLASS_NAMES.get(class(outputs)?).copied()\n}}\n")?;
    }
    if let Some(scaler) = meaning.input_scaler() {
        let first = "Scales the inputs to (x − c)/s, in double precision.";
        write_scaler(text, first, ("scaled", "x"), "(f64::from(*x) - center) / width", scaler)?;
    }
    if let Some(scaler) = meaning.target_scaler() {
        let first = "Takes the outputs back to the units of the data, c + s y, in double precision.";
        write_scaler(text, first, ("unscaled", "y"), "f64::from(*y) * width + center", scaler)?;
    }
    Ok(())
}

fn write_class(text: &mut String, which: &str, n: usize, body: &str) -> std::fmt::Result {
    writeln!(text, "/// Returns the class that the outputs stand for, {which}; `None` if an output is NaN.")?;
    writeln!(text, "#[allow(dead_code)]")?;
    writeln!(text, "pub fn class(outputs: &[f32; {n}]) -> Option<usize> {{\n    {body}\n}}\n")
}

fn write_scaler(
    text: &mut String,
    first: &str,
    (name, value): (&str, &str),
    formula: &str,
    scaler: &Scaler,
) -> std::fmt::Result {
    let (n, upper) = (scaler.centers().len(), name.to_uppercase());
    text.push_str(&array(&format!("CENTERS_{upper}: [f64; {n}]"), scaler.centers()));
    text.push_str(&array(&format!("WIDTHS_{upper}: [f64; {n}]"), scaler.widths()));
    writeln!(
        text,
        "/// {first}
fn {name}({value}: &[f32; {n}]) -> [f32; {n}] {{
    let mut {name} = *{value};
    for (({value}, center), width) in {name}.iter_mut().zip(&CENTERS_{upper}).zip(&WIDTHS_{upper}) {{
        *{value} = ({formula}) as f32;
    }}
    {name}
}}\n"
    )
}
