//! Brokers' lives as the controller sees them: heartbeats, fencing, controlled shutdown, the end. What each does to
//! partitions is in `elections`; this file says which partitions are concerned. How a life begins is in `registration`.
//! Never talks to a broker.
//!
//! A broker that leaves an in-sync set and one that is fenced are two things: fencing does both, and is what makes a
//! partition's leader move; a controlled shutdown does the first while the broker still serves, so that nothing is
//! without a leader when it stops.
//!
//! ```text
//!              registered               has read up to its registration
//! (unknown) ──────────────► Fenced ─────────────────────────────────────► Unfenced
//!                            │ ▲      silent for a session's time, or asks     │
//!                            │ └───────────────────────────────────────────────┤
//!        wants to shut down  │                                                 │ wants to shut down
//!                            ▼     leads nothing, and all others know          ▼
//!                       ShutdownNow ◄──────────────────────────────── ControlledShutdown
//! ```
//!
//! What is in records (fenced, in controlled shutdown, directories) every controller knows; when each broker was last
//! heard of, only the active one does, and a new one gives all of them a session's time from its start.

use std::collections::BTreeSet;

use crate::controller::elections::Election;
use crate::controller::heartbeats::{BrokerState, Heartbeat};
use crate::controller::machine::Machine;
use crate::controller::requests::Decision;
use crate::error::ErrorCode;
use crate::raft::events::VersionedRecord;
use crate::types::{Millis, NodeId, TopicIdPartition, Uuid};
use crate::wire::messages::broker_heartbeat::{BrokerHeartbeatRequest, BrokerHeartbeatResponse};
use crate::wire::stored::metadata::{BrokerRegistrationChangeRecord, MetadataRecord};

/// In a registration change: fence, or unfence.
const FENCE: i8 = 1;
const UNFENCE: i8 = -1;
/// In a registration change: the broker is on its way out.
const IN_CONTROLLED_SHUTDOWN: i8 = 1;

/// What happens to a broker, for its partitions.
#[derive(Clone, Copy, Default)]
pub(crate) struct Happening {
    /// It leaves every in-sync set.
    pub(crate) removed: Option<NodeId>,
    /// It may lead again, though the image still shows it fenced.
    pub(crate) added: Option<NodeId>,
    /// It stopped without syncing: it leaves the in-sync and the eligible sets.
    pub(crate) unclean: Option<NodeId>,
}

impl Machine {
    /// Notes that the broker lives, before the request has its turn: a busy controller must not fence the living.
    pub(crate) fn heard_of(&mut self, broker: NodeId, epoch: i64, now: Millis) {
        self.heartbeats.contact(broker, epoch, now);
    }

    /// Answers a heartbeat, and lets the broker in or out as it asks.
    pub(crate) fn heartbeat(
        &mut self,
        request: &BrokerHeartbeatRequest,
        now: Millis,
    ) -> Decision<BrokerHeartbeatResponse> {
        let (id, epoch) = (request.broker_id, request.broker_epoch);
        let Some(registered_at) =
            self.check_broker_epoch(id, epoch).ok().and_then(|()| self.registered_at(id))
        else {
            let error_code = ErrorCode::StaleBrokerEpoch.code();
            return Decision::reply(BrokerHeartbeatResponse { error_code, ..Default::default() });
        };
        self.heartbeats.contact(id, epoch, now);
        let heartbeat = Heartbeat {
            metadata_offset: request.current_metadata_offset,
            wants_fence: request.want_fence,
            wants_shut_down: request.want_shut_down,
            registered_at,
            leads: self.index.has_leaderships(id),
            leaving: self.broker(id).is_some_and(|broker| broker.in_controlled_shutdown),
        };
        let (current, next) = self.heartbeats.next_state(id, &heartbeat);
        let mut records = Vec::new();
        if current != next {
            match next {
                BrokerState::ShutdownNow if current == BrokerState::Fenced => {}
                BrokerState::Fenced | BrokerState::ShutdownNow => self.fence(id, &mut records),
                BrokerState::Unfenced => self.unfence(id, epoch, &mut records),
                BrokerState::ControlledShutdown => self.begin_shutdown(id, epoch, &mut records),
            }
        }
        // Before the records come back: the next heartbeat may be faster.
        self.heartbeats.touch(id, next.fenced(), request.current_metadata_offset);
        self.report_directories(request, &mut records);
        if next == BrokerState::ControlledShutdown {
            // Who has read up to here knows of every leadership that this broker has given up.
            let last = self.next_offset + i64::try_from(records.len()).unwrap_or(0) - 1;
            self.heartbeats.begin_shutdown(id, last);
        }
        if next.should_shut_down() {
            // Its next life need not wait until this one's session has run out.
            self.heartbeats.end_session(id, epoch);
        }
        let response = BrokerHeartbeatResponse {
            is_caught_up: request.current_metadata_offset >= registered_at,
            is_fenced: next.fenced(),
            should_shut_down: next.should_shut_down(),
            ..Default::default()
        };
        Decision::of(records, response)
    }

    fn report_directories(
        &self,
        request: &BrokerHeartbeatRequest,
        records: &mut Vec<VersionedRecord>,
    ) {
        let (id, broker_epoch) = (request.broker_id, request.broker_epoch);
        let Some(broker) = self.broker(id) else { return };
        let version = self.image().features.metadata_version();
        // Only what it registered with: a directory that nobody knows of cannot hold a replica.
        let offline: Vec<Uuid> = request
            .offline_log_dirs
            .iter()
            .filter(|dir| broker.log_dirs.contains(dir))
            .copied()
            .collect();
        if version.is_directory_assignment_supported() && !offline.is_empty() {
            for directory in &offline {
                let happening = Happening { removed: Some(id), ..Happening::default() };
                self.update_partitions(self.index.in_directory(directory), happening, records);
            }
            let online =
                broker.log_dirs.iter().filter(|dir| !offline.contains(dir)).copied().collect();
            let change =
                BrokerRegistrationChangeRecord { log_dirs: online, ..change(id, broker_epoch) };
            records.push((MetadataRecord::BrokerRegistrationChange(change), 2));
            tracing::warn!(broker = id, ?offline, "log directories went offline");
        }
        if let Some(cordoned) =
            request.cordoned_log_dirs.as_ref().filter(|_| version.is_cordoned_log_dirs_supported())
        {
            let before: BTreeSet<&Uuid> = broker.cordoned_log_dirs.iter().flatten().collect();
            if before != cordoned.iter().collect() {
                let cordoned_log_dirs = Some(cordoned.clone());
                let change = BrokerRegistrationChangeRecord {
                    cordoned_log_dirs,
                    ..change(id, broker_epoch)
                };
                records.push((MetadataRecord::BrokerRegistrationChange(change), 3));
            }
        }
    }

    /// Fences one broker that was silent for too long; none is left when this gives nothing.
    pub(crate) fn fence_stale_broker(&mut self, now: Millis) -> Option<Vec<VersionedRecord>> {
        loop {
            let (id, epoch) = self.heartbeats.take_expired(now)?;
            let Some(broker) = self.broker(id) else {
                self.heartbeats.remove(id);
                continue;
            };
            // The session was that of an earlier life, or the broker was never let in.
            if broker.epoch != epoch || broker.fenced {
                continue;
            }
            tracing::info!(broker = id, epoch, "fencing a broker whose session has timed out");
            let mut records = Vec::new();
            self.fence(id, &mut records);
            self.heartbeats.register(id, true);
            return Some(records);
        }
    }

    /// The broker is out of every in-sync set, and with that leads nothing; then it is marked as fenced.
    fn fence(&self, id: NodeId, records: &mut Vec<VersionedRecord>) {
        let Some(epoch) = self.broker(id).map(|broker| broker.epoch) else { return };
        let happening = Happening { removed: Some(id), ..Happening::default() };
        self.update_partitions(self.index.in_sync_on(id), happening, records);
        let change = BrokerRegistrationChangeRecord { fenced: FENCE, ..change(id, epoch) };
        records.push((MetadataRecord::BrokerRegistrationChange(change), 0));
    }

    /// The broker may lead again. It does not join in-sync sets by that: their leaders let it in when it has caught up.
    /// But partitions without a leader may have been waiting for it.
    fn unfence(&self, id: NodeId, epoch: i64, records: &mut Vec<VersionedRecord>) {
        let change = BrokerRegistrationChangeRecord { fenced: UNFENCE, ..change(id, epoch) };
        records.push((MetadataRecord::BrokerRegistrationChange(change), 0));
        let happening = Happening { added: Some(id), ..Happening::default() };
        self.update_partitions(
            self.index.leaderless().iter().copied().collect(),
            happening,
            records,
        );
    }

    /// The broker hands its leaderships over, and keeps serving meanwhile. It may stop when all others know.
    fn begin_shutdown(&self, id: NodeId, epoch: i64, records: &mut Vec<VersionedRecord>) {
        if !self.broker(id).is_some_and(|broker| broker.in_controlled_shutdown) {
            let in_controlled_shutdown = IN_CONTROLLED_SHUTDOWN;
            let change =
                BrokerRegistrationChangeRecord { in_controlled_shutdown, ..change(id, epoch) };
            records.push((MetadataRecord::BrokerRegistrationChange(change), 1));
        }
        let happening = Happening { removed: Some(id), ..Happening::default() };
        self.update_partitions(self.index.in_sync_on(id), happening, records);
    }

    /// The former incarnation of `id` is gone for good.
    pub(super) fn broker_shut_down(
        &self,
        id: NodeId,
        clean: bool,
        records: &mut Vec<VersionedRecord>,
    ) {
        if self.is_elr_enabled() && !clean {
            let happening = Happening { unclean: Some(id), ..Happening::default() };
            self.update_partitions(self.index.in_sync_on(id), happening, records);
            self.update_partitions(self.index.eligible_on(id), happening, records);
        } else {
            let happening = Happening { removed: Some(id), ..Happening::default() };
            self.update_partitions(self.index.in_sync_on(id), happening, records);
        }
    }

    /// Writes what `happening` changes in `partitions`.
    pub(crate) fn update_partitions(
        &self,
        partitions: Vec<TopicIdPartition>,
        happening: Happening,
        records: &mut Vec<VersionedRecord>,
    ) {
        // As it will be: the record of what happens to the broker is decided with these, and not applied yet.
        let gone =
            |node: NodeId| happening.removed == Some(node) || happening.unclean == Some(node);
        let serves =
            |node: NodeId| !gone(node) && (happening.added == Some(node) || self.is_active(node));
        for id in partitions {
            let Some((topic, partition)) = self.partition(id) else { continue };
            let mut change = self.change(topic, id.partition, partition, |node| {
                serves(node) && self.has_online_directory(node, partition)
            });
            change.isr.retain(|&node| !gone(node));
            change.unclean_shutdown = happening.unclean;
            if self.is_unclean_election_enabled(&topic.name) {
                change.election = Election::Unclean;
            }
            records.extend(change.build().map(|record| self.change_record(record)));
        }
    }
}

fn change(broker_id: NodeId, broker_epoch: i64) -> BrokerRegistrationChangeRecord {
    BrokerRegistrationChangeRecord { broker_id, broker_epoch, ..Default::default() }
}
