//! Appending numbers and slices to a message. Never looks at what it appends.

use bytes::{BufMut, Bytes, BytesMut};

use super::error::EncodeError;

/// Appends values to a buffer.
#[derive(Debug, Default)]
pub struct Writer {
    buffer: BytesMut,
    flexible: bool,
}

impl Writer {
    /// A writer with an empty buffer.
    pub fn new() -> Self {
        Self::default()
    }

    /// A writer with room for `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        Self::from(BytesMut::with_capacity(capacity))
    }

    /// How many bytes the buffer holds.
    pub fn len(&self) -> usize {
        self.buffer.len()
    }

    /// Whether nothing is written yet.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// The buffer, to write something else into.
    pub fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// The buffer with all that is written.
    pub fn into_buffer(self) -> BytesMut {
        self.buffer
    }

    /// What is written, as bytes that can be shared.
    pub fn freeze(self) -> Bytes {
        self.buffer.freeze()
    }

    /// Whether the message being written is flexible.
    pub fn is_flexible(&self) -> bool {
        self.flexible
    }

    /// Says whether what follows is flexible.
    pub fn set_flexible(&mut self, flexible: bool) {
        self.flexible = flexible;
    }

    /// Bytes as they are.
    #[inline]
    pub fn put(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// A signed byte.
    #[inline]
    pub fn i8(&mut self, value: i8) {
        self.buffer.put_i8(value);
    }

    /// Two bytes, signed.
    #[inline]
    pub fn i16(&mut self, value: i16) {
        self.buffer.put_i16(value);
    }

    /// Four bytes, signed.
    #[inline]
    pub fn i32(&mut self, value: i32) {
        self.buffer.put_i32(value);
    }

    /// Eight bytes, signed.
    #[inline]
    pub fn i64(&mut self, value: i64) {
        self.buffer.put_i64(value);
    }

    /// An unsigned varint of up to five bytes.
    #[inline]
    pub fn uvarint(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.buffer.put_u8(value as u8 | 0x80);
            value >>= 7;
        }
        self.buffer.put_u8(value as u8);
    }

    /// The length before an array or byte string; none for null.
    #[inline]
    pub(super) fn length(&mut self, length: Option<usize>) -> Result<(), EncodeError> {
        let length = match length {
            None => -1,
            Some(length) => i32::try_from(length).map_err(|_| EncodeError::Length(length))?,
        };
        if self.flexible {
            self.uvarint(length.wrapping_add(1) as u32);
        } else {
            self.i32(length);
        }
        Ok(())
    }

    /// Begins the tagged fields of a struct, of which there are `count`. Nothing in versions that have none.
    #[inline]
    pub fn tag_count(&mut self, count: usize) -> Result<(), EncodeError> {
        if self.flexible {
            self.uvarint(u32::try_from(count).map_err(|_| EncodeError::Length(count))?);
        } else if count > 0 {
            return Err(EncodeError::Tags);
        }
        Ok(())
    }

    /// Writes a tagged field: its number, its size, and what `body` writes.
    pub fn tagged(
        &mut self,
        tag: u32,
        body: impl FnOnce(&mut Self) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        self.uvarint(tag);
        let start = self.buffer.len();
        self.buffer.put_u8(0);
        body(self)?;
        self.put_size(start)
    }

    /// Puts the size of all that follows the byte at `start` into that byte; makes room where one byte is not enough.
    fn put_size(&mut self, start: usize) -> Result<(), EncodeError> {
        let end = self.buffer.len();
        let size = u32::try_from(end - start - 1).map_err(|_| EncodeError::Length(end - start))?;
        let more = uvarint_size(size) - 1;
        if more > 0 {
            self.buffer.resize(end + more, 0);
            self.buffer.copy_within(start + 1..end, start + 1 + more);
        }
        let mut rest = size;
        for byte in self.buffer.iter_mut().skip(start).take(more) {
            *byte = rest as u8 | 0x80;
            rest >>= 7;
        }
        if let Some(last) = self.buffer.get_mut(start + more) {
            *last = rest as u8;
        }
        Ok(())
    }
}

impl From<BytesMut> for Writer {
    /// A writer that appends to `buffer`.
    fn from(buffer: BytesMut) -> Self {
        Self { buffer, flexible: false }
    }
}

/// How many bytes an unsigned varint takes.
pub fn uvarint_size(value: u32) -> usize {
    (38 - (value | 1).leading_zeros() as usize) / 7
}
