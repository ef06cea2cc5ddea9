//! A file of the crate's own format with the right checksum, so that the fuzzer gets beyond it.

/// The place of the checksum in every file.
const DIGITS: std::ops::Range<usize> = 48..56;

/// Between the header and the data in an input that is put together.
const SEPARATOR: u8 = 0xff;

/// A first byte of 0: the file as it is. Else: a header and data, without lengths and spaces.
pub fn file(input: &[u8]) -> Vec<u8> {
    let Some((mode, rest)) = input.split_first() else { return Vec::new() };
    let mut file = rest.to_vec();
    if *mode != 0 {
        let mut parts = rest.splitn(2, |byte| *byte == SEPARATOR);
        let mut header = parts.next().unwrap_or_default().to_vec();
        header.resize(header.len().next_multiple_of(8), b' ');
        file = (header.len() as u64).to_le_bytes().to_vec();
        file.extend(header);
        file.extend(parts.next().unwrap_or_default());
    }
    if file.len() >= DIGITS.end {
        file[DIGITS].fill(b'0');
        let digits = format!("{:08x}", crc32fast::hash(&file));
        file[DIGITS].copy_from_slice(digits.as_bytes());
    }
    file
}
