//! AddRaftVoter (API 80), versions 0-1. Adds a voter to the quorum (KIP-853).
//!
//! - 1: whether to answer before it is committed (KIP-1186).

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What AddRaftVoter asks.
    AddRaftVoterRequest (0..=1, flexible 0) {
        cluster_id: Option<String> = Some(String::new());
        timeout_ms: i32;
        voter_id: i32;
        voter_directory_id: Uuid;
        listeners: Vec<Listener>;
        [1..] ack_when_committed: bool = true;
    }

    /// One of the `listeners` of [`AddRaftVoterRequest`].
    Listener {
        name: String;
        host: String;
        port: u16;
    }

    /// What AddRaftVoter answers.
    AddRaftVoterResponse (0..=1, flexible 0) {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<String> = Some(String::new());
    }
}

request!(AddRaftVoter: AddRaftVoterRequest => AddRaftVoterResponse);
