//! EndTxn (API 26), versions 0-5. Commits or aborts a transaction (KIP-98).
//!
//! - 3: compact and tagged (KIP-482).
//! - 4: the transactional errors of KIP-890.
//! - 5: the epoch is raised each time (KIP-890).

use crate::wire::message::{message, request};

message! {
    /// What EndTxn asks.
    EndTxnRequest (0..=5, flexible 3) {
        transactional_id: String;
        producer_id: i64;
        producer_epoch: i16;
        committed: bool;
    }

    /// What EndTxn answers.
    EndTxnResponse (0..=5, flexible 3) {
        throttle_time_ms: i32;
        error_code: i16;
        [5.., ignorable] producer_id: i64 = -1;
        [5.., ignorable] producer_epoch: i16 = -1;
    }
}

request!(EndTxn: EndTxnRequest => EndTxnResponse);
