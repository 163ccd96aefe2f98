//! JoinGroup (API 11), versions 0-9.

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
