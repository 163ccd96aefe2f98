//! LeaveGroup (API 13), versions 0-5. Members leave a classic group.
//!
//! - 3: several members, static ones too (KIP-345).
//! - 4: compact and tagged (KIP-482).
//! - 5: why (KIP-800).

use crate::wire::message::{message, request};

message! {
    /// What LeaveGroup asks.
    LeaveGroupRequest (0..=5, flexible 4) {
        group_id: String;
        [0..=2] member_id: String;
        [3..] members: Vec<MemberIdentity>;
    }

    /// One of the `members` of [`LeaveGroupRequest`].
    MemberIdentity {
        member_id: String;
        group_instance_id: Option<String>;
        [5.., ignorable] reason: Option<String>;
    }

    /// What LeaveGroup answers.
    LeaveGroupResponse (0..=5, flexible 4) {
        [1.., ignorable] throttle_time_ms: i32;
        error_code: i16;
        [3..] members: Vec<MemberResponse>;
    }

    /// One of the `members` of [`LeaveGroupResponse`].
    MemberResponse {
        member_id: String;
        group_instance_id: Option<String> = Some(String::new());
        error_code: i16;
    }
}

request!(LeaveGroup: LeaveGroupRequest => LeaveGroupResponse);
