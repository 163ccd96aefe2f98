//! DeleteGroups (API 42), versions 0-2. Deletes empty groups (KIP-229).
//!
//! - 2: compact and tagged (KIP-482).

use crate::wire::message::{message, request};

message! {
    /// What DeleteGroups asks.
    DeleteGroupsRequest (0..=2, flexible 2) {
        groups_names: Vec<String>;
    }

    /// What DeleteGroups answers.
    DeleteGroupsResponse (0..=2, flexible 2) {
        throttle_time_ms: i32;
        results: Vec<DeletableGroupResult>;
    }

    /// One of the `results` of [`DeleteGroupsResponse`].
    DeletableGroupResult {
        group_id: String;
        error_code: i16;
    }
}

request!(DeleteGroups: DeleteGroupsRequest => DeleteGroupsResponse);
