//! DescribeAcls (API 29), versions 1-3. ACLs that match a filter (KIP-140).
//!
//! - 1: prefixed patterns (KIP-290).
//! - 2: compact and tagged (KIP-482).
//! - 3: user resources (KIP-373).

use crate::wire::message::{message, request};

message! {
    /// What DescribeAcls asks.
    DescribeAclsRequest (1..=3, flexible 2) {
        resource_type_filter: i8;
        resource_name_filter: Option<String> = Some(String::new());
        pattern_type_filter: i8 = 3;
        principal_filter: Option<String> = Some(String::new());
        host_filter: Option<String> = Some(String::new());
        operation: i8;
        permission_type: i8;
    }

    /// What DescribeAcls answers.
    DescribeAclsResponse (1..=3, flexible 2) {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<String> = Some(String::new());
        resources: Vec<DescribeAclsResource>;
    }

    /// One of the `resources` of [`DescribeAclsResponse`].
    DescribeAclsResource {
        resource_type: i8;
        resource_name: String;
        pattern_type: i8 = 3;
        acls: Vec<AclDescription>;
    }

    /// One of the `acls` of [`DescribeAclsResource`].
    AclDescription {
        principal: String;
        host: String;
        operation: i8;
        permission_type: i8;
    }
}

request!(DescribeAcls: DescribeAclsRequest => DescribeAclsResponse);
