//! RemoveRaftVoter (API 81), version 0. Removes a voter from the quorum (KIP-853).

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What RemoveRaftVoter asks.
    RemoveRaftVoterRequest (0..=0, flexible 0) {
        cluster_id: Option<String> = Some(String::new());
        voter_id: i32;
        voter_directory_id: Uuid;
    }

    /// What RemoveRaftVoter answers.
    RemoveRaftVoterResponse (0..=0, flexible 0) {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<String> = Some(String::new());
    }
}

request!(RemoveRaftVoter: RemoveRaftVoterRequest => RemoveRaftVoterResponse);
