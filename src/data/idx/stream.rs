//! Reads one IDX tensor from a stream of bytes, believing nothing that the stream does not prove.

use std::cell::Cell;
use std::io::{self, Read};
use std::path::Path;

use byteorder::{BigEndian, ReadBytesExt};
use flate2::read::MultiGzDecoder;

use super::{IdxTensor, error};
use crate::error::{Error, IdxField, IdxProblem, Result};

const UNSIGNED_BYTE: u8 = 0x08;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// Reads the tensor that `reader` gives, a plain IDX file or a gzip of one. `length` is that of the file, where
/// there is one; another number of dimensions than `rank` is refused before the body is read.
pub(super) fn read(
    mut reader: impl Read,
    path: &Path,
    rank: Option<usize>,
    length: Option<u64>,
) -> Result<IdxTensor> {
    let mut start = Vec::new();
    reader
        .by_ref()
        .take(2)
        .read_to_end(&mut start)
        .map_err(|source| error(path, 0, IdxField::File, IdxProblem::Unreadable { source }))?;
    let gzip = start == GZIP_MAGIC;
    let consumed = Cell::new(0);
    let source = Counted { inner: start.as_slice().chain(reader), count: &consumed };
    let inner: Box<dyn Read + '_> =
        if gzip { Box::new(MultiGzDecoder::new(source)) } else { Box::new(source) };

    let offset = Cell::new(0);
    let data = Counted { inner, count: &offset };
    let mut stream = Stream { data, path, gzip, length, consumed: &consumed };
    let (dims, size) = stream.header(rank)?;
    let data = stream.body(size)?;
    stream.end()?;
    Ok(IdxTensor { dims, data })
}

/// Counts the bytes that pass: below the decompressor those of the file, above it those of the tensor.
struct Counted<'a, R> {
    inner: R,
    count: &'a Cell<u64>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.count.set(self.count.get() + n as u64);
        Ok(n)
    }
}

/// An IDX file on its way in.
struct Stream<'a> {
    data: Counted<'a, Box<dyn Read + 'a>>,
    path: &'a Path,
    gzip: bool,
    /// The length of the file, where there is one.
    length: Option<u64>,
    /// What was read of the file so far, before decompression.
    consumed: &'a Cell<u64>,
}

impl Stream<'_> {
    /// The dimensions and their product.
    fn header(&mut self, expected: Option<usize>) -> Result<(Vec<usize>, u64)> {
        let magic = self.data.read_u16::<BigEndian>();
        match self.field_result(IdxField::Magic, 2, magic)? {
            0 => {}
            found => return Err(self.refuse(0, IdxField::Magic, IdxProblem::BadMagic { found })),
        }
        let element = self.data.read_u8();
        match self.field_result(IdxField::ElementType, 3, element)? {
            UNSIGNED_BYTE => {}
            found => {
                let problem = IdxProblem::UnsupportedType { found };
                return Err(self.refuse(2, IdxField::ElementType, problem));
            }
        }
        let rank = self.data.read_u8();
        let rank = usize::from(self.field_result(IdxField::Rank, 4, rank)?);
        if let Some(problem) = rank_problem(rank, expected) {
            return Err(self.refuse(3, IdxField::Rank, problem));
        }
        self.dimensions(rank)
    }

    fn dimensions(&mut self, rank: usize) -> Result<(Vec<usize>, u64)> {
        let mut dims = Vec::new();
        let mut claimed = 1;
        for i in 0..rank {
            let (at, field) = (self.offset(), IdxField::Dimension(i));
            let dim = self.data.read_u32::<BigEndian>();
            let dim = self.field_result(field, at + 4, dim)?;
            if dim == 0 {
                return Err(self.refuse(at, field, IdxProblem::ZeroDimension));
            }
            // At most MAX_BYTES · 2³², because the product so far was accepted: this cannot overflow.
            claimed *= u64::from(dim);
            if claimed > IdxTensor::MAX_BYTES {
                let problem = IdxProblem::TooLarge { claimed, allowed: IdxTensor::MAX_BYTES };
                return Err(self.refuse(at, field, problem));
            }
            dims.push(dim as usize);
        }
        Ok((dims, claimed))
    }

    /// The `size` bytes of the body, in steps for which there is evidence.
    fn body(&mut self, size: u64) -> Result<Vec<u8>> {
        let until = self.offset() + size;
        if let Some(length) = self.length {
            self.check_inflated(size, length)?;
        }
        // A file's length vouches for the first step, so that an honest file is read without a reallocation; images
        // seldom deflate to an eighth. After that what has arrived vouches for as much again.
        let mut step = self.length.unwrap_or(0).saturating_mul(if self.gzip { 8 } else { 1 });
        let mut data = Vec::new();
        while self.offset() < until {
            let bytes = step.max(64 * KIB).min(until - self.offset());
            let reserved = usize::try_from(bytes).is_ok_and(|n| data.try_reserve_exact(n).is_ok());
            if !reserved {
                return Err(self.refuse_here(IdxField::Body, IdxProblem::OutOfMemory { bytes }));
            }
            let read = self.data.by_ref().take(bytes).read_to_end(&mut data);
            if (self.field_result(IdxField::Body, until, read)? as u64) < bytes {
                return Err(self.refuse_here(IdxField::Body, IdxProblem::Truncated { until }));
            }
            // What is left of a file counts too: it may begin with zeros and go on with noise.
            let compressed = self.consumed.get().max(self.length.unwrap_or(0));
            self.check_inflated(data.len() as u64, compressed)?;
            step = (data.len() as u64).min(64 * MIB);
        }
        Ok(data)
    }

    /// Makes sure that nothing follows; with gzip this is also what makes the decoder compare the checksum.
    fn end(&mut self) -> Result<()> {
        let until = self.offset();
        match self.data.by_ref().take(1).read_to_end(&mut Vec::new()) {
            Ok(0) => Ok(()),
            Ok(_) => {
                let problem = IdxProblem::TrailingBytes { until };
                Err(self.refuse(until, IdxField::End, problem))
            }
            Err(source) => Err(self.refuse_here(IdxField::End, self.failure(source))),
        }
    }

    /// Deflate can reach 1032 to 1, real data stay far below 128.
    fn check_inflated(&self, inflated: u64, compressed: u64) -> Result<()> {
        let allowed = compressed.saturating_mul(128).max(64 * MIB);
        if self.gzip && inflated > allowed {
            let problem = IdxProblem::GzipBomb { inflated, compressed, allowed };
            return Err(self.refuse_here(IdxField::Body, problem));
        }
        Ok(())
    }

    /// What was read of a field that ends at `until`.
    fn field_result<V>(&self, field: IdxField, until: u64, read: io::Result<V>) -> Result<V> {
        read.map_err(|source| match source.kind() {
            io::ErrorKind::UnexpectedEof => self.refuse_here(field, IdxProblem::Truncated { until }),
            _ => self.refuse_here(field, self.failure(source)),
        })
    }

    /// Tells the decompressor's errors from those of the file below it.
    fn failure(&self, source: io::Error) -> IdxProblem {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        let decoder = matches!(source.kind(), InvalidData | InvalidInput | UnexpectedEof);
        if self.gzip && decoder && source.raw_os_error().is_none() {
            IdxProblem::Gzip { source }
        } else {
            IdxProblem::Unreadable { source }
        }
    }

    fn offset(&self) -> u64 {
        self.data.count.get()
    }

    fn refuse_here(&self, field: IdxField, problem: IdxProblem) -> Error {
        self.refuse(self.offset(), field, problem)
    }

    fn refuse(&self, offset: u64, field: IdxField, problem: IdxProblem) -> Error {
        error(self.path, offset, field, problem)
    }
}

/// Images have three dimensions and labels one, so that these two tell of a swap.
fn rank_problem(found: usize, expected: Option<usize>) -> Option<IdxProblem> {
    match (found, expected) {
        (0, _) => Some(IdxProblem::NoDimensions),
        (_, None) => None,
        (_, Some(expected)) if found == expected => None,
        (1, Some(expected @ 3)) | (3, Some(expected @ 1)) => Some(IdxProblem::Swapped { found, expected }),
        (_, Some(expected)) => Some(IdxProblem::WrongRank { found, expected }),
    }
}
