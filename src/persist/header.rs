//! The header of a safetensors file: the entry `gradus` of the metadata, and the list of tensors.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::io::Read;

use safetensors::tensor::{Metadata, TensorInfo};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::Outcome;
use super::stream::Stream;
use crate::error::FileProblem;

/// The bytes before the header, which hold its length.
pub(super) const LENGTH: usize = 8;

/// The beginning of every header of this crate, so that the checksum is always at the same place.
pub(super) const OPENING: &str = r#"{"__metadata__":{"gradus":"{\"crc32\":\""#;

/// The longest header that other readers of the format accept.
const MAX_HEADER: usize = 100_000_000;

/// A header whose tensors lie one after the other without gaps.
#[derive(Debug)]
pub(super) struct Header {
    entry: String,
    tensors: Vec<(String, TensorInfo)>,
    /// Its canonical JSON: without spaces, except those at its end that align the data.
    text: String,
}

impl Header {
    /// Creates a header with this text as entry `gradus`, and these tensors, whose names have to differ.
    pub fn new(entry: String, tensors: Vec<(String, TensorInfo)>) -> Outcome<Self> {
        let entries = HashMap::from([("gradus".to_string(), entry.clone())]);
        let metadata = Metadata::new(Some(entries), tensors.clone()).map_err(|error| malformed(&error))?;
        let mut text = serde_json::to_string(&metadata).map_err(|error| malformed(&error))?;
        text.extend(std::iter::repeat_n(' ', text.len().next_multiple_of(LENGTH) - text.len()));
        if text.len() > MAX_HEADER {
            let reason = format!("its header has {} bytes, at most {MAX_HEADER} are allowed", text.len());
            return Err(malformed(&reason));
        }
        Ok(Self { entry, tensors, text })
    }

    /// Reads the header of a file that begins with `opening` and continues with `stream`.
    pub fn read(opening: &[u8], stream: &mut Stream<impl Read>) -> Outcome<Self> {
        let start = opening.split_first_chunk().map(|(length, text)| (u64::from_le_bytes(*length), text));
        let (length, start) = start.ok_or_else(|| malformed(&"it has less than 8 bytes"))?;
        let rest = length.checked_sub(start.len() as u64).filter(|rest| *rest <= stream.remaining());
        let rest = rest.and_then(|rest| usize::try_from(rest).ok());
        let rest = rest.ok_or_else(|| malformed(&"its header is longer than the file, or too short"))?;
        let text = [start, stream.bytes(rest)?].concat();
        let Parsed { entry, tensors } = serde_json::from_slice(&text).map_err(|error| malformed(&error))?;
        let n_data = tensors.last().map_or(0, |(_, info)| info.data_offsets.1 as u64);
        let header = Self::new(entry, tensors)?;
        // The parser skips unknown fields and spaces; this comparison rejects them.
        if text != header.text.as_bytes() {
            return Err(malformed(&"its header has unknown fields or superfluous spaces"));
        }
        match stream.remaining() {
            found if found == n_data => Ok(header),
            found => {
                Err(malformed(&format!("its tensors have {n_data} bytes, but {found} follow the header")))
            }
        }
    }

    /// The bytes before the data.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The entry `gradus` of the metadata.
    pub fn entry(&self) -> &str {
        &self.entry
    }

    /// The entry `gradus` of the metadata.
    pub fn into_entry(self) -> String {
        self.entry
    }

    /// Name, type and shape of each tensor, as they lie in the file.
    pub fn tensors(&self) -> impl Iterator<Item = (&str, &TensorInfo)> {
        self.tensors.iter().map(|(name, info)| (name.as_str(), info))
    }
}

/// Returns an error for a file that does not begin like one of this crate: before the whole file is read, and before
/// its checksum can fail.
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

/// A parsed header. The parser of the `safetensors` library would keep the last of two tensors of one name, and take
/// fifty times the memory of a malicious text.
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
