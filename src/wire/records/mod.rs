//! Record batches, format 2 (KIP-98): borrowed, checked, changed in place, built.
//!
//! ```text
//!  0         8       12            16    17    21         23           27             35            43
//!  ├─────────┼───────┼─────────────┼─────┼─────┼──────────┼────────────┼──────────────┼─────────────┤
//!  │ base    │ length│ partition   │magic│ crc │attributes│ last offset│ base         │ max         │
//!  │ offset 8│ 4     │ leader      │ 1   │ 4   │ 2        │ delta 4    │ timestamp 8  │ timestamp 8 │
//!  │         │       │ epoch 4     │ = 2 │     │          │            │              │             │
//!  └─────────┴───────┴─────────────┴─────┴─────┴──────────┴────────────┴──────────────┴─────────────┘
//!  43           51               53             57        61
//!  ├────────────┼────────────────┼──────────────┼─────────┼────────────────────────────
//!  │ producer 8 │producer epoch 2│base sequence4│ count 4 │ records, perhaps compressed
//!  └────────────┴────────────────┴──────────────┴─────────┴────────────────────────────
//! ```
//!
//! The length counts from byte 12; the crc (CRC-32C) covers byte 21 to the end, so that offset and leader epoch are
//! given without touching it. Formats 0 and 1 are refused, as a Kafka 4 leader refuses them. Nothing in here reads
//! files, knows a log, or panics on bytes from outside.

mod batch;
mod builder;
mod control;
mod error;
mod header;
mod inspect;
mod mutate;
mod record;
mod stream;
mod validate;
mod varint;

#[cfg(test)]
mod tests;

pub use batch::{Batch, Batches, Payload, split};
pub use builder::{BatchBuilder, empty_batch};
pub use control::{ControlType, EndTxnMarker};
pub use error::RecordsError;
pub use header::{
    BatchHeader, NO_PRODUCER_EPOCH, NO_PRODUCER_ID, NO_SEQUENCE, NO_TIMESTAMP, TimestampType,
};
pub use header::{checksum, checksum_of, decrement_sequence, increment_sequence};
pub use inspect::RecordError;
pub use mutate::BatchMut;
pub use record::{Headers, PartialRecord, Record, RecordHeader, Records};
pub use stream::RecordStream;
pub use validate::{Depth, Options, Origin, Rejected, Target, Validated, check, check_request};
pub use varint::{write_varint, write_varlong};
