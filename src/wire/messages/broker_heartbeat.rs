//! BrokerHeartbeat (API 63), versions 0-2. A broker is alive, how far it has followed, what it wants (KIP-631).
//!
//! - 1: disks gone (KIP-858).
//! - 2: disks that take no new replicas (KIP-1066).

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What BrokerHeartbeat asks.
    BrokerHeartbeatRequest (0..=2, flexible 0) {
        broker_id: i32;
        broker_epoch: i64 = -1;
        current_metadata_offset: i64;
        want_fence: bool;
        want_shut_down: bool;
        @0 [1..] offline_log_dirs: Vec<Uuid>;
        @1 [2..] cordoned_log_dirs: Option<Vec<Uuid>>;
    }

    /// What BrokerHeartbeat answers.
    BrokerHeartbeatResponse (0..=2, flexible 0) {
        throttle_time_ms: i32;
        error_code: i16;
        is_caught_up: bool;
        is_fenced: bool = true;
        should_shut_down: bool;
    }
}

request!(BrokerHeartbeat: BrokerHeartbeatRequest => BrokerHeartbeatResponse);
