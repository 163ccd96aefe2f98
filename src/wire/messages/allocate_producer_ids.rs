//! AllocateProducerIds (API 67), version 0. The controller gives a broker a block of producer ids (KIP-730).

use crate::wire::message::{message, request};

message! {
    /// What AllocateProducerIds asks.
    AllocateProducerIdsRequest (0..=0, flexible 0) {
        broker_id: i32;
        broker_epoch: i64 = -1;
    }

    /// What AllocateProducerIds answers.
    AllocateProducerIdsResponse (0..=0, flexible 0) {
        throttle_time_ms: i32;
        error_code: i16;
        producer_id_start: i64;
        producer_id_len: i32;
    }
}

request!(AllocateProducerIds: AllocateProducerIdsRequest => AllocateProducerIdsResponse);
