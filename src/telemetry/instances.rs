//! The clients that were told what to push, a bounded number of them: when each has asked and pushed last.

use std::collections::HashMap;

use super::Subscription;
use crate::types::{Millis, Uuid};

/// How many clients are remembered, as in Kafka.
const INSTANCES_MAX: usize = 16_384;
/// How long a client is remembered at least.
const KEPT_MS: Millis = 60_000;

/// What is known of a client.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) subscription: Subscription,
    /// Whether it has pushed for the last time.
    pub(super) terminating: bool,
    version: u64,
    /// When it last asked what to push.
    asked: Option<Millis>,
    /// When it last pushed.
    pushed: Option<Millis>,
    /// When it was last heard of.
    used: Millis,
}

impl Instance {
    fn new(subscription: Subscription, version: u64) -> Self {
        Self { subscription, terminating: false, version, asked: None, pushed: None, used: 0 }
    }

    fn interval_ms(&self) -> Millis {
        Millis::from(self.subscription.interval_ms)
    }

    /// Whether it may ask what to push: once an interval.
    pub(super) fn may_ask(&mut self, now: Millis) -> bool {
        let last = self.asked.max(self.pushed);
        let may = last.is_none_or(|last| now - last >= self.interval_ms());
        if may {
            self.asked = Some(now);
        }
        may
    }

    /// Whether it may push: once an interval, and at any time after it has asked.
    pub(super) fn may_push(&mut self, now: Millis) -> bool {
        let asked_since = self.asked > self.pushed;
        let may = asked_since || self.pushed.is_none_or(|last| now - last >= self.interval_ms());
        if may {
            self.pushed = Some(now);
        }
        may
    }

    fn is_kept(&self, now: Millis) -> bool {
        now - self.used < (3 * self.interval_ms()).max(KEPT_MS)
    }
}

/// The clients, by the ids that they were given.
#[derive(Debug, Default)]
pub(super) struct Instances(HashMap<Uuid, Instance>);

impl Instances {
    /// What is known of a client; anew where the subscriptions have changed since.
    pub(super) fn get(
        &mut self,
        id: Uuid,
        version: u64,
        now: Millis,
        subscribe: impl FnOnce() -> Subscription,
    ) -> &mut Instance {
        if !self.0.contains_key(&id) && self.0.len() >= INSTANCES_MAX {
            self.make_room(now);
        }
        let known = self.0.remove(&id).filter(|known| known.version == version);
        let mut instance = known.unwrap_or_else(|| Instance::new(subscribe(), version));
        instance.used = now;
        self.0.entry(id).or_insert(instance)
    }

    /// How many there are.
    pub(super) fn len(&mut self, now: Millis) -> usize {
        self.0.retain(|_, instance| instance.is_kept(now));
        self.0.len()
    }

    /// Forgets who is gone, or of those that are not the one that was silent for the longest.
    fn make_room(&mut self, now: Millis) {
        if self.len(now) < INSTANCES_MAX {
            return;
        }
        let oldest = self.0.iter().min_by_key(|(_, instance)| instance.used).map(|(id, _)| *id);
        if let Some(id) = oldest {
            self.0.remove(&id);
        }
    }
}
