//! Who is let into the cluster, as a broker or as a controller, and how a broker is forgotten (KIP-631, KIP-919).
//!
//! A registration is the beginning of a life: it has an epoch that no other life of any broker has, and what the life
//! before has left behind is put in order with it. Never says when a life ends: that is in `brokers`.

use std::collections::BTreeSet;

use crate::controller::brokers::Happening;
use crate::controller::index::is_reserved;
use crate::controller::machine::Machine;
use crate::controller::requests::Decision;
use crate::error::{ApiError, ErrorCode};
use crate::metadata::features::METADATA_VERSION;
use crate::raft::events::VersionedRecord;
use crate::types::{Millis, Uuid};
use crate::wire::messages::broker_registration::{
    self, BrokerRegistrationRequest, BrokerRegistrationResponse, Feature,
};
use crate::wire::messages::controller_registration::{
    self, ControllerRegistrationRequest, ControllerRegistrationResponse,
};
use crate::wire::messages::unregister_broker::{UnregisterBrokerRequest, UnregisterBrokerResponse};
use crate::wire::stored::metadata::{
    BrokerEndpoint, BrokerFeature, ControllerEndpoint, ControllerFeature, MetadataRecord,
    RegisterBrokerRecord, RegisterControllerRecord, UnregisterBrokerRecord,
};

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
        // A copied disk, most likely: two brokers would hold what the cluster takes for one replica.
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
        let endpoint = |listener: &controller_registration::Listener| ControllerEndpoint {
            name: listener.name.clone(),
            host: listener.host.clone(),
            port: listener.port,
            security_protocol: listener.security_protocol,
            ..Default::default()
        };
        let feature = |feature: &controller_registration::Feature| ControllerFeature {
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
}

fn broker_endpoint(listener: &broker_registration::Listener) -> BrokerEndpoint {
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
