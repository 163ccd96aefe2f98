//! The `.snapshot` file beside a segment: the idempotent producers known at its offset. The version, an i16, then
//! this; the checksum is CRC-32C of all that follows it.

use crate::wire::message::message;

message! {
    /// The file's content behind the version.
    ProducerSnapshot (1..=1) {
        crc: u32;
        producer_entries: Vec<ProducerEntry>;
    }

    /// One of the `producer_entries` of [`ProducerSnapshot`].
    ProducerEntry {
        producer_id: i64;
        epoch: i16;
        last_sequence: i32;
        last_offset: i64;
        offset_delta: i32;
        timestamp: i64;
        coordinator_epoch: i32;
        current_txn_first_offset: i64;
    }
}
