//! Metrics that clients push (KIP-714): who shall push what, and what they pushed, for a scrape.
//!
//! A broker tells clients of this only where it has somebody to give the metrics to. Kafka's plug-ins are Java classes;
//! here the receiver is the endpoint for Prometheus, for as many series as `client.telemetry.series.max` (a key of our
//! own; without it, or with 0, the APIs are not offered). The time is passed in; no input or output here.
//!
//! ```text
//! client                                             broker
//! GetTelemetrySubscriptions ─────────────────────►   `subscriptions`: which resources match this client
//!   ◄──── an id for the client, what and how often   `instances`: remembered, with the subscription's id
//! PushTelemetry, once an interval ───────────────►   judged, unpacked, `otlp`: points
//!                                                    `series`: what a scrape shows, for three intervals
//! ```
//!
//! A push is the most that any client may make a broker unpack without being asked who it is, so every step is bounded:
//! its bytes, packed and unpacked; its points; the length of names; the clients remembered; the series kept. What is
//! beyond is dropped or refused, and nothing that was pushed can be taken for a series of the node itself.

mod instances;
mod otlp;
mod series;
mod subscriptions;

use bytes::Bytes;
use parking_lot::Mutex;

use crate::error::ErrorCode;
use crate::metadata::configs::ConfigsImage;
use crate::metrics::Family;
use crate::types::{Millis, Uuid};
use crate::wire::compression::{Codec, decompress};
use instances::{Instance, Instances};
use series::Series;
pub use subscriptions::Client;
use subscriptions::Subscriptions;

/// What a client shall do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Under which number this holds; another stands for something else.
    pub id: i32,
    /// Prefixes of metrics' names; `*` means all.
    pub metrics: Vec<String>,
    /// How often to push.
    pub interval_ms: i32,
}

/// One push.
#[derive(Clone, Debug)]
pub struct Push {
    /// Who pushes.
    pub instance: Uuid,
    /// Under which subscription.
    pub subscription_id: i32,
    /// Whether it is the client's last.
    pub terminating: bool,
    /// How the metrics are compressed, by Kafka's number.
    pub compression: i8,
    /// OpenTelemetry's `MetricsData`.
    pub metrics: Bytes,
}

#[derive(Debug)]
struct State {
    /// Of the image of now.
    subscriptions: Subscriptions,
    /// Who was told what, and when they last came.
    instances: Instances,
    /// What they pushed.
    series: Series,
}

/// What clients were told, and what they pushed.
#[derive(Debug)]
pub struct Telemetry {
    push_bytes_max: usize,
    state: Mutex<State>,
}

impl Telemetry {
    /// Keeps as many as `series_max` series; a push is at most `push_bytes_max` bytes, unpacked too.
    pub fn new(series_max: usize, push_bytes_max: usize) -> Self {
        let state = State {
            subscriptions: Subscriptions::default(),
            instances: Instances::default(),
            series: Series::new(series_max),
        };
        Self { push_bytes_max, state: Mutex::new(state) }
    }

    /// What a client shall push. One that asks again before it has pushed is told to wait.
    ///
    /// # Errors
    /// `THROTTLING_QUOTA_EXCEEDED`.
    pub fn subscribe(
        &self,
        configs: &ConfigsImage,
        client: &Client<'_>,
        now: Millis,
    ) -> Result<Subscription, ErrorCode> {
        let mut state = self.state.lock();
        let instance = state.instance(configs, client, now);
        if !instance.may_ask(now) {
            return Err(ErrorCode::ThrottlingQuotaExceeded);
        }
        Ok(instance.subscription.clone())
    }

    /// Takes in what a client pushes.
    ///
    /// # Errors
    /// Kafka's: `INVALID_REQUEST` behind the last push, `THROTTLING_QUOTA_EXCEEDED`, `UNKNOWN_SUBSCRIPTION_ID`,
    /// `UNSUPPORTED_COMPRESSION_TYPE`, `TELEMETRY_TOO_LARGE`, `INVALID_RECORD`.
    pub fn push(
        &self,
        configs: &ConfigsImage,
        client: &Client<'_>,
        push: &Push,
        now: Millis,
    ) -> Result<(), ErrorCode> {
        let mut state = self.state.lock();
        let instance = state.instance(configs, client, now);
        let verdict = judge(instance, push, self.push_bytes_max, now);
        instance.terminating = push.terminating;
        let interval_ms = Millis::from(instance.subscription.interval_ms);
        let codec = verdict?;
        drop(state);
        if push.metrics.is_empty() {
            return Ok(());
        }
        let unpacked = decompress(codec, &push.metrics, self.push_bytes_max)
            .map_err(|_| ErrorCode::InvalidRecord)?;
        let points = otlp::decode(&unpacked).ok_or(ErrorCode::InvalidRecord)?;
        // Kept for as long as Kafka remembers a client.
        let keep_until = now + (3 * interval_ms).max(60_000);
        self.state.lock().series.take(client, points, keep_until);
        Ok(())
    }

    /// The series that clients have pushed of late.
    pub fn families(&self, now: Millis) -> Vec<Family> {
        let mut state = self.state.lock();
        let mut families = state.series.families(now);
        families.push(Family::gauge(
            "kafka_server_client_metrics_instance_count",
            "Clients that were told what to push.",
            state.instances.len(now) as f64,
        ));
        families
    }
}

impl State {
    /// What is known of a client, by the subscriptions of the moment.
    fn instance(
        &mut self,
        configs: &ConfigsImage,
        client: &Client<'_>,
        now: Millis,
    ) -> &mut Instance {
        self.subscriptions.follow(configs);
        let version = self.subscriptions.version();
        let subscriptions = &self.subscriptions;
        self.instances.get(client.instance, version, now, || subscriptions.of(client))
    }
}

/// Kafka's checks, in its order; how the metrics are packed.
fn judge(
    instance: &mut Instance,
    push: &Push,
    push_bytes_max: usize,
    now: Millis,
) -> Result<Codec, ErrorCode> {
    if instance.terminating {
        return Err(ErrorCode::InvalidRequest);
    }
    if !instance.may_push(now) && !push.terminating {
        return Err(ErrorCode::ThrottlingQuotaExceeded);
    }
    if push.subscription_id != instance.subscription.id {
        return Err(ErrorCode::UnknownSubscriptionId);
    }
    let codec = u8::try_from(push.compression).ok().and_then(Codec::from_id);
    let codec = codec.ok_or(ErrorCode::UnsupportedCompressionType)?;
    if push.metrics.len() > push_bytes_max {
        return Err(ErrorCode::TelemetryTooLarge);
    }
    Ok(codec)
}

#[cfg(test)]
mod tests;
