//! The one file format of the crate: a safetensors file whose metadata hold a version, a kind, a checksum and a
//! document.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

use crc32fast::Hasher;
use nalgebra::DMatrix;
use safetensors::tensor::TensorInfo;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::header::{Header, LENGTH, OPENING, check_opening};
use super::stream::Stream;
use super::tensor::Tensor;
use super::{Disk, Outcome, read, refuse, replace};
use crate::error::{FileProblem, Result};
use crate::real::{Real, Values};

/// The version of the format that is written and read.
const VERSION: u64 = 1;

/// The placeholder for the digits of the checksum, which is computed with this text in their place.
const NO_DIGITS: &str = "00000000";

/// The offset at which the checksum ends.
const OPENED: usize = LENGTH + OPENING.len() + NO_DIGITS.len();

/// The entry `gradus` of the metadata, whose fields are in this order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<D> {
    crc32: String,
    format: u64,
    kind: String,
    document: D,
}

/// The fields that are checked before the document; any others are ignored.
#[derive(Deserialize)]
struct Kind {
    format: u64,
    #[serde(default)]
    kind: String,
}

/// Tensors and a JSON document in a safetensors file, read and checked.
///
/// A file is the length of its header in 8 bytes, the header in JSON, and then the values in row-major order,
/// little-endian. The metadata of the header have one entry, `gradus`, which is JSON itself:
///
/// | field | contents |
/// |---|---|
/// | `crc32` | the CRC-32 of the whole file, eight lower-case hexadecimal digits; while it is computed, they are zeros |
/// | `format` | the version of this format, 1 |
/// | `kind` | what the file holds, such as `"model"` |
/// | `document` | any JSON: everything that is not a tensor |
///
/// The checksum is always at the same place, bytes 48 to 55, so that any program can write such a file. It detects
/// every single changed bit and all changes within 32 consecutive bits. It does not protect from forgery.
///
/// Source: the page "Format" of the [safetensors](https://github.com/huggingface/safetensors) library.
///
/// # Examples
///
/// ```
/// use gradus::persist::{Container, Tensor};
///
/// let losses = [0.5f64, 0.25];
/// let tensors = [Tensor::vector("losses", &losses)];
/// let bytes = Container::write("experiment", &"two epochs".to_owned(), &tensors)?;
///
/// let mut container = Container::read(&bytes, "experiment")?;
/// assert_eq!(container.document::<String>()?, "two epochs");
/// assert_eq!(container.vector::<f64>("losses", 2)?, losses);
/// container.finish()?;
/// # Ok::<(), gradus::FileProblem>(())
/// ```
#[derive(Debug)]
pub struct Container {
    entry: String,
    /// Shapes and values of the tensors that have not been taken yet.
    tensors: BTreeMap<String, (Vec<usize>, Values)>,
}

impl Container {
    /// Returns the bytes of a file with `tensors` and `document`.
    ///
    /// # Errors
    ///
    /// Returns [`FileProblem::Json`] if `document` cannot be written as JSON or read back,
    /// [`FileProblem::DuplicateTensor`] if two tensors have the same name or one has the name `__metadata__`,
    /// [`FileProblem::NotSafetensors`] if the header is longer than 100 MB, and [`FileProblem::OutOfMemory`] if the
    /// file does not fit in memory.
    pub fn write<D: Serialize + DeserializeOwned>(
        kind: &str,
        document: &D,
        tensors: &[Tensor<'_>],
    ) -> Outcome<Vec<u8>> {
        Self::write_for::<D>(kind, document, tensors)
    }

    /// Returns the bytes of a file whose document can be read as `R`.
    pub(super) fn write_for<R: DeserializeOwned>(
        kind: &str,
        document: &impl Serialize,
        tensors: &[Tensor<'_>],
    ) -> Outcome<Vec<u8>> {
        let mut tensors: Vec<_> = tensors.iter().collect();
        // The widest values first, so that all are aligned, as other writers of the format do.
        tensors.sort_by(|a, b| b.dtype().cmp(&a.dtype()).then_with(|| a.name().cmp(b.name())));
        let (infos, n_data) = infos(&tensors)?;
        let header = Header::new(entry::<R>(kind, document)?, infos)?;
        let header = header.text();

        let mut file = Vec::new();
        let n_bytes = LENGTH + header.len() + n_data;
        file.try_reserve_exact(n_bytes).map_err(|_| FileProblem::OutOfMemory { bytes: n_bytes as u64 })?;
        file.extend_from_slice(&(header.len() as u64).to_le_bytes());
        file.extend_from_slice(header.as_bytes());
        file.resize(n_bytes, 0);
        let mut data = &mut file[LENGTH + header.len()..];
        for tensor in tensors {
            let (bytes, after) = std::mem::take(&mut data).split_at_mut(tensor.n_bytes());
            tensor.write(bytes);
            data = after;
        }
        let mut hasher = opening_hasher(&file);
        hasher.update(&file[OPENED..]);
        let digits = digits(hasher.finalize());
        file[LENGTH + OPENING.len()..OPENED].copy_from_slice(digits.as_bytes());
        Ok(file)
    }

    /// Writes a file with `tensors` and `document` in place of the one at `path`; see [`replace()`](super::replace()).
    ///
    /// # Errors
    ///
    /// Returns [`Error::File`](crate::Error::File) with the problems of [`write`](Self::write) and those of
    /// [`replace()`](super::replace()).
    pub fn save<D: Serialize + DeserializeOwned>(
        disk: &dyn Disk,
        path: impl AsRef<Path>,
        kind: &str,
        document: &D,
        tensors: &[Tensor<'_>],
    ) -> Result<()> {
        let bytes = Self::write(kind, document, tensors).map_err(|problem| refuse(&path, problem))?;
        replace(disk, path, &bytes)
    }

    /// Reads the file at `path` of this `kind` and of at most `max_bytes` bytes, piece by piece.
    ///
    /// # Errors
    ///
    /// Returns [`Error::File`](crate::Error::File) with the problems of [`read`](Self::read), and with
    /// [`FileProblem::NotFound`], [`FileProblem::IsADirectory`], [`FileProblem::NotAFile`],
    /// [`FileProblem::Unreadable`], [`FileProblem::Changed`], or [`FileProblem::TooLarge`].
    pub fn open(path: impl AsRef<Path>, max_bytes: u64, kind: &'static str) -> Result<Self> {
        let opened = read::open(path.as_ref(), max_bytes);
        opened
            .and_then(|(file, length)| Self::read_from(file, length, kind))
            .map_err(|problem| refuse(path, problem))
    }

    /// Reads the bytes of a whole file of this `kind`.
    ///
    /// # Errors
    ///
    /// Returns [`FileProblem::NotSafetensors`] or [`FileProblem::Foreign`] if the bytes are of another format,
    /// [`FileProblem::Checksum`] if a byte was changed or is missing, [`FileProblem::Version`] or [`FileProblem::Kind`]
    /// if the file holds something else, [`FileProblem::Json`] if the entry `gradus` is malformed,
    /// [`FileProblem::Dtype`] if a tensor is neither f32 nor f64, and [`FileProblem::OutOfMemory`] if the tensors do
    /// not fit in memory.
    pub fn read(bytes: &[u8], kind: &'static str) -> Outcome<Self> {
        Self::read_from(bytes, bytes.len() as u64, kind)
    }

    /// Reads a file of `length` bytes.
    fn read_from(mut reader: impl Read, length: u64, kind: &'static str) -> Outcome<Self> {
        let mut opening = Vec::new();
        let read = reader.by_ref().take(length.min(OPENED as u64)).read_to_end(&mut opening);
        read.map_err(|source| FileProblem::Unreadable { source })?;
        check_opening(&opening)?;
        let Some(found) = opening.get(LENGTH + OPENING.len()..OPENED) else {
            let reason = "it ends within the checksum".to_string();
            return Err(FileProblem::NotSafetensors { reason });
        };
        let found = String::from_utf8_lossy(found).into_owned();
        let mut stream = Stream::new(reader, length - OPENED as u64, opening_hasher(&opening));
        let contents = Header::read(&opening, &mut stream).and_then(|header| {
            check_kind(header.entry(), kind)?;
            let tensors = header.tensors().map(|(name, info)| {
                let values = stream.tensor(name, info)?;
                Ok((name.to_string(), (info.shape.clone(), values)))
            });
            let tensors = tensors.collect::<Outcome<_>>()?;
            Ok(Self { entry: header.into_entry(), tensors })
        });
        // A damaged file can look like anything, so that the damage is reported first.
        let computed = digits(stream.finish()?);
        if found == computed { contents } else { Err(FileProblem::Checksum { found, computed }) }
    }

    /// Returns the document.
    ///
    /// # Errors
    ///
    /// Returns [`FileProblem::Json`] if the document cannot be read as a `D`.
    pub fn document<D: DeserializeOwned>(&self) -> Outcome<D> {
        serde_json::from_str::<Entry<D>>(&self.entry).map(|entry| entry.document).map_err(json)
    }

    /// Removes the vector `name` and returns its values.
    ///
    /// # Errors
    ///
    /// Returns [`FileProblem::MissingTensor`] if there is no tensor of this name or it was taken already, and
    /// [`FileProblem::Dtype`] or [`FileProblem::Shape`] if it does not consist of `len` values of type `T`.
    pub fn vector<T: Real>(&mut self, name: &str, len: usize) -> Outcome<Vec<T>> {
        self.take(name, &[len])
    }

    /// Removes the matrix `name` and returns it.
    ///
    /// # Errors
    ///
    /// Returns [`FileProblem::MissingTensor`] if there is no tensor of this name or it was taken already, and
    /// [`FileProblem::Dtype`] or [`FileProblem::Shape`] if it does not consist of `rows` × `columns` values of type
    /// `T`.
    pub fn matrix<T: Real>(&mut self, name: &str, rows: usize, columns: usize) -> Outcome<DMatrix<T>> {
        // `take` checks the shape against the header's, whose product is the number of values.
        Ok(DMatrix::from_vec(rows, columns, self.take(name, &[rows, columns])?))
    }

    /// Removes a tensor and returns its values.
    fn take<T: Real>(&mut self, name: &str, expected: &[usize]) -> Outcome<Vec<T>> {
        let missing = || FileProblem::MissingTensor { name: name.to_string() };
        let (shape, values) = self.tensors.remove(name).ok_or_else(missing)?;
        let found = values.dtype();
        let values = T::from_values(values).ok_or_else(|| FileProblem::Dtype {
            name: format!("tensor {name}"),
            found: found.to_string(),
            expected: T::DTYPE,
        })?;
        if shape != expected {
            let expected = expected.to_vec();
            return Err(FileProblem::Shape { name: name.to_string(), found: shape, expected });
        }
        Ok(values)
    }

    /// Checks that every tensor was taken.
    ///
    /// # Errors
    ///
    /// Returns [`FileProblem::UnknownTensor`] if a tensor was not taken.
    pub fn finish(self) -> Outcome<()> {
        match self.tensors.into_keys().next() {
            Some(name) => Err(FileProblem::UnknownTensor { name }),
            None => Ok(()),
        }
    }
}

/// Returns the state of the checksum after its own digits, which count as zeros, for a file with these first bytes.
fn opening_hasher(file: &[u8]) -> Hasher {
    let mut hasher = Hasher::new();
    hasher.update(&file[..LENGTH + OPENING.len()]);
    hasher.update(NO_DIGITS.as_bytes());
    hasher
}

/// Returns a checksum as a file holds it.
fn digits(checksum: u32) -> String {
    format!("{checksum:08x}")
}

/// Returns the entry of the metadata. It is read back at once, so that no document is written that cannot be read.
fn entry<R: DeserializeOwned>(kind: &str, document: &impl Serialize) -> Outcome<String> {
    let entry = Entry { crc32: NO_DIGITS.to_string(), format: VERSION, kind: kind.to_string(), document };
    let text = serde_json::to_string(&entry).map_err(json)?;
    serde_json::from_str::<Entry<R>>(&text).map_err(json)?;
    Ok(text)
}

/// Returns the entries of these tensors in a header, one after the other, and the length of their data.
fn infos(tensors: &[&Tensor<'_>]) -> Outcome<(Vec<(String, TensorInfo)>, usize)> {
    let (mut end, mut infos) = (0, Vec::new());
    let mut names = BTreeSet::from(["__metadata__"]);
    for tensor in tensors {
        let name = tensor.name();
        if !names.insert(name) {
            return Err(FileProblem::DuplicateTensor { name: name.to_string() });
        }
        let info = tensor.info(end);
        end = info.data_offsets.1;
        infos.push((name.to_string(), info));
    }
    Ok((infos, end))
}

/// Returns an error for another version or kind, whatever the document looks like.
fn check_kind(entry: &str, expected: &'static str) -> Outcome<()> {
    let Kind { format: found, kind } = serde_json::from_str(entry).map_err(json)?;
    if found != VERSION {
        return Err(FileProblem::Version { found, supported: VERSION });
    }
    if kind != expected {
        return Err(FileProblem::Kind { found: kind, expected });
    }
    Ok(())
}

const DOCUMENT: &str = "document in the metadata";

fn json(error: serde_json::Error) -> FileProblem {
    FileProblem::Json { what: DOCUMENT, reason: error.to_string() }
}
