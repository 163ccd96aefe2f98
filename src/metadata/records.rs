//! An image as records, in the order of Kafka's snapshots: features first, so that a reader knows the version of what
//! follows.
//!
//! What a version has no place for is left out rather than refused: an older cluster has never had it, and one that was
//! downgraded has agreed to lose it.

use bytes::Bytes;

use super::acls::Acl;
use super::cluster::{BrokerRegistration, ControllerRegistration};
use super::features::{ELR_VERSION, METADATA_VERSION, MetadataVersion};
use super::image::Image;
use super::topics::{PartitionRegistration, TopicImage};
use crate::error::Error;
use crate::types::{NONE, Offset, PartitionId, TopicId, Uuid};
use crate::wire::records::{Batch, RecordsError};
use crate::wire::stored::metadata::{
    AccessControlEntryRecord, BrokerEndpoint, BrokerFeature, BrokerRegistrationChangeRecord,
    ClientQuotaRecord, ConfigRecord, ControllerEndpoint, ControllerFeature, DelegationTokenRecord,
    EntityData, FeatureLevelRecord, MetadataRecord, PartitionRecord, ProducerIdsRecord,
    RegisterBrokerRecord, RegisterControllerRecord, TopicRecord, UserScramCredentialRecord,
};

/// The records of one batch of the metadata log in turn, each with its offset. `bytes_max` bounds what the batch may
/// unpack to. Nothing for a control batch.
pub fn each_record(
    batch: &Batch<'_>,
    bytes_max: usize,
    mut each: impl FnMut(Offset, MetadataRecord) -> Result<(), Error>,
) -> Result<(), Error> {
    if batch.header().is_control() {
        return Ok(());
    }
    let corrupt = |error: RecordsError| Error::Corrupt(format!("metadata log: {error}"));
    for record in batch.payload(bytes_max).map_err(corrupt)?.records() {
        let record = record.map_err(corrupt)?;
        let value = Bytes::copy_from_slice(record.value.unwrap_or_default());
        let decoded = MetadataRecord::decode(value).map_err(|error| {
            Error::Corrupt(format!("metadata log: offset {}: {error}", record.offset))
        })?;
        each(record.offset, decoded)?;
    }
    Ok(())
}

/// The version in which a cluster at `version` writes `record`.
pub const fn record_version(record: &MetadataRecord, version: MetadataVersion) -> i16 {
    match record {
        MetadataRecord::RegisterBroker(_) => version.register_broker_record_version(),
        MetadataRecord::BrokerRegistrationChange(change) => registration_change_version(change),
        MetadataRecord::Partition(_) | MetadataRecord::PartitionChange(_) => {
            version.partition_record_version()
        }
        _ => 0,
    }
}

/// Kafka writes the lowest version that has a place for what changed.
const fn registration_change_version(change: &BrokerRegistrationChangeRecord) -> i16 {
    if change.cordoned_log_dirs.is_some() {
        3
    } else if !change.log_dirs.is_empty() {
        2
    } else if change.in_controlled_shutdown != 0 {
        1
    } else {
        0
    }
}

impl Image {
    /// The records that make this image out of nothing, as a cluster at `version` may write them. What that version has
    /// no place for is left out.
    pub fn to_records(&self, version: MetadataVersion) -> Vec<MetadataRecord> {
        let mut records = Vec::new();
        self.visit_records(version, |record| records.push(record));
        records
    }

    /// As `to_records`, one at a time: a snapshot of a large cluster need not be in memory twice.
    pub fn visit_records(&self, version: MetadataVersion, mut write: impl FnMut(MetadataRecord)) {
        self.write_features(&mut write);
        for broker in self.cluster.brokers.values() {
            write(broker_record(broker, version));
        }
        if version.is_controller_registration_supported() {
            self.cluster
                .controllers
                .values()
                .map(|controller| controller_record(controller))
                .for_each(&mut write);
        }
        let elr = version.is_elr_supported() && self.features.level(ELR_VERSION) > 0;
        for topic in self.topics.iter() {
            write_topic(topic, version, elr, &mut write);
        }
        self.write_configs(&mut write);
        self.write_quotas(&mut write);
        if self.next_producer_id > 0 {
            write(MetadataRecord::ProducerIds(ProducerIdsRecord {
                broker_id: NONE,
                broker_epoch: -1,
                next_producer_id: self.next_producer_id,
                ..Default::default()
            }));
        }
        self.write_access(version, &mut write);
    }

    fn write_features(&self, write: &mut impl FnMut(MetadataRecord)) {
        let first =
            self.features.metadata_version.map(|version| (METADATA_VERSION, version.level()));
        let others = self.features.finalized.iter().map(|(name, &level)| (name.as_str(), level));
        for (name, feature_level) in first.into_iter().chain(others) {
            let name = name.to_owned();
            write(MetadataRecord::FeatureLevel(FeatureLevelRecord {
                name,
                feature_level,
                ..Default::default()
            }));
        }
    }

    fn write_configs(&self, write: &mut impl FnMut(MetadataRecord)) {
        for (kind, resource, map) in self.configs.iter() {
            for (name, value) in &**map {
                write(MetadataRecord::Config(ConfigRecord {
                    resource_type: kind.0,
                    resource_name: resource.to_string(),
                    name: name.clone(),
                    value: Some(value.clone()),
                    ..Default::default()
                }));
            }
        }
    }

    fn write_quotas(&self, write: &mut impl FnMut(MetadataRecord)) {
        for (entity, map) in self.client_quotas.iter() {
            for (key, &value) in &**map {
                let parts = entity.iter().map(|(kind, name)| EntityData {
                    entity_type: kind.clone(),
                    entity_name: name.clone(),
                    ..Default::default()
                });
                let (entity, key) = (parts.collect(), key.clone());
                write(MetadataRecord::ClientQuota(ClientQuotaRecord {
                    entity,
                    key,
                    value,
                    ..Default::default()
                }));
            }
        }
    }

    fn write_access(&self, version: MetadataVersion, write: &mut impl FnMut(MetadataRecord)) {
        for (&id, acl) in self.acls.by_id() {
            write(MetadataRecord::AccessControlEntry(acl_record(id, acl)));
        }
        for (mechanism, user, credential) in
            self.scram.iter().filter(|_| version.is_scram_supported())
        {
            write(MetadataRecord::UserScramCredential(UserScramCredentialRecord {
                name: user.to_string(),
                mechanism,
                salt: credential.salt.clone(),
                stored_key: credential.stored_key.clone(),
                server_key: credential.server_key.clone(),
                iterations: credential.iterations,
                ..Default::default()
            }));
        }
        for token in
            self.delegation_tokens.values().filter(|_| version.is_delegation_token_supported())
        {
            write(MetadataRecord::DelegationToken(DelegationTokenRecord {
                owner: token.owner.clone(),
                requester: token.requester.clone(),
                renewers: token.renewers.clone(),
                issue_timestamp: token.issue_timestamp,
                max_timestamp: token.max_timestamp,
                expiration_timestamp: token.expiration_timestamp,
                token_id: token.token_id.clone(),
                ..Default::default()
            }));
        }
    }
}

fn write_topic(
    topic: &TopicImage,
    version: MetadataVersion,
    elr: bool,
    write: &mut impl FnMut(MetadataRecord),
) {
    let name = topic.name.to_string();
    write(MetadataRecord::Topic(TopicRecord { name, topic_id: topic.id, ..Default::default() }));
    for (id, partition) in topic.partitions.iter() {
        write(MetadataRecord::Partition(partition_record(partition, topic.id, id, version, elr)));
    }
}

/// The whole of `partition` as a record, as a cluster at `version` writes it, with eligible leaders where `elr`.
pub fn partition_record(
    partition: &PartitionRegistration,
    topic_id: TopicId,
    partition_id: PartitionId,
    version: MetadataVersion,
    elr: bool,
) -> PartitionRecord {
    let tagged = |list: &Vec<_>| (elr && !list.is_empty()).then(|| list.clone());
    let with_directories = version.is_directory_assignment_supported();
    PartitionRecord {
        partition_id,
        topic_id,
        replicas: partition.replicas.clone(),
        isr: partition.isr.clone(),
        removing_replicas: partition.removing_replicas.clone(),
        adding_replicas: partition.adding_replicas.clone(),
        leader: partition.leader,
        leader_recovery_state: partition.leader_recovery_state.code(),
        leader_epoch: partition.leader_epoch,
        partition_epoch: partition.partition_epoch,
        directories: if with_directories { partition.directories.clone() } else { Vec::new() },
        eligible_leader_replicas: tagged(&partition.elr),
        last_known_elr: tagged(&partition.last_known_elr),
        ..Default::default()
    }
}

/// `acl` as a record.
pub fn acl_record(id: Uuid, acl: &Acl) -> AccessControlEntryRecord {
    AccessControlEntryRecord {
        id,
        resource_type: acl.resource_type,
        resource_name: acl.resource_name.clone(),
        pattern_type: acl.pattern_type,
        principal: acl.principal.clone(),
        host: acl.host.clone(),
        operation: acl.operation,
        permission_type: acl.permission_type,
        ..Default::default()
    }
}

fn broker_record(broker: &BrokerRegistration, version: MetadataVersion) -> MetadataRecord {
    let endpoints = broker.listeners.iter().map(|endpoint| BrokerEndpoint {
        name: endpoint.name.clone(),
        host: endpoint.host.clone(),
        port: endpoint.port,
        security_protocol: endpoint.security_protocol,
        ..Default::default()
    });
    let features = broker.supported_features.iter().map(|(name, range)| BrokerFeature {
        name: name.to_owned(),
        min_supported_version: range.min,
        max_supported_version: range.max,
        ..Default::default()
    });
    let with_dirs = version.is_directory_assignment_supported();
    let with_cordoned = version.is_cordoned_log_dirs_supported();
    MetadataRecord::RegisterBroker(RegisterBrokerRecord {
        broker_id: broker.id,
        is_migrating_zk_broker: broker.is_migrating_zk_broker
            && version.register_broker_record_version() >= 2,
        incarnation_id: broker.incarnation_id,
        broker_epoch: broker.epoch,
        end_points: endpoints.collect(),
        features: features.collect(),
        rack: broker.rack.clone(),
        fenced: broker.fenced,
        in_controlled_shutdown: broker.in_controlled_shutdown,
        log_dirs: if with_dirs { broker.log_dirs.clone() } else { Vec::new() },
        cordoned_log_dirs: if with_cordoned {
            broker.cordoned_log_dirs.clone()
        } else {
            Default::default()
        },
        ..Default::default()
    })
}

fn controller_record(controller: &ControllerRegistration) -> MetadataRecord {
    let endpoints = controller.listeners.iter().map(|endpoint| ControllerEndpoint {
        name: endpoint.name.clone(),
        host: endpoint.host.clone(),
        port: endpoint.port,
        security_protocol: endpoint.security_protocol,
        ..Default::default()
    });
    let features = controller.supported_features.iter().map(|(name, range)| ControllerFeature {
        name: name.to_owned(),
        min_supported_version: range.min,
        max_supported_version: range.max,
        ..Default::default()
    });
    MetadataRecord::RegisterController(RegisterControllerRecord {
        controller_id: controller.id,
        incarnation_id: controller.incarnation_id,
        zk_migration_ready: controller.zk_migration_ready,
        end_points: endpoints.collect(),
        features: features.collect(),
        ..Default::default()
    })
}
