//! The active controller, without its actor: decides on requests against the latest applied state, and applies records.
//!
//! `decide` changes nothing that is written in records: it says which records to write, and `apply` takes them in, the
//! same way whether they are fresh, replayed, or another controller's. The caller appends a decision's records, applies
//! them at once, and holds the answer back until they are committed. When it cannot append, or leads no longer, it throws
//! the machine away and replays the log into a new one; there is no undoing.
//!
//! What `decide` may change is soft: when brokers were last heard of, timers, the source of chance.
//!
//! Never reads a clock, never waits, never talks to anyone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::config::Config;
use crate::controller::configs;
use crate::controller::elections::Rules;
use crate::controller::heartbeats::Heartbeats;
use crate::controller::index::Index;
use crate::controller::names;
use crate::controller::placement::UsableBroker;
use crate::controller::random::Random;
use crate::controller::requests::{ControllerReply, ControllerRequest, Decision, RequestContext, VersionedRecord};
use crate::controller::timers::Timers;
use crate::metadata::Image;
use crate::metadata::brokers::Broker;
use crate::metadata::topics::{Partition, Topic};
use crate::types::{Millis, NodeId, Offset, TopicId, TopicIdPartition, Uuid};
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

/// The active controller's state.
#[derive(Debug)]
pub struct Machine {
    pub(crate) settings: Settings,
    pub(crate) image: Image,
    pub(crate) index: Index,
    pub(crate) heartbeats: Heartbeats,
    pub(crate) random: Random,
    /// The offset of the next record: also the epoch of the next broker to register.
    pub(crate) next_offset: Offset,
    timers: Timers,
    /// Topics by the name they would have in a metric.
    unified: BTreeMap<String, BTreeSet<String>>,
    /// The offset of each broker's registration.
    registrations: BTreeMap<NodeId, Offset>,
}

impl Machine {
    /// A machine for the state of `image`, whose next record goes to `next_offset`.
    pub fn new(settings: Settings, image: Image, next_offset: Offset, seed: u64) -> Self {
        let mut machine = Self {
            heartbeats: Heartbeats::new(settings.session_timeout_ms),
            timers: Timers::default(),
            settings,
            index: Index::default(),
            random: Random::new(seed),
            next_offset,
            unified: BTreeMap::new(),
            registrations: BTreeMap::new(),
            image,
        };
        machine.index_image();
        machine
    }

    fn index_image(&mut self) {
        for topic in self.image.topics.iter() {
            if let Some(unified) = names::unified(&topic.name) {
                self.unified.entry(unified).or_default().insert(topic.name.to_string());
            }
            for (&partition, state) in &topic.partitions {
                let id = TopicIdPartition { topic_id: topic.id, partition };
                self.index.update(id, None, Some(state));
            }
        }
        for broker in self.image.brokers.iter() {
            self.heartbeats.register(broker.id, broker.fenced);
            // The offset of the registration itself is in the log that the snapshot replaced; it is below the next one.
            self.registrations.insert(broker.id, self.next_offset - 1);
        }
    }

    /// Leadership begins: every session starts anew, every timer is set.
    pub fn activate(&mut self, now: Millis) {
        let serving: Vec<_> = self.brokers().filter(|broker| !broker.fenced).map(|broker| (broker.id, broker.epoch)).collect();
        for (id, epoch) in serving {
            self.heartbeats.contact(id, epoch, now);
        }
        self.timers = Timers::starting(&self.settings, now);
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
        match request {
            Request::CreateTopics(request) => self.create_topics(request).map(Reply::CreateTopics),
            Request::DeleteTopics(request) => self.delete_topics(request, version).map(Reply::DeleteTopics),
            Request::CreatePartitions(request) => self.create_partitions(request).map(Reply::CreatePartitions),
            Request::IncrementalAlterConfigs(request) => {
                configs::incremental_alter(&self.image, &self.settings.config, request)
                    .map(Reply::IncrementalAlterConfigs)
            }
            Request::AlterConfigs(request) => {
                configs::alter(&self.image, &self.settings.config, request).map(Reply::AlterConfigs)
            }
            Request::ElectLeaders(request) => self.elect_leaders(request).map(Reply::ElectLeaders),
            Request::BrokerRegistration(request) => {
                self.register_broker(request, version, now).map(Reply::BrokerRegistration)
            }
            Request::BrokerHeartbeat(request) => self.heartbeat(request, now).map(Reply::BrokerHeartbeat),
            Request::UnregisterBroker(request) => self.unregister_broker(request).map(Reply::UnregisterBroker),
            Request::ControllerRegistration(request) => {
                self.register_controller(request).map(Reply::ControllerRegistration)
            }
            Request::AllocateProducerIds(request) => {
                self.allocate_producer_ids(request).map(Reply::AllocateProducerIds)
            }
            Request::AlterPartition(request) => self.alter_partition(request, version).map(Reply::AlterPartition),
            Request::UpdateFeatures(request) => self.update_features(request, version).map(Reply::UpdateFeatures),
        }
    }

    /// What is due by `now` without being asked. To be called until there is none.
    pub fn due(&mut self, now: Millis) -> Option<Vec<VersionedRecord>> {
        if let Some(records) = self.fence_stale_broker(now) {
            return Some(records);
        }
        let settings = &self.settings;
        if self.timers.take_balance(settings, now) {
            let (records, more) = self.balance_leaders();
            self.timers.again_if(more, now);
            return Some(records);
        }
        if self.timers.take_unclean(settings, now) {
            return Some(self.elect_unclean_leaders().0);
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

    /// Takes in the record at `offset`: fresh from a decision, or read back.
    pub fn apply(&mut self, offset: Offset, record: &MetadataRecord, now: Millis) {
        self.next_offset = offset + 1;
        self.timers.wrote(&self.settings, now);
        let before = self.before(record);
        self.image.apply(record);
        self.after(before);
        self.note(offset, record);
    }
}
