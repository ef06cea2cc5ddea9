//! Reads one IDX tensor from an untrusted stream of bytes.

use std::io::{self, Read};
use std::path::PathBuf;
use std::rc::Rc;

use flate2::read::MultiGzDecoder;

use super::element::Element;
use super::source::{MAX_EMPTY, Progress, Source};
use super::{IdxTensor, error};
use crate::error::{Error, IdxField, IdxProblem, Result};
use crate::memory;
use crate::real::Real;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// The largest body that is read in pieces, in bytes: larger than any file.
const MAX_PIECES: u64 = 1 << 50;

/// A tensor whose header has been read and whose body has not.
pub(crate) struct Opened<'a> {
    stream: Stream<'a>,
    element: Element,
    dims: Vec<usize>,
    /// The size of the body in bytes.
    size: u64,
}

/// Which types of elements are read.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Accepts {
    Bytes,
    /// Bytes that are read in pieces, and may be more than memory holds.
    Pieces,
    Numbers,
}

impl<'a> Opened<'a> {
    /// Reads the header of a plain or gzip IDX file. `length` is the length of the file, if there is one. Another
    /// number of dimensions than `rank` is an error.
    pub(super) fn new(
        mut reader: impl Read + 'a,
        path: PathBuf,
        accepts: Accepts,
        rank: Option<usize>,
        length: Option<u64>,
    ) -> Result<Self> {
        let mut start = Vec::new();
        if let Err(source) = reader.by_ref().take(2).read_to_end(&mut start) {
            return Err(error(&path, 0, IdxField::File, IdxProblem::Unreadable { source }));
        }
        let gzip = start == GZIP_MAGIC;
        let progress = Rc::new(Progress::default());
        let inner = io::Cursor::new(start).chain(reader);
        let source = Source { inner, progress: progress.clone(), max_empty: gzip.then_some(MAX_EMPTY) };
        let data: Box<dyn Read + 'a> =
            if gzip { Box::new(MultiGzDecoder::new(source)) } else { Box::new(source) };

        let mut stream = Stream { data, path, gzip, length, progress };
        let (element, dims, size) = stream.header(accepts, rank)?;
        stream.check_length(size)?;
        Ok(Self { stream, element, dims, size })
    }

    /// Returns the sizes of the dimensions.
    pub(crate) fn dims(&self) -> &[usize] {
        &self.dims
    }

    /// Reads the body, and returns an error if more bytes follow.
    pub(crate) fn read(mut self) -> Result<IdxTensor> {
        let data = self.stream.body(self.size)?;
        self.stream.end()?;
        Ok(IdxTensor { dims: self.dims, data })
    }

    /// Fills `bytes` with the next bytes of the body.
    pub(in crate::data) fn next(&mut self, bytes: &mut [u8]) -> Result<()> {
        self.stream.fill(bytes, IdxField::Body)?;
        let Progress { consumed, produced, .. } = &*self.stream.progress;
        let (produced, consumed) = (produced.get(), consumed.get());
        self.stream.check_inflated(produced, consumed.max(self.stream.length.unwrap_or(0)))
    }

    /// Returns an error if more bytes follow the body, which has been read in pieces.
    pub(in crate::data) fn end(mut self) -> Result<()> {
        self.stream.end()
    }

    /// Reads the body like [`read`](Self::read), and converts its elements to floats.
    pub(crate) fn read_numbers<T: Real>(self) -> Result<IdxTensor<T>> {
        let element = self.element;
        let IdxTensor { dims, data: bytes } = self.read()?;
        let mut data = memory::reserve("the elements of the tensor", bytes.len() / element.size(), 1)?;
        element.decode(&bytes, &mut data);
        Ok(IdxTensor { dims, data })
    }
}

/// The decompressed file.
struct Stream<'a> {
    data: Box<dyn Read + 'a>,
    path: PathBuf,
    gzip: bool,
    /// The length of the file, if there is one.
    length: Option<u64>,
    progress: Rc<Progress>,
}

impl Read for Stream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.data.read(buffer)?;
        let Progress { consumed, produced, productive } = &*self.progress;
        if n > 0 {
            produced.set(produced.get() + n as u64);
            productive.set(consumed.get());
        }
        Ok(n)
    }
}

impl Stream<'_> {
    /// Reads the header: the element type, the dimensions, and the size of the body in bytes.
    fn header(&mut self, accepts: Accepts, expected: Option<usize>) -> Result<(Element, Vec<usize>, u64)> {
        match u16::from_be_bytes(self.bytes::<2>(IdxField::Magic)?) {
            0 => {}
            found => return Err(self.refuse(0, IdxField::Magic, IdxProblem::BadMagic { found })),
        }
        let [found] = self.bytes(IdxField::ElementType)?;
        let element = Element::from_code(found);
        let accepted = element.filter(|&element| element == Element::U8 || accepts == Accepts::Numbers);
        let Some(element) = accepted else {
            return Err(self.refuse(2, IdxField::ElementType, IdxProblem::UnsupportedType { found }));
        };
        let [rank] = self.bytes(IdxField::Rank)?;
        let rank = usize::from(rank);
        if let Some(problem) = rank_problem(rank, expected) {
            return Err(self.refuse(3, IdxField::Rank, problem));
        }
        let (dims, size) = self.dimensions(rank, element, accepts)?;
        Ok((element, dims, size))
    }

    fn dimensions(&mut self, rank: usize, element: Element, accepts: Accepts) -> Result<(Vec<usize>, u64)> {
        let allowed = if accepts == Accepts::Pieces { MAX_PIECES } else { IdxTensor::MAX_BYTES };
        let mut dims = Vec::new();
        let mut claimed = element.size() as u64;
        for i in 0..rank {
            let (at, field) = (self.offset(), IdxField::Dimension(i));
            let dim = u32::from_be_bytes(self.bytes::<4>(field)?);
            if dim == 0 {
                return Err(self.refuse(at, field, IdxProblem::ZeroDimension));
            }
            claimed = claimed.saturating_mul(u64::from(dim));
            if claimed > allowed {
                let problem = IdxProblem::TooLarge { claimed, allowed };
                return Err(self.refuse(at, field, problem));
            }
            dims.push(dim as usize);
        }
        Ok((dims, claimed))
    }

    /// Reads the next `N` bytes, which are `field`.
    fn bytes<const N: usize>(&mut self, field: IdxField) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.fill(&mut bytes, field)?;
        Ok(bytes)
    }

    /// Fills `bytes` with the next bytes, which belong to `field`.
    fn fill(&mut self, bytes: &mut [u8], field: IdxField) -> Result<()> {
        let until = self.offset() + bytes.len() as u64;
        let mut filled = 0;
        while filled < bytes.len() {
            match self.read(&mut bytes[filled..]) {
                Ok(0) => return Err(self.refuse_here(field, IdxProblem::Truncated { until })),
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(self.failure(field, source)),
            }
        }
        Ok(())
    }

    /// Returns an error if the length of a plain file does not match its header; called before the body is read.
    fn check_length(&self, size: u64) -> Result<()> {
        let Some(length) = self.length.filter(|_| !self.gzip) else { return Ok(()) };
        let until = self.offset() + size;
        if length < until {
            return Err(self.refuse(length, IdxField::Body, IdxProblem::Truncated { until }));
        }
        if length > until {
            return Err(self.refuse(until, IdxField::End, IdxProblem::TrailingBytes { until }));
        }
        Ok(())
    }

    /// Reads the `size` bytes of the body, in steps that the bytes so far justify.
    fn body(&mut self, size: u64) -> Result<Vec<u8>> {
        let until = self.offset() + size;
        if let Some(length) = self.length {
            self.check_inflated(size, length)?;
        }
        // Reserve the file's length first (8 times for gzip: images seldom deflate to an eighth), then at most double:
        // a false header cannot reserve more.
        let mut step = self.length.unwrap_or(0).saturating_mul(if self.gzip { 8 } else { 1 });
        let mut data = Vec::new();
        while self.offset() < until {
            let bytes = step.max(64 * KIB).min(until - self.offset());
            let reserved = usize::try_from(bytes)
                .is_ok_and(|n| memory::fits::<u8>(n) && data.try_reserve_exact(n).is_ok());
            if !reserved {
                return Err(self.refuse_here(IdxField::Body, IdxProblem::OutOfMemory { bytes }));
            }
            match self.by_ref().take(bytes).read_to_end(&mut data) {
                Ok(read) if read as u64 == bytes => {}
                Ok(_) => return Err(self.refuse_here(IdxField::Body, IdxProblem::Truncated { until })),
                Err(source) => return Err(self.failure(IdxField::Body, source)),
            }
            // The unread rest of the file counts too: data may begin with zeros, which compress better than the rest.
            let compressed = self.progress.consumed.get().max(self.length.unwrap_or(0));
            self.check_inflated(data.len() as u64, compressed)?;
            step = (data.len() as u64).min(64 * MIB);
        }
        Ok(data)
    }

    /// Returns an error if more bytes follow. With gzip, this read also makes the decoder verify the checksum.
    fn end(&mut self) -> Result<()> {
        let until = self.offset();
        match self.by_ref().take(1).read_to_end(&mut Vec::new()) {
            Ok(0) => Ok(()),
            Ok(_) => {
                let problem = IdxProblem::TrailingBytes { until };
                Err(self.refuse(until, IdxField::End, problem))
            }
            Err(source) => Err(self.failure(IdxField::End, source)),
        }
    }

    /// Returns an error if the compression ratio is that of a gzip bomb. Deflate can reach 1032 to 1; real data stay
    /// far below 128 to 1.
    fn check_inflated(&self, inflated: u64, compressed: u64) -> Result<()> {
        let allowed = compressed.saturating_mul(128).max(64 * MIB);
        if self.gzip && inflated > allowed {
            let problem = IdxProblem::GzipBomb { inflated, compressed, allowed };
            return Err(self.refuse_here(IdxField::Body, problem));
        }
        Ok(())
    }

    /// Creates the error of a read that failed in `field`. Errors of the decompressor concern the gzip stream, others
    /// the file.
    fn failure(&self, field: IdxField, source: io::Error) -> Error {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        let decoder = matches!(source.kind(), InvalidData | InvalidInput | UnexpectedEof);
        if self.gzip && decoder && source.raw_os_error().is_none() {
            self.refuse_here(IdxField::Gzip, IdxProblem::Gzip { source })
        } else {
            self.refuse_here(field, IdxProblem::Unreadable { source })
        }
    }

    fn offset(&self) -> u64 {
        self.progress.produced.get()
    }

    fn refuse_here(&self, field: IdxField, problem: IdxProblem) -> Error {
        self.refuse(self.offset(), field, problem)
    }

    fn refuse(&self, offset: u64, field: IdxField, problem: IdxProblem) -> Error {
        error(&self.path, offset, field, problem)
    }
}

/// Checks the number of dimensions. Images have three and labels one, so that swapped files are recognized.
fn rank_problem(found: usize, expected: Option<usize>) -> Option<IdxProblem> {
    match (found, expected) {
        (0, _) => Some(IdxProblem::NoDimensions),
        (_, None) => None,
        (_, Some(expected)) if found == expected => None,
        (1, Some(expected @ 3)) | (3, Some(expected @ 1)) => Some(IdxProblem::Swapped { found, expected }),
        (_, Some(expected)) => Some(IdxProblem::WrongRank { found, expected }),
    }
}
