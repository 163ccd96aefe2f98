//! AddOffsetsToTxn (API 25), versions 0-4.

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
