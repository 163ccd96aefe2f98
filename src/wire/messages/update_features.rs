//! UpdateFeatures (API 57), versions 0-2. Raises or lowers feature levels (KIP-584).
//!
//! - 1: only a rehearsal, and how unsafe a downgrade may be (KIP-778).
//! - 2: one error for all (KIP-1022).

use crate::wire::message::{message, request};

message! {
    /// What UpdateFeatures asks.
    UpdateFeaturesRequest (0..=2, flexible 0) {
        timeout_ms: i32 = 60000;
        feature_updates: Vec<FeatureUpdateKey>;
        [1..] validate_only: bool;
    }

    /// One of the `feature_updates` of [`UpdateFeaturesRequest`].
    FeatureUpdateKey {
        feature: String;
        max_version_level: i16;
        [0] allow_downgrade: bool;
        [1..] upgrade_type: i8 = 1;
    }

    /// What UpdateFeatures answers.
    UpdateFeaturesResponse (0..=2, flexible 0) {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<String> = Some(String::new());
        [0..=1, ignorable] results: Vec<UpdatableFeatureResult>;
    }

    /// One of the `results` of [`UpdateFeaturesResponse`].
    UpdatableFeatureResult {
        feature: String;
        error_code: i16;
        error_message: Option<String> = Some(String::new());
    }
}

request!(UpdateFeatures: UpdateFeaturesRequest => UpdateFeaturesResponse);
