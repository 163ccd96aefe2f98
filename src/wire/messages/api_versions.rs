//! ApiVersions (API 18), versions 0-4. What a broker speaks (KIP-35). The answer's header is always version 0, so
//! that anyone can read it.
//!
//! - 3: compact and tagged (KIP-482); the client's software (KIP-511), features (KIP-584).
//! - 4: features may begin at level 0 (KIP-1022).

use crate::wire::message::{message, request};

message! {
    /// What ApiVersions asks.
    ApiVersionsRequest (0..=4, flexible 3) {
        [3.., ignorable] client_software_name: String;
        [3.., ignorable] client_software_version: String;
    }

    /// What ApiVersions answers.
    ApiVersionsResponse (0..=4, flexible 3) {
        error_code: i16;
        api_keys: Vec<ApiVersion>;
        [1.., ignorable] throttle_time_ms: i32;
        @0 [3.., ignorable] supported_features: Vec<SupportedFeatureKey>;
        @1 [3.., ignorable] finalized_features_epoch: i64 = -1;
        @2 [3.., ignorable] finalized_features: Vec<FinalizedFeatureKey>;
        @3 [3.., ignorable] zk_migration_ready: bool;
    }

    /// One of the `api_keys` of [`ApiVersionsResponse`].
    ApiVersion {
        api_key: i16;
        min_version: i16;
        max_version: i16;
    }

    /// One of the `supported_features` of [`ApiVersionsResponse`].
    SupportedFeatureKey {
        name: String;
        min_version: i16;
        max_version: i16;
    }

    /// One of the `finalized_features` of [`ApiVersionsResponse`].
    FinalizedFeatureKey {
        name: String;
        max_version_level: i16;
        min_version_level: i16;
    }
}

request!(ApiVersions: ApiVersionsRequest => ApiVersionsResponse);
