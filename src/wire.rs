//! Messages in the wire format of protocol buffers, as ONNX and TensorBoard read them: fields, each a number, a type
//! and a value.
//!
//! Source: the page "Encoding" of the documentation of protocol buffers.

/// Types of values on the wire.
pub(crate) const VARINT: u64 = 0;
pub(crate) const FIXED64: u64 = 1;
pub(crate) const BYTES: u64 = 2;
pub(crate) const FIXED32: u64 = 5;

/// A message that is being written.
#[derive(Debug, Default)]
pub(crate) struct Message(Vec<u8>);

impl Message {
    /// Appends an integer.
    pub fn int(mut self, field: u64, value: u64) -> Self {
        self.key(field, VARINT);
        self.varint(value);
        self
    }

    /// Appends a number in single precision.
    pub fn float(mut self, field: u64, value: f32) -> Self {
        self.key(field, FIXED32);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    /// Appends a number in double precision.
    pub fn double(mut self, field: u64, value: f64) -> Self {
        self.key(field, FIXED64);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    /// Appends a text.
    pub fn text(self, field: u64, text: &str) -> Self {
        self.bytes(field, text.as_bytes())
    }

    /// Appends bytes.
    pub fn bytes(self, field: u64, bytes: &[u8]) -> Self {
        self.fill(field, bytes.len(), |to| to.copy_from_slice(bytes))
    }

    /// Appends a message.
    pub fn message(self, field: u64, message: Self) -> Self {
        self.bytes(field, &message.0)
    }

    /// Appends `length` bytes, which `write` fills in.
    pub fn fill(mut self, field: u64, length: usize, write: impl FnOnce(&mut [u8])) -> Self {
        self.key(field, BYTES);
        self.varint(length as u64);
        let start = self.0.len();
        self.0.resize(start + length, 0);
        write(&mut self.0[start..]);
        self
    }

    /// Returns the bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn key(&mut self, field: u64, kind: u64) {
        self.varint(field << 3 | kind);
    }

    /// Appends seven bits per byte, the lowest first; the eighth bit says that more bytes follow.
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}
