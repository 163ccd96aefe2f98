//! Taking numbers and slices off the front of a message. Never reads past its end, never reserves memory for a length
//! that the remaining bytes could not fill.

use bytes::Bytes;

use super::STRING_BYTES_MAX;
use super::error::DecodeError;
use super::tags::UnknownTags;

/// A cursor over bytes. What it hands out as [`Bytes`] shares their memory.
#[derive(Clone, Debug)]
pub struct Reader {
    bytes: Bytes,
    position: usize,
    flexible: bool,
}

impl Reader {
    /// A reader at the first of `bytes`.
    pub fn new(bytes: Bytes) -> Self {
        Self { bytes, position: 0, flexible: false }
    }

    /// How many bytes have been read.
    pub fn position(&self) -> usize {
        self.position
    }

    /// How many bytes are left.
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.position
    }

    /// Everything that is left, without moving.
    pub fn rest(&self) -> Bytes {
        self.bytes.slice(self.position..)
    }

    /// Whether the message being read is flexible: compact lengths, tagged fields.
    pub fn is_flexible(&self) -> bool {
        self.flexible
    }

    /// Says whether what follows is flexible.
    pub fn set_flexible(&mut self, flexible: bool) {
        self.flexible = flexible;
    }

    fn left(&self) -> &[u8] {
        self.bytes.get(self.position..).unwrap_or_default()
    }

    /// The next `N` bytes.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let array = *self.left().first_chunk::<N>().ok_or(DecodeError::Truncated)?;
        self.position += N;
        Ok(array)
    }

    /// The next `size` bytes, borrowed.
    #[inline]
    pub fn slice(&mut self, size: usize) -> Result<&[u8], DecodeError> {
        let start = self.position;
        let slice =
            self.bytes.get(start..start.saturating_add(size)).ok_or(DecodeError::Truncated)?;
        self.position = start + size;
        Ok(slice)
    }

    /// The next `size` bytes, sharing the reader's memory.
    pub fn bytes(&mut self, size: usize) -> Result<Bytes, DecodeError> {
        if size > self.remaining() {
            return Err(DecodeError::Truncated);
        }
        let bytes = self.bytes.slice(self.position..self.position + size);
        self.position += size;
        Ok(bytes)
    }

    /// A signed byte.
    #[inline]
    pub fn i8(&mut self) -> Result<i8, DecodeError> {
        self.array().map(i8::from_be_bytes)
    }

    /// Two bytes, signed.
    #[inline]
    pub fn i16(&mut self) -> Result<i16, DecodeError> {
        self.array().map(i16::from_be_bytes)
    }

    /// Four bytes, signed.
    #[inline]
    pub fn i32(&mut self) -> Result<i32, DecodeError> {
        self.array().map(i32::from_be_bytes)
    }

    /// Eight bytes, signed.
    #[inline]
    pub fn i64(&mut self) -> Result<i64, DecodeError> {
        self.array().map(i64::from_be_bytes)
    }

    /// An unsigned varint of up to five bytes. Bits beyond the 32nd are dropped, as Kafka does.
    #[inline]
    pub fn uvarint(&mut self) -> Result<u32, DecodeError> {
        let mut value = 0;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.array()?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(DecodeError::Varint)
    }

    /// The length before an array or byte string; negative for null.
    #[inline]
    pub(super) fn length(&mut self) -> Result<i32, DecodeError> {
        if self.flexible { Ok((self.uvarint()? as i32).wrapping_sub(1)) } else { self.i32() }
    }

    /// The length before a string; none for null.
    pub(in crate::wire) fn string_size(&mut self) -> Result<Option<usize>, DecodeError> {
        let length = if self.flexible { self.length()? } else { i32::from(self.i16()?) };
        let Ok(size) = usize::try_from(length) else { return Ok(None) };
        if size > STRING_BYTES_MAX {
            return Err(DecodeError::StringLength(length));
        }
        Ok(Some(size))
    }

    /// How many tagged fields follow. A number beyond 2^31 is none, as in Kafka.
    #[inline]
    pub fn tag_count(&mut self) -> Result<i32, DecodeError> {
        self.uvarint().map(|count| count as i32)
    }

    /// A tagged field's number and the size in bytes that it claims.
    pub fn tag(&mut self) -> Result<(u32, usize), DecodeError> {
        let tag = self.uvarint()?;
        let size = self.uvarint()? as i32;
        Ok((tag, usize::try_from(size).map_err(|_| DecodeError::Truncated)?))
    }

    /// Reads a tagged field of `size` bytes into `tags`, as it is.
    pub fn unknown_tag(
        &mut self,
        tag: u32,
        size: usize,
        tags: &mut UnknownTags,
    ) -> Result<(), DecodeError> {
        let body = self.slice(size)?;
        tags.push(tag, body);
        Ok(())
    }
}
