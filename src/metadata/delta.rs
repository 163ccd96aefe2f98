//! Records of the metadata log over an image: what the next image is, and what they touched.
//!
//! Replaying is the only thing that changes metadata. It never decides: a record that does not fit what is there is a
//! fault of the log or of this program, and an error.
//!
//! Two kinds of misfit are told apart. What Kafka's own replay would refuse is an error here. What only a controller
//! would never write (a leader that is not in sync) is taken in as it stands: the log is the truth.

use std::sync::Arc;

use super::access::{DelegationToken, ScramCredential};
use super::acls::Acl;
use super::changes::Changes;
use super::cluster::{BrokerRegistration, ControllerRegistration, Endpoint, VersionRange};
use super::configs::{ConfigResource, ResourceType};
use super::features::{METADATA_VERSION, MetadataVersion};
use super::image::{Image, Provenance};
use super::quotas::QuotaEntity;
use super::topics::{
    DIRECTORY_MIGRATING, DIRECTORY_UNASSIGNED, LeaderRecoveryState, PartitionRegistration,
    TopicImage,
};
use crate::error::Error;
use crate::types::{NodeId, PartitionId, TopicId, Uuid};
use crate::wire::stored::metadata::{
    AccessControlEntryRecord, BrokerRegistrationChangeRecord, ClearElrRecord, ClientQuotaRecord,
    ConfigRecord, DelegationTokenRecord, FeatureLevelRecord, MetadataRecord, PartitionChangeRecord,
    PartitionRecord, RegisterBrokerRecord, RegisterControllerRecord, TopicRecord,
    UserScramCredentialRecord,
};

/// The leader in a `PartitionChangeRecord` that leaves the leader alone.
pub const NO_LEADER_CHANGE: NodeId = -2;

/// Records gathered over an image.
#[derive(Clone, Debug)]
pub struct Delta {
    /// Where it began, to know what of deleted topics was there before.
    base: Image,
    image: Image,
    changes: Changes,
}

impl Delta {
    /// No records yet, over `base`.
    pub fn new(base: &Image) -> Self {
        Self { base: base.clone(), image: base.clone(), changes: Changes::default() }
    }

    /// The image as the records so far make it; its provenance is still the base's.
    pub const fn image(&self) -> &Image {
        &self.image
    }

    /// What the records so far have touched.
    pub const fn changes(&self) -> &Changes {
        &self.changes
    }

    /// The next image, which reaches up to `provenance`, and what the records touched.
    pub fn apply(self, provenance: Provenance) -> (Image, Changes) {
        (Image { provenance, ..self.image }, self.changes)
    }

    /// Adds one record. Those of transactions do nothing here: see `Loader`.
    pub fn replay(&mut self, record: &MetadataRecord) -> Result<(), Error> {
        match record {
            MetadataRecord::RegisterBroker(record) => self.register_broker(record),
            MetadataRecord::UnregisterBroker(record) => self.unregister_broker(record.broker_id),
            MetadataRecord::Topic(record) => self.topic(record),
            MetadataRecord::Partition(record) => self.partition(record)?,
            MetadataRecord::Config(record) => self.config(record),
            MetadataRecord::PartitionChange(record) => self.partition_change(record)?,
            MetadataRecord::AccessControlEntry(record) => self.access_control_entry(record),
            MetadataRecord::FenceBroker(record) => {
                self.broker(record.id, record.epoch, "FenceBrokerRecord")?.fenced = true;
            }
            MetadataRecord::UnfenceBroker(record) => {
                self.broker(record.id, record.epoch, "UnfenceBrokerRecord")?.fenced = false;
            }
            MetadataRecord::RemoveTopic(record) => self.remove_topic(record.topic_id)?,
            MetadataRecord::DelegationToken(record) => self.delegation_token(record),
            MetadataRecord::UserScramCredential(record) => self.user_scram_credential(record),
            MetadataRecord::FeatureLevel(record) => self.feature_level(record)?,
            MetadataRecord::ClientQuota(record) => self.client_quota(record),
            MetadataRecord::ProducerIds(record) => {
                self.image.next_producer_id = record.next_producer_id;
                self.changes.producer_ids = true;
            }
            MetadataRecord::RemoveAccessControlEntry(record) => {
                self.remove_access_control_entry(record.id)?
            }
            MetadataRecord::BrokerRegistrationChange(record) => {
                self.broker_registration_change(record)?
            }
            MetadataRecord::RemoveUserScramCredential(record) => {
                self.image.scram.remove(record.mechanism, &record.name);
                self.changes.scram.insert((record.mechanism, record.name.clone()));
            }
            MetadataRecord::RemoveDelegationToken(record) => {
                self.image.delegation_tokens.remove(&record.token_id);
                self.changes.delegation_tokens.insert(record.token_id.clone());
            }
            MetadataRecord::RegisterController(record) => self.register_controller(record),
            MetadataRecord::ClearElr(record) => self.clear_elr(record)?,
            MetadataRecord::NoOp(_)
            | MetadataRecord::ZkMigrationState(_)
            | MetadataRecord::BeginTransaction(_)
            | MetadataRecord::EndTransaction(_)
            | MetadataRecord::AbortTransaction(_) => {}
        }
        Ok(())
    }

    fn register_broker(&mut self, record: &RegisterBrokerRecord) {
        let endpoints = record.end_points.iter();
        let features = record.features.iter();
        let broker = BrokerRegistration {
            id: record.broker_id,
            epoch: record.broker_epoch,
            incarnation_id: record.incarnation_id,
            listeners: endpoints
                .map(|e| endpoint(&e.name, &e.host, e.port, e.security_protocol))
                .collect(),
            supported_features: features
                .map(|f| feature(&f.name, f.min_supported_version, f.max_supported_version))
                .collect(),
            rack: record.rack.clone(),
            fenced: record.fenced,
            in_controlled_shutdown: record.in_controlled_shutdown,
            is_migrating_zk_broker: record.is_migrating_zk_broker,
            log_dirs: sorted(&record.log_dirs),
            cordoned_log_dirs: record.cordoned_log_dirs.as_deref().map(sorted),
        };
        self.changes.brokers.insert(broker.id);
        self.image.cluster.brokers.insert(broker.id, Arc::new(broker));
    }

    fn unregister_broker(&mut self, id: NodeId) {
        self.image.cluster.brokers.remove(&id);
        self.changes.brokers.insert(id);
    }

    /// The broker `id` in its life `epoch`, to be changed by a record called `what`.
    fn broker(
        &mut self,
        id: NodeId,
        epoch: i64,
        what: &str,
    ) -> Result<&mut BrokerRegistration, Error> {
        self.changes.brokers.insert(id);
        let Some(broker) = self.image.cluster.brokers.get_mut(&id) else {
            return Err(misfit(format_args!("{what} for broker {id}, which is not registered")));
        };
        if broker.epoch != epoch {
            let now = broker.epoch;
            return Err(misfit(format_args!(
                "{what} for broker {id} of epoch {epoch}, but it is in epoch {now}"
            )));
        }
        Ok(Arc::make_mut(broker))
    }

    fn broker_registration_change(
        &mut self,
        record: &BrokerRegistrationChangeRecord,
    ) -> Result<(), Error> {
        let what = "BrokerRegistrationChangeRecord";
        let broker = self.broker(record.broker_id, record.broker_epoch, what)?;
        match record.fenced {
            1 => broker.fenced = true,
            0 => {}
            -1 => broker.fenced = false,
            other => return Err(misfit(format_args!("{what} with the fencing {other}"))),
        }
        match record.in_controlled_shutdown {
            1 => broker.in_controlled_shutdown = true,
            0 => {}
            other => return Err(misfit(format_args!("{what} with the shutdown state {other}"))),
        }
        // Empty means no change, so that a broker can never be left without any.
        if !record.log_dirs.is_empty() {
            broker.log_dirs = sorted(&record.log_dirs);
        }
        if let Some(dirs) = &record.cordoned_log_dirs {
            broker.cordoned_log_dirs = Some(sorted(dirs));
        }
        Ok(())
    }

    fn register_controller(&mut self, record: &RegisterControllerRecord) {
        let endpoints = record.end_points.iter();
        let features = record.features.iter();
        let controller = ControllerRegistration {
            id: record.controller_id,
            incarnation_id: record.incarnation_id,
            zk_migration_ready: record.zk_migration_ready,
            listeners: endpoints
                .map(|e| endpoint(&e.name, &e.host, e.port, e.security_protocol))
                .collect(),
            supported_features: features
                .map(|f| feature(&f.name, f.min_supported_version, f.max_supported_version))
                .collect(),
        };
        self.changes.controllers.insert(controller.id);
        self.image.cluster.controllers.insert(controller.id, Arc::new(controller));
    }

    /// A new topic. One of the same name and another id has been deleted by a record that a snapshot has swallowed.
    fn topic(&mut self, record: &TopicRecord) {
        if let Some(old) = self.image.topics.id(&record.name).filter(|&old| old != record.topic_id)
        {
            self.forget_topic(old);
        }
        self.image.topics.insert(TopicImage::new(record.name.as_str(), record.topic_id));
        self.changes.topics.entry(record.topic_id).or_default();
        self.changes.created_topics.insert(record.topic_id);
    }

    fn remove_topic(&mut self, id: TopicId) -> Result<(), Error> {
        let Some(topic) = self.forget_topic(id) else {
            return Err(misfit(format_args!("RemoveTopicRecord for {id}, which is no topic")));
        };
        if self.image.configs.remove(ResourceType::TOPIC, &topic.name) {
            self.changes.configs.insert(ConfigResource::new(ResourceType::TOPIC, &*topic.name));
        }
        Ok(())
    }

    fn forget_topic(&mut self, id: TopicId) -> Option<Arc<TopicImage>> {
        let topic = self.image.topics.remove(id)?;
        self.changes.topics.remove(&id);
        self.changes.created_topics.remove(&id);
        if let Some(was) = self.base.topics.by_id(id) {
            self.changes.deleted_topics.insert(id, was.clone());
        }
        Some(topic)
    }

    fn topic_to_change(&mut self, id: TopicId, what: &str) -> Result<&mut TopicImage, Error> {
        match self.image.topics.get_mut(id) {
            Some(topic) => Ok(topic),
            None => Err(misfit(format_args!("{what} for {id}, which is no topic"))),
        }
    }

    fn touch(&mut self, id: TopicId, partition: PartitionId) {
        self.changes.topics.entry(id).or_default().insert(partition);
    }

    fn partition(&mut self, record: &PartitionRecord) -> Result<(), Error> {
        let topic = self.topic_to_change(record.topic_id, "PartitionRecord")?;
        if record.partition_id < 0 {
            return Err(misfit(format_args!(
                "PartitionRecord for {}-{}",
                topic.name, record.partition_id
            )));
        }
        topic.partitions.insert(
            record.partition_id,
            PartitionRegistration {
                replicas: record.replicas.clone(),
                directories: directories(&record.directories, record.replicas.len())?,
                isr: record.isr.clone(),
                removing_replicas: record.removing_replicas.clone(),
                adding_replicas: record.adding_replicas.clone(),
                elr: record.eligible_leader_replicas.clone().unwrap_or_default(),
                last_known_elr: record.last_known_elr.clone().unwrap_or_default(),
                leader: record.leader,
                leader_recovery_state: recovery_state(record.leader_recovery_state)?,
                leader_epoch: record.leader_epoch,
                partition_epoch: record.partition_epoch,
            },
        );
        self.touch(record.topic_id, record.partition_id);
        Ok(())
    }

    fn partition_change(&mut self, record: &PartitionChangeRecord) -> Result<(), Error> {
        let topic = self.topic_to_change(record.topic_id, "PartitionChangeRecord")?;
        let Some(partition) = topic.partitions.get_mut(record.partition_id) else {
            let (name, id) = (&topic.name, record.partition_id);
            return Err(misfit(format_args!(
                "PartitionChangeRecord for {name}-{id}, which is no partition"
            )));
        };
        merge(partition, record)?;
        self.touch(record.topic_id, record.partition_id);
        Ok(())
    }

    fn clear_elr(&mut self, record: &ClearElrRecord) -> Result<(), Error> {
        let ids: Vec<TopicId> = if record.topic_name.is_empty() {
            self.image.topics.iter().map(|topic| topic.id).collect()
        } else {
            let Some(id) = self.image.topics.id(&record.topic_name) else {
                return Err(misfit(format_args!(
                    "ClearElrRecord for {}, which is no topic",
                    record.topic_name
                )));
            };
            vec![id]
        };
        for id in ids {
            let Some(topic) = self.image.topics.by_id(id) else { continue };
            let has_elr =
                |p: &PartitionRegistration| !p.elr.is_empty() || !p.last_known_elr.is_empty();
            let partitions: Vec<_> =
                topic.partitions.iter().filter(|(_, p)| has_elr(p)).map(|(id, _)| id).collect();
            for partition in partitions {
                let topic = self.topic_to_change(id, "ClearElrRecord")?;
                if let Some(partition) = topic.partitions.get_mut(partition) {
                    partition.elr.clear();
                    partition.last_known_elr.clear();
                    partition.partition_epoch = partition.partition_epoch.wrapping_add(1);
                }
                self.touch(id, partition);
            }
        }
        Ok(())
    }

    fn config(&mut self, record: &ConfigRecord) {
        let kind = ResourceType(record.resource_type);
        self.image.configs.set(kind, &record.resource_name, &record.name, record.value.as_deref());
        self.changes.configs.insert(ConfigResource::new(kind, record.resource_name.as_str()));
    }

    fn feature_level(&mut self, record: &FeatureLevelRecord) -> Result<(), Error> {
        let (name, level) = (&record.name, record.feature_level);
        if name == METADATA_VERSION {
            let Some(version) = MetadataVersion::from_level(level) else {
                return Err(misfit(format_args!(
                    "metadata.version {level}, which this release does not know"
                )));
            };
            self.image.features.metadata_version = Some(version);
        } else if level == 0 {
            self.image.features.finalized.remove(name);
        } else {
            self.image.features.finalized.insert(name.clone(), level);
        }
        self.changes.features.insert(name.clone());
        Ok(())
    }

    fn client_quota(&mut self, record: &ClientQuotaRecord) {
        let parts =
            record.entity.iter().map(|part| (part.entity_type.clone(), part.entity_name.clone()));
        let entity: QuotaEntity = parts.collect();
        self.image.client_quotas.set(
            &entity,
            &record.key,
            (!record.remove).then_some(record.value),
        );
        self.changes.client_quotas.insert(entity);
    }

    fn access_control_entry(&mut self, record: &AccessControlEntryRecord) {
        self.image.acls.insert(record.id, Acl::from(record));
        self.changes.acls.insert(record.id);
    }

    fn remove_access_control_entry(&mut self, id: Uuid) -> Result<(), Error> {
        if !self.image.acls.remove(&id) {
            return Err(misfit(format_args!(
                "RemoveAccessControlEntryRecord for {id}, which is no entry"
            )));
        }
        self.changes.acls.insert(id);
        Ok(())
    }

    fn user_scram_credential(&mut self, record: &UserScramCredentialRecord) {
        let credential = ScramCredential {
            salt: record.salt.clone(),
            stored_key: record.stored_key.clone(),
            server_key: record.server_key.clone(),
            iterations: record.iterations,
        };
        self.image.scram.insert(record.mechanism, &record.name, credential);
        self.changes.scram.insert((record.mechanism, record.name.clone()));
    }

    fn delegation_token(&mut self, record: &DelegationTokenRecord) {
        let token = DelegationToken {
            token_id: record.token_id.clone(),
            owner: record.owner.clone(),
            requester: record.requester.clone(),
            renewers: record.renewers.clone(),
            issue_timestamp: record.issue_timestamp,
            max_timestamp: record.max_timestamp,
            expiration_timestamp: record.expiration_timestamp,
        };
        self.changes.delegation_tokens.insert(token.token_id.clone());
        self.image.delegation_tokens.insert(token.token_id.clone(), Arc::new(token));
    }
}

/// What `record` makes of `partition`: the epoch of the partition always goes up, that of the leader with an election.
pub fn merge(
    partition: &mut PartitionRegistration,
    record: &PartitionChangeRecord,
) -> Result<(), Error> {
    if let Some(replicas) = &record.replicas {
        partition.replicas.clone_from(replicas);
    }
    let count = partition.replicas.len();
    match &record.directories {
        Some(named) => partition.directories = directories(named, count)?,
        None => partition.directories.resize(count, DIRECTORY_UNASSIGNED),
    }
    let lists = [
        (&mut partition.isr, &record.isr),
        (&mut partition.removing_replicas, &record.removing_replicas),
        (&mut partition.adding_replicas, &record.adding_replicas),
        (&mut partition.elr, &record.eligible_leader_replicas),
        (&mut partition.last_known_elr, &record.last_known_elr),
    ];
    // Null is no change, an empty list is one.
    for (list, change) in lists {
        if let Some(change) = change {
            list.clone_from(change);
        }
    }
    if record.leader != NO_LEADER_CHANGE {
        partition.leader = record.leader;
        partition.leader_epoch = partition.leader_epoch.wrapping_add(1);
    }
    if record.leader_recovery_state != -1 {
        partition.leader_recovery_state = recovery_state(record.leader_recovery_state)?;
    }
    partition.partition_epoch = partition.partition_epoch.wrapping_add(1);
    Ok(())
}

fn endpoint(name: &str, host: &str, port: u16, security_protocol: i16) -> Endpoint {
    Endpoint { name: name.to_owned(), host: host.to_owned(), port, security_protocol }
}

fn feature(name: &str, min: i16, max: i16) -> (String, VersionRange) {
    (name.to_owned(), VersionRange { min, max })
}

fn sorted(dirs: &[Uuid]) -> Vec<Uuid> {
    let mut dirs = dirs.to_vec();
    dirs.sort_unstable();
    dirs
}

fn directories(named: &[Uuid], replicas: usize) -> Result<Vec<Uuid>, Error> {
    match named.len() {
        0 => Ok(vec![DIRECTORY_MIGRATING; replicas]),
        dirs if dirs == replicas => Ok(named.to_vec()),
        dirs => {
            Err(misfit(format_args!("a partition with {replicas} replicas in {dirs} directories")))
        }
    }
}

fn recovery_state(code: i8) -> Result<LeaderRecoveryState, Error> {
    LeaderRecoveryState::from_code(code)
        .ok_or_else(|| misfit(format_args!("a partition in the recovery state {code}")))
}

fn misfit(what: std::fmt::Arguments<'_>) -> Error {
    Error::Corrupt(format!("metadata log: {what}"))
}
