//! UpdateRaftVoter (API 82), version 0. A voter tells the leader its endpoints and versions (KIP-853).

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What UpdateRaftVoter asks.
    UpdateRaftVoterRequest (0..=0, flexible 0) {
        cluster_id: Option<String> = Some(String::new());
        current_leader_epoch: i32;
        voter_id: i32;
        voter_directory_id: Uuid;
        listeners: Vec<Listener>;
        kraft_version_feature: KRaftVersionFeature;
    }

    /// One of the `listeners` of [`UpdateRaftVoterRequest`].
    Listener {
        name: String;
        host: String;
        port: u16;
    }

    /// The `kraft_version_feature` of [`UpdateRaftVoterRequest`].
    KRaftVersionFeature {
        min_supported_version: i16;
        max_supported_version: i16;
    }

    /// What UpdateRaftVoter answers.
    UpdateRaftVoterResponse (0..=0, flexible 0) {
        throttle_time_ms: i32;
        error_code: i16;
        @0 current_leader: CurrentLeader;
    }

    /// The `current_leader` of [`UpdateRaftVoterResponse`].
    CurrentLeader {
        leader_id: i32 = -1;
        leader_epoch: i32 = -1;
        host: String;
        port: i32;
    }
}

request!(UpdateRaftVoter: UpdateRaftVoterRequest => UpdateRaftVoterResponse);
