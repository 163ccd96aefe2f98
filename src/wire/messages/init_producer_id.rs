//! InitProducerId (API 22), versions 0-6. A producer's id and epoch (KIP-98).
//!
//! - 2: compact and tagged (KIP-482).
//! - 3: goes on after an error with the id it has (KIP-360).
//! - 4: a fenced producer is told so (KIP-588).
//! - 5: the transactional errors of KIP-890.
//! - 6: two-phase commit (KIP-939), not yet stable and not offered.

use crate::wire::message::{message, request};

message! {
    /// What InitProducerId asks.
    InitProducerIdRequest (0..=6, flexible 2) {
        transactional_id: Option<String> = Some(String::new());
        transaction_timeout_ms: i32;
        [3..] producer_id: i64 = -1;
        [3..] producer_epoch: i16 = -1;
        [6..] enable2_pc: bool;
        [6..] keep_prepared_txn: bool;
    }

    /// What InitProducerId answers.
    InitProducerIdResponse (0..=6, flexible 2) {
        throttle_time_ms: i32;
        error_code: i16;
        producer_id: i64 = -1;
        producer_epoch: i16;
        [6..] ongoing_txn_producer_id: i64 = -1;
        [6..] ongoing_txn_producer_epoch: i16 = -1;
    }
}

request!(InitProducerId: InitProducerIdRequest => InitProducerIdResponse);
