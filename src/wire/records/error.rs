//! What can be wrong with bytes that should be record batches, in Kafka's words.

use std::borrow::Cow;
use std::fmt;

use crate::error::{Error, ErrorCode};

/// Why bytes are not record batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordsError {
    /// The length field (given) is below the least that any format has.
    Length(i32),
    /// The length field (given) is beyond what a batch can be.
    TooLong(i32),
    /// The magic byte (given) is of no format.
    Magic(i8),
    /// The magic byte (given) is of a format that is no longer taken.
    OldMagic(i8),
    /// The batch's size in bytes (given) does not hold its own header.
    Header(usize),
    /// The bytes are not those that were sealed.
    Crc {
        /// What the header says.
        stored: u32,
        /// What the bytes say.
        computed: u32,
    },
    /// The attributes name no codec.
    Codec(u8),
    /// The payload does not unpack: why.
    Decompress(String),
    /// The payload unpacks to more than this many bytes.
    TooMuch(usize),
    /// The records are not well formed: how.
    Record(Cow<'static, str>),
}

impl RecordsError {
    /// What a client is told. Bytes that a new attempt would repeat are `INVALID_RECORD`, which is final.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Length(_)
            | Self::TooLong(_)
            | Self::Magic(_)
            | Self::Header(_)
            | Self::Crc { .. } => ErrorCode::CorruptMessage,
            Self::OldMagic(_) | Self::Codec(_) | Self::Decompress(_) | Self::Record(_) => {
                ErrorCode::InvalidRecord
            }
            // A producer may split what it has batched, and try again.
            Self::TooMuch(_) => ErrorCode::MessageTooLarge,
        }
    }
}

impl fmt::Display for RecordsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(length) => {
                write!(f, "Record size {length} is less than the minimum record overhead (14)")
            }
            Self::TooLong(length) => {
                write!(f, "Record size {length} is more than a batch can have")
            }
            Self::Magic(magic) => write!(f, "Invalid magic found in record: {magic}"),
            Self::OldMagic(magic) => write!(f, "Batches of magic {magic} are no longer accepted"),
            Self::Header(size) => write!(
                f,
                "Record batch is corrupt (the size {size} is smaller than the minimum allowed overhead 61)"
            ),
            Self::Crc { stored, computed } => {
                write!(f, "Record is corrupt (stored crc = {stored}, computed crc = {computed})")
            }
            Self::Codec(id) => write!(f, "Unknown compression type id: {id}"),
            Self::Decompress(why) => write!(f, "Failed to decompress record stream: {why}"),
            Self::TooMuch(limit) => {
                write!(f, "The batch or a record of it unpacks to more than {limit} bytes")
            }
            Self::Record(how) => f.write_str(how),
        }
    }
}

impl std::error::Error for RecordsError {}

impl From<RecordsError> for Error {
    fn from(error: RecordsError) -> Self {
        Self::Corrupt(error.to_string())
    }
}

impl From<std::io::Error> for RecordsError {
    fn from(error: std::io::Error) -> Self {
        Self::Decompress(error.to_string())
    }
}
