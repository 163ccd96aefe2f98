//! Bytes to values and back. No state, no input or output.

/// The codecs of record batches.
pub mod compression;

/// Record batches.
pub mod records;
