//! DeleteAcls (API 31), versions 1-3. Deletes ACLs that match filters (KIP-140).
//!
//! - 1: prefixed patterns (KIP-290).
//! - 2: compact and tagged (KIP-482).
//! - 3: user resources (KIP-373).

use crate::wire::message::{message, request};

message! {
    /// What DeleteAcls asks.
    DeleteAclsRequest (1..=3, flexible 2) {
        filters: Vec<DeleteAclsFilter>;
    }

    /// One of the `filters` of [`DeleteAclsRequest`].
    DeleteAclsFilter {
        resource_type_filter: i8;
        resource_name_filter: Option<String> = Some(String::new());
        pattern_type_filter: i8 = 3;
        principal_filter: Option<String> = Some(String::new());
        host_filter: Option<String> = Some(String::new());
        operation: i8;
        permission_type: i8;
    }

    /// What DeleteAcls answers.
    DeleteAclsResponse (1..=3, flexible 2) {
        throttle_time_ms: i32;
        filter_results: Vec<DeleteAclsFilterResult>;
    }

    /// One of the `filter_results` of [`DeleteAclsResponse`].
    DeleteAclsFilterResult {
        error_code: i16;
        error_message: Option<String> = Some(String::new());
        matching_acls: Vec<DeleteAclsMatchingAcl>;
    }

    /// One of the `matching_acls` of [`DeleteAclsFilterResult`].
    DeleteAclsMatchingAcl {
        error_code: i16;
        error_message: Option<String> = Some(String::new());
        resource_type: i8;
        resource_name: String;
        pattern_type: i8 = 3;
        principal: String;
        host: String;
        operation: i8;
        permission_type: i8;
    }
}

request!(DeleteAcls: DeleteAclsRequest => DeleteAclsResponse);
