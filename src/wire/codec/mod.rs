//! How single values lie on the wire: integers, varints, strings, arrays, nullable structs, tagged fields.
//!
//! [`Reader`] and [`Writer`] know whether the message at hand is flexible (KIP-482), so that one definition of a struct
//! serves both forms. Reading follows Kafka bit for bit where it is lenient: a varint's excess bits are dropped,
//! negative lengths are null, broken UTF-8 becomes U+FFFD, the stated size of a known tagged field is not checked.
//! Reading never panics and reserves no more memory than the bytes that remain could fill.

mod error;
mod few;
mod reader;
mod tags;
mod text;
mod values;
mod writer;

pub use error::{DecodeError, EncodeError};
pub use few::Few;
pub use reader::Reader;
pub use tags::UnknownTags;
pub use text::Text;
pub use values::Wire;
pub use writer::{Writer, uvarint_size};

/// The longest string in bytes, on the wire and in Kafka's files.
pub const STRING_BYTES_MAX: usize = 0x7fff;
