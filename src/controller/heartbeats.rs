//! What the active controller remembers of brokers' heartbeats, and never writes: when each last spoke, how far it
//! has read the metadata, whether it is shutting down. Decides what a heartbeat leads to; writes no record.
//!
//! What a heartbeat makes of a broker (`BrokerHeartbeatManager.calculateNextBrokerState`):
//!
//! | it is | wants to stop | else wants to be fenced | else |
//! |---|---|---|---|
//! | fenced | may stop | stays fenced | unfenced, once it has read its own registration |
//! | unfenced, leads | hands over | fenced | stays |
//! | unfenced, leads nothing | may stop | fenced | stays |
//! | handing over | may stop when it leads nothing and all others have read that | the same | the same |

use std::collections::{BTreeMap, BTreeSet};

use crate::types::{Millis, NodeId, Offset};

/// A broker's state in the eyes of the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BrokerState {
    /// May not lead or join an in-sync set.
    Fenced,
    /// Serves.
    Unfenced,
    /// Hands its leaderships over.
    ControlledShutdown,
    /// May stop now.
    ShutdownNow,
}

impl BrokerState {
    pub(crate) fn fenced(self) -> bool {
        matches!(self, Self::Fenced | Self::ShutdownNow)
    }

    pub(crate) fn should_shut_down(self) -> bool {
        self == Self::ShutdownNow
    }
}

/// What a broker says of itself in a heartbeat.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heartbeat {
    pub(crate) metadata_offset: Offset,
    pub(crate) wants_fence: bool,
    pub(crate) wants_shut_down: bool,
    /// The offset of its registration: until it has read that far it stays fenced.
    pub(crate) registered_at: Offset,
    /// Whether it leads any partition.
    pub(crate) leads: bool,
    /// Whether it has begun to shut down in this life: it never comes back in the same one.
    pub(crate) leaving: bool,
}

#[derive(Clone, Debug)]
struct Broker {
    /// As the latest record has it, or the answer that was just decided.
    fenced: bool,
    metadata_offset: Offset,
    /// The offset that all others must have read before this one may stop.
    shutdown_offset: Option<Offset>,
}

/// The soft state of all brokers. Lost with leadership: a new controller starts every session anew.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heartbeats {
    session_timeout_ms: Millis,
    brokers: BTreeMap<NodeId, Broker>,
    /// When each incarnation, by node and epoch, was last heard of.
    contacts: BTreeMap<(NodeId, i64), Millis>,
    /// Incarnations that count as heard of only because leadership began, and that must be dead.
    presumed: BTreeSet<(NodeId, i64)>,
}

impl Heartbeats {
    pub(crate) fn new(session_timeout_ms: Millis) -> Self {
        Self { session_timeout_ms, ..Self::default() }
    }

    /// A registration was applied, or its fencing changed.
    pub(crate) fn register(&mut self, id: NodeId, fenced: bool) {
        let broker = self.brokers.entry(id).or_insert(Broker {
            fenced,
            metadata_offset: -1,
            shutdown_offset: None,
        });
        broker.fenced = fenced;
        if fenced {
            // A fenced broker leaves controlled shutdown: its next heartbeat lets it stop.
            broker.shutdown_offset = None;
        }
    }

    pub(crate) fn remove(&mut self, id: NodeId) {
        self.brokers.remove(&id);
    }

    /// The incarnation `epoch` of broker `id` has been heard of.
    pub(crate) fn contact(&mut self, id: NodeId, epoch: i64, now: Millis) {
        self.contacts.insert((id, epoch), now);
        self.presumed.remove(&(id, epoch));
    }

    /// The incarnation was of this very node, in a life before: it has a session's time before it is fenced, and a
    /// successor need not wait for that.
    pub(crate) fn presume_dead(&mut self, id: NodeId, epoch: i64, now: Millis) {
        self.contact(id, epoch, now);
        self.presumed.insert((id, epoch));
    }

    /// The incarnation may stop, and has no session any more.
    pub(crate) fn end_session(&mut self, id: NodeId, epoch: i64) {
        self.contacts.remove(&(id, epoch));
    }

    pub(crate) fn touch(&mut self, id: NodeId, fenced: bool, metadata_offset: Offset) {
        self.register(id, fenced);
        if let Some(broker) = self.brokers.get_mut(&id) {
            broker.metadata_offset = metadata_offset;
        }
    }

    pub(crate) fn has_valid_session(&self, id: NodeId, epoch: i64, now: Millis) -> bool {
        let key = (id, epoch);
        !self.presumed.contains(&key)
            && self.contacts.get(&key).is_some_and(|&then| !self.is_expired(then, now))
    }

    fn is_expired(&self, then: Millis, now: Millis) -> bool {
        now > then && then.saturating_add(self.session_timeout_ms) < now
    }

    /// Takes out one incarnation that was not heard of for a session's length.
    pub(crate) fn take_expired(&mut self, now: Millis) -> Option<(NodeId, i64)> {
        let (&key, _) = self.contacts.iter().find(|&(_, &then)| self.is_expired(then, now))?;
        self.contacts.remove(&key);
        self.presumed.remove(&key);
        Some(key)
    }

    /// When the next session could expire.
    pub(crate) fn next_expiry(&self) -> Option<Millis> {
        self.contacts
            .values()
            .min()
            .map(|then| then.saturating_add(self.session_timeout_ms).saturating_add(1))
    }

    pub(crate) fn is_shutting_down(&self, id: NodeId) -> bool {
        self.brokers.get(&id).is_some_and(|broker| broker.shutdown_offset.is_some())
    }

    /// Remembers that `id` may stop once all others have read up to `offset`; the first offset stays.
    pub(crate) fn begin_shutdown(&mut self, id: NodeId, offset: Offset) {
        if let Some(broker) = self.brokers.get_mut(&id) {
            broker.shutdown_offset.get_or_insert(offset);
        }
    }

    /// What the broker is, and what its heartbeat makes of it.
    pub(crate) fn next_state(
        &self,
        id: NodeId,
        heartbeat: &Heartbeat,
    ) -> (BrokerState, BrokerState) {
        let Some(broker) = self.brokers.get(&id) else {
            return (BrokerState::Fenced, BrokerState::Fenced);
        };
        if let Some(shutdown_offset) = broker.shutdown_offset {
            let now = BrokerState::ControlledShutdown;
            let others_have_read = shutdown_offset <= self.lowest_active_offset();
            let done = !heartbeat.leads && others_have_read;
            return (now, if done { BrokerState::ShutdownNow } else { now });
        }
        if broker.fenced {
            return (BrokerState::Fenced, next_of_fenced(heartbeat));
        }
        (BrokerState::Unfenced, next_of_unfenced(heartbeat))
    }

    fn lowest_active_offset(&self) -> Offset {
        let active = self
            .brokers
            .values()
            .filter(|broker| !broker.fenced && broker.shutdown_offset.is_none());
        active.map(|broker| broker.metadata_offset).min().unwrap_or(Offset::MAX)
    }
}

fn next_of_fenced(heartbeat: &Heartbeat) -> BrokerState {
    if heartbeat.wants_shut_down {
        BrokerState::ShutdownNow
    } else if !heartbeat.wants_fence
        && !heartbeat.leaving
        && heartbeat.metadata_offset >= heartbeat.registered_at
    {
        BrokerState::Unfenced
    } else {
        BrokerState::Fenced
    }
}

fn next_of_unfenced(heartbeat: &Heartbeat) -> BrokerState {
    match (heartbeat.wants_fence, heartbeat.wants_shut_down) {
        (true, true) => BrokerState::ShutdownNow,
        (true, false) => BrokerState::Fenced,
        (false, true) if heartbeat.leads => BrokerState::ControlledShutdown,
        (false, true) => BrokerState::ShutdownNow,
        (false, false) => BrokerState::Unfenced,
    }
}
