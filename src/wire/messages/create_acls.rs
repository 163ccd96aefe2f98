//! CreateAcls (API 30), versions 1-3. Creates ACLs (KIP-140).
//!
//! - 1: prefixed patterns (KIP-290).
//! - 2: compact and tagged (KIP-482).
//! - 3: user resources (KIP-373).

use crate::wire::message::{message, request};

message! {
    /// What CreateAcls asks.
    CreateAclsRequest (1..=3, flexible 2) {
        creations: Vec<AclCreation>;
    }

    /// One of the `creations` of [`CreateAclsRequest`].
    AclCreation {
        resource_type: i8;
        resource_name: String;
        resource_pattern_type: i8 = 3;
        principal: String;
        host: String;
        operation: i8;
        permission_type: i8;
    }

    /// What CreateAcls answers.
    CreateAclsResponse (1..=3, flexible 2) {
        throttle_time_ms: i32;
        results: Vec<AclCreationResult>;
    }

    /// One of the `results` of [`CreateAclsResponse`].
    AclCreationResult {
        error_code: i16;
        error_message: Option<String> = Some(String::new());
    }
}

request!(CreateAcls: CreateAclsRequest => CreateAclsResponse);
