//! Why bytes are not a message, and why a message cannot be bytes. Values and their texts only.

use std::fmt;

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
