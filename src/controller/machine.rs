//! The active controller, without its actor: decides on requests against the latest applied state, and applies
//! records.
//!
//! `decide` changes nothing that is written in records: it says which records to write, and `apply` takes them in,
//! the same way whether they are fresh, replayed, or another controller's. The caller appends a decision's records,
//! applies them at once, and holds the answer back until they are committed. When it cannot append, or leads no
//! longer, it throws the machine away and replays the log into a new one; there is no undoing.
//!
//! What `decide` may change is soft: when brokers were last heard of, timers, the source of chance.
//!
//! Never reads a clock, never waits, never talks to anyone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::config::{Config, Overlay};
use crate::controller::activation;
use crate::controller::configs;
use crate::controller::heartbeats::Heartbeats;
use crate::controller::index::Index;
use crate::controller::names;
use crate::controller::quotas;
use crate::controller::requests::{ControllerReply, ControllerRequest, Decision, RequestContext};
use crate::controller::scram;
use crate::controller::timers::Timers;
use crate::error::Error;
use crate::metadata::configs::{ConfigMap, ResourceType};
use crate::metadata::topics::PartitionRegistration;
use crate::metadata::{Delta, Image};
use crate::quota::Permits;
use crate::raft::events::VersionedRecord;
use crate::random::Random;
use crate::types::{Millis, NodeId, Offset, TopicIdPartition};
use crate::wire::stored::metadata::{MetadataRecord, NoOpRecord};

/// What the machine takes from the configuration, once.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `node.id`.
    pub node_id: NodeId,
    /// The cluster's id, as brokers must name it when they register.
    pub cluster_id: String,
    /// `default.replication.factor`.
    pub default_replication_factor: i16,
    /// `num.partitions`.
    pub num_partitions: i32,
    /// `broker.session.timeout.ms`.
    pub session_timeout_ms: Millis,
    /// `metadata.max.idle.interval.ms`; none when it is 0.
    pub idle_interval_ms: Option<Millis>,
    /// `leader.imbalance.check.interval.seconds`, in milliseconds; none without `auto.leader.rebalance.enable`.
    pub balance_interval_ms: Option<Millis>,
    /// `unclean.leader.election.interval.ms`.
    pub unclean_interval_ms: Millis,
    /// `delete.topic.enable`.
    pub delete_topic_enable: bool,
    /// Static values that topics inherit where no dynamic one is set.
    pub config: Arc<Config>,
}

impl Settings {
    /// The settings of a node with this configuration; the cluster's id is not among them.
    pub fn new(config: Arc<Config>) -> Self {
        let idle = Millis::from(config.metadata_max_idle_interval_ms());
        let balance = config.leader_imbalance_check_interval_seconds().saturating_mul(1_000);
        Self {
            node_id: config.node_id(),
            cluster_id: String::new(),
            default_replication_factor: i16::try_from(config.default_replication_factor())
                .unwrap_or(i16::MAX),
            num_partitions: config.num_partitions(),
            session_timeout_ms: Millis::from(config.broker_session_timeout_ms()),
            idle_interval_ms: (idle > 0).then_some(idle),
            balance_interval_ms: config.auto_leader_rebalance_enable().then_some(balance),
            unclean_interval_ms: config.unclean_leader_election_interval_ms(),
            delete_topic_enable: config.delete_topic_enable(),
            config,
        }
    }
}

/// The active controller's state.
#[derive(Debug)]
pub struct Machine {
    pub(crate) settings: Settings,
    /// The file's configuration, under what was set while nodes run: for this node, and for all.
    pub(crate) config: Config,
    /// The state: the image before, and what has changed since; `settle` makes the two one.
    delta: Delta,
    /// Which partitions a broker or directory concerns.
    pub(crate) index: Index,
    /// What is known of brokers that no record says. Soft.
    pub(crate) heartbeats: Heartbeats,
    /// Where ids and placements come from. Soft.
    pub(crate) random: Random,
    /// The offset of the next record: also the epoch of the next broker to register.
    pub(crate) next_offset: Offset,
    /// What is due unasked. Soft.
    timers: Timers,
    /// The state before the metadata transaction within which the log ends, if it does: a failed controller's is
    /// undone.
    transaction: Option<Image>,
    /// Topics by the name they would have in a metric.
    pub(crate) unified: BTreeMap<String, BTreeSet<Arc<str>>>,
    /// The offset of each broker's registration.
    pub(crate) registrations: BTreeMap<NodeId, Offset>,
}

impl Machine {
    /// A machine for the state of `image`, whose next record goes to `next_offset`.
    pub fn new(settings: Settings, image: Image, next_offset: Offset, seed: u64) -> Self {
        let mut machine = Self {
            heartbeats: Heartbeats::new(settings.session_timeout_ms),
            config: Config::clone(&settings.config),
            timers: Timers::default(),
            transaction: None,
            settings,
            index: Index::default(),
            random: Random::new(seed),
            next_offset,
            unified: BTreeMap::new(),
            registrations: BTreeMap::new(),
            delta: Delta::new(&image),
        };
        machine.index_image();
        machine
    }

    /// The latest applied state, be it committed or not.
    pub fn image(&self) -> &Image {
        self.delta.image()
    }

    fn index_image(&mut self) {
        self.configure();
        let image = self.image().clone();
        for topic in image.topics.iter() {
            if let Some(unified) = names::unified(&topic.name) {
                self.unified.entry(unified).or_default().insert(Arc::clone(&topic.name));
            }
            for (partition, state) in topic.partitions.iter() {
                let id = TopicIdPartition { topic_id: topic.id, partition };
                self.index.update(id, None, Some(state));
            }
        }
        for broker in image.cluster.brokers.values() {
            self.heartbeats.register(broker.id, broker.fenced);
            // The record itself may be gone, replaced by a snapshot: it lies below the next offset for sure.
            self.registrations.insert(broker.id, self.next_offset - 1);
        }
    }

    /// Takes dynamic settings of brokers into the configuration.
    fn configure(&mut self) {
        let configs = &self.image().configs;
        let of = |resource: &str| {
            configs.get(ResourceType::BROKER, resource).map(|map| ConfigMap::clone(map))
        };
        let overlay = Overlay {
            default: of("").unwrap_or_default(),
            broker: of(&self.settings.node_id.to_string()).unwrap_or_default(),
        };
        if *self.config.overlay_given() != overlay {
            self.config = self.settings.config.with_overlay(overlay);
        }
    }

    /// Leadership begins: every session starts anew, every timer is set.
    pub fn activate(&mut self, now: Millis) {
        let serving: Vec<_> = self
            .brokers()
            .filter(|broker| !broker.fenced)
            .map(|broker| (broker.id, broker.epoch))
            .collect();
        for (id, epoch) in serving {
            // A controller that has just started cannot have a broker of the same process left from before.
            match id == self.settings.node_id {
                true => self.heartbeats.presume_dead(id, epoch, now),
                false => self.heartbeats.contact(id, epoch, now),
            }
        }
        self.timers = Timers::starting(&self.settings, now);
    }

    /// The records to begin a leadership with: those of `bootstrap` where nothing was ever written.
    pub fn activation_records(&self, bootstrap: &[VersionedRecord]) -> Vec<VersionedRecord> {
        let isr_min = self.settings.config.min_insync_replicas();
        let committed = self.transaction.as_ref().unwrap_or(self.image());
        activation::records(committed, bootstrap, isr_min, self.transaction.is_some())
    }

    /// Decides on one request.
    pub fn decide(
        &mut self,
        request: &ControllerRequest,
        context: &RequestContext,
        now: Millis,
    ) -> Decision<ControllerReply> {
        use {ControllerReply as Reply, ControllerRequest as Request};
        let version = context.version;
        let permits = Permits::new(context.mutations.as_deref(), now);
        match request {
            Request::CreateTopics(request) => {
                self.create_topics(request, permits).map(Reply::CreateTopics)
            }
            Request::DeleteTopics(request) => {
                self.delete_topics(request, version, permits).map(Reply::DeleteTopics)
            }
            Request::CreatePartitions(request) => {
                self.create_partitions(request, permits).map(Reply::CreatePartitions)
            }
            Request::AlterClientQuotas(request) => {
                quotas::alter(self.image(), request).map(Reply::AlterClientQuotas)
            }
            Request::AlterUserScramCredentials(request) => {
                scram::alter(self.image(), request).map(Reply::AlterUserScramCredentials)
            }
            Request::IncrementalAlterConfigs(request) => {
                configs::incremental_alter(self.image(), &self.config, request)
                    .map(Reply::IncrementalAlterConfigs)
            }
            Request::AlterConfigs(request) => {
                configs::alter(self.image(), &self.config, request).map(Reply::AlterConfigs)
            }
            Request::AlterPartitionReassignments(request) => {
                self.alter_partition_reassignments(request).map(Reply::AlterPartitionReassignments)
            }
            Request::ElectLeaders(request) => self.elect_leaders(request).map(Reply::ElectLeaders),
            Request::BrokerRegistration(request) => {
                self.register_broker(request, version, now).map(Reply::BrokerRegistration)
            }
            Request::BrokerHeartbeat(request) => {
                self.heartbeat(request, now).map(Reply::BrokerHeartbeat)
            }
            Request::UnregisterBroker(request) => {
                self.unregister_broker(request).map(Reply::UnregisterBroker)
            }
            Request::ControllerRegistration(request) => {
                self.register_controller(request).map(Reply::ControllerRegistration)
            }
            Request::AllocateProducerIds(request) => {
                self.allocate_producer_ids(request).map(Reply::AllocateProducerIds)
            }
            Request::AlterPartition(request) => {
                self.alter_partition(request, version).map(Reply::AlterPartition)
            }
            Request::AssignReplicasToDirs(request) => {
                self.assign_replicas_to_dirs(request).map(Reply::AssignReplicasToDirs)
            }
            Request::CreateAcls(request) => self.create_acls(request).map(Reply::CreateAcls),
            Request::DeleteAcls(request) => self.delete_acls(request).map(Reply::DeleteAcls),
            Request::UpdateFeatures(request) => {
                self.update_features(request, version).map(Reply::UpdateFeatures)
            }
        }
    }

    /// What is due by `now` without being asked. To be called until there is none.
    pub fn due(&mut self, now: Millis) -> Option<Vec<VersionedRecord>> {
        // First: partitions of a broker that is gone are without a leader until then.
        if let Some(records) = self.fence_stale_broker(now) {
            return Some(records);
        }
        let settings = &self.settings;
        if self.timers.take_balance(settings, now) {
            let (records, more) = self.balance_leaders();
            if more {
                self.timers.balance_again(now);
            }
            return Some(records);
        }
        if self.timers.take_unclean(settings, now) {
            let (records, more) = self.elect_unclean_leaders();
            if more {
                self.timers.unclean_again(now);
            }
            return Some(records);
        }
        if self.timers.take_idle(settings, now) {
            return Some(vec![(MetadataRecord::NoOp(NoOpRecord::default()), 0)]);
        }
        None
    }

    /// When something may be due next.
    pub fn next_due(&self) -> Option<Millis> {
        self.heartbeats.next_expiry().into_iter().chain(self.timers.next()).min()
    }

    /// Takes in the record at `offset`: fresh from a decision, or read back. An error means that the record does not
    /// fit the state, and the machine is of no more use.
    pub fn apply(
        &mut self,
        offset: Offset,
        record: &MetadataRecord,
        now: Millis,
    ) -> Result<(), Error> {
        assert!(offset >= self.next_offset, "{offset} comes after {}", self.next_offset - 1);
        self.next_offset = offset + 1;
        self.timers.wrote(&self.settings, now);
        // As it was, so that the index loses what it had of it.
        let before: Vec<_> =
            self.touched(record).into_iter().map(|id| (id, self.registration(id))).collect();
        // Before the replay: what is removed can only be looked up while it is there.
        self.forget(record);
        self.delta.replay(record)?;
        for (id, before) in before {
            let after = self.delta.image().topics.partition_by_id(id.topic_id, id.partition);
            self.index.update(id, before.as_ref(), after);
        }
        self.note(offset, record);
        Ok(())
    }

    /// Lets go of what was, so that deleted topics do not stay in memory. To be called now and then.
    pub fn settle(&mut self) {
        self.delta = Delta::new(self.delta.image());
    }

    /// The partitions that `record` changes, but for those that go with their topic.
    fn touched(&self, record: &MetadataRecord) -> Vec<TopicIdPartition> {
        let (topic_id, partition) = match record {
            MetadataRecord::Partition(record) => (record.topic_id, record.partition_id),
            MetadataRecord::PartitionChange(record) => (record.topic_id, record.partition_id),
            MetadataRecord::ClearElr(_) => return self.index.eligible_anywhere(),
            _ => return Vec::new(),
        };
        vec![TopicIdPartition { topic_id, partition }]
    }

    fn registration(&self, id: TopicIdPartition) -> Option<PartitionRegistration> {
        self.partition(id).map(|(_, partition)| partition.clone())
    }

    /// Drops what followed from that which `record` is about to remove.
    fn forget(&mut self, record: &MetadataRecord) {
        let MetadataRecord::RemoveTopic(record) = record else { return };
        let Some(topic) = self.topic_by_id(record.topic_id).map(Arc::clone) else { return };
        for (partition, state) in topic.partitions.iter() {
            self.index.update(
                TopicIdPartition { topic_id: topic.id, partition },
                Some(state),
                None,
            );
        }
        let Some(unified) = names::unified(&topic.name) else { return };
        if let Some(same) = self.unified.get_mut(&unified) {
            same.remove(&topic.name);
            if same.is_empty() {
                self.unified.remove(&unified);
            }
        }
    }

    /// Notes what follows from a record that was applied.
    fn note(&mut self, offset: Offset, record: &MetadataRecord) {
        match record {
            MetadataRecord::Topic(topic) => {
                if let Some(unified) = names::unified(&topic.name) {
                    self.unified.entry(unified).or_default().insert(topic.name.as_str().into());
                }
            }
            MetadataRecord::RegisterBroker(broker) => {
                // A new life of it, known by this offset: heartbeats of the one before say nothing of it.
                self.registrations.insert(broker.broker_id, offset);
                self.heartbeats.remove(broker.broker_id);
                self.heartbeats.register(broker.broker_id, broker.fenced);
            }
            MetadataRecord::BrokerRegistrationChange(change) => {
                let fenced = self.broker(change.broker_id).is_some_and(|broker| broker.fenced);
                self.heartbeats.register(change.broker_id, fenced);
            }
            MetadataRecord::UnregisterBroker(broker) => {
                self.registrations.remove(&broker.broker_id);
                self.heartbeats.remove(broker.broker_id);
            }
            // The controller's own settings are among them.
            MetadataRecord::Config(config) if config.resource_type == ResourceType::BROKER.0 => {
                self.configure()
            }
            // What follows takes effect here at once, and for others at its end; an abort comes back to this.
            MetadataRecord::BeginTransaction(_) => self.transaction = Some(self.image().clone()),
            MetadataRecord::EndTransaction(_) => self.transaction = None,
            MetadataRecord::AbortTransaction(_) => self.undo_transaction(),
            _ => {}
        }
    }

    /// Goes back to the state before the transaction, and builds anew what follows from it.
    fn undo_transaction(&mut self) {
        let Some(before) = self.transaction.take() else { return };
        self.delta = Delta::new(&before);
        self.index = Index::default();
        self.unified.clear();
        self.registrations.clear();
        self.heartbeats = Heartbeats::new(self.settings.session_timeout_ms);
        self.index_image();
    }
}
