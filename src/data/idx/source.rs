//! The file below the decompressor, and how far it has been read.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// Maximum number of gzip bytes in a row that decompress to nothing. More occur only in a stream of empty members or
/// blocks, which may be endless.
pub(super) const MAX_EMPTY: u64 = 1 << 20;

/// How far a stream has been read.
#[derive(Default)]
pub(super) struct Progress {
    /// Bytes read from the file, before decompression.
    pub consumed: Cell<u64>,
    /// Bytes of the tensor so far, after decompression.
    pub produced: Cell<u64>,
    /// The value of `consumed` when the last byte of the tensor was produced.
    pub productive: Cell<u64>,
}

/// The file below the decompressor.
pub(super) struct Source<R> {
    pub inner: R,
    pub progress: Rc<Progress>,
    /// How many bytes may be consumed without producing any.
    pub max_empty: Option<u64>,
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Progress { consumed, productive, .. } = &*self.progress;
        if self.max_empty.is_some_and(|max| consumed.get() - productive.get() > max) {
            let text = format!("more than {MAX_EMPTY} bytes of it in a row hold no data");
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        let n = self.inner.read(buffer)?;
        consumed.set(consumed.get() + n as u64);
        Ok(n)
    }
}
