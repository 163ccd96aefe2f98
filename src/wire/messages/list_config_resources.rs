//! ListConfigResources (API 74), versions 0-1. Names of what has settings.
//!
//! - 0: of client metrics (KIP-714).
//! - 1: of every kind (KIP-1142).

use crate::wire::message::{message, request};

message! {
    /// What ListConfigResources asks.
    ListConfigResourcesRequest (0..=1, flexible 0) {
        [1..] resource_types: Vec<i8>;
    }

    /// What ListConfigResources answers.
    ListConfigResourcesResponse (0..=1, flexible 0) {
        throttle_time_ms: i32;
        error_code: i16;
        config_resources: Vec<ConfigResource>;
    }

    /// One of the `config_resources` of [`ListConfigResourcesResponse`].
    ConfigResource {
        resource_name: String;
        [1.., ignorable] resource_type: i8 = 16;
    }
}

request!(ListConfigResources: ListConfigResourcesRequest => ListConfigResourcesResponse);
