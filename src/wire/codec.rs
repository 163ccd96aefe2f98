//! How single values lie on the wire: integers, varints, strings, arrays, nullable structs, tagged fields.
//!
//! [`Reader`] and [`Writer`] know whether the message at hand is flexible (KIP-482), so that one definition of a struct
//! serves both forms. Reading follows Kafka bit for bit where it is lenient: a varint's excess bits are dropped, negative
//! lengths are null, broken UTF-8 becomes U+FFFD, the stated size of a known tagged field is not checked.
//! Reading never panics and reserves no more memory than the bytes that remain could fill.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{BufMut, Bytes, BytesMut};
use serde_json::Value;

use crate::types::Uuid;

/// The longest string in bytes, on the wire and in Kafka's files.
pub const STRING_BYTES_MAX: usize = 0x7fff;

/// Why bytes are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// The bytes end within a value, or a length speaks of more than there is.
    Truncated,
    /// A varint of more than five bytes.
    Varint,
    /// A string longer than Kafka allows, in bytes.
    StringLength(i32),
    /// Null where the field may not be null.
    Null,
    /// A tagged field that other versions know but this one does not.
    Tag(u32),
    /// A version that this message does not have.
    Version(i16),
    /// The type of a stored record that nobody knows.
    UnknownType(i32),
    /// The frame around a metadata record is of an unknown version.
    Frame(i32),
    /// This many bytes are left over after a stored record.
    Trailing(usize),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("the bytes end too early"),
            Self::Varint => f.write_str("a varint is too long"),
            Self::StringLength(length) => write!(f, "a string has the invalid length {length}"),
            Self::Null => f.write_str("a field that cannot be null is null"),
            Self::Tag(tag) => write!(f, "tag {tag} is not valid in this version"),
            Self::Version(version) => write!(f, "version {version} is not supported"),
            Self::UnknownType(key) => write!(f, "unknown record type {key}"),
            Self::Frame(version) => write!(f, "unknown frame version {version}"),
            Self::Trailing(bytes) => write!(f, "{bytes} bytes are left over"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// Why a message cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncodeError {
    /// The field has a value that matters, and the version has no such field.
    Field(&'static str, i16),
    /// Null in a version where the field may not be null.
    Null(&'static str, i16),
    /// A string of this many bytes is longer than Kafka allows.
    StringLength(usize),
    /// An array or byte string of 2 GiB or more.
    Length(usize),
    /// Raw tagged fields in a version that has none, or in the wrong order.
    Tags,
    /// A version that this message does not have.
    Version(i16),
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name, version) => {
                write!(f, "version {version} has no field {name}, but it is set")
            }
            Self::Null(name, version) => write!(f, "{name} cannot be null in version {version}"),
            Self::StringLength(length) => write!(f, "a string of {length} bytes is too long"),
            Self::Length(length) => write!(f, "a value of length {length} is too long"),
            Self::Tags => f.write_str("raw tagged fields do not fit"),
            Self::Version(version) => write!(f, "version {version} is not supported"),
        }
    }
}

impl std::error::Error for EncodeError {}

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
    fn length(&mut self) -> Result<i32, DecodeError> {
        if self.flexible { Ok((self.uvarint()? as i32).wrapping_sub(1)) } else { self.i32() }
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
    fn length(&mut self, length: Option<usize>) -> Result<(), EncodeError> {
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

/// Tagged fields that this version of Kafka does not know, kept as they came, in one piece of memory.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct UnknownTags(Option<Box<RawTags>>);

#[derive(Clone, Default, PartialEq, Eq)]
struct RawTags {
    count: usize,
    /// Number, size and body of each, as on the wire.
    bytes: Vec<u8>,
}

impl UnknownTags {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |raw| raw.count)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Adds one. They are written in the order they are added, which must be ascending.
    pub fn push(&mut self, tag: u32, body: &[u8]) {
        let raw = self.0.get_or_insert_default();
        raw.count += 1;
        push_uvarint(&mut raw.bytes, tag);
        push_uvarint(&mut raw.bytes, body.len() as u32);
        raw.bytes.extend_from_slice(body);
    }

    /// Number and body of each, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &[u8])> {
        let mut rest = self.0.as_ref().map_or(&[][..], |raw| &raw.bytes[..]);
        std::iter::from_fn(move || {
            let tag = split_uvarint(&mut rest)?;
            let size = split_uvarint(&mut rest)?;
            let (body, after) = rest.split_at_checked(size as usize)?;
            rest = after;
            Some((tag, body))
        })
    }

    /// Writes those of a number from `from` up to but without `to`, where a struct has a tagged field of its own.
    pub fn write(&self, writer: &mut Writer, from: u32, to: u32) -> Result<(), EncodeError> {
        if self.is_empty() {
            return Ok(());
        }
        let mut last = None;
        for (tag, body) in self.iter() {
            if last.is_some_and(|last| last >= tag) || tag == to {
                return Err(EncodeError::Tags);
            }
            last = Some(tag);
            if tag >= from && tag < to {
                writer.uvarint(tag);
                writer.uvarint(body.len() as u32);
                writer.put(body);
            }
        }
        Ok(())
    }
}

impl fmt::Debug for UnknownTags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

fn push_uvarint(bytes: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn split_uvarint(bytes: &mut &[u8]) -> Option<u32> {
    let mut value = 0;
    for shift in [0, 7, 14, 21, 28] {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// A value with a form on the wire. `version` is the message's; whether it is flexible, reader and writer know.
pub trait Wire: Sized {
    /// Reads one.
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError>;

    /// Writes it.
    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError>;

    /// The value as Kafka's JSON converters print it.
    fn json(&self, version: i16) -> Value;

    /// Whether null is a length of its own. Otherwise, as with structs, a byte before the value says whether it is there.
    const NULL_IS_A_LENGTH: bool = false;

    /// Reads one that may be null.
    fn read_nullable(reader: &mut Reader, version: i16) -> Result<Option<Self>, DecodeError> {
        if reader.i8()? < 0 { Ok(None) } else { Self::read(reader, version).map(Some) }
    }

    /// Writes null, in the same way.
    fn write_null(writer: &mut Writer) {
        writer.i8(-1);
    }

    /// Reads one as a tagged field.
    fn read_tagged(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Self::read(reader, version)
    }

    /// Writes it as a tagged field.
    fn write_tagged(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        self.write(writer, version)
    }
}

macro_rules! number {
    ($($type:ty)*) => {$(
        impl Wire for $type {
            #[inline]
            fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
                reader.array().map(Self::from_be_bytes)
            }

            #[inline]
            fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
                writer.put(&self.to_be_bytes());
                Ok(())
            }

            fn json(&self, _version: i16) -> Value {
                Value::from(*self)
            }
        }
    )*};
}

number!(i8 i16 u16 i32 u32 i64 f64);

impl Wire for bool {
    #[inline]
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(reader.i8()? != 0)
    }

    #[inline]
    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i8(i8::from(*self));
        Ok(())
    }

    fn json(&self, _version: i16) -> Value {
        Value::from(*self)
    }
}

impl Wire for Uuid {
    #[inline]
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        reader.array().map(Self::from_bytes)
    }

    #[inline]
    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.put(self.as_bytes());
        Ok(())
    }

    fn json(&self, _version: i16) -> Value {
        Value::from(self.to_string())
    }
}

impl Wire for String {
    const NULL_IS_A_LENGTH: bool = true;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Self::read_nullable(reader, version)?.ok_or(DecodeError::Null)
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        if self.len() > STRING_BYTES_MAX {
            return Err(EncodeError::StringLength(self.len()));
        }
        if writer.flexible {
            writer.uvarint(self.len() as u32 + 1);
        } else {
            writer.i16(self.len() as i16);
        }
        writer.put(self.as_bytes());
        Ok(())
    }

    fn json(&self, _version: i16) -> Value {
        Value::from(self.as_str())
    }

    fn read_nullable(reader: &mut Reader, _version: i16) -> Result<Option<Self>, DecodeError> {
        let length = if reader.flexible { reader.length()? } else { i32::from(reader.i16()?) };
        let Ok(size) = usize::try_from(length) else { return Ok(None) };
        if size > STRING_BYTES_MAX {
            return Err(DecodeError::StringLength(length));
        }
        Ok(Some(Self::from_utf8_lossy(reader.slice(size)?).into_owned()))
    }

    fn write_null(writer: &mut Writer) {
        if writer.flexible {
            writer.uvarint(0);
        } else {
            writer.i16(-1);
        }
    }
}

impl Wire for Bytes {
    const NULL_IS_A_LENGTH: bool = true;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Self::read_nullable(reader, version)?.ok_or(DecodeError::Null)
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.length(Some(self.len()))?;
        writer.put(self);
        Ok(())
    }

    fn json(&self, _version: i16) -> Value {
        Value::from(STANDARD.encode(self))
    }

    fn read_nullable(reader: &mut Reader, _version: i16) -> Result<Option<Self>, DecodeError> {
        let Ok(size) = usize::try_from(reader.length()?) else { return Ok(None) };
        reader.bytes(size).map(Some)
    }

    fn write_null(writer: &mut Writer) {
        writer.length(None).expect("null is not too long");
    }
}

impl<T: Wire> Wire for Vec<T> {
    const NULL_IS_A_LENGTH: bool = true;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Self::read_nullable(reader, version)?.ok_or(DecodeError::Null)
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.length(Some(self.len()))?;
        self.iter().try_for_each(|item| item.write(writer, version))
    }

    fn json(&self, version: i16) -> Value {
        self.iter().map(|item| item.json(version)).collect()
    }

    /// Every element takes a byte or more, so a count beyond the bytes that remain is refused; and no more room is
    /// reserved than those bytes could fill, however small the elements are on the wire.
    fn read_nullable(reader: &mut Reader, version: i16) -> Result<Option<Self>, DecodeError> {
        let Ok(count) = usize::try_from(reader.length()?) else { return Ok(None) };
        if count > reader.remaining() {
            return Err(DecodeError::Truncated);
        }
        let mut items =
            Self::with_capacity(count.min(reader.remaining() / size_of::<T>().max(1) + 1));
        for _ in 0..count {
            items.push(T::read(reader, version)?);
        }
        Ok(Some(items))
    }

    fn write_null(writer: &mut Writer) {
        writer.length(None).expect("null is not too long");
    }
}

impl<T: Wire> Wire for Option<T> {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        T::read_nullable(reader, version)
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let Some(value) = self else {
            T::write_null(writer);
            return Ok(());
        };
        if !T::NULL_IS_A_LENGTH {
            writer.i8(1);
        }
        value.write(writer, version)
    }

    fn json(&self, version: i16) -> Value {
        self.as_ref().map_or(Value::Null, |value| value.json(version))
    }

    /// A tagged struct that may be null has a varint before it, 0 for null (KIP-893), not the −1 of other structs.
    fn read_tagged(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        if T::NULL_IS_A_LENGTH {
            Self::read(reader, version)
        } else if reader.uvarint()? as i32 <= 0 {
            Ok(None)
        } else {
            T::read(reader, version).map(Some)
        }
    }

    fn write_tagged(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        match self {
            Some(value) if !T::NULL_IS_A_LENGTH => {
                writer.uvarint(1);
                value.write(writer, version)
            }
            None if !T::NULL_IS_A_LENGTH => {
                writer.uvarint(0);
                Ok(())
            }
            _ => self.write(writer, version),
        }
    }
}
