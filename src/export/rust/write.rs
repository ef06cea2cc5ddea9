//! The text of a network in Rust.

use std::fmt::{Debug, Write};

use nalgebra::{DMatrix, Scalar};

use super::functions::{Call, texts};
use super::{RustSource, meaning};
use crate::predict::Meaning;

/// The maximum length of a line of numbers.
const WIDTH: usize = 120;

/// Returns the text of the module.
pub(super) fn text(source: &RustSource) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write_text(&mut text, source);
    text
}

fn write_text(text: &mut String, source: &RustSource) -> std::fmt::Result {
    let (n_inputs, n_outputs) = (source.network.n_inputs(), source.network.n_outputs());
    let calls: Vec<Call> = source.activations().map(Call::of).collect();
    write_header(text, source)?;
    writeln!(
        text,
        "/// The number of inputs.\n#[allow(dead_code)]\npub const N_INPUTS: usize = {n_inputs};\n"
    )?;
    writeln!(
        text,
        "/// The number of outputs.\n#[allow(dead_code)]\npub const N_OUTPUTS: usize = {n_outputs};\n"
    )?;
    writeln!(
        text,
        "/// Returns the outputs for the inputs `x`.
#[allow(dead_code)]
pub fn predict(x: &[f32; {n_inputs}]) -> [f32; {n_outputs}] {{
    predict_with(fused_multiply_add, x)
}}

/// Returns the outputs for the inputs `x`, where `fused` computes a b + c, rounded once: `f32::mul_add`, or an
/// instruction.
#[allow(dead_code)]
pub fn predict_with(
    fused: impl Fn(f32, f32, f32) -> f32 + Copy,
    x: &[f32; {n_inputs}],
) -> [f32; {n_outputs}] {{"
    )?;
    write_body(text, source, &calls)?;
    writeln!(text, "}}\n")?;
    if let Some(meaning) = &source.meaning {
        text.push_str(&meaning::text(meaning, n_outputs));
    }
    let weighted_inputs = if source.codes.is_some() { "weighted_inputs_i8" } else { "weighted_inputs" };
    for function in texts(calls.iter().filter_map(|call| call.name).chain([weighted_inputs])) {
        writeln!(text, "{function}")?;
    }
    write_parameters(text, source);
    Ok(())
}

fn write_header(text: &mut String, source: &RustSource) -> std::fmt::Result {
    let activations: Vec<String> = source.activations().map(ToString::to_string).collect();
    writeln!(
        text,
        "// A {} network ({}), written by gradus {}.",
        source.network,
        activations.join(", "),
        env!("CARGO_PKG_VERSION")
    )?;
    writeln!(text, "//")?;
    writeln!(
        text,
        "// The bits of the outputs are those of the network that was trained, on every machine with the arithmetic of IEEE 754,"
    )?;
    writeln!(
        text,
        "// subnormal numbers included. Nothing but `core` is needed (Rust 1.85 or later), and nothing is allocated."
    )?;
    writeln!(
        text,
        "// Multiply-adds for each prediction: {}. Bytes of constants: {}.",
        source.multiply_adds(),
        source.constant_bytes()
    )?;
    if let Some(loss) = &source.loss {
        writeln!(text, "// {loss}.")?;
    }
    writeln!(text)
}

fn write_body(text: &mut String, source: &RustSource, calls: &[Call]) -> std::fmt::Result {
    let scaled = |scaler: fn(&Meaning) -> bool| source.meaning.as_ref().is_some_and(scaler);
    let mut input = "x".to_owned();
    if scaled(|meaning| meaning.input_scaler().is_some()) {
        writeln!(text, "    let x = scaled(x);")?;
        input = "&x".to_owned();
    }
    let unscaled = scaled(|meaning| meaning.target_scaler().is_some());
    for (number, call) in (1..).zip(calls) {
        let (a, statement) = (format!("a{number}"), call.statement(&format!("a{number}")));
        let mutable = if statement.is_some() { "mut " } else { "" };
        let scales = if source.codes.is_some() { format!("&SCALES_{number}, ") } else { String::new() };
        let parameters = format!("(&WEIGHTS_{number}, {scales}&BIASES_{number})");
        let z = format!("weighted_inputs(fused, {parameters}, {input})");
        if number == calls.len() && statement.is_none() && !unscaled {
            // A value that is returned at once needs no name.
            return writeln!(text, "    {z}");
        }
        writeln!(text, "    let {mutable}{a} = {z};")?;
        if let Some(statement) = statement {
            writeln!(text, "    {statement}")?;
        }
        input = format!("&{a}");
    }
    let last = format!("a{}", calls.len());
    if unscaled { writeln!(text, "    unscaled(&{last})") } else { writeln!(text, "    {last}") }
}

fn write_parameters(text: &mut String, source: &RustSource) {
    for (index, layer) in source.network.layers().enumerate() {
        let (number, (rows, columns)) = (index + 1, layer.weights.shape());
        match source.codes.as_ref().and_then(|codes| codes.get(index)) {
            Some(codes) => {
                text.push_str(&matrix(&format!("WEIGHTS_{number}: [[i8; {columns}]; {rows}]"), &codes.codes));
                text.push_str(&array(&format!("SCALES_{number}: [f32; {rows}]"), &codes.scales));
            }
            None => text
                .push_str(&matrix(&format!("WEIGHTS_{number}: [[f32; {columns}]; {rows}]"), layer.weights)),
        }
        text.push_str(&array(&format!("BIASES_{number}: [f32; {rows}]"), layer.biases.as_slice()));
    }
}

/// The numbers are not meant for human readers, for whom these lints are.
const LINTS: &str = "#[rustfmt::skip]\n#[allow(clippy::approx_constant, clippy::excessive_precision, clippy::unreadable_literal)]\n";

/// Returns the declaration of an array. Numbers are the shortest that read back to the same bits.
pub(super) fn array<T: Debug>(name_and_type: &str, values: &[T]) -> String {
    format!("{LINTS}static {name_and_type} = [\n{}];\n\n", lines(values, "    "))
}

fn matrix<T: Scalar>(name_and_type: &str, matrix: &DMatrix<T>) -> String {
    let rows = matrix.row_iter().map(|row| {
        let row: Vec<T> = row.iter().cloned().collect();
        format!("    [\n{}    ],\n", lines(&row, "        "))
    });
    format!("{LINTS}static {name_and_type} = [\n{}];\n\n", rows.collect::<String>())
}

/// Returns the values in lines, each value followed by a comma.
fn lines<T: Debug>(values: &[T], indentation: &str) -> String {
    let (mut text, mut line) = (String::new(), indentation.to_owned());
    for value in values {
        let value = format!("{value:?},");
        if line.len() + value.len() >= WIDTH {
            text.push_str(line.trim_end());
            text.push('\n');
            indentation.clone_into(&mut line);
        }
        line.push_str(&value);
        line.push(' ');
    }
    text.push_str(line.trim_end());
    text.push('\n');
    text
}
