//! A string that stays where it was received: no copy of its own.
//!
//! For what is read with every request and soon let go of. Whoever keeps one keeps the whole frame, so what is kept for
//! longer than a request takes is a `String`.

use std::fmt;
use std::ops::Deref;

use bytes::Bytes;
use serde_json::Value;

use super::error::{DecodeError, EncodeError};
use super::reader::Reader;
use super::values::{Wire, write_text};
use super::writer::Writer;

/// A string in a message's memory: UTF-8 always, for what is broken is mended when it is read.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Text(Bytes);

impl Text {
    /// The string.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("it was UTF-8 when it was made")
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl Wire for Text {
    const NULL_IS_A_LENGTH: bool = true;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Self::read_nullable(reader, version)?.ok_or(DecodeError::Null)
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        write_text(&self.0, writer)
    }

    fn json(&self, _version: i16) -> Value {
        Value::from(self.as_str())
    }

    fn read_nullable(reader: &mut Reader, _version: i16) -> Result<Option<Self>, DecodeError> {
        let Some(size) = reader.string_size()? else { return Ok(None) };
        let bytes = reader.bytes(size)?;
        let whole = std::str::from_utf8(&bytes).is_ok();
        let mended = || Self(String::from_utf8_lossy(&bytes).into_owned().into());
        Ok(Some(if whole { Self(bytes) } else { mended() }))
    }

    fn write_null(writer: &mut Writer) {
        String::write_null(writer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a `String` reads the same bytes.
    #[test]
    fn it_is_what_a_string_is() {
        for bytes in
            [&b"\0\x03abc"[..], b"\0\x02\xff\xc3", b"\0\0", b"\xff\xff", b"\0\x05abc", b"\0"]
        {
            let reader = || Reader::new(Bytes::copy_from_slice(bytes));
            let text = Text::read_nullable(&mut reader(), 0);
            let string = String::read_nullable(&mut reader(), 0);
            assert_eq!(text.map(|text| text.map(|text| text.to_string())), string, "{bytes:?}");
        }
    }
}
