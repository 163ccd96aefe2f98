//! PushTelemetry (72), version 0: a client pushes its metrics (KIP-714). Offered only where there is a receiver.
//!
//! UNKNOWN_SUBSCRIPTION_ID: the subscriptions have changed, and the client asks for them again. TELEMETRY_TOO_LARGE,
//! UNSUPPORTED_COMPRESSION_TYPE, INVALID_RECORD, THROTTLING_QUOTA_EXCEEDED; INVALID_REQUEST behind its last push.

use super::context::Call;
use super::get_telemetry_subscriptions::client;
use crate::error::ErrorCode;
use crate::telemetry::Push;
use crate::types::Uuid;
use crate::wire::messages::push_telemetry::{PushTelemetryRequest, PushTelemetryResponse};

pub(crate) async fn handle(call: Call, request: PushTelemetryRequest) -> PushTelemetryResponse {
    let pushed = push(&call, request);
    let error_code = pushed.err().unwrap_or(ErrorCode::None).code();
    PushTelemetryResponse { error_code, ..Default::default() }
}

fn push(call: &Call, request: PushTelemetryRequest) -> Result<(), ErrorCode> {
    let instance = request.client_instance_id;
    let telemetry = call.context.telemetry.as_ref().ok_or(ErrorCode::UnsupportedVersion)?;
    if [Uuid::ZERO, Uuid::ONE].contains(&instance) {
        return Err(ErrorCode::InvalidRequest);
    }
    let push = Push {
        instance,
        subscription_id: request.subscription_id,
        terminating: request.terminating,
        compression: request.compression_type,
        metrics: request.metrics,
    };
    let (image, now) = (call.context.image(), call.context.clock.now());
    telemetry.push(&image.configs, &client(call, instance), &push, now)
}
