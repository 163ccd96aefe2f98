//! What each client has done of late: a bounded number of sensors, of which those that nobody uses go after an hour.
//!
//! A client can call itself what it likes, so names beyond the bound share one sensor for each bound that they fall
//! under: to make up names gains nothing then.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use parking_lot::Mutex;

use super::average::Average;
use super::bucket::{Bucket, Fill};
use super::limits::Found;
use super::rate::{Rate, Shape};
use crate::types::Millis;

/// How many clients of one kind of quota are told apart.
const SENSORS_MAX: usize = 10_000;
/// The longest client id that is told apart, in bytes: a request may have one of 32 KiB.
const CLIENT_ID_BYTES_MAX: usize = 512;
/// What nobody has used for so long goes, as in Kafka.
const IDLE_MS: Millis = 3_600_000;
/// How often is looked for what nobody uses.
const SWEEP_MS: Millis = 60_000;
/// Under which user those beyond the bound are kept: a name that no principal has.
const OTHERS: &str = "\0";

/// What one client has done of late.
#[derive(Debug, Default)]
pub(super) struct Sensor {
    state: Mutex<State>,
    /// When it was last asked for, in ms.
    used: AtomicI64,
}

#[derive(Debug, Default)]
struct State {
    /// For metrics.
    rate: Rate,
    /// What decides.
    tokens: Bucket,
    /// For metrics.
    throttle: Average,
}

/// What a sensor shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) rate: f64,
    pub(super) throttle_ms: f64,
}

impl Sensor {
    /// Adds `value`, and takes that much of a bucket where there is one: for how long its debt is to be waited for, in
    /// ms.
    pub(super) fn record(
        &self,
        value: f64,
        fill: Option<Fill>,
        shape: Shape,
        now: Millis,
    ) -> Millis {
        let mut state = self.state.lock();
        state.rate.record(value, shape, now);
        let Some(fill) = fill else { return 0 };
        let left = state.tokens.take(value, fill, now);
        if left < 0.0 { fill.time(-left).max(1) } else { 0 }
    }

    /// For how long a debt is to be waited for, in ms; 0 where there is none.
    pub(super) fn debt(&self, fill: Fill, now: Millis) -> Millis {
        let tokens = self.state.lock().tokens.tokens(fill, now);
        if tokens < 0.0 { fill.time(-tokens).max(1) } else { 0 }
    }

    /// Adds `value` unless the bucket has less than `least`: how long until it has, in ms.
    pub(super) fn admit(
        &self,
        value: f64,
        least: f64,
        fill: Fill,
        shape: Shape,
        now: Millis,
    ) -> Result<(), Millis> {
        let mut state = self.state.lock();
        let tokens = state.tokens.tokens(fill, now);
        if tokens < least {
            return Err(fill.time(least - tokens).max(1));
        }
        state.rate.record(value, shape, now);
        state.tokens.take(value, fill, now);
        Ok(())
    }

    /// Counts that the client is made silent.
    pub(super) fn throttled(&self, throttle_ms: Millis, now: Millis) {
        self.state.lock().throttle.record(throttle_ms as f64, now);
    }

    fn read(&self, shape: Shape, now: Millis) -> Reading {
        let mut state = self.state.lock();
        Reading { rate: state.rate.measure(shape, now), throttle_ms: state.throttle.measure(now) }
    }
}

#[derive(Debug, Default)]
struct Table {
    /// In two steps, so that a look-up needs no key of its own.
    by_user: HashMap<Box<str>, HashMap<Box<str>, Arc<Sensor>>>,
    /// The number of sensors.
    count: usize,
    /// When was last looked for idle ones.
    swept: Millis,
}

/// The sensors of one kind, by user and client id.
#[derive(Debug, Default)]
pub(super) struct Sensors(Mutex<Table>);

impl Sensors {
    /// The sensor of what was found, made where there is none; none where there is no room and nothing to hold the
    /// client to.
    pub(super) fn get(&self, found: &Found<'_>, now: Millis) -> Option<Arc<Sensor>> {
        let mut table = self.0.lock();
        let known = table.by_user.get(found.user).and_then(|clients| clients.get(found.client_id));
        if let Some(sensor) = known {
            sensor.used.store(now, Ordering::Relaxed);
            return Some(sensor.clone());
        }
        if now - table.swept >= SWEEP_MS || table.count >= SENSORS_MAX {
            table.sweep(now);
        }
        if table.count < SENSORS_MAX && found.client_id.len() <= CLIENT_ID_BYTES_MAX {
            return Some(table.make(found.user, found.client_id, now));
        }
        let limit = found.limit?.to_string();
        Some(table.make(OTHERS, &limit, now))
    }

    /// Every sensor: user, client id, what it shows.
    pub(super) fn read(&self, shape: Shape, now: Millis) -> Vec<(String, String, Reading)> {
        let mut table = self.0.lock();
        table.sweep(now);
        let mut readings = Vec::with_capacity(table.count);
        for (user, clients) in &table.by_user {
            readings.extend(clients.iter().map(|(client_id, sensor)| {
                let user = if &**user == OTHERS { "<others>" } else { user };
                (user.to_owned(), client_id.to_string(), sensor.read(shape, now))
            }));
        }
        readings
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.lock().count
    }
}

impl Table {
    fn make(&mut self, user: &str, client_id: &str, now: Millis) -> Arc<Sensor> {
        let clients = self.by_user.entry(user.into()).or_default();
        if let Some(sensor) = clients.get(client_id) {
            return sensor.clone();
        }
        let sensor = Arc::new(Sensor::default());
        sensor.used.store(now, Ordering::Relaxed);
        clients.insert(client_id.into(), sensor.clone());
        self.count += 1;
        sensor
    }

    fn sweep(&mut self, now: Millis) {
        // Where the table is full, every new name would else walk over all of it.
        if now - self.swept < SWEEP_MS.min(1_000) {
            return;
        }
        self.swept = now;
        let mut count = 0;
        self.by_user.retain(|_, clients| {
            clients.retain(|_, sensor| now - sensor.used.load(Ordering::Relaxed) < IDLE_MS);
            count += clients.len();
            !clients.is_empty()
        });
        self.count = count;
    }
}
