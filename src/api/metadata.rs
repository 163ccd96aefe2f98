//! Metadata (3), versions 0–13.
//!
//! Brokers, and topics with their partitions and leaders. Asking for a topic may create it (`auto.create.topics.enable`).
//! v8 authorized operations; v10 topic ids; v12 topics by id; v13 an error of its own (KIP-1102).

use std::collections::BTreeSet;

use super::context::Call;
use crate::controller::names;
use crate::error::ErrorCode;
use crate::metadata::Image;
use crate::metadata::topics::TopicImage;
use crate::types::{Uuid, is_internal_topic};
use crate::wire::messages::metadata::{
    MetadataRequest, MetadataRequestTopic, MetadataResponse, MetadataResponseBroker,
    MetadataResponsePartition, MetadataResponseTopic,
};

/// All that a client may do to a topic, as bits, where there is no authorizer: read, write, create, delete, alter,
/// describe, describe and alter configs.
const ALL_TOPIC_OPERATIONS: i32 =
    1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 11;
const ALL_CLUSTER_OPERATIONS: i32 = 1 << 5 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12;

pub(crate) async fn handle(call: Call, request: MetadataRequest) -> MetadataResponse {
    let operations =
        if request.include_topic_authorized_operations { ALL_TOPIC_OPERATIONS } else { i32::MIN };
    let topics = match &request.topics {
        None => all_topics(&call, operations),
        Some(topics) if topics.is_empty() && call.version == 0 => all_topics(&call, operations),
        Some(topics) => {
            let may_create = request.allow_auto_topic_creation || call.version < 4;
            some_topics(&call, topics, may_create, operations).await
        }
    };
    let image = call.context.image();
    MetadataResponse {
        brokers: brokers(&image, &call.session.listener),
        cluster_id: Some(call.context.cluster_id.clone()),
        controller_id: call.context.some_controller(),
        topics,
        cluster_authorized_operations: if request.include_cluster_authorized_operations {
            ALL_CLUSTER_OPERATIONS
        } else {
            i32::MIN
        },
        ..Default::default()
    }
}

fn brokers(image: &Image, listener: &str) -> Vec<MetadataResponseBroker> {
    let row = |broker: &std::sync::Arc<crate::metadata::cluster::BrokerRegistration>| {
        let endpoint = broker.endpoint(listener)?;
        Some(MetadataResponseBroker {
            node_id: broker.id,
            host: endpoint.host.clone(),
            port: i32::from(endpoint.port),
            rack: broker.rack.clone(),
            ..Default::default()
        })
    };
    image.cluster.alive_brokers().filter_map(row).collect()
}

fn all_topics(call: &Call, operations: i32) -> Vec<MetadataResponseTopic> {
    let image = call.context.image();
    image
        .topics
        .iter()
        .map(|topic| describe(&image, topic, &call.session.listener, operations))
        .collect()
}

async fn some_topics(
    call: &Call,
    topics: &[MetadataRequestTopic],
    may_create: bool,
    operations: i32,
) -> Vec<MetadataResponseTopic> {
    let mut image = call.context.image();
    let missing = |topic: &&MetadataRequestTopic| {
        topic
            .name
            .as_deref()
            .is_some_and(|name| topic.topic_id.is_zero() && image.topics.by_name(name).is_none())
    };
    let wanted: BTreeSet<String> =
        topics.iter().filter(missing).filter_map(|topic| topic.name.clone()).collect();
    let mut failed = Vec::new();
    if may_create && !wanted.is_empty() && call.context.config.load().auto_create_topics_enable() {
        failed = super::auto_create::create(call, wanted).await;
        image = call.context.image();
    }
    let describe = |topic: &MetadataRequestTopic| {
        let found = match topic.name.as_deref() {
            Some(name) if topic.topic_id.is_zero() => image.topics.by_name(name),
            _ => image.topics.by_id(topic.topic_id),
        };
        match found {
            Some(found) => describe(&image, found, &call.session.listener, operations),
            None => unknown(topic, &failed),
        }
    };
    topics.iter().map(describe).collect()
}

fn unknown(topic: &MetadataRequestTopic, failed: &[(String, ErrorCode)]) -> MetadataResponseTopic {
    let code = match &topic.name {
        Some(name) if topic.topic_id.is_zero() => {
            match failed.iter().find(|(failed, _)| failed == name) {
                Some((_, code)) => *code,
                None if names::validate(name).is_err() => ErrorCode::InvalidTopicException,
                None => ErrorCode::UnknownTopicOrPartition,
            }
        }
        _ => ErrorCode::UnknownTopicId,
    };
    let is_internal = topic.name.as_deref().is_some_and(is_internal_topic);
    MetadataResponseTopic {
        error_code: code.code(),
        name: topic.name.clone(),
        topic_id: if code == ErrorCode::UnknownTopicId { topic.topic_id } else { Uuid::ZERO },
        is_internal,
        ..Default::default()
    }
}

fn describe(
    image: &Image,
    topic: &TopicImage,
    listener: &str,
    operations: i32,
) -> MetadataResponseTopic {
    let partition = |(index, partition): (i32, &crate::metadata::topics::PartitionRegistration)| {
        let reachable = |node: i32| {
            image.cluster.is_alive(node) && image.cluster.endpoint(node, listener).is_some()
        };
        let code = match partition.leader() {
            Some(leader) if reachable(leader) => ErrorCode::None,
            Some(leader) if image.cluster.is_alive(leader) => ErrorCode::ListenerNotFound,
            _ => ErrorCode::LeaderNotAvailable,
        };
        MetadataResponsePartition {
            error_code: code.code(),
            partition_index: index,
            leader_id: if code == ErrorCode::None { partition.leader } else { -1 },
            leader_epoch: partition.leader_epoch,
            replica_nodes: partition.replicas.clone(),
            isr_nodes: partition.isr.clone(),
            offline_replicas: partition
                .replicas
                .iter()
                .copied()
                .filter(|node| !reachable(*node))
                .collect(),
            ..Default::default()
        }
    };
    MetadataResponseTopic {
        name: Some(topic.name.to_string()),
        topic_id: topic.id,
        is_internal: is_internal_topic(&topic.name),
        partitions: topic.partitions.iter().map(partition).collect(),
        topic_authorized_operations: operations,
        ..Default::default()
    }
}
