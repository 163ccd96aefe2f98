//! What the machine's parts ask of its state: topics, partitions, brokers. Changes nothing but the source of chance.
//!
//! All of it is of the latest applied state, committed or not: a decision builds on those before it.

use std::sync::Arc;

use crate::controller::machine::Machine;
use crate::controller::names;
use crate::controller::placement::UsableBroker;
use crate::error::{ApiError, ErrorCode};
use crate::metadata::cluster::BrokerRegistration;
use crate::metadata::topics::{
    DIRECTORY_MIGRATING, DIRECTORY_UNASSIGNED, PartitionRegistration, TopicImage,
};
use crate::types::{NodeId, Offset, TopicId, TopicIdPartition, Uuid};

impl Machine {
    /// The topic of that name.
    pub(crate) fn topic(&self, name: &str) -> Option<&Arc<TopicImage>> {
        self.image().topics.by_name(name)
    }

    /// The topic of that id.
    pub(crate) fn topic_by_id(&self, id: TopicId) -> Option<&Arc<TopicImage>> {
        self.image().topics.by_id(id)
    }

    /// The partition with its topic.
    pub(crate) fn partition(
        &self,
        id: TopicIdPartition,
    ) -> Option<(&Arc<TopicImage>, &PartitionRegistration)> {
        let topic = self.image().topics.by_id(id.topic_id)?;
        Some((topic, topic.partition(id.partition)?))
    }

    /// A topic whose name would be the same as `name` in a metric.
    pub(crate) fn collides_with(&self, name: &str) -> Option<&str> {
        self.unified.get(&names::unified(name)?)?.first().map(|existing| &**existing)
    }

    /// An id that no topic has had.
    pub(crate) fn new_topic_id(&mut self) -> TopicId {
        loop {
            let id = Uuid::from_random(self.random.bytes());
            if let Some(id) = id.filter(|&id| self.topic_by_id(id).is_none()) {
                return id;
            }
        }
    }

    /// The broker, if it is registered.
    pub(crate) fn broker(&self, id: NodeId) -> Option<&Arc<BrokerRegistration>> {
        self.image().cluster.broker(id)
    }

    /// Every registered broker.
    pub(crate) fn brokers(&self) -> impl Iterator<Item = &Arc<BrokerRegistration>> {
        self.image().cluster.brokers.values()
    }

    /// Whether the broker is neither fenced nor on its way out.
    pub(crate) fn is_active(&self, id: NodeId) -> bool {
        self.image().cluster.is_active(id)
    }

    /// At or before which offset the broker's registration lies.
    pub(crate) fn registered_at(&self, id: NodeId) -> Option<Offset> {
        self.registrations.get(&id).copied()
    }

    /// Whether `epoch` is that of the broker's present incarnation.
    pub(crate) fn check_broker_epoch(&self, id: NodeId, epoch: i64) -> Result<(), ApiError> {
        let text = match self.broker(id) {
            None => format!("No broker registration found for broker id {id}"),
            Some(broker) if broker.epoch != epoch => {
                format!("Expected broker epoch {}, but got broker epoch {epoch}", broker.epoch)
            }
            Some(_) => return Ok(()),
        };
        Err(ApiError::new(ErrorCode::StaleBrokerEpoch, text))
    }

    /// The brokers that may be given new replicas: those that stay, and have a log directory that takes any.
    pub(crate) fn usable_brokers(&self) -> Vec<UsableBroker> {
        let stays = |broker: &&Arc<BrokerRegistration>| {
            !broker.in_controlled_shutdown
                && !self.heartbeats.is_shutting_down(broker.id)
                && has_uncordoned(broker)
        };
        let usable = |broker: &Arc<BrokerRegistration>| UsableBroker {
            id: broker.id,
            rack: broker.rack.clone(),
            fenced: broker.fenced,
        };
        self.brokers().filter(stays).map(usable).collect()
    }

    /// The log directory of a replica that its broker has yet to place; known beforehand where there is only one.
    pub(crate) fn default_directory(&self, id: NodeId) -> Uuid {
        match self.broker(id).map(|broker| broker.log_dirs.as_slice()) {
            Some(&[only]) => only,
            Some([]) => DIRECTORY_MIGRATING,
            _ => DIRECTORY_UNASSIGNED,
        }
    }

    /// Whether the broker's replica lies on a disk that works.
    pub(crate) fn has_online_directory(
        &self,
        id: NodeId,
        partition: &PartitionRegistration,
    ) -> bool {
        let directory = partition.directory(id);
        directory.is_some_and(|directory| {
            self.broker(id).is_some_and(|broker| broker.has_online_dir(directory))
        })
    }
}

fn has_uncordoned(broker: &BrokerRegistration) -> bool {
    let Some(cordoned) = &broker.cordoned_log_dirs else { return true };
    broker.log_dirs.is_empty()
        || broker.log_dirs.iter().any(|directory| !cordoned.contains(directory))
}
