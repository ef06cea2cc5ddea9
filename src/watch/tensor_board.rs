//! The records of a run as TensorBoard reads them.

use std::borrow::Cow;
use std::fs;
use std::path::Path;

use super::epoch_file::{EpochFile, Format, observe_with_file};
use crate::clock::seconds_since_1970;
use crate::error::{Error, FileProblem, Result};
use crate::history::EpochRecord;
use crate::wire::Message;

/// The name of the event file: TensorBoard looks for `tfevents`.
const NAME: &str = "events.out.tfevents.gradus";

/// An observer that writes an event file for TensorBoard: a curve for each value of a record, over the epochs.
///
/// The curves have the names of [`EpochRecord::values`] with a slash after the data, such as `validation/accuracy`, so that
/// TensorBoard groups them. Start it with `tensorboard --logdir DIR`, with a folder for each run below `DIR`.
/// Values are in single precision there. See [the module](super) for what happens on resuming and on a full disk.
///
/// Source: the definitions of `Event` and `Summary` and the framing of records in TensorFlow's documentation.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
/// use gradus::watch::TensorBoard;
///
/// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
/// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
/// # let folder = tempfile::tempdir().unwrap();
/// # let runs = folder.path();
/// let log = TensorBoard::new(runs.join("eta_0.5"))?;
/// Trainer::new(CrossEntropy).stop(MaxEpochs::new(3)?).observe(log).fit(&mut network, &data, None)?;
/// assert!(runs.join("eta_0.5/events.out.tfevents.gradus").metadata().unwrap().len() > 100);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug)]
pub struct TensorBoard(EpochFile<Events>);

impl TensorBoard {
    /// Creates a log in the folder `folder`, which is created if it does not exist. Its file is created or replaced when
    /// the first epoch has ended.
    ///
    /// # Errors
    ///
    /// Returns [`Error::File`] if the folder cannot be created, or the file in it cannot be opened for writing.
    pub fn new(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref();
        fs::create_dir_all(folder).map_err(|source| Error::File {
            path: folder.to_owned(),
            problem: FileProblem::Unwritable { step: "create the folder", source },
        })?;
        EpochFile::new(&folder.join(NAME), Events).map(Self)
    }
}

#[derive(Debug)]
struct Events;

impl Format for Events {
    fn begin(&self, _: &[Cow<'static, str>]) -> Vec<u8> {
        framed(&event(0).text(3, "brain.Event:2").into_bytes())
    }

    fn record(&self, _: &[Cow<'static, str>], record: &EpochRecord) -> Vec<u8> {
        let values = record.values();
        let scalars = values.iter().filter(|(name, _)| name != "epoch");
        let summary = scalars.fold(Message::default(), |summary, (name, value)| {
            let tag = match name.split_once(' ') {
                Some((data @ ("training" | "validation"), measure)) => format!("{data}/{measure}"),
                _ => name.to_string(),
            };
            summary.message(1, Message::default().text(1, &tag).float(2, *value as f32))
        });
        framed(&event(record.epoch as u64).message(5, summary).into_bytes())
    }
}

/// An event of now, in step `step`.
fn event(step: u64) -> Message {
    Message::default().double(1, seconds_since_1970()).int(2, step)
}

/// A record of the file: its length and its bytes, each with a checksum.
fn framed(record: &[u8]) -> Vec<u8> {
    let length = (record.len() as u64).to_le_bytes();
    [&length[..], &masked_crc(&length), record, &masked_crc(record)].concat()
}

/// The CRC-32C, turned and shifted, so that the checksum of bytes that hold checksums is still a good one.
fn masked_crc(bytes: &[u8]) -> [u8; 4] {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

/// The cyclic redundancy check with Castagnoli's polynomial, of RFC 3720, bit by bit: a record has some hundred bytes.
fn crc32c(bytes: &[u8]) -> u32 {
    let shifted = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), |crc, _| shifted(crc)))
}

observe_with_file!(TensorBoard);

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value of the catalogue of CRC algorithms, and the examples of RFC 3720, appendix B.4.
    #[test]
    fn the_checksum_is_crc_32c() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
    }
}
