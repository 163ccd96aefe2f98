//! One record of an unpacked batch, borrowed, and the walk over all of them.

use std::borrow::Cow;

use super::error::RecordsError;
use super::header::{BatchHeader, NO_SEQUENCE, TimestampType, increment_sequence};
use super::varint::{VarintError, read_varint, read_varlong};
use crate::types::{Millis, Offset};

/// One record.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Its place in the partition.
    pub offset: Offset,
    /// Its time, the producer's or the leader's.
    pub timestamp: Millis,
    /// Its producer's count; −1 without a producer.
    pub sequence: i32,
    /// Its own attributes, none of which mean anything so far.
    pub attributes: i8,
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its value; none is a tombstone.
    pub value: Option<&'a [u8]>,
    /// Its headers.
    pub headers: Headers<'a>,
    /// Its length in the unpacked batch, the length's own bytes included.
    pub size_in_bytes: usize,
}

/// A record's headers, known to be well formed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'a> {
    count: usize,
    bytes: &'a [u8],
}

/// One header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordHeader<'a> {
    /// Its key's bytes, which should be UTF-8.
    pub key: &'a [u8],
    /// Its value.
    pub value: Option<&'a [u8]>,
}

impl<'a> RecordHeader<'a> {
    /// The key as text, with U+FFFD for what is none.
    pub fn key_text(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.key)
    }
}

impl Headers<'_> {
    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = RecordHeader<'a>;

    fn next(&mut self) -> Option<RecordHeader<'a>> {
        self.count = self.count.checked_sub(1)?;
        let mut cursor = Cursor(self.bytes);
        let key = cursor.field().ok()??;
        let value = cursor.field().ok()?;
        self.bytes = cursor.0;
        Some(RecordHeader { key, value })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count, Some(self.count))
    }
}

impl ExactSizeIterator for Headers<'_> {}

/// What every record of a batch counts from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Base {
    offset: Offset,
    timestamp: Millis,
    sequence: i32,
    append_time: Option<Millis>,
}

impl Base {
    pub(super) fn new(header: &BatchHeader) -> Self {
        let append_time = match header.timestamp_type() {
            TimestampType::CreateTime => None,
            TimestampType::LogAppendTime => Some(header.max_timestamp),
        };
        let (offset, timestamp, sequence) =
            (header.base_offset, header.base_timestamp, header.base_sequence);
        Self { offset, timestamp, sequence, append_time }
    }

    pub(super) fn offset(&self, delta: i32) -> Offset {
        self.offset.wrapping_add(i64::from(delta))
    }

    pub(super) fn timestamp(&self, delta: i64) -> Millis {
        self.append_time.unwrap_or_else(|| self.timestamp.wrapping_add(delta))
    }

    fn sequence(&self, delta: i32) -> i32 {
        if self.sequence >= 0 { increment_sequence(self.sequence, delta) } else { NO_SEQUENCE }
    }
}

/// The records of an unpacked batch in turn. The first error is the last item; too few bytes for the records that the
/// header promises, or bytes behind them, are errors; but where it promises none, Kafka looks at nothing, and so do we.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    base: Base,
    left: i32,
    rest: &'a [u8],
    ended: bool,
}

impl<'a> Records<'a> {
    pub(super) fn new(header: &BatchHeader, data: &'a [u8]) -> Self {
        Self {
            base: Base::new(header),
            left: header.records_count,
            rest: data,
            ended: header.records_count == 0,
        }
    }

    fn end(&mut self) -> Option<Result<Record<'a>, RecordsError>> {
        self.ended = true;
        if self.left < 0 {
            return Some(Err(invalid(format!(
                "Found invalid record count {} in magic v2 batch",
                self.left
            ))));
        }
        (!self.rest.is_empty()).then_some(Err(REMAINING))
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, RecordsError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        if self.left <= 0 {
            return self.end();
        }
        self.left -= 1;
        match Record::parse(&self.base, &mut self.rest) {
            Ok(record) => Some(Ok(record)),
            Err(fault) => {
                self.ended = true;
                Some(Err(fault.into()))
            }
        }
    }
}

/// What is wrong with a record, in a word or two: what the walk hands up, so that it stays in registers.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Eof,
    Structure,
    SizeTooLong(u64),
    HeaderCount(i32),
    HeadersBeyond(i32),
    HeaderKey(i32),
    Size { size: i32, read: usize },
}

impl From<Fault> for RecordsError {
    #[cold]
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Eof => EOF,
            Fault::Structure => STRUCTURE,
            Fault::SizeTooLong(value) => size_error(VarintError::TooLong(value)),
            Fault::HeaderCount(count) => {
                invalid(format!("Found invalid number of record headers {count}"))
            }
            Fault::HeadersBeyond(count) => invalid(format!(
                "Found invalid number of record headers. {count} is larger than the remaining size of the buffer"
            )),
            Fault::HeaderKey(length) => {
                invalid(format!("Invalid negative header key size {length}"))
            }
            Fault::Size { size, read } => invalid(format!(
                "Invalid record size: expected to read {size} bytes in record payload, but instead read {read}"
            )),
        }
    }
}

pub(super) const EOF: RecordsError =
    RecordsError::Record(Cow::Borrowed("Incorrect declared batch size, premature EOF reached"));
pub(super) const REMAINING: RecordsError = RecordsError::Record(Cow::Borrowed(
    "Incorrect declared batch size, records still remaining in file",
));
pub(super) const STRUCTURE: RecordsError =
    RecordsError::Record(Cow::Borrowed("Found invalid record structure"));

pub(super) fn invalid(how: String) -> RecordsError {
    RecordsError::Record(Cow::Owned(how))
}

pub(super) fn size_error(error: VarintError) -> RecordsError {
    match error {
        VarintError::Eof => EOF,
        VarintError::TooLong(value) => invalid(format!(
            "Varint is too long, the most significant bit in the 5th byte is set, converted value: {value:x}"
        )),
    }
}

impl<'a> Record<'a> {
    /// Takes the record that `rest` begins with.
    #[inline(always)]
    fn parse(base: &Base, rest: &mut &'a [u8]) -> Result<Self, Fault> {
        let (size, size_length) = read_varint(rest).map_err(|error| match error {
            VarintError::Eof => Fault::Eof,
            VarintError::TooLong(value) => Fault::SizeTooLong(value),
        })?;
        let body = rest.get(size_length..).ok_or(Fault::Eof)?;
        let (record, left) = Self::body(base, size, body)?;
        *rest = left;
        Ok(Self { size_in_bytes: size_length + record.size_in_bytes, ..record })
    }

    /// The record that is `body`, which should be `size` bytes.
    pub(super) fn parse_body(base: &Base, size: i32, body: &'a [u8]) -> Result<Self, RecordsError> {
        Ok(Self::body(base, size, body)?.0)
    }

    /// The record that `body` begins with, which should take `size` bytes, and what follows it.
    #[inline(always)]
    fn body(base: &Base, size: i32, body: &'a [u8]) -> Result<(Self, &'a [u8]), Fault> {
        let mut cursor = Cursor(body);
        let attributes = cursor.byte()? as i8;
        let timestamp_delta = cursor.varlong()?;
        let offset_delta = cursor.varint()?;
        let key = cursor.field()?;
        let value = cursor.field()?;
        let headers = cursor.headers()?;
        let read = body.len() - cursor.0.len();
        if size as usize != read {
            return Err(Fault::Size { size, read });
        }
        let record = Self {
            offset: base.offset(offset_delta),
            timestamp: base.timestamp(timestamp_delta),
            sequence: base.sequence(offset_delta),
            attributes,
            key,
            value,
            headers,
            size_in_bytes: read,
        };
        Ok((record, cursor.0))
    }
}

/// Reads on through a record's body.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    #[inline(always)]
    fn byte(&mut self) -> Result<u8, Fault> {
        let (&byte, rest) = self.0.split_first().ok_or(Fault::Eof)?;
        self.0 = rest;
        Ok(byte)
    }

    #[inline(always)]
    fn varint(&mut self) -> Result<i32, Fault> {
        let (value, length) = read_varint(self.0).map_err(|_| Fault::Structure)?;
        self.0 = self.0.get(length..).ok_or(Fault::Structure)?;
        Ok(value)
    }

    #[inline(always)]
    fn varlong(&mut self) -> Result<i64, Fault> {
        let (value, length) = read_varlong(self.0).map_err(|_| Fault::Structure)?;
        self.0 = self.0.get(length..).ok_or(Fault::Structure)?;
        Ok(value)
    }

    /// Bytes behind their length; a negative length is none.
    #[inline(always)]
    fn field(&mut self) -> Result<Option<&'a [u8]>, Fault> {
        let length = self.varint()?;
        let Ok(length) = usize::try_from(length) else { return Ok(None) };
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Fault::Structure)?;
        self.0 = rest;
        Ok(Some(bytes))
    }

    #[inline(always)]
    fn headers(&mut self) -> Result<Headers<'a>, Fault> {
        match self.varint()? {
            0 => Ok(Headers { count: 0, bytes: &[] }),
            count => self.some_headers(count),
        }
    }

    #[inline(never)]
    fn some_headers(&mut self, number: i32) -> Result<Headers<'a>, Fault> {
        let Ok(count) = usize::try_from(number) else { return Err(Fault::HeaderCount(number)) };
        if count > self.0.len() {
            return Err(Fault::HeadersBeyond(number));
        }
        let bytes = self.0;
        for _ in 0..count {
            let length = self.varint()?;
            let Ok(length) = usize::try_from(length) else { return Err(Fault::HeaderKey(length)) };
            self.0 = self.0.get(length..).ok_or(Fault::Structure)?;
            self.field()?;
        }
        Ok(Headers { count, bytes: &bytes[..bytes.len() - self.0.len()] })
    }
}
