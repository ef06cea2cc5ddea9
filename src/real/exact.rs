//! Serialization of f64 that loses nothing, also in formats such as JSON that have no NaN and no infinities.
//!
//! Binary formats store the bits. Text formats get a number where it is finite, and otherwise a string: `"inf"`,
//! `"-inf"`, `"NaN"`, or the 16 hexadecimal digits of a NaN with other bits.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserializer, Serializer};

pub(crate) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.is_finite() || !serializer.is_human_readable() {
        return serializer.serialize_f64(*value);
    }
    if !value.is_nan() || value.to_bits() == f64::NAN.to_bits() {
        return serializer.serialize_str(&value.to_string());
    }
    serializer.serialize_str(&format!("{:016x}", value.to_bits()))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    if deserializer.is_human_readable() {
        deserializer.deserialize_any(Exact)
    } else {
        deserializer.deserialize_f64(Exact)
    }
}

struct Exact;

impl Visitor<'_> for Exact {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or one of \"inf\", \"-inf\", \"NaN\" and the 16 hexadecimal digits of a NaN")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<f64, E> {
        Ok(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<f64, E> {
        let nan = || Some(f64::from_bits(u64::from_str_radix(text, 16).ok()?)).filter(|value| value.is_nan());
        match text {
            "inf" => Ok(f64::INFINITY),
            "-inf" => Ok(f64::NEG_INFINITY),
            "NaN" => Ok(f64::NAN),
            _ => nan().ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self)),
        }
    }
}
