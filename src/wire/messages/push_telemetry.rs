//! PushTelemetry (API 72), version 0. A client pushes its metrics (KIP-714).

use bytes::Bytes;

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What PushTelemetry asks.
    PushTelemetryRequest (0..=0, flexible 0) {
        client_instance_id: Uuid;
        subscription_id: i32;
        terminating: bool;
        compression_type: i8;
        metrics: Bytes;
    }

    /// What PushTelemetry answers.
    PushTelemetryResponse (0..=0, flexible 0) {
        throttle_time_ms: i32;
        error_code: i16;
    }
}

request!(PushTelemetry: PushTelemetryRequest => PushTelemetryResponse);
