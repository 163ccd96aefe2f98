//! Heartbeat (API 12), versions 0-4. A member of a classic group is alive.
//!
//! - 3: static members (KIP-345).
//! - 4: compact and tagged (KIP-482).

use crate::wire::message::{message, request};

message! {
    /// What Heartbeat asks.
    HeartbeatRequest (0..=4, flexible 4) {
        group_id: String;
        generation_id: i32;
        member_id: String;
        [3..] group_instance_id: Option<String>;
    }

    /// What Heartbeat answers.
    HeartbeatResponse (0..=4, flexible 4) {
        [1.., ignorable] throttle_time_ms: i32;
        error_code: i16;
    }
}

request!(Heartbeat: HeartbeatRequest => HeartbeatResponse);
