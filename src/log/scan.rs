//! Walking over the batches of a file: by their headers alone, or whole.
//!
//! Never trusts a length: what does not fit, does not parse or does not grow is the end, and the caller is told why.
//!
//! Two windows: with 4 KiB at a time a walk over headers skips most of a large batch without reading it; with 1 MiB a
//! walk over whole batches reads each byte once.

use std::fmt;
use std::io;

use super::files::File;
use crate::types::Offset;
use crate::wire::records::{Batch, BatchHeader, RecordsError};

/// Bytes read at once when only headers are wanted.
const HEADER_WINDOW: usize = 4 << 10;
/// Bytes read at once when all are wanted.
const BATCH_WINDOW: usize = 1 << 20;

/// A batch that was found.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Where it begins in the file.
    pub position: u64,
    /// Its header.
    pub header: BatchHeader,
}

impl Found {
    /// Where it ends in the file.
    pub const fn end(&self) -> u64 {
        self.position + self.header.size_in_bytes() as u64
    }
}

/// Why there is no next batch before the end.
#[derive(Debug)]
pub enum Bad {
    /// The system refused to read.
    Io(io::Error),
    /// What is there is no batch.
    Records(RecordsError),
    /// There are fewer bytes left than the batch claims.
    Short,
    /// Its offsets are not behind those of the batch before it.
    Order(Offset),
    /// Its last offset is before its first.
    Backwards,
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Records(error) => error.fmt(f),
            Self::Short => f.write_str("the batch is cut short"),
            Self::Order(offset) => write!(f, "offset {offset} is out of order"),
            Self::Backwards => f.write_str("the batch ends before it begins"),
        }
    }
}

impl From<io::Error> for Bad {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<RecordsError> for Bad {
    fn from(error: RecordsError) -> Self {
        Self::Records(error)
    }
}

/// Walks over the batches of `file` between two positions.
pub struct Scanner<'a> {
    file: &'a dyn File,
    position: u64,
    /// Nothing at or behind this byte is looked at, though the file may be longer: another may be writing there.
    end: u64,
    /// No batch may begin below this: the offset behind the last one.
    expected: Offset,
    window: usize,
    buffer: Vec<u8>,
    /// Where in the file the buffer begins.
    buffer_at: u64,
}

impl<'a> Scanner<'a> {
    /// Reads headers only, from `position` to `end`; offsets must not be below `first_offset`.
    pub fn headers(file: &'a dyn File, position: u64, end: u64, first_offset: Offset) -> Self {
        let (window, buffer) = (HEADER_WINDOW, Vec::new());
        Self { file, position, end, expected: first_offset, window, buffer, buffer_at: position }
    }

    /// Reads whole batches, in large pieces.
    pub fn batches(file: &'a dyn File, position: u64, end: u64, first_offset: Offset) -> Self {
        Self { window: BATCH_WINDOW, ..Self::headers(file, position, end, first_offset) }
    }

    /// Where the next batch would begin: everything before it was sound.
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// The next batch; none at the end.
    pub fn next_header(&mut self) -> Result<Option<Found>, Bad> {
        // A damaged index points anywhere.
        let left = self.end.checked_sub(self.position).ok_or(Bad::Short)?;
        if left == 0 {
            return Ok(None);
        }
        if left < BatchHeader::SIZE as u64 {
            return Err(Bad::Short);
        }
        let header =
            BatchHeader::parse(self.bytes(self.position, BatchHeader::SIZE)?)?.ok_or(Bad::Short)?;
        let found = Found { position: self.position, header };
        if found.end() > self.end {
            return Err(Bad::Short);
        }
        if header.last_offset_delta < 0 {
            return Err(Bad::Backwards);
        }
        if header.base_offset < self.expected {
            return Err(Bad::Order(header.base_offset));
        }
        self.position = found.end();
        self.expected = header.next_offset();
        Ok(Some(found))
    }

    /// All of a batch that was just found.
    pub fn batch(&mut self, found: &Found) -> Result<Batch<'_>, Bad> {
        let bytes = self.bytes(found.position, found.header.size_in_bytes())?;
        Batch::parse(bytes)?.ok_or(Bad::Short)
    }

    /// `len` bytes at `at`, from the buffer if it has them.
    fn bytes(&mut self, at: u64, len: usize) -> Result<&[u8], Bad> {
        let offset = at.checked_sub(self.buffer_at).and_then(|from| usize::try_from(from).ok());
        if let Some(from) = offset.filter(|from| from + len <= self.buffer.len()) {
            return Ok(&self.buffer[from..from + len]);
        }
        let left = usize::try_from(self.end - at).unwrap_or(usize::MAX);
        let wanted = self.window.max(len).min(left);
        self.buffer.resize(wanted, 0);
        self.buffer_at = at;
        let read = self.file.read_at(&mut self.buffer, at)?;
        self.buffer.truncate(read);
        self.buffer.get(..len).ok_or(Bad::Short)
    }
}
