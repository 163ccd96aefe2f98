//! The forms of single values on the wire: numbers, strings, bytes, arrays, and what may be null.
//!
//! Never knows a message: `wire::message` composes these.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

use super::STRING_BYTES_MAX;
use super::error::{DecodeError, EncodeError};
use super::reader::Reader;
use super::writer::Writer;
use crate::types::Uuid;

/// A value with a form on the wire. `version` is the message's; whether it is flexible, reader and writer know.
pub trait Wire: Sized {
    /// Reads one.
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError>;

    /// Writes it.
    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError>;

    /// The value as Kafka's JSON converters print it.
    fn json(&self, version: i16) -> Value;

    /// Where an answer says for how long its client is silent, in ms; none where there is no room for that.
    fn throttle_time_ms(&mut self) -> Option<&mut i32> {
        None
    }

    /// Whether null is a length of its own. Otherwise, as with structs, a byte before the value says whether it is
    /// there.
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
        write_text(self.as_bytes(), writer)
    }

    fn json(&self, _version: i16) -> Value {
        Value::from(self.as_str())
    }

    fn read_nullable(reader: &mut Reader, _version: i16) -> Result<Option<Self>, DecodeError> {
        let Some(size) = reader.string_size()? else { return Ok(None) };
        Ok(Some(Self::from_utf8_lossy(reader.slice(size)?).into_owned()))
    }

    fn write_null(writer: &mut Writer) {
        if writer.is_flexible() {
            writer.uvarint(0);
        } else {
            writer.i16(-1);
        }
    }
}

/// Writes a string, given as its UTF-8, with its length before it.
pub(super) fn write_text(text: &[u8], writer: &mut Writer) -> Result<(), EncodeError> {
    if text.len() > STRING_BYTES_MAX {
        return Err(EncodeError::StringLength(text.len()));
    }
    if writer.is_flexible() {
        writer.uvarint(text.len() as u32 + 1);
    } else {
        writer.i16(text.len() as i16);
    }
    writer.put(text);
    Ok(())
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

/// How many elements an array has, if it is not null. Every element takes a byte or more, so a count beyond the bytes
/// that remain is refused.
#[inline]
pub(super) fn count(reader: &mut Reader) -> Result<Option<usize>, DecodeError> {
    let Ok(count) = usize::try_from(reader.length()?) else { return Ok(None) };
    if count > reader.remaining() { Err(DecodeError::Truncated) } else { Ok(Some(count)) }
}

/// The next elements. No more room is reserved than the bytes that remain could fill, however small the elements are on
/// the wire.
#[inline]
pub(super) fn items<T: Wire>(
    reader: &mut Reader,
    version: i16,
    count: usize,
) -> Result<Vec<T>, DecodeError> {
    let mut items = Vec::with_capacity(count.min(reader.remaining() / size_of::<T>().max(1) + 1));
    for _ in 0..count {
        items.push(T::read(reader, version)?);
    }
    Ok(items)
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

    fn read_nullable(reader: &mut Reader, version: i16) -> Result<Option<Self>, DecodeError> {
        count(reader)?.map(|count| items(reader, version, count)).transpose()
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
