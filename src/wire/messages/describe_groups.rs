//! DescribeGroups (API 15), versions 0-6. State and members of classic groups.
//!
//! - 3: authorized operations (KIP-430).
//! - 4: static members (KIP-345).
//! - 5: compact and tagged (KIP-482).
//! - 6: an unknown group is an error with a message (KIP-1043).

use bytes::Bytes;

use crate::wire::message::{message, request};

message! {
    /// What DescribeGroups asks.
    DescribeGroupsRequest (0..=6, flexible 5) {
        groups: Vec<String>;
        [3..] include_authorized_operations: bool;
    }

    /// What DescribeGroups answers.
    DescribeGroupsResponse (0..=6, flexible 5) {
        [1.., ignorable] throttle_time_ms: i32;
        groups: Vec<DescribedGroup>;
    }

    /// One of the `groups` of [`DescribeGroupsResponse`].
    DescribedGroup {
        error_code: i16;
        [6..] error_message: Option<String>;
        group_id: String;
        group_state: String;
        protocol_type: String;
        protocol_data: String;
        members: Vec<DescribedGroupMember>;
        [3..] authorized_operations: i32 = i32::MIN;
    }

    /// One of the `members` of [`DescribedGroup`].
    DescribedGroupMember {
        member_id: String;
        [4.., ignorable] group_instance_id: Option<String>;
        client_id: String;
        client_host: String;
        member_metadata: Bytes;
        member_assignment: Bytes;
    }
}

request!(DescribeGroups: DescribeGroupsRequest => DescribeGroupsResponse);
