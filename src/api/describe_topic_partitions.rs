//! DescribeTopicPartitions (75), version 0: topics page by page, with eligible leaders (KIP-966).
//!
//! A page ends at `response_partition_limit` partitions or the node's own bound; `next_cursor` is the first that is not
//! on it. Pages are of different moments: a topic that is made behind the cursor is missed, one before it does no harm.
//! INVALID_REQUEST: a cursor at a topic that was not asked for.

use super::context::Call;
use super::permissions;
use crate::controller::names;
use crate::error::ErrorCode;
use crate::metadata::Image;
use crate::metadata::topics::{PartitionRegistration, TopicImage};
use crate::security::vocabulary::ResourceType;
use crate::types::is_internal_topic;
use crate::wire::messages::describe_topic_partitions::{
    Cursor, DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse,
    DescribeTopicPartitionsResponsePartition as ResponsePartition,
    DescribeTopicPartitionsResponseTopic as ResponseTopic, TopicRequest,
};

pub(crate) async fn handle(
    call: Call,
    request: DescribeTopicPartitionsRequest,
) -> DescribeTopicPartitionsResponse {
    let image = call.context.image();
    let (first_topic, mut first_partition) = match &request.cursor {
        Some(cursor) => (cursor.topic_name.clone(), cursor.partition_index),
        None => (String::new(), 0),
    };
    let lists_all = request.topics.is_empty();
    let is_asked = |name: &str| lists_all || request.topics.iter().any(|topic| topic.name == name);
    if let Some(cursor) = &request.cursor
        && (cursor.partition_index < 0 || !is_asked(&cursor.topic_name))
    {
        let refuse = |topic: TopicRequest| failed(topic.name, ErrorCode::InvalidRequest);
        let topics = request.topics.into_iter().map(refuse).collect();
        return DescribeTopicPartitionsResponse { topics, ..Default::default() };
    }
    let mut hidden = listed(&image, request.topics, &first_topic);
    let names: Vec<String> =
        hidden.extract_if(.., |name| call.may(&permissions::DESCRIBE_TOPICS, name)).collect();
    let limit = call
        .context
        .config
        .load()
        .max_request_partition_size_limit()
        .min(request.response_partition_limit)
        .max(1);
    let mut left = usize::try_from(limit).unwrap_or(0);
    let mut response = DescribeTopicPartitionsResponse::default();
    for name in names {
        let start = if name == first_topic { first_partition } else { 0 };
        first_partition = 0;
        let Some(topic) = image.topics.by_name(&name) else {
            let topic_authorized_operations = call.operations(ResourceType::Topic, &name);
            response.topics.push(ResponseTopic { topic_authorized_operations, ..unknown(name) });
            continue;
        };
        let (mut described, next) = describe(&image, topic, &call.session.listener, start, left);
        described.topic_authorized_operations = call.operations(ResourceType::Topic, &name);
        left -= described.partitions.len();
        response.topics.push(described);
        if let Some(partition_index) = next {
            response.next_cursor =
                Some(Cursor { topic_name: name, partition_index, ..Default::default() });
            break;
        }
    }
    if !lists_all {
        response.topics.extend(
            hidden.into_iter().map(|name| failed(name, permissions::DESCRIBE_TOPICS.error)),
        );
    }
    response
}

/// What is described, in the order of the names: of the topics that are asked for, or of all, those from `first` on.
fn listed(image: &Image, asked: Vec<TopicRequest>, first: &str) -> Vec<String> {
    let mut names: Vec<String> = if asked.is_empty() {
        image.topics.starting_at(first).map(|topic| topic.name.to_string()).collect()
    } else {
        asked.into_iter().map(|topic| topic.name).filter(|name| name.as_str() >= first).collect()
    };
    names.sort_unstable();
    names.dedup();
    names
}

/// A topic of which nothing is told, not even whether there is one.
fn failed(name: String, code: ErrorCode) -> ResponseTopic {
    ResponseTopic { error_code: code.code(), name: Some(name), ..Default::default() }
}

fn unknown(name: String) -> ResponseTopic {
    let code = match names::validate(&name) {
        Ok(()) => ErrorCode::UnknownTopicOrPartition,
        Err(error) => error.code,
    };
    ResponseTopic {
        error_code: code.code(),
        is_internal: is_internal_topic(&name),
        name: Some(name),
        ..Default::default()
    }
}

/// The topic with at most `limit` partitions from `start`, and the one to go on with.
fn describe(
    image: &Image,
    topic: &TopicImage,
    listener: &str,
    start: i32,
    limit: usize,
) -> (ResponseTopic, Option<i32>) {
    let mut rest = topic.partitions.iter().filter(|(index, _)| *index >= start);
    let partitions = rest
        .by_ref()
        .take(limit)
        .map(|(index, found)| partition(image, index, found, listener))
        .collect();
    let described = ResponseTopic {
        name: Some(topic.name.to_string()),
        topic_id: topic.id,
        is_internal: is_internal_topic(&topic.name),
        partitions,
        ..Default::default()
    };
    (described, rest.next().map(|(index, _)| index))
}

fn partition(
    image: &Image,
    index: i32,
    found: &PartitionRegistration,
    listener: &str,
) -> ResponsePartition {
    let reachable = |node: i32| {
        image.cluster.is_alive(node) && image.cluster.endpoint(node, listener).is_some()
    };
    let code = match found.leader() {
        Some(leader) if reachable(leader) => ErrorCode::None,
        Some(leader) if image.cluster.is_alive(leader) => ErrorCode::ListenerNotFound,
        _ => ErrorCode::LeaderNotAvailable,
    };
    ResponsePartition {
        error_code: code.code(),
        partition_index: index,
        leader_id: if code == ErrorCode::None { found.leader } else { -1 },
        leader_epoch: found.leader_epoch,
        replica_nodes: found.replicas.clone(),
        isr_nodes: found.isr.clone(),
        eligible_leader_replicas: Some(found.elr.clone()),
        last_known_elr: Some(found.last_known_elr.clone()),
        offline_replicas: found.replicas.iter().copied().filter(|node| !reachable(*node)).collect(),
        ..Default::default()
    }
}
