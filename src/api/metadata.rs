//! Metadata (3), versions 0–13.
//!
//! Brokers, and topics with their partitions and leaders. Asking for a topic may create it
//! (`auto.create.topics.enable`). v8 authorized operations; v10 topic ids; v12 topics by id; v13 an error of its own
//! (KIP-1102).
//!
//! Errors of a topic: UNKNOWN_TOPIC_OR_PARTITION and UNKNOWN_TOPIC_ID, which clients take for news that has not come
//! round and ask again; INVALID_TOPIC_EXCEPTION, TOPIC_AUTHORIZATION_FAILED. Of a partition: LEADER_NOT_AVAILABLE, and
//! LISTENER_NOT_FOUND where its leader does not listen where the client came in. All hosts and ports are those of that
//! listener: a client of one network is never sent to another.
//!
//! `controller_id` is this broker itself, since any broker passes on what the controller must decide (KIP-590); Kafka
//! names one at random.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::context::Call;
use super::permissions;
use crate::controller::names;
use crate::error::ErrorCode;
use crate::metadata::Image;
use crate::metadata::cluster::ClusterImage;
use crate::metadata::topics::TopicImage;
use crate::security::vocabulary::ResourceType;
use crate::types::{NodeId, Uuid, is_internal_topic};
use crate::wire::messages::metadata::{
    MetadataRequest, MetadataRequestTopic, MetadataResponse, MetadataResponseBroker,
    MetadataResponsePartition, MetadataResponseTopic,
};

/// From this version on topics may be asked for by id; versions 10 and 11 have the field.
const BY_ID_SINCE: i16 = 12;
/// From this version on a leader that does not listen where the client came in has an error of its own; before, it is
/// not available.
const LISTENER_ERROR_SINCE: i16 = 6;

pub(crate) async fn handle(call: Call, request: MetadataRequest) -> MetadataResponse {
    if let Some(topics) = &request.topics
        && call.version < BY_ID_SINCE
        && topics.iter().any(|topic| topic.name.is_none() || !topic.topic_id.is_zero())
    {
        return invalid(topics);
    }
    let mut topics = match &request.topics {
        None => all_topics(&call),
        Some(topics) if topics.is_empty() && call.version == 0 => all_topics(&call),
        Some(topics) => {
            let may_create = request.allow_auto_topic_creation || call.version < 4;
            some_topics(&call, topics, may_create).await
        }
    };
    if request.include_topic_authorized_operations {
        for topic in topics.iter_mut().filter(|topic| topic.error_code == 0) {
            let name = topic.name.as_deref().unwrap_or_default();
            topic.topic_authorized_operations = call.operations(ResourceType::Topic, name);
        }
    }
    let image = call.context.image();
    MetadataResponse {
        brokers: brokers(&image, &call.session.listener),
        cluster_id: Some(call.context.cluster_id.clone()),
        controller_id: call.context.some_controller(),
        topics,
        cluster_authorized_operations: if request.include_cluster_authorized_operations {
            call.cluster_operations(&permissions::METADATA_OPERATIONS)
        } else {
            i32::MIN
        },
        ..Default::default()
    }
}

/// The answer to a request that asks by id where its version has only names for it, as far as those can be said.
fn invalid(topics: &[MetadataRequestTopic]) -> MetadataResponse {
    let topic = |topic: &MetadataRequestTopic| MetadataResponseTopic {
        error_code: ErrorCode::InvalidRequest.code(),
        name: Some(topic.name.clone().unwrap_or_default()),
        topic_id: topic.topic_id,
        ..Default::default()
    };
    MetadataResponse { topics: topics.iter().map(topic).collect(), ..Default::default() }
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

fn all_topics(call: &Call) -> Vec<MetadataResponseTopic> {
    let image = call.context.image();
    image
        .topics
        .iter()
        .filter(|topic| call.may(&permissions::METADATA_OF_ALL, &topic.name))
        .map(|topic| describe(call, &image, topic))
        .collect()
}

async fn some_topics(
    call: &Call,
    topics: &[MetadataRequestTopic],
    may_create: bool,
) -> Vec<MetadataResponseTopic> {
    let mut image = call.context.image();
    let mut seen = HashSet::new();
    let topics = topics.iter().filter(|topic| seen.insert((topic.topic_id, topic.name.as_deref())));
    let missing = |topic: &&MetadataRequestTopic| {
        topic
            .name
            .as_deref()
            .is_some_and(|name| topic.topic_id.is_zero() && image.topics.by_name(name).is_none())
    };
    // Before anything is made: a name that may not be seen must not be made by asking either.
    let (visible, hidden): (Vec<_>, Vec<_>) =
        topics.partition(|topic| may_describe(call, &image, topic));
    let wanted: BTreeSet<String> =
        visible.iter().copied().filter(missing).filter_map(|topic| topic.name.clone()).collect();
    let mut failed = HashMap::new();
    if may_create && !wanted.is_empty() && call.context.config.load().auto_create_topics_enable() {
        let (wanted, refused) = creatable(call, wanted);
        if !wanted.is_empty() {
            failed = super::auto_create::create(call, wanted).await;
            image = call.context.image();
        }
        failed.extend(refused.into_iter().map(|name| (name, permissions::METADATA_CREATE.error)));
    }
    let describe = |topic: &MetadataRequestTopic| {
        let found = match topic.name.as_deref() {
            Some(name) if topic.topic_id.is_zero() => image.topics.by_name(name),
            _ => image.topics.by_id(topic.topic_id),
        };
        match found {
            Some(found) => describe(call, &image, found),
            None => unknown(topic, &failed),
        }
    };
    visible.into_iter().map(describe).chain(hidden.into_iter().map(refused)).collect()
}

/// Whether who calls may see the topic. One that is not known by its id is no secret.
fn may_describe(call: &Call, image: &Image, topic: &MetadataRequestTopic) -> bool {
    match topic.name.as_deref() {
        Some(name) if topic.topic_id.is_zero() => call.may(&permissions::METADATA, name),
        _ => image
            .topics
            .by_id(topic.topic_id)
            .is_none_or(|found| call.may(&permissions::METADATA, &found.name)),
    }
}

/// A topic that may not be seen: whether there is one of that name is not told.
fn refused(topic: &MetadataRequestTopic) -> MetadataResponseTopic {
    let by_name = topic.topic_id.is_zero();
    MetadataResponseTopic {
        error_code: permissions::METADATA.error.code(),
        name: topic.name.clone().filter(|_| by_name),
        topic_id: topic.topic_id,
        ..Default::default()
    }
}

/// The topics that who calls may create, and the others.
fn creatable(call: &Call, names: BTreeSet<String>) -> (BTreeSet<String>, BTreeSet<String>) {
    if call.may_cluster(&permissions::METADATA_CREATE_ANY) {
        return (names, BTreeSet::new());
    }
    names.into_iter().partition(|name| call.may(&permissions::METADATA_CREATE, name))
}

fn unknown(
    topic: &MetadataRequestTopic,
    failed: &HashMap<String, ErrorCode>,
) -> MetadataResponseTopic {
    let code = match &topic.name {
        Some(name) if topic.topic_id.is_zero() => match failed.get(name) {
            Some(code) => *code,
            None if names::validate(name).is_err() => ErrorCode::InvalidTopicException,
            None => ErrorCode::UnknownTopicOrPartition,
        },
        _ => ErrorCode::UnknownTopicId,
    };
    let is_internal = topic.name.as_deref().is_some_and(is_internal_topic);
    MetadataResponseTopic {
        error_code: code.code(),
        name: topic.name.clone().filter(|_| topic.topic_id.is_zero()),
        topic_id: if code == ErrorCode::UnknownTopicId { topic.topic_id } else { Uuid::ZERO },
        is_internal,
        ..Default::default()
    }
}

fn describe(call: &Call, image: &Image, topic: &TopicImage) -> MetadataResponseTopic {
    let listener = &*call.session.listener;
    let partition = |(index, partition): (i32, &crate::metadata::topics::PartitionRegistration)| {
        let reachable = |node: i32| is_reachable(&image.cluster, node, listener);
        let code = leader_code(&image.cluster, partition.leader(), listener, call.version);
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
        ..Default::default()
    }
}

fn is_reachable(cluster: &ClusterImage, node: NodeId, listener: &str) -> bool {
    cluster.is_alive(node) && cluster.endpoint(node, listener).is_some()
}

/// What is wrong with a partition's leader, for a client of a version that came in by a listener.
fn leader_code(
    cluster: &ClusterImage,
    leader: Option<NodeId>,
    listener: &str,
    version: i16,
) -> ErrorCode {
    match leader {
        Some(leader) if is_reachable(cluster, leader, listener) => ErrorCode::None,
        Some(leader) if cluster.is_alive(leader) && version >= LISTENER_ERROR_SINCE => {
            ErrorCode::ListenerNotFound
        }
        _ => ErrorCode::LeaderNotAvailable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::cluster::{BrokerRegistration, Endpoint};

    #[test]
    fn old_clients_do_not_know_the_error_of_listeners() {
        let mut cluster = ClusterImage::default();
        let here = Endpoint { name: "HERE".to_owned(), ..Default::default() };
        let broker = BrokerRegistration { id: 1, listeners: vec![here], ..Default::default() };
        cluster.brokers.insert(1, broker.into());
        let code = |leader, listener, version| leader_code(&cluster, leader, listener, version);
        assert_eq!(code(Some(1), "HERE", 0), ErrorCode::None);
        assert_eq!(code(Some(1), "THERE", 5), ErrorCode::LeaderNotAvailable);
        assert_eq!(code(Some(1), "THERE", 6), ErrorCode::ListenerNotFound);
        assert_eq!(code(Some(2), "HERE", 13), ErrorCode::LeaderNotAvailable);
        assert_eq!(code(None, "HERE", 13), ErrorCode::LeaderNotAvailable);
    }
}
