//! The header of a safetensors file: the entry `gradus` of the metadata, and which tensors follow.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use safetensors::tensor::{Metadata, TensorInfo};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::Outcome;
use crate::error::FileProblem;

/// The bytes before the header, which hold its length.
pub(super) const LENGTH: usize = 8;

/// What every header of this crate begins with, so that the checksum is always at the same place.
pub(super) const OPENING: &str = r#"{"__metadata__":{"gradus":"{\"crc32\":\""#;

/// The longest header that other readers of the format accept.
const MAX_HEADER: usize = 100_000_000;

/// A header whose tensors lie one after the other without gaps.
#[derive(Debug)]
pub(super) struct Header {
    metadata: Metadata,
    /// Its JSON without spaces, except for those at its end which align the data: every writer of the format gives
    /// this text.
    text: String,
}

impl Header {
    /// A header with this text as entry `gradus`, and these tensors, whose names differ.
    pub fn new(entry: String, tensors: Vec<(String, TensorInfo)>) -> Outcome<Self> {
        let entries = HashMap::from([("gradus".to_string(), entry)]);
        let metadata = Metadata::new(Some(entries), tensors).map_err(|error| malformed(&error))?;
        let mut text = serde_json::to_string(&metadata).map_err(|error| malformed(&error))?;
        while text.len() % LENGTH != 0 {
            text.push(' ');
        }
        if text.len() > MAX_HEADER {
            return Err(malformed(&format!(
                "its header has {} bytes, at most {MAX_HEADER} are allowed",
                text.len()
            )));
        }
        Ok(Self { metadata, text })
    }

    /// The header of a file, and the data behind it.
    pub fn read(file: &[u8]) -> Outcome<(Self, &[u8])> {
        check_opening(file)?;
        let parts = file.split_first_chunk().and_then(|(length, rest)| {
            let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
            rest.split_at_checked(length)
        });
        let (text, data) = parts.ok_or_else(|| malformed(&"its header is longer than the file"))?;
        let Parsed { entry, tensors } = serde_json::from_slice(text).map_err(|error| malformed(&error))?;
        let n_data = tensors.last().map_or(0, |(_, info)| info.data_offsets.1);
        let header = Self::new(entry, tensors)?;
        // Unknown fields were skipped, and spaces too.
        if text != header.text.as_bytes() {
            return Err(malformed(&"its header has unknown fields or superfluous spaces"));
        }
        if data.len() != n_data {
            return Err(malformed(&format!(
                "its tensors have {n_data} bytes, but {} follow the header",
                data.len()
            )));
        }
        Ok((header, data))
    }

    /// The bytes before the data.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The entry `gradus` of the metadata.
    pub fn entry(&self) -> Option<&str> {
        self.metadata.metadata().as_ref()?.get("gradus").map(String::as_str)
    }

    /// Type, shape and place of a tensor.
    pub fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.metadata.info(name)
    }

    /// The names of all tensors.
    pub fn names(&self) -> BTreeSet<String> {
        self.metadata.offset_keys().into_iter().collect()
    }
}

/// Refuses what does not begin like a file of this crate: before all of it is read, and before it is taken for damaged.
pub(super) fn check_opening(file: &[u8]) -> Outcome<()> {
    let Some((length, header)) = file.split_first_chunk::<LENGTH>() else {
        return Err(malformed(&"it has less than 8 bytes"));
    };
    if u64::from_le_bytes(*length) > MAX_HEADER as u64 || header.first() != Some(&b'{') {
        return Err(malformed(&"it does not begin with the length of a header and then with that header"));
    }
    if header.len() < OPENING.len() {
        return Err(malformed(&"it ends within the header"));
    }
    if header.starts_with(OPENING.as_bytes()) { Ok(()) } else { Err(FileProblem::Foreign) }
}

fn malformed(reason: &dyn ToString) -> FileProblem {
    FileProblem::NotSafetensors { reason: reason.to_string() }
}

/// A header that was read. The library's own reading would keep the last of two tensors of one name, and take fifty times
/// the memory of a hostile text.
struct Parsed {
    entry: String,
    tensors: Vec<(String, TensorInfo)>,
}

/// The metadata.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entries {
    gradus: String,
}

impl<'de> Deserialize<'de> for Parsed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ParsedVisitor)
    }
}

struct ParsedVisitor;

impl<'de> Visitor<'de> for ParsedVisitor {
    type Value = Parsed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a header of metadata and tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parsed, A::Error> {
        let Some(("__metadata__", Entries { gradus: entry })) = map.next_entry()? else {
            return Err(de::Error::custom("it does not begin with the metadata"));
        };
        let (mut names, mut tensors) = (BTreeSet::from(["__metadata__".to_string()]), Vec::new());
        while let Some((name, info)) = map.next_entry::<String, TensorInfo>()? {
            if !names.insert(name.clone()) {
                return Err(de::Error::custom(format!("{name} is there twice")));
            }
            tensors.push((name, info));
        }
        Ok(Parsed { entry, tensors })
    }
}
