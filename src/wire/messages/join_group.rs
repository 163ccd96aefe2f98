//! JoinGroup (API 11), versions 0-9. A member of a classic group joins.
//!
//! - 1: a rebalance timeout of its own (KIP-62).
//! - 4: a new member is first told its id (KIP-394).
//! - 5: static members (KIP-345).
//! - 6: compact and tagged (KIP-482).
//! - 7: the protocol's type in the answer (KIP-559).
//! - 8: why it joins (KIP-800).
//! - 9: a leader may be told not to assign (KIP-814).

use bytes::Bytes;

use crate::wire::message::{message, request};

message! {
    /// What JoinGroup asks.
    JoinGroupRequest (0..=9, flexible 6) {
        group_id: String;
        session_timeout_ms: i32;
        [1.., ignorable] rebalance_timeout_ms: i32 = -1;
        member_id: String;
        [5..] group_instance_id: Option<String>;
        protocol_type: String;
        protocols: Vec<JoinGroupRequestProtocol>;
        [8.., ignorable] reason: Option<String>;
    }

    /// One of the `protocols` of [`JoinGroupRequest`].
    JoinGroupRequestProtocol {
        name: String;
        metadata: Bytes;
    }

    /// What JoinGroup answers.
    JoinGroupResponse (0..=9, flexible 6) {
        [2.., ignorable] throttle_time_ms: i32;
        error_code: i16;
        generation_id: i32 = -1;
        [7.., ignorable] protocol_type: Option<String>;
        protocol_name: Option<String> [null 7..] = Some(String::new());
        leader: String;
        [9..] skip_assignment: bool;
        member_id: String;
        members: Vec<JoinGroupResponseMember>;
    }

    /// One of the `members` of [`JoinGroupResponse`].
    JoinGroupResponseMember {
        member_id: String;
        [5.., ignorable] group_instance_id: Option<String>;
        metadata: Bytes;
    }
}

request!(JoinGroup: JoinGroupRequest => JoinGroupResponse);
