//! ListGroups (API 16), versions 0-5. Groups of a broker.
//!
//! - 3: compact and tagged (KIP-482).
//! - 4: by state (KIP-518).
//! - 5: by type (KIP-848).

use crate::wire::message::{message, request};

message! {
    /// What ListGroups asks.
    ListGroupsRequest (0..=5, flexible 3) {
        [4..] states_filter: Vec<String>;
        [5..] types_filter: Vec<String>;
    }

    /// What ListGroups answers.
    ListGroupsResponse (0..=5, flexible 3) {
        [1.., ignorable] throttle_time_ms: i32;
        error_code: i16;
        groups: Vec<ListedGroup>;
    }

    /// One of the `groups` of [`ListGroupsResponse`].
    ListedGroup {
        group_id: String;
        protocol_type: String;
        [4.., ignorable] group_state: String;
        [5.., ignorable] group_type: String;
    }
}

request!(ListGroups: ListGroupsRequest => ListGroupsResponse);
