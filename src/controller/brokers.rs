//! Brokers' lives as the controller sees them: registration, heartbeats, fencing, controlled shutdown, the end. What
//! each does to partitions is in `elections`; this file says which partitions are concerned. Never talks to a broker.
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
use crate::controller::index::is_reserved;
use crate::controller::machine::Machine;
use crate::controller::requests::Decision;
use crate::error::{ApiError, ErrorCode};
use crate::metadata::features::METADATA_VERSION;
use crate::raft::events::VersionedRecord;
use crate::types::{Millis, NodeId, TopicIdPartition, Uuid};
use crate::wire::messages::broker_heartbeat::{BrokerHeartbeatRequest, BrokerHeartbeatResponse};
use crate::wire::messages::broker_registration::{
    BrokerRegistrationRequest, BrokerRegistrationResponse, Feature,
};
use crate::wire::messages::controller_registration::{
    ControllerRegistrationRequest, ControllerRegistrationResponse,
};
use crate::wire::messages::unregister_broker::{UnregisterBrokerRequest, UnregisterBrokerResponse};
use crate::wire::stored::metadata::{
    BrokerEndpoint, BrokerFeature, BrokerRegistrationChangeRecord, ControllerEndpoint,
    ControllerFeature, MetadataRecord, RegisterBrokerRecord, RegisterControllerRecord,
    UnregisterBrokerRecord,
};

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
    /// Takes a broker's registration, or refuses it.
    pub(crate) fn register_broker(
        &mut self,
        request: &BrokerRegistrationRequest,
        version: i16,
        now: Millis,
    ) -> Decision<BrokerRegistrationResponse> {
        match self.registered(request, version, now) {
            Ok((broker_epoch, records)) => Decision::of(
                records,
                BrokerRegistrationResponse { broker_epoch, ..Default::default() },
            ),
            Err(error) => {
                tracing::info!(broker = request.broker_id, %error, "broker registration refused");
                Decision::reply(BrokerRegistrationResponse {
                    error_code: error.code.code(),
                    ..Default::default()
                })
            }
        }
    }

    fn registered(
        &mut self,
        request: &BrokerRegistrationRequest,
        version: i16,
        now: Millis,
    ) -> Result<(i64, Vec<VersionedRecord>), ApiError> {
        self.check_registration(request, now)?;
        let id = request.broker_id;
        let existing = self.broker(id).map(|broker| (broker.incarnation_id, broker.epoch));
        let mut record = RegisterBrokerRecord {
            broker_id: id,
            incarnation_id: request.incarnation_id,
            rack: request.rack.clone(),
            end_points: request.listeners.iter().map(broker_endpoint).collect(),
            features: request.features.iter().map(broker_feature).collect(),
            fenced: true,
            ..Default::default()
        };
        if self.image().features.metadata_version().is_directory_assignment_supported() {
            record.log_dirs = request.log_dirs.clone();
        }
        let mut records = Vec::new();
        match self.broker(id).filter(|broker| broker.incarnation_id == request.incarnation_id) {
            Some(same) => {
                record.fenced = same.fenced;
                record.in_controlled_shutdown = same.in_controlled_shutdown;
                record.broker_epoch = same.epoch;
            }
            None => {
                // A clean stop left its epoch on its disk, and the broker brings it along (KIP-966): then all it had
                // acknowledged was synced. −2 is no epoch that a request could name.
                let known_epoch = existing.map_or(-2, |(_, epoch)| epoch);
                let clean = version >= 3 && known_epoch == request.previous_broker_epoch;
                self.broker_shut_down(id, clean, &mut records);
                // The offset that the first of these records will have: no other life of any broker has it.
                record.broker_epoch = self.next_offset;
                self.heartbeats.remove(id);
            }
        }
        self.heartbeats.register(id, record.fenced);
        let broker_epoch = record.broker_epoch;
        // The registration comes last: should the rest be lost halfway, the broker registers again and it is redone.
        records.push((
            MetadataRecord::RegisterBroker(record),
            self.image().features.metadata_version().register_broker_record_version(),
        ));
        Ok((broker_epoch, records))
    }

    /// Whether a broker may begin a life: of this cluster, not beside another with its id, and able to do what is used.
    fn check_registration(
        &self,
        request: &BrokerRegistrationRequest,
        now: Millis,
    ) -> Result<(), ApiError> {
        let cluster_id = &self.settings.cluster_id;
        if *cluster_id != request.cluster_id {
            let text = format!(
                "Expected cluster ID {cluster_id}, but got cluster ID {}",
                request.cluster_id
            );
            return Err(ApiError::new(ErrorCode::InconsistentClusterId, text));
        }
        // A life is over when its session is: until then another process with the id is a mistake of the operator.
        if let Some(existing) = self.broker(request.broker_id) {
            let alive = self.heartbeats.has_valid_session(request.broker_id, existing.epoch, now);
            if alive && existing.incarnation_id != request.incarnation_id {
                let text = "Another broker is registered with that broker id. If the broker was recently restarted \
                            this should self-resolve once the heartbeat manager expires the broker's session.";
                return Err(ApiError::new(ErrorCode::DuplicateBrokerRegistration, text));
            }
        }
        if request.is_migrating_zk_broker {
            let text = "Controller does not support registering ZK brokers.";
            return Err(ApiError::new(ErrorCode::BrokerIdNotRegistered, text));
        }
        if self.image().features.metadata_version().is_directory_assignment_supported() {
            self.check_directories(request)?;
        }
        self.check_features(&request.features)
    }

    fn check_directories(&self, request: &BrokerRegistrationRequest) -> Result<(), ApiError> {
        let invalid = |text: String| Err(ApiError::new(ErrorCode::InvalidRegistration, text));
        if request.log_dirs.is_empty() {
            return invalid("No directories specified in request".to_owned());
        }
        if request.log_dirs.iter().any(is_reserved) {
            return invalid("Reserved directory ID in request".to_owned());
        }
        let distinct: BTreeSet<&Uuid> = request.log_dirs.iter().collect();
        if distinct.len() != request.log_dirs.len() {
            return invalid("Duplicate directory ID in request".to_owned());
        }
        for other in self.brokers().filter(|broker| broker.id != request.broker_id) {
            if let Some(directory) =
                other.log_dirs.iter().find(|directory| distinct.contains(directory))
            {
                return invalid(format!(
                    "Broker {} is already registered with directory {directory}",
                    other.id
                ));
            }
        }
        Ok(())
    }

    /// A broker must understand every feature at the level that the cluster uses.
    fn check_features(&self, features: &[Feature]) -> Result<(), ApiError> {
        let unsupported = |name: &str, level: i16, min: i16, max: i16| {
            let text = format!(
                "Unable to register because the broker does not support finalized version {level} of {name}. The \
                 broker wants a version between {min} and {max}, inclusive."
            );
            ApiError::new(ErrorCode::UnsupportedVersion, text)
        };
        for feature in features {
            let level = self.image().features.level(&feature.name);
            if !(feature.min_supported_version..=feature.max_supported_version).contains(&level) {
                let (min, max) = (feature.min_supported_version, feature.max_supported_version);
                return Err(unsupported(&feature.name, level, min, max));
            }
        }
        if !features.iter().any(|feature| feature.name == METADATA_VERSION) {
            let text = "Request features do not contain 'metadata.version'";
            return Err(ApiError::new(ErrorCode::InvalidRegistration, text));
        }
        // What it says nothing of it does not have, which is as good as level 0 and no other.
        for (name, level) in self.image().features.iter() {
            if level != 0 && !features.iter().any(|feature| feature.name == name) {
                return Err(unsupported(name, level, 0, 0));
            }
        }
        Ok(())
    }

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
        debug_assert!(
            !(next.should_shut_down() && heartbeat.leads),
            "broker {id} is sent away while it leads"
        );
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
    fn broker_shut_down(&self, id: NodeId, clean: bool, records: &mut Vec<VersionedRecord>) {
        if self.is_elr_enabled() && !clean {
            let happening = Happening { unclean: Some(id), ..Happening::default() };
            self.update_partitions(self.index.in_sync_on(id), happening, records);
            self.update_partitions(self.index.eligible_on(id), happening, records);
        } else {
            let happening = Happening { removed: Some(id), ..Happening::default() };
            self.update_partitions(self.index.in_sync_on(id), happening, records);
        }
    }

    /// Forgets a broker that will not come back.
    pub(crate) fn unregister_broker(
        &self,
        request: &UnregisterBrokerRequest,
    ) -> Decision<UnregisterBrokerResponse> {
        let id = request.broker_id;
        let Some(broker_epoch) = self.broker(id).map(|broker| broker.epoch) else {
            return Decision::reply(UnregisterBrokerResponse {
                error_code: ErrorCode::BrokerIdNotRegistered.code(),
                error_message: Some(format!("Broker ID {id} is not currently registered")),
                ..Default::default()
            });
        };
        let mut records = Vec::new();
        // It takes its data along: it is not merely out of sync but no longer eligible.
        let happening = Happening { unclean: Some(id), ..Happening::default() };
        self.update_partitions(self.index.in_sync_on(id), happening, &mut records);
        self.update_partitions(self.index.eligible_on(id), happening, &mut records);
        let record = UnregisterBrokerRecord { broker_id: id, broker_epoch, ..Default::default() };
        records.push((MetadataRecord::UnregisterBroker(record), 0));
        Decision::of(records, UnregisterBrokerResponse::default())
    }

    /// Takes a controller's registration.
    pub(crate) fn register_controller(
        &self,
        request: &ControllerRegistrationRequest,
    ) -> Decision<ControllerRegistrationResponse> {
        if !self.image().features.metadata_version().is_controller_registration_supported() {
            let text =
                "The current MetadataVersion is too old to support controller registrations.";
            return Decision::reply(ControllerRegistrationResponse {
                error_code: ErrorCode::UnsupportedVersion.code(),
                error_message: Some(text.to_owned()),
                ..Default::default()
            });
        }
        let endpoint = |listener: &crate::wire::messages::controller_registration::Listener| {
            ControllerEndpoint {
                name: listener.name.clone(),
                host: listener.host.clone(),
                port: listener.port,
                security_protocol: listener.security_protocol,
                ..Default::default()
            }
        };
        let feature =
            |feature: &crate::wire::messages::controller_registration::Feature| ControllerFeature {
                name: feature.name.clone(),
                min_supported_version: feature.min_supported_version,
                max_supported_version: feature.max_supported_version,
                ..Default::default()
            };
        let record = RegisterControllerRecord {
            controller_id: request.controller_id,
            incarnation_id: request.incarnation_id,
            end_points: request.listeners.iter().map(endpoint).collect(),
            features: request.features.iter().map(feature).collect(),
            ..Default::default()
        };
        let records = vec![(MetadataRecord::RegisterController(record), 0)];
        Decision::atomic(records, ControllerRegistrationResponse::default())
    }

    /// Writes what `happening` changes in `partitions`.
    pub(crate) fn update_partitions(
        &self,
        partitions: Vec<TopicIdPartition>,
        happening: Happening,
        records: &mut Vec<VersionedRecord>,
    ) {
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

fn broker_endpoint(
    listener: &crate::wire::messages::broker_registration::Listener,
) -> BrokerEndpoint {
    BrokerEndpoint {
        name: listener.name.clone(),
        host: listener.host.clone(),
        port: listener.port,
        security_protocol: listener.security_protocol,
        ..Default::default()
    }
}

fn broker_feature(feature: &Feature) -> BrokerFeature {
    BrokerFeature {
        name: feature.name.clone(),
        min_supported_version: feature.min_supported_version,
        max_supported_version: feature.max_supported_version,
        ..Default::default()
    }
}
