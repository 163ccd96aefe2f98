//! SyncGroup (API 14), versions 0-5. The leader hands out assignments, the others fetch theirs.
//!
//! - 3: static members (KIP-345).
//! - 4: compact and tagged (KIP-482).
//! - 5: the protocol's type and name (KIP-559).

use bytes::Bytes;

use crate::wire::message::{message, request};

message! {
    /// What SyncGroup asks.
    SyncGroupRequest (0..=5, flexible 4) {
        group_id: String;
        generation_id: i32;
        member_id: String;
        [3..] group_instance_id: Option<String>;
        [5.., ignorable] protocol_type: Option<String>;
        [5.., ignorable] protocol_name: Option<String>;
        assignments: Vec<SyncGroupRequestAssignment>;
    }

    /// One of the `assignments` of [`SyncGroupRequest`].
    SyncGroupRequestAssignment {
        member_id: String;
        assignment: Bytes;
    }

    /// What SyncGroup answers.
    SyncGroupResponse (0..=5, flexible 4) {
        [1.., ignorable] throttle_time_ms: i32;
        error_code: i16;
        [5.., ignorable] protocol_type: Option<String>;
        [5.., ignorable] protocol_name: Option<String>;
        assignment: Bytes;
    }
}

request!(SyncGroup: SyncGroupRequest => SyncGroupResponse);
