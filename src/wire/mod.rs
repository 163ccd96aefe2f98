//! Bytes to values and back: Kafka's messages, headers, stored records, record batches and compression.
//!
//! Nothing here keeps state, reads a clock or touches a file or socket. Input is never trusted: decoding refuses with
//! an error, never panics, and never sets aside more memory than the bytes at hand can fill.

// Every API: number, versions, headers, listeners.
pub mod api_key;

// Single values: integers, strings, arrays, tagged fields.
pub mod codec;

// The codecs of record batches.
pub mod compression;

// Requests and answers with their headers, as they travel.
pub mod exchange;

// What stands before requests and responses.
pub mod header;

// What every message can do, and the language of their schemas.
pub mod message;

// The messages of every API.
pub mod messages;

// Record batches.
pub mod records;

// Records and files of the internal topics and of the metadata log.
pub mod stored;
