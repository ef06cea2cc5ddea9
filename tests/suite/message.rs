//! Messages of protocol buffers, put together by hand.

/// A field of bytes: a message, or a text.
pub fn part(field: u8, bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let bytes = bytes.as_ref();
    let mut to = if field < 16 { vec![field << 3 | 2] } else { vec![(field << 3 | 2) | 0x80, field >> 4] };
    let mut length = bytes.len();
    while length > 127 {
        to.push(length as u8 | 0x80);
        length >>= 7;
    }
    to.push(length as u8);
    to.extend_from_slice(bytes);
    to
}
