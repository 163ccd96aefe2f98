//! AddOffsetsToTxn (API 25), versions 0-4. Adds a group's offsets to a transaction (KIP-98).
//!
//! - 3: compact and tagged (KIP-482).
//! - 4: the transactional errors of KIP-890.

use crate::wire::message::{message, request};

message! {
    /// What AddOffsetsToTxn asks.
    AddOffsetsToTxnRequest (0..=4, flexible 3) {
        transactional_id: String;
        producer_id: i64;
        producer_epoch: i16;
        group_id: String;
    }

    /// What AddOffsetsToTxn answers.
    AddOffsetsToTxnResponse (0..=4, flexible 3) {
        throttle_time_ms: i32;
        error_code: i16;
    }
}

request!(AddOffsetsToTxn: AddOffsetsToTxnRequest => AddOffsetsToTxnResponse);
