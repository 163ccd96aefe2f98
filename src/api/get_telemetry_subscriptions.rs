//! GetTelemetrySubscriptions (71), version 0: which metrics a client shall push (KIP-714). Offered only where there is
//! a receiver.
//!
//! A client without an id of its own is given one. UNSUPPORTED_VERSION where there is no receiver;
//! THROTTLING_QUOTA_EXCEEDED for one that asks more often than it should push.

use super::context::Call;
use crate::error::ErrorCode;
use crate::telemetry::Client;
use crate::types::Uuid;
use crate::wire::compression::Codec;
use crate::wire::messages::get_telemetry_subscriptions::{
    GetTelemetrySubscriptionsRequest, GetTelemetrySubscriptionsResponse,
};

/// What a push may be packed with, in the order of preference.
const CODECS: [Codec; 4] = [Codec::Zstd, Codec::Lz4, Codec::Gzip, Codec::Snappy];

pub(crate) async fn handle(
    call: Call,
    request: GetTelemetrySubscriptionsRequest,
) -> GetTelemetrySubscriptionsResponse {
    let instance = match request.client_instance_id {
        Uuid::ZERO => Uuid::random(),
        id => id,
    };
    let refused = |code: ErrorCode| GetTelemetrySubscriptionsResponse {
        error_code: code.code(),
        ..Default::default()
    };
    let Some(telemetry) = &call.context.telemetry else {
        return refused(ErrorCode::UnsupportedVersion);
    };
    let (image, now) = (call.context.image(), call.context.clock.now());
    match telemetry.subscribe(&image.configs, &client(&call, instance), now) {
        Err(code) => refused(code),
        Ok(told) => GetTelemetrySubscriptionsResponse {
            client_instance_id: instance,
            subscription_id: told.id,
            accepted_compression_types: CODECS.map(|codec| (codec as u8).cast_signed()).to_vec(),
            push_interval_ms: told.interval_ms,
            telemetry_max_bytes: call.context.config.load().telemetry_max_bytes(),
            delta_temporality: true,
            requested_metrics: told.metrics,
            ..Default::default()
        },
    }
}

/// Who calls, as subscriptions see it.
pub(super) fn client(call: &Call, instance: Uuid) -> Client<'_> {
    let software = call.session.software.get();
    Client {
        instance,
        client_id: call.client_id.as_deref().unwrap_or_default(),
        software: software.map_or(("", ""), |(name, version)| (name, version)),
        host: &call.session.host,
        peer: call.session.peer,
    }
}
