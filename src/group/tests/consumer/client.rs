//! Members as clients have them: they ask, give up what they must, and take what they are given.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::shard::{Replies, Shard};
use crate::coordinator::machine::Machine;
use crate::group::consumer::heartbeat::ConsumerHeartbeat;
use crate::group::request::{GroupReply, GroupRequest, RequestContext};
use crate::metadata::Image;
use crate::metadata::topics::{PartitionRegistration, TopicImage};
use crate::types::{Millis, PartitionId, TopicId, Uuid};
use crate::wire::messages::consumer_group_heartbeat::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, TopicPartitions,
};

/// A cluster with topics `a`, `b`, … of these many partitions.
pub(super) fn cluster(topics: &[(&str, PartitionId)]) -> Arc<Image> {
    let mut image = Image::default();
    for (at, (name, partitions)) in topics.iter().enumerate() {
        let mut bytes = [7; 16];
        bytes[0] = at as u8;
        bytes[9] = *partitions as u8;
        let mut topic = TopicImage::new(*name, Uuid::from_bytes(bytes));
        for id in 0..*partitions {
            topic.partitions.insert(id, PartitionRegistration::default());
        }
        image.topics.insert(topic);
    }
    Arc::new(image)
}

/// Tells a shard of new metadata.
pub(super) fn change(shard: &mut Shard, image: Arc<Image>) {
    shard.ground.image = image.clone();
    let decision = shard.machine.image_changed(&image, shard.now);
    shard.carry_out(decision);
}

#[derive(Clone, Debug, Default)]
pub(super) struct Client {
    pub(super) id: String,
    pub(super) epoch: i32,
    pub(super) instance_id: Option<String>,
    pub(super) topics: Vec<String>,
    pub(super) regex: Option<String>,
    pub(super) owned: BTreeSet<(TopicId, PartitionId)>,
    /// What it was told to have.
    pub(super) assigned: BTreeSet<(TopicId, PartitionId)>,
    pub(super) interval_ms: Millis,
}

impl Client {
    pub(super) fn new(id: &str, topics: &[&str]) -> Self {
        let topics = topics.iter().map(|topic| (*topic).into()).collect();
        Self { id: id.into(), topics, ..Self::default() }
    }

    fn owned_now(&self) -> Vec<TopicPartitions> {
        let mut topics: Vec<TopicPartitions> = Vec::new();
        for (topic_id, partition) in &self.owned {
            match topics.last_mut() {
                Some(last) if last.topic_id == *topic_id => last.partitions.push(*partition),
                _ => topics.push(TopicPartitions {
                    topic_id: *topic_id,
                    partitions: vec![*partition],
                    ..TopicPartitions::default()
                }),
            }
        }
        topics
    }

    pub(super) fn heartbeat(&self, group: &str) -> ConsumerGroupHeartbeatRequest {
        ConsumerGroupHeartbeatRequest {
            group_id: group.into(),
            member_id: self.id.clone(),
            member_epoch: self.epoch,
            instance_id: self.instance_id.clone(),
            rebalance_timeout_ms: 30_000,
            subscribed_topic_names: Some(self.topics.clone()),
            subscribed_topic_regex: self.regex.clone(),
            topic_partitions: Some(self.owned_now()),
            ..ConsumerGroupHeartbeatRequest::default()
        }
    }

    /// Sends a heartbeat and does as it is told. Whether it was welcome.
    pub(super) fn beat(&mut self, group: &str, shard: &mut Shard) -> bool {
        let request = self.heartbeat(group);
        let replies = shard.ask(ask(request));
        let Some(response) = heard(&replies) else { return false };
        self.hear(&response)
    }

    pub(super) fn hear(&mut self, response: &ConsumerGroupHeartbeatResponse) -> bool {
        if response.error_code != 0 {
            // Fenced: everything is given up, and it begins anew.
            self.epoch = 0;
            self.owned.clear();
            self.assigned.clear();
            return false;
        }
        self.id = response.member_id.clone().unwrap_or_default();
        self.epoch = response.member_epoch;
        self.interval_ms = Millis::from(response.heartbeat_interval_ms);
        if let Some(assignment) = &response.assignment {
            self.assigned = assignment
                .topic_partitions
                .iter()
                .flat_map(|topic| topic.partitions.iter().map(|id| (topic.topic_id, *id)))
                .collect();
            self.owned = self.assigned.clone();
        }
        true
    }
}

pub(super) fn ask(request: ConsumerGroupHeartbeatRequest) -> GroupRequest {
    let context =
        RequestContext { version: 1, client_id: "c".into(), client_host: "/127.0.0.1".into() };
    let asked = ConsumerHeartbeat { request, context, ..ConsumerHeartbeat::default() };
    GroupRequest::ConsumerHeartbeat(Box::new(asked))
}

pub(super) fn heard(replies: &Replies) -> Option<ConsumerGroupHeartbeatResponse> {
    replies.iter().find_map(|(_, reply)| match reply {
        GroupReply::ConsumerHeartbeat(response) => Some(response.clone()),
        _ => None,
    })
}
