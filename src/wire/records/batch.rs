//! Batches as they lie in a buffer: split, checked, their records unpacked. Never copies an uncompressed record.

use std::borrow::Cow;
use std::io;

use super::error::RecordsError;
use super::header::{BatchHeader, LOG_OVERHEAD, checksum};
use super::record::Records;
use super::stream::RecordStream;
use crate::wire::compression::{self, Codec};

/// One whole batch in a buffer.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    header: BatchHeader,
    bytes: &'a [u8],
}

impl<'a> Batch<'a> {
    /// The batch that `bytes` begin with; none where they end before it does. The crc is not looked at.
    pub fn parse(bytes: &'a [u8]) -> Result<Option<Self>, RecordsError> {
        let Some(header) = BatchHeader::parse(bytes)? else { return Ok(None) };
        Ok(bytes.get(..header.size_in_bytes()).map(|bytes| Self { header, bytes }))
    }

    /// Its head.
    pub const fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// All of it.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The records as they are packed.
    pub fn packed_records(&self) -> &'a [u8] {
        self.bytes.get(BatchHeader::SIZE..).unwrap_or_default()
    }

    /// Whether the bytes are those that were sealed. Error: [`RecordsError::Crc`].
    pub fn check_crc(&self) -> Result<(), RecordsError> {
        let computed = checksum(self.bytes.get(BatchHeader::ATTRIBUTES_AT..).unwrap_or_default());
        let stored = self.header.crc;
        if computed == stored { Ok(()) } else { Err(RecordsError::Crc { stored, computed }) }
    }

    /// The records unpacked, in at most `max_bytes`. Errors: [`RecordsError::Codec`], `Decompress`, `TooMuch`.
    pub fn payload(&self, max_bytes: usize) -> Result<Payload<'a>, RecordsError> {
        let packed = self.packed_records();
        let data = match self.header.codec()? {
            Codec::None => Cow::Borrowed(packed),
            codec => match compression::decompress(codec, packed, max_bytes) {
                Ok(data) => Cow::Owned(data),
                Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                    return Err(RecordsError::TooMuch(max_bytes));
                }
                Err(error) => return Err(error.into()),
            },
        };
        Ok(Payload { header: self.header, data })
    }

    /// The records one by one, unpacked as they are asked for, in memory for one of them. Together they may unpack to
    /// `max_bytes`.
    pub fn stream(&self, max_bytes: usize) -> Result<RecordStream<'a>, RecordsError> {
        RecordStream::new(self.header, self.packed_records(), max_bytes)
    }
}

/// A batch's records, unpacked.
#[derive(Clone, Debug)]
pub struct Payload<'a> {
    header: BatchHeader,
    data: Cow<'a, [u8]>,
}

impl Payload<'_> {
    /// The records in turn; the first error is the last item.
    pub fn records(&self) -> Records<'_> {
        Records::new(&self.header, &self.data)
    }

    /// The unpacked bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.data
    }
}

/// The batches of a buffer in turn. A batch that the buffer does not hold whole ends them, as does the first error.
pub const fn split(bytes: &[u8]) -> Batches<'_> {
    Batches { bytes, position: 0, failed: false }
}

/// See [`split`].
#[derive(Clone, Debug)]
pub struct Batches<'a> {
    bytes: &'a [u8],
    position: usize,
    failed: bool,
}

impl Batches<'_> {
    /// Where the next batch would begin: all before it is whole batches.
    pub const fn position(&self) -> usize {
        self.position
    }

    /// The size that the next batch claims, if there is enough of it to tell.
    pub fn next_size(&self) -> Option<usize> {
        let rest = self.bytes.get(self.position..)?;
        let length = i32::from_be_bytes(rest.get(8..LOG_OVERHEAD)?.try_into().ok()?);
        usize::try_from(length).ok()?.checked_add(LOG_OVERHEAD)
    }
}

impl<'a> Iterator for Batches<'a> {
    type Item = Result<Batch<'a>, RecordsError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        match Batch::parse(self.bytes.get(self.position..)?) {
            Ok(batch) => {
                self.position += batch?.bytes.len();
                batch.map(Ok)
            }
            Err(error) => {
                self.failed = true;
                Some(Err(error))
            }
        }
    }
}
