//! FindCoordinator (API 10), versions 0-6. Which broker coordinates a group, a transactional id or a share
//! partition.
//!
//! - 1: transactional ids (KIP-98).
//! - 3: compact and tagged (KIP-482).
//! - 4: several keys (KIP-699).
//! - 5: the transactional errors of KIP-890.
//! - 6: share partitions (KIP-932).

use crate::wire::message::{message, request};

message! {
    /// What FindCoordinator asks.
    FindCoordinatorRequest (0..=6, flexible 3) {
        [0..=3] key: String;
        [1..] key_type: i8;
        [4..] coordinator_keys: Vec<String>;
    }

    /// What FindCoordinator answers.
    FindCoordinatorResponse (0..=6, flexible 3) {
        [1.., ignorable] throttle_time_ms: i32;
        [0..=3] error_code: i16;
        [1..=3, ignorable] error_message: Option<String> = Some(String::new());
        [0..=3] node_id: i32;
        [0..=3] host: String;
        [0..=3] port: i32;
        [4..] coordinators: Vec<Coordinator>;
    }

    /// One of the `coordinators` of [`FindCoordinatorResponse`].
    Coordinator {
        key: String;
        node_id: i32;
        host: String;
        port: i32;
        error_code: i16;
        error_message: Option<String> = Some(String::new());
    }
}

request!(FindCoordinator: FindCoordinatorRequest => FindCoordinatorResponse);
