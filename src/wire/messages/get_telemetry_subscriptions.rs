//! GetTelemetrySubscriptions (API 71), version 0. Which metrics a client shall push (KIP-714).

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What GetTelemetrySubscriptions asks.
    GetTelemetrySubscriptionsRequest (0..=0, flexible 0) {
        client_instance_id: Uuid;
    }

    /// What GetTelemetrySubscriptions answers.
    GetTelemetrySubscriptionsResponse (0..=0, flexible 0) {
        throttle_time_ms: i32;
        error_code: i16;
        client_instance_id: Uuid;
        subscription_id: i32;
        accepted_compression_types: Vec<i8>;
        push_interval_ms: i32;
        telemetry_max_bytes: i32;
        delta_temporality: bool;
        requested_metrics: Vec<String>;
    }
}

request!(GetTelemetrySubscriptions: GetTelemetrySubscriptionsRequest => GetTelemetrySubscriptionsResponse);
