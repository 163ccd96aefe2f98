//! The records of a batch one by one, unpacked as they are asked for.
//!
//! Two ways, as a leader has two needs: [`RecordStream::next_record`] reads a record whole, into memory that grows with
//! the bytes that arrive and never with a claimed length; [`RecordStream::next_partial`] passes over keys, values and
//! headers in constant memory. Kafka's second does not hold records to their claimed sizes, and lets consumers trip
//! over them; this one does.

use std::io::{BufRead, Read};

use super::error::RecordsError;
use super::header::BatchHeader;
use super::record::{Base, EOF, PartialRecord, REMAINING, Record, STRUCTURE, invalid, size_error};
use super::varint::{VarintError, read_varint, read_varlong};
use crate::wire::compression::{Decompressor, skip};

/// See [`super::Batch::stream`].
pub struct RecordStream<'a> {
    base: Base,
    promised: i32,
    left: i32,
    max_bytes: usize,
    max_record_bytes: usize,
    /// Bytes of the record at hand that are read already.
    taken: usize,
    reader: Decompressor<'a>,
    body: Vec<u8>,
}

impl<'a> RecordStream<'a> {
    pub(super) fn new(
        header: BatchHeader,
        packed: &'a [u8],
        max_bytes: usize,
    ) -> Result<Self, RecordsError> {
        let limit = u64::try_from(max_bytes).unwrap_or(u64::MAX).saturating_add(1);
        let reader = Decompressor::new(header.codec()?, packed, limit)?;
        if header.records_count < 0 {
            return Err(invalid(format!(
                "Found invalid record count {} in magic v2 batch",
                header.records_count
            )));
        }
        Ok(Self {
            base: Base::new(&header),
            promised: header.records_count,
            left: header.records_count,
            max_bytes,
            max_record_bytes: usize::MAX,
            taken: 0,
            reader,
            body: Vec::new(),
        })
    }

    /// Bounds a single record: one that claims to be larger is an error before its bytes are unpacked.
    pub fn max_record_bytes(mut self, max_bytes: usize) -> Self {
        self.max_record_bytes = max_bytes;
        self
    }

    /// The next record; none behind the last.
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>, RecordsError> {
        if !self.begin()? {
            return Ok(None);
        }
        let (size, size_length) = self.varint(size_error)?;
        self.check_record(size)?;
        let Ok(length) = u64::try_from(size) else { return Err(STRUCTURE) };
        self.body.clear();
        let read = self.reader.by_ref().take(length).read_to_end(&mut self.body)?;
        if (read as u64) < length {
            self.check_limit()?;
            return Err(invalid(format!(
                "Invalid record size: expected {size} bytes in record payload, but the record payload reached EOF."
            )));
        }
        let record = Record::parse_body(&self.base, size, &self.body)?;
        Ok(Some(Record { size_in_bytes: size_length + record.size_in_bytes, ..record }))
    }

    /// What is known of the next record without reading its bytes; none behind the last.
    pub fn next_partial(&mut self) -> Result<Option<PartialRecord>, RecordsError> {
        if !self.begin()? {
            return Ok(None);
        }
        if let Some((record, length)) =
            PartialRecord::within(&self.base, self.reader.fill_buf()?, self.max_record_bytes)
        {
            self.reader.consume(length);
            return Ok(Some(record));
        }
        // It lies across blocks, or something is wrong with it: what, the slow way finds out.
        let (size, _) = self.varint(size_error)?;
        self.check_record(size)?;
        self.taken = 0;
        self.pass(1)?; // attributes
        let timestamp_delta = self.varlong()?;
        let (offset_delta, _) = self.varint(field_error)?;
        let key_size = self.pass_field()?;
        let value_size = self.pass_field()?;
        let (count, _) = self.varint(field_error)?;
        if count < 0 {
            return Err(invalid(format!("Found invalid number of record headers {count}")));
        }
        for _ in 0..count {
            let (length, _) = self.varint(field_error)?;
            let Ok(length) = usize::try_from(length) else {
                return Err(invalid(format!("Invalid negative header key size {length}")));
            };
            self.pass(length)?;
            self.pass_field()?;
        }
        if usize::try_from(size) != Ok(self.taken) {
            return Err(invalid(format!(
                "Invalid record size: expected to read {size} bytes in record payload, but instead read {}",
                self.taken
            )));
        }
        let (offset, timestamp) =
            (self.base.offset(offset_delta), self.base.timestamp(timestamp_delta));
        Ok(Some(PartialRecord { offset, timestamp, key_size, value_size }))
    }

    /// Passes over all the records that are left, and shows what is known of each without reading its bytes.
    pub fn walk(&mut self, mut see: impl FnMut(PartialRecord)) -> Result<(), RecordsError> {
        loop {
            // Those that lie whole in the buffer, without a word to the reader in between.
            let buffer = self.reader.fill_buf()?;
            let mut at = 0;
            while self.left > 0
                && let Some((record, length)) =
                    PartialRecord::within(&self.base, &buffer[at..], self.max_record_bytes)
            {
                at += length;
                self.left -= 1;
                see(record);
            }
            self.reader.consume(at);
            // One that lies across blocks, or the end, or what is wrong.
            match self.next_partial()? {
                Some(record) => see(record),
                None => return Ok(()),
            }
        }
    }

    /// Whether a record should follow. Where none should, nothing may.
    fn begin(&mut self) -> Result<bool, RecordsError> {
        if self.left > 0 {
            self.left -= 1;
            return Ok(true);
        }
        if self.promised == 0 || self.reader.fill_buf()?.is_empty() {
            Ok(false)
        } else {
            Err(REMAINING)
        }
    }

    /// Up to ten bytes that a varint may be made of: all the buffer has, or byte by byte at its edge.
    fn peek(&mut self, into: &mut [u8; 10]) -> Result<usize, RecordsError> {
        let available = self.reader.fill_buf()?;
        let length = available.len().min(into.len());
        into[..length].copy_from_slice(&available[..length]);
        Ok(length)
    }

    fn varint(
        &mut self,
        explain: fn(VarintError) -> RecordsError,
    ) -> Result<(i32, usize), RecordsError> {
        self.read_int(5, read_varint, explain)
    }

    fn varlong(&mut self) -> Result<i64, RecordsError> {
        self.read_int(10, read_varlong, field_error).map(|(value, _)| value)
    }

    fn read_int<T>(
        &mut self,
        length_max: usize,
        read: ReadInt<T>,
        explain: fn(VarintError) -> RecordsError,
    ) -> Result<(T, usize), RecordsError> {
        let mut bytes = [0; 10];
        let available = self.peek(&mut bytes)?;
        match read(&bytes[..available]) {
            Ok((value, length)) => {
                self.reader.consume(length);
                self.taken += length;
                Ok((value, length))
            }
            Err(VarintError::Eof) => {
                // the varint may go on behind the buffer's edge
                self.reader.consume(available);
                let mut length = available;
                while length < length_max && self.reader.read(&mut bytes[length..=length])? == 1 {
                    length += 1;
                    if bytes[length - 1] < 0x80 {
                        break;
                    }
                }
                if length == available {
                    self.check_limit()?;
                }
                self.taken += length;
                read(&bytes[..length]).map_err(explain)
            }
            Err(error) => Err(explain(error)),
        }
    }

    fn pass_field(&mut self) -> Result<i32, RecordsError> {
        let (length, _) = self.varint(field_error)?;
        if let Ok(length) = usize::try_from(length) {
            self.pass(length)?;
        }
        Ok(length)
    }

    fn pass(&mut self, bytes: usize) -> Result<(), RecordsError> {
        if skip(&mut self.reader, bytes)? {
            self.taken = self.taken.saturating_add(bytes);
            return Ok(());
        }
        self.check_limit()?;
        Err(EOF)
    }

    fn check_record(&self, size: i32) -> Result<(), RecordsError> {
        let too_large = usize::try_from(size).is_ok_and(|size| size > self.max_record_bytes);
        if !too_large {
            return Ok(());
        }
        let most = self.max_record_bytes;
        Err(invalid(format!(
            "Invalid record size: {size} bytes, and no record may have more than {most}"
        )))
    }

    /// Whether the stream ended because it was cut off at the limit.
    fn check_limit(&self) -> Result<(), RecordsError> {
        if self.reader.is_spent() { Err(RecordsError::TooMuch(self.max_bytes)) } else { Ok(()) }
    }
}

/// Reads an integer that some bytes begin with, and says how many of them it took.
type ReadInt<T> = fn(&[u8]) -> Result<(T, usize), VarintError>;

fn field_error(error: VarintError) -> RecordsError {
    match error {
        VarintError::Eof => EOF,
        VarintError::TooLong(_) => STRUCTURE,
    }
}
