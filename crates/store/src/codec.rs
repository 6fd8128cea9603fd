//! The bytes on disk: what every value is made of.
//!
//! Integers are LEB128 varints, signed ones zigzag first; text and bytes have their length before them; an enum is one
//! byte, its tag. A tag is never reused: a variant that goes leaves a gap.
//!
//! **Invariant:** an encoding is canonical: equal values have equal bytes, on every machine.
//! **Invariant:** decoding never panics and never trusts a length: bytes of any content give a value or an error.

mod change;
mod entry;
mod submission;
mod value;

pub(crate) use change::{read_change, read_decision, write_change, write_decision};
pub(crate) use entry::{
    read_audit, read_boundary, read_dead_letter, read_delivered, read_edition_rows, read_quarantine,
    write_audit, write_boundary, write_dead_letter, write_delivered, write_edition_rows, write_quarantine,
};
pub(crate) use submission::{read_submission, write_submission};
pub use value::value_digest;

/// Bytes that are not what this store writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end too early.
    #[error("stored bytes end too early")]
    Short,
    /// There are bytes after the end.
    #[error("stored bytes go on after their end")]
    Long,
    /// A tag that no version of this store has written.
    #[error("stored {what} has the unknown tag {tag}")]
    Tag {
        /// What was being read.
        what: &'static str,
        /// The tag.
        tag: u8,
    },
    /// A part that is not within its bounds.
    #[error("stored {what} is out of bounds")]
    Bounds {
        /// What was being read.
        what: &'static str,
    },
}

/// Appends to a buffer.
pub(crate) trait Put {
    fn put_byte(&mut self, byte: u8);
    fn put_varint(&mut self, number: u64);
    fn put_signed(&mut self, number: i64);
    fn put_length(&mut self, length: usize);
    fn put_bytes(&mut self, bytes: &[u8]);
    fn put_text(&mut self, text: &str);
}

impl Put for Vec<u8> {
    #[inline]
    fn put_byte(&mut self, byte: u8) {
        self.push(byte);
    }

    #[inline]
    fn put_varint(&mut self, mut number: u64) {
        loop {
            let [low, ..] = number.to_le_bytes();
            number >>= 7;
            if number == 0 {
                self.push(low & 0x7f);
                return;
            }
            self.push(low | 0x80);
        }
    }

    #[inline]
    fn put_signed(&mut self, number: i64) {
        self.put_varint(((number << 1) ^ (number >> 63)).cast_unsigned());
    }

    #[inline]
    fn put_length(&mut self, length: usize) {
        self.put_varint(u64::try_from(length).expect("invariant: usize is at most 64 bits"));
    }

    #[inline]
    fn put_bytes(&mut self, bytes: &[u8]) {
        self.put_length(bytes.len());
        self.extend_from_slice(bytes);
    }

    #[inline]
    fn put_text(&mut self, text: &str) {
        self.put_bytes(text.as_bytes());
    }
}

/// Takes from the front of stored bytes.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8, DecodeError> {
        let (first, rest) = self.rest.split_first().ok_or(DecodeError::Short)?;
        self.rest = rest;
        Ok(*first)
    }

    pub(crate) fn boolean(&mut self, what: &'static str) -> Result<bool, DecodeError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            tag => Err(DecodeError::Tag { what, tag }),
        }
    }

    #[inline]
    pub(crate) fn varint(&mut self) -> Result<u64, DecodeError> {
        // Nearly every number is a length, an element or a tag below 128.
        match self.rest.split_first() {
            Some((first, rest)) if *first < 0x80 => {
                self.rest = rest;
                Ok(u64::from(*first))
            }
            _ => self.long_varint(),
        }
    }

    #[cold]
    fn long_varint(&mut self) -> Result<u64, DecodeError> {
        let mut number = 0;
        let mut shift = 0;
        while shift < 64 {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
            shift += 7;
        }
        Err(DecodeError::Bounds { what: "number" })
    }

    #[inline]
    pub(crate) fn signed(&mut self) -> Result<i64, DecodeError> {
        let number = self.varint()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// A number that fits a smaller type.
    #[inline]
    pub(crate) fn small<T: TryFrom<u64>>(&mut self, what: &'static str) -> Result<T, DecodeError> {
        T::try_from(self.varint()?).map_err(|_| DecodeError::Bounds { what })
    }

    /// The number of things that follow, each at least one byte long.
    #[inline]
    pub(crate) fn length(&mut self) -> Result<usize, DecodeError> {
        let length = self.small("length")?;
        if length > self.rest.len() { Err(DecodeError::Short) } else { Ok(length) }
    }

    #[inline]
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.length()?;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(DecodeError::Short)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// A fixed number of bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(DecodeError::Short)?;
        self.rest = rest;
        Ok(*bytes)
    }

    /// All bytes that are left.
    pub(crate) fn take_rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    #[inline]
    pub(crate) fn text(&mut self) -> Result<&'a str, DecodeError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| DecodeError::Bounds { what: "text" })
    }

    #[inline]
    pub(crate) fn boxed_text(&mut self) -> Result<Box<str>, DecodeError> {
        self.text().map(Box::from)
    }

    /// As many things as the length before them says.
    #[inline]
    pub(crate) fn list<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let length = self.length()?;
        // A length from a damaged file must not become an allocation of its size.
        let mut things = Vec::with_capacity(length.min(64));
        for _ in 0..length {
            things.push(read(self)?);
        }
        Ok(things)
    }

    /// Checks that nothing is left.
    pub(crate) fn end(self) -> Result<(), DecodeError> {
        if self.rest.is_empty() { Ok(()) } else { Err(DecodeError::Long) }
    }
}

/// Reads a whole value: no byte may be left.
pub(crate) fn whole<'a, T>(
    bytes: &'a [u8],
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    let mut reader = Reader::new(bytes);
    let value = read(&mut reader)?;
    reader.end()?;
    Ok(value)
}

#[cfg(test)]
mod tests;
