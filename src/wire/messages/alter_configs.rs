//! AlterConfigs (API 33), versions 0-2. Replaces all settings of a resource (KIP-133); IncrementalAlterConfigs is
//! better.
//!
//! - 2: compact and tagged (KIP-482).

use crate::wire::message::{message, request};

message! {
    /// What AlterConfigs asks.
    AlterConfigsRequest (0..=2, flexible 2) {
        resources: Vec<AlterConfigsResource>;
        validate_only: bool;
    }

    /// One of the `resources` of [`AlterConfigsRequest`].
    AlterConfigsResource {
        resource_type: i8;
        resource_name: String;
        configs: Vec<AlterableConfig>;
    }

    /// One of the `configs` of [`AlterConfigsResource`].
    AlterableConfig {
        name: String;
        value: Option<String> = Some(String::new());
    }

    /// What AlterConfigs answers.
    AlterConfigsResponse (0..=2, flexible 2) {
        throttle_time_ms: i32;
        responses: Vec<AlterConfigsResourceResponse>;
    }

    /// One of the `responses` of [`AlterConfigsResponse`].
    AlterConfigsResourceResponse {
        error_code: i16;
        error_message: Option<String> = Some(String::new());
        resource_type: i8;
        resource_name: String;
    }
}

request!(AlterConfigs: AlterConfigsRequest => AlterConfigsResponse);
