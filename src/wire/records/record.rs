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

/// What can be known of a record without its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartialRecord {
    /// Its place in the partition.
    pub offset: Offset,
    /// Its time.
    pub timestamp: Millis,
    /// The length of its key; −1 is none.
    pub key_size: i32,
    /// The length of its value; −1 is none.
    pub value_size: i32,
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
        let mut cursor = Cursor { data: self.bytes, at: 0 };
        let key = cursor.field().ok()??;
        let value = cursor.field().ok()?;
        self.bytes = self.bytes.get(cursor.at..)?;
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
    data: &'a [u8],
    at: usize,
    ended: bool,
}

impl<'a> Records<'a> {
    pub(super) fn new(header: &BatchHeader, data: &'a [u8]) -> Self {
        Self {
            base: Base::new(header),
            left: header.records_count,
            data,
            at: 0,
            ended: header.records_count == 0,
        }
    }

    /// Shows what is left to `see`, without the records' bytes: the same as the iterator, in a third of the time.
    pub fn walk(mut self, mut see: impl FnMut(PartialRecord)) -> Result<(), RecordsError> {
        let mut cursor = Cursor { data: self.data, at: self.at };
        while self.left > 0 && !self.ended {
            self.left -= 1;
            see(cursor.partial(&self.base)?);
        }
        self.at = cursor.at;
        match self.ended {
            true => Ok(()),
            false => self.end().map_or(Ok(()), |end| end.map(|_| ())),
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
        (self.at < self.data.len()).then_some(Err(REMAINING))
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
        match Record::parse(&self.base, self.data, &mut self.at) {
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
    /// What is known of it without its bytes.
    pub fn partial(&self) -> PartialRecord {
        let size = |field: Option<&[u8]>| {
            field.map_or(-1, |bytes| i32::try_from(bytes.len()).unwrap_or(i32::MAX))
        };
        let (key_size, value_size) = (size(self.key), size(self.value));
        PartialRecord { offset: self.offset, timestamp: self.timestamp, key_size, value_size }
    }

    /// Takes the record at `at`, and moves `at` behind it.
    #[inline(always)]
    fn parse(base: &Base, data: &'a [u8], at: &mut usize) -> Result<Self, Fault> {
        let mut cursor = Cursor { data, at: *at };
        let size = cursor.size()?;
        let begin = cursor.at;
        let record = Self::body(base, size, &mut cursor)?;
        let size_in_bytes = record.size_in_bytes + begin - *at;
        *at = cursor.at;
        Ok(Self { size_in_bytes, ..record })
    }

    /// The record that `body` is, which should take `size` bytes.
    pub(super) fn parse_body(base: &Base, size: i32, body: &'a [u8]) -> Result<Self, RecordsError> {
        Ok(Self::body(base, size, &mut Cursor { data: body, at: 0 })?)
    }

    #[inline(always)]
    fn body(base: &Base, size: i32, cursor: &mut Cursor<'a>) -> Result<Self, Fault> {
        let begin = cursor.at;
        let attributes = cursor.byte()? as i8;
        let timestamp_delta = cursor.varlong()?;
        let offset_delta = cursor.varint()?;
        let key = cursor.field()?;
        let value = cursor.field()?;
        let headers = cursor.headers()?;
        let read = cursor.at - begin;
        if size as usize != read {
            return Err(Fault::Size { size, read });
        }
        Ok(Self {
            offset: base.offset(offset_delta),
            timestamp: base.timestamp(timestamp_delta),
            sequence: base.sequence(offset_delta),
            attributes,
            key,
            value,
            headers,
            size_in_bytes: read,
        })
    }
}

impl PartialRecord {
    /// The record that `data` begin with and how long it is; none where it is not whole, or not as it should be.
    #[inline(always)]
    pub(super) fn within(base: &Base, data: &[u8], max_bytes: usize) -> Option<(Self, usize)> {
        let mut cursor = Cursor { data, at: 0 };
        let size = cursor.size().ok()?;
        let bytes = usize::try_from(size).ok()?;
        if bytes > max_bytes || bytes > data.len() - cursor.at {
            return None;
        }
        let record = cursor.partial_body(base, size).ok()?;
        Some((record, cursor.at))
    }
}

/// Reads on through a record.
struct Cursor<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Passes over a record.
    #[inline(always)]
    fn partial(&mut self, base: &Base) -> Result<PartialRecord, Fault> {
        let size = self.size()?;
        self.partial_body(base, size)
    }

    /// Passes over what stands behind a record's size.
    #[inline(always)]
    fn partial_body(&mut self, base: &Base, size: i32) -> Result<PartialRecord, Fault> {
        let begin = self.at;
        self.byte()?; // attributes
        let timestamp_delta = self.varlong()?;
        let offset_delta = self.varint()?;
        let key_size = self.skip()?;
        let value_size = self.skip()?;
        self.headers()?;
        let read = self.at - begin;
        if size as usize != read {
            return Err(Fault::Size { size, read });
        }
        let (offset, timestamp) = (base.offset(offset_delta), base.timestamp(timestamp_delta));
        Ok(PartialRecord { offset, timestamp, key_size, value_size })
    }

    /// Passes over bytes behind their length, and gives that.
    #[inline(always)]
    fn skip(&mut self) -> Result<i32, Fault> {
        let length = self.varint()?;
        if length > 0 {
            if length as usize > self.data.len() - self.at {
                return Err(Fault::Structure);
            }
            self.at += length as usize;
        }
        Ok(length)
    }

    #[inline(always)]
    fn byte(&mut self) -> Result<u8, Fault> {
        let byte = *self.data.get(self.at).ok_or(Fault::Eof)?;
        self.at += 1;
        Ok(byte)
    }

    /// One or two bytes, which lengths and deltas of ordinary records have, as a number not yet unfolded.
    #[inline(always)]
    fn short(&mut self) -> Option<u32> {
        let first = u32::from(*self.data.get(self.at)?);
        if first < 0x80 {
            self.at += 1;
            return Some(first);
        }
        let second = u32::from(*self.data.get(self.at + 1)?);
        if second < 0x80 {
            self.at += 2;
            return Some(first & 0x7f | second << 7);
        }
        None
    }

    #[inline(always)]
    fn size(&mut self) -> Result<i32, Fault> {
        if let Some(raw) = self.short() {
            return Ok((raw >> 1) as i32 ^ -((raw & 1) as i32));
        }
        self.long_varint().map_err(|error| match error {
            VarintError::Eof => Fault::Eof,
            VarintError::TooLong(value) => Fault::SizeTooLong(value),
        })
    }

    #[inline(always)]
    fn varint(&mut self) -> Result<i32, Fault> {
        if let Some(raw) = self.short() {
            return Ok((raw >> 1) as i32 ^ -((raw & 1) as i32));
        }
        self.long_varint().map_err(|_| Fault::Structure)
    }

    #[inline(always)]
    fn varlong(&mut self) -> Result<i64, Fault> {
        if let Some(raw) = self.short() {
            return Ok(i64::from((raw >> 1) as i32 ^ -((raw & 1) as i32)));
        }
        self.long_varlong()
    }

    #[inline(never)]
    fn long_varint(&mut self) -> Result<i32, VarintError> {
        let (value, length) = read_varint(self.data.get(self.at..).unwrap_or_default())?;
        self.at += length;
        Ok(value)
    }

    #[inline(never)]
    fn long_varlong(&mut self) -> Result<i64, Fault> {
        let rest = self.data.get(self.at..).unwrap_or_default();
        let (value, length) = read_varlong(rest).map_err(|_| Fault::Structure)?;
        self.at += length;
        Ok(value)
    }

    /// Bytes behind their length; a negative length is none.
    #[inline(always)]
    fn field(&mut self) -> Result<Option<&'a [u8]>, Fault> {
        let length = self.varint()?;
        if length < 0 {
            return Ok(None);
        }
        let end = self.at.wrapping_add(length as usize);
        let bytes = self.data.get(self.at..end).ok_or(Fault::Structure)?;
        self.at = end;
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
        if count > self.data.len() - self.at {
            return Err(Fault::HeadersBeyond(number));
        }
        let begin = self.at;
        for _ in 0..count {
            let length = self.varint()?;
            let Ok(length) = usize::try_from(length) else { return Err(Fault::HeaderKey(length)) };
            if length > self.data.len() - self.at {
                return Err(Fault::Structure);
            }
            self.at += length;
            self.field()?;
        }
        Ok(Headers { count, bytes: &self.data[begin..self.at] })
    }
}
