//! What one request may make and delete of partitions (KIP-599).
//!
//! The controller asks before each topic of the request, so that some may be made and others refused: a client that
//! deletes a thousand topics gets as far as its quota and learns which are left. With versions before strict quotas all
//! is done, and the client pays afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::bucket::Fill;
use super::rate::Shape;
use super::sensors::Sensor;
use crate::error::{ApiError, ErrorCode};
use crate::types::Millis;

/// The quota of the client behind one request.
#[derive(Debug)]
pub struct Mutations {
    sensor: Arc<Sensor>,
    fill: Fill,
    /// Whether what is beyond the quota is refused.
    strict: bool,
    shape: Shape,
    /// For how long the client is to be silent, and since when.
    throttle_ms: AtomicI64,
    told: AtomicI64,
}

impl Mutations {
    pub(super) fn new(sensor: Arc<Sensor>, limit: f64, strict: bool, shape: Shape) -> Self {
        let (throttle_ms, told) = (AtomicI64::new(0), AtomicI64::new(0));
        let fill = Fill::new(limit, shape.num * shape.window_ms);
        Self { sensor, fill, strict, shape, throttle_ms, told }
    }

    /// Whether `count` partitions may be made or deleted. Under a strict quota nothing is done while some are owed, and
    /// whatever is asked else; under one that is not, all is done, and the client made to wait.
    ///
    /// # Errors
    /// `THROTTLING_QUOTA_EXCEEDED`.
    fn take(&self, count: usize, now: Millis) -> Result<(), ApiError> {
        let (count, shape) = (count as f64, self.shape);
        let taken = match self.strict {
            true => self.sensor.admit(count, 0.0, self.fill, shape, now),
            false => {
                let owed = self.sensor.record(count, Some(self.fill), shape, now);
                self.tell(owed, now);
                Ok(())
            }
        };
        taken.map_err(|owed| {
            self.tell(owed, now);
            let code = ErrorCode::ThrottlingQuotaExceeded;
            ApiError::new(code, code.message())
        })
    }

    fn tell(&self, throttle_ms: Millis, now: Millis) {
        if throttle_ms > 0 {
            self.throttle_ms.store(throttle_ms, Ordering::Relaxed);
            self.told.store(now, Ordering::Relaxed);
        }
    }

    /// For how long the client is to be silent from `now` on, in ms.
    pub fn throttle_ms(&self, now: Millis) -> Millis {
        let passed = now - self.told.load(Ordering::Relaxed);
        (self.throttle_ms.load(Ordering::Relaxed) - passed).max(0)
    }
}

/// The same at one moment; nothing is held where there is no quota.
#[derive(Clone, Copy, Debug, Default)]
pub struct Permits<'a> {
    mutations: Option<&'a Mutations>,
    now: Millis,
}

impl<'a> Permits<'a> {
    /// The quota at `now`.
    pub fn new(mutations: Option<&'a Mutations>, now: Millis) -> Self {
        Self { mutations, now }
    }

    /// Whether `count` partitions may be made or deleted.
    ///
    /// # Errors
    /// `THROTTLING_QUOTA_EXCEEDED`.
    pub fn take(&self, count: usize) -> Result<(), ApiError> {
        self.mutations.map_or(Ok(()), |mutations| mutations.take(count, self.now))
    }
}
