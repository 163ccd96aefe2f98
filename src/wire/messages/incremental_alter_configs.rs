//! IncrementalAlterConfigs (API 44), versions 0-1. Sets, deletes, appends to, subtracts from single settings
//! (KIP-339).
//!
//! - 1: compact and tagged (KIP-482).

use crate::wire::message::{message, request};

message! {
    /// What IncrementalAlterConfigs asks.
    IncrementalAlterConfigsRequest (0..=1, flexible 1) {
        resources: Vec<AlterConfigsResource>;
        validate_only: bool;
    }

    /// One of the `resources` of [`IncrementalAlterConfigsRequest`].
    AlterConfigsResource {
        resource_type: i8;
        resource_name: String;
        configs: Vec<AlterableConfig>;
    }

    /// One of the `configs` of [`AlterConfigsResource`].
    AlterableConfig {
        name: String;
        config_operation: i8;
        value: Option<String> = Some(String::new());
    }

    /// What IncrementalAlterConfigs answers.
    IncrementalAlterConfigsResponse (0..=1, flexible 1) {
        throttle_time_ms: i32;
        responses: Vec<AlterConfigsResourceResponse>;
    }

    /// One of the `responses` of [`IncrementalAlterConfigsResponse`].
    AlterConfigsResourceResponse {
        error_code: i16;
        error_message: Option<String> = Some(String::new());
        resource_type: i8;
        resource_name: String;
    }
}

request!(IncrementalAlterConfigs: IncrementalAlterConfigsRequest => IncrementalAlterConfigsResponse);
