//! The wire format of protocol buffers, in which ONNX files are encoded: fields, each a number, a type and a value.
//!
//! Source: the page "Encoding" of the documentation of protocol buffers.

use super::{Outcome, problem};
use crate::error::OnnxProblem;
use crate::wire::{BYTES, FIXED32, FIXED64, VARINT};

/// A range of the file's bytes, and its offset in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    pub bytes: &'a [u8],
    pub offset: u64,
}

/// A field of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'a> {
    pub number: u64,
    pub value: Wire<'a>,
    pub offset: u64,
}

/// The value of a field.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wire<'a> {
    Int(u64),
    Four([u8; 4]),
    Eight([u8; 8]),
    Bytes(Part<'a>),
}

impl<'a> Part<'a> {
    /// The fields of a message, up to the first that is malformed.
    pub fn fields(self) -> impl Iterator<Item = Outcome<Field<'a>>> {
        let mut rest = Some(self);
        std::iter::from_fn(move || {
            let mut part = rest.take().filter(|part| !part.bytes.is_empty())?;
            let field = part.field();
            rest = field.is_ok().then_some(part);
            Some(field)
        })
    }

    /// The bytes as text.
    pub fn text(self) -> Outcome<&'a str> {
        std::str::from_utf8(self.bytes).map_err(|_| malformed(self.offset, "a text is not UTF-8"))
    }

    /// Calls `each` with every integer of a packed field.
    pub fn varints(mut self, mut each: impl FnMut(u64)) -> Outcome<()> {
        while !self.bytes.is_empty() {
            each(self.varint()?);
        }
        Ok(())
    }

    fn field(&mut self) -> Outcome<Field<'a>> {
        let offset = self.offset;
        let key = self.varint()?;
        let number = key >> 3;
        if !(1..1 << 29).contains(&number) {
            return Err(malformed(offset, "a field has an invalid number"));
        }
        let value = match key & 7 {
            VARINT => Wire::Int(self.varint()?),
            FIXED32 => Wire::Four(self.array()?),
            FIXED64 => Wire::Eight(self.array()?),
            BYTES => {
                let length = self.varint()?;
                Wire::Bytes(self.take(length)?)
            }
            _ => return Err(malformed(offset, "a field has an invalid type")),
        };
        Ok(Field { number, value, offset })
    }

    fn varint(&mut self) -> Outcome<u64> {
        let start = self.offset;
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(malformed(start, "an integer has more than 64 bits"))
    }

    fn array<const N: usize>(&mut self) -> Outcome<[u8; N]> {
        let (first, rest) = self.bytes.split_first_chunk().ok_or_else(|| beyond(self.offset))?;
        (self.bytes, self.offset) = (rest, self.offset + N as u64);
        Ok(*first)
    }

    fn take(&mut self, length: u64) -> Outcome<Self> {
        let split = usize::try_from(length).ok().and_then(|length| self.bytes.split_at_checked(length));
        let (bytes, rest) = split.ok_or_else(|| beyond(self.offset))?;
        let part = Self { bytes, offset: self.offset };
        (self.bytes, self.offset) = (rest, self.offset + length);
        Ok(part)
    }
}

impl<'a> Field<'a> {
    /// The value as an integer. Negative integers are encoded in two's complement, in 64 bits.
    pub fn int(self) -> Outcome<i64> {
        match self.value {
            Wire::Int(value) => Ok(value as i64),
            _ => Err(malformed(self.offset, "a field that should be an integer is not one")),
        }
    }

    /// The value as a float in single precision.
    pub fn float(self) -> Outcome<f32> {
        match self.value {
            Wire::Four(bytes) => Ok(f32::from_le_bytes(bytes)),
            _ => Err(malformed(self.offset, "a field that should be a float in single precision is not one")),
        }
    }

    /// The value as a message, a text or bytes.
    pub fn part(self) -> Outcome<Part<'a>> {
        match self.value {
            Wire::Bytes(part) => Ok(part),
            _ => Err(malformed(self.offset, "a field that should be a message or a text is not one")),
        }
    }

    /// The value as a text.
    pub fn text(self) -> Outcome<&'a str> {
        self.part()?.text()
    }
}

fn beyond(offset: u64) -> crate::error::FileProblem {
    malformed(offset, "a value goes beyond the end of its message")
}

/// The error for a field that begins at `offset`.
pub(super) fn malformed(offset: u64, reason: &'static str) -> crate::error::FileProblem {
    problem(OnnxProblem::Malformed { offset, reason })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Message;

    fn whole(bytes: &[u8]) -> Part<'_> {
        Part { bytes, offset: 0 }
    }

    #[test]
    fn a_message_is_read_as_it_was_written() {
        for value in [0, 1, 127, 128, 300, 1 << 32, u64::MAX >> 1, u64::MAX] {
            let inner = Message::default().float(1, 0.5).text(536_870_911, "é");
            let bytes = Message::default().int(1, value).message(20, inner).bytes(3, &[]).into_bytes();
            let fields: Vec<_> = whole(&bytes).fields().collect::<Outcome<_>>().unwrap();
            assert_eq!(fields.iter().map(|field| field.number).collect::<Vec<_>>(), [1, 20, 3]);
            assert_eq!(fields[0].int().unwrap() as u64, value);
            let inner: Vec<_> = fields[1].part().unwrap().fields().collect::<Outcome<_>>().unwrap();
            assert_eq!((inner[0].float().unwrap(), inner[1].text().unwrap()), (0.5, "é"));
            // The offset leads to the key of the field.
            assert_eq!(bytes[inner[0].offset as usize], 1 << 3 | FIXED32 as u8);
            assert!(fields[2].part().unwrap().bytes.is_empty());
            assert!(fields[0].part().is_err() && fields[1].int().is_err() && fields[1].float().is_err());
        }
    }

    /// The examples of the format's own page: 150 in field 1, and "testing" in field 2.
    #[test]
    fn the_bytes_are_those_of_the_format() {
        let bytes = Message::default().int(1, 150).text(2, "testing").into_bytes();
        assert_eq!(bytes, b"\x08\x96\x01\x12\x07testing");
    }

    #[test]
    fn bytes_that_are_no_message_are_refused_where_they_begin_to_be_none() {
        for (bytes, expected) in [
            (&b"\x08"[..], 1),
            (b"\x08\x80", 2),
            (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 1),
            (b"\x08\x01\x12\x03ab", 4),
            (b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11),
            (b"\x0d\0\0\0", 1),
            (b"\x09\0\0\0\0\0\0\0", 1),
            (b"\x0b", 0),
            (b"\x0f", 0),
            (b"\x02\0", 0),
            (b"\x80\x80\x80\x80\x80\x01\0", 0),
        ] {
            let fields: Vec<_> = whole(bytes).fields().collect();
            match fields.last().unwrap() {
                Err(crate::error::FileProblem::Onnx(OnnxProblem::Malformed { offset, .. })) => {
                    assert_eq!(*offset, expected, "{bytes:?}")
                }
                other => panic!("{bytes:?}: {other:?}"),
            }
        }
        assert!(whole(b"\xff").text().is_err());
    }
}
