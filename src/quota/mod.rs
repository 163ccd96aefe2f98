//! Quotas of clients (KIP-13, KIP-55, KIP-124, KIP-219, KIP-599, KIP-612): how much each has done of late, and for how
//! long it must be silent where that is too much.
//!
//! The time is passed in, and nobody is made to wait here: whoever records something is told for how long the client is
//! to be muted. Where no quota of a kind is set, asking costs one load of an atomic. The bounds are those of the
//! image's `ClientQuotaRecord`s and of nothing else.
//!
//! # In which order to read
//!
//! [`keys`] (what can be bounded), `limits` (whose quota holds for a client), `bucket` (what a quota lets through),
//! `sensors` (who has a bucket), then this file, which puts them together; `mutations` is the one quota that can
//! refuse. `rate`, `average` and `series` only measure for metrics: they decide nothing.
//!
//! ```text
//! record(kind, who, value, now)
//!   limits.find(kind, who) ─► Found: whose use is measured together, and the limit
//!   sensors.get(found)     ─► Sensor: a bucket and a rate
//!   bucket.take(value)     ─► tokens left; below 0 is a debt, and the time until it is paid is the throttle time
//! ```
//!
//! # What must stay true
//!
//! - Work that was asked for is done and then charged: a client is held to its quota by being silent, not by refusals.
//!   Only new connections and strict mutations of partitions are refused.
//! - A client cannot get more by giving itself other names: sensors are bounded, and those beyond share one.
//! - A client that is over a quota by any amount is served again after a time that can be told in advance.
//!
//! # What differs from Kafka
//!
//! Kafka compares a rate over sliding windows with the quota; here it is a bucket (see `bucket`). A cluster's quota is
//! each broker's own, as in Kafka: nobody adds up.

mod average;
mod bucket;
pub mod keys;
mod limits;
mod mutations;
mod rate;
mod sensors;
mod series;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use arc_swap::ArcSwap;

use crate::metadata::quotas::ClientQuotasImage;
use crate::types::Millis;
use bucket::Fill;
use limits::Limits;
pub use mutations::{Mutations, Permits};
use rate::Shape;
use sensors::Sensors;

/// What is bounded, each by a key of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `producer_byte_rate`.
    Produce,
    /// `consumer_byte_rate`.
    Fetch,
    /// `request_percentage`: of the time of one thread.
    Request,
    /// `controller_mutation_rate`: partitions made and deleted.
    ControllerMutation,
}

impl Kind {
    /// Every kind, in the order of its number.
    pub(crate) const ALL: [Self; 4] =
        [Self::Produce, Self::Fetch, Self::Request, Self::ControllerMutation];

    const fn bit(self) -> u8 {
        1 << self as u8
    }

    /// The key under which records and requests name its bound.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Produce => keys::PRODUCER_BYTE_RATE,
            Self::Fetch => keys::CONSUMER_BYTE_RATE,
            Self::Request => keys::REQUEST_PERCENTAGE,
            Self::ControllerMutation => keys::CONTROLLER_MUTATION_RATE,
        }
    }
}

/// The flag of quotas by address, beside those of the kinds.
const IP: u8 = 1 << 7;

/// Who does something: a user's name, and what the client calls itself.
#[derive(Clone, Copy, Debug)]
pub struct Who<'a> {
    /// The principal's name, without its type.
    pub user: &'a str,
    /// The client id; empty where there is none.
    pub client_id: &'a str,
}

impl<'a> Who<'a> {
    /// The client that `principal` (`User:name`) is behind.
    pub fn new(principal: &'a str, client_id: Option<&'a str>) -> Self {
        let user = principal.split_once(':').map_or(principal, |(_, name)| name);
        Self { user, client_id: client_id.unwrap_or_default() }
    }
}

/// Over which time rates are measured.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// `quota.window.num` and `quota.window.size.seconds`.
    pub clients: (i32, i32),
    /// `controller.quota.window.num` and `controller.quota.window.size.seconds`.
    pub controller: (i32, i32),
}

impl Default for Settings {
    fn default() -> Self {
        Self { clients: (11, 1), controller: (11, 1) }
    }
}

/// All quotas of a node.
#[derive(Debug)]
pub struct Quotas {
    /// Over which windows rates are shown, and what a bucket holds.
    shape: Shape,
    /// The same for partitions made and deleted.
    controller: Shape,
    /// A bit for each kind of which there is any quota.
    enabled: AtomicU8,
    /// The quotas of the image of now: replaced as a whole.
    limits: ArcSwap<Limits>,
    /// What clients have done, by kind.
    sensors: [Sensors; 4],
    /// Who connects, by address.
    addresses: Sensors,
}

impl Quotas {
    /// No quota yet.
    pub fn new(settings: Settings) -> Arc<Self> {
        Arc::new(Self {
            shape: Shape::new(settings.clients),
            controller: Shape::new(settings.controller),
            enabled: AtomicU8::new(0),
            limits: ArcSwap::default(),
            sensors: std::array::from_fn(|_| Sensors::default()),
            addresses: Sensors::default(),
        })
    }

    /// Goes by the quotas of `image` from now on. What was recorded stays.
    pub fn update(&self, image: &ClientQuotasImage) {
        let limits = Limits::of(image);
        let flag = |kind: &Kind| if limits.has(*kind) { kind.bit() } else { 0 };
        let kinds: u8 = Kind::ALL.iter().map(flag).sum();
        let addresses = if limits.has_addresses() { IP } else { 0 };
        self.limits.store(Arc::new(limits));
        self.enabled.store(kinds | addresses, Ordering::Release);
    }

    /// Whether there is any quota of the kind.
    pub fn enabled(&self, kind: Kind) -> bool {
        self.enabled.load(Ordering::Relaxed) & kind.bit() != 0
    }

    /// Records what a client has done: for how long it is to be silent, in ms; 0 where it is within its quota.
    pub fn record(&self, kind: Kind, who: Who<'_>, value: f64, now: Millis) -> Millis {
        if !self.enabled(kind) {
            return 0;
        }
        let limits = self.limits.load();
        let found = limits.find(kind, who);
        let Some(sensor) = self.sensors[kind as usize].get(&found, now) else { return 0 };
        let fill = found.limit.map(|limit| self.fill(kind, limit));
        let throttle_ms = sensor.record(value, fill, self.shape, now);
        match kind {
            // One window is enough for a share of a thread's time.
            Kind::Request => throttle_ms.min(self.shape.window_ms),
            _ => throttle_ms,
        }
    }

    /// For how long a client is to be silent for what it has done already, in ms; 0 where it is within its quota.
    pub fn owed(&self, kind: Kind, who: Who<'_>, now: Millis) -> Millis {
        if !self.enabled(kind) {
            return 0;
        }
        let limits = self.limits.load();
        let found = limits.find(kind, who);
        let Some(limit) = found.limit else { return 0 };
        let sensor = self.sensors[kind as usize].get(&found, now);
        let owed = sensor.map_or(0, |sensor| sensor.debt(self.fill(kind, limit), now));
        if kind == Kind::Request { owed.min(self.shape.window_ms) } else { owed }
    }

    /// The bucket of a quota: it holds what one window brings. Who is over a share of a thread's time is forgiven what
    /// is older than all windows, since it is never made to wait for so long.
    fn fill(&self, kind: Kind, limit: f64) -> Fill {
        let fill = Fill::new(limit, self.shape.window_ms);
        match kind {
            Kind::Request => Fill { debt: fill.full * self.shape.num as f64, ..fill },
            _ => fill,
        }
    }

    /// Counts that a client is made silent for that long.
    pub fn throttled(&self, kind: Kind, who: Who<'_>, throttle_ms: Millis, now: Millis) {
        let limits = self.limits.load();
        if let Some(sensor) = self.sensors[kind as usize].get(&limits.find(kind, who), now) {
            sensor.throttled(throttle_ms, now);
        }
    }

    /// The most that a client should be given at once; none where nothing bounds it.
    pub fn burst(&self, kind: Kind, who: Who<'_>) -> Option<f64> {
        if !self.enabled(kind) {
            return None;
        }
        let limit = self.limits.load().find(kind, who).limit?;
        Some(self.fill(kind, limit).full)
    }

    /// What a request may make or delete partitions by; none where there is no quota of that.
    pub fn mutations(&self, who: Who<'_>, strict: bool, now: Millis) -> Option<Arc<Mutations>> {
        if !self.enabled(Kind::ControllerMutation) {
            return None;
        }
        let limits = self.limits.load();
        let found = limits.find(Kind::ControllerMutation, who);
        let limit = found.limit?;
        let sensor = self.sensors[Kind::ControllerMutation as usize].get(&found, now)?;
        Some(Arc::new(Mutations::new(sensor, limit, strict, self.controller)))
    }

    /// Records a connection from `ip`: for how long it is to be held before it is closed, in ms; none where it may
    /// stay.
    pub fn connect(&self, ip: IpAddr, now: Millis) -> Option<Millis> {
        if self.enabled.load(Ordering::Relaxed) & IP == 0 {
            return None;
        }
        let limits = self.limits.load();
        let found = limits.find_address(ip.to_canonical());
        let sensor = self.addresses.get(&found.as_found(), now)?;
        let Some(limit) = found.limit else {
            sensor.record(1.0, None, self.shape, now);
            return None;
        };
        // As many may come at once as all windows but one bring, as in Kafka: clients open several.
        let fill = Fill::new(limit, (self.shape.num - 1).max(1) * self.shape.window_ms);
        let admitted = sensor.admit(1.0, 1.0_f64.min(fill.full), fill, self.shape, now);
        admitted.err().map(|wait_ms| wait_ms.min(self.shape.window_ms))
    }
}

#[cfg(test)]
mod tests;
