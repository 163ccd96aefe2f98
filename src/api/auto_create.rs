//! Creating topics that somebody asks for (`auto.create.topics.enable`), and the coordinators' own.

use std::collections::BTreeSet;
use std::time::Duration;

use super::context::{Call, Context};
use crate::error::ErrorCode;
use crate::types::{OFFSETS_TOPIC, is_internal_topic};
use crate::wire::messages::create_topics::{
    CreatableTopic, CreatableTopicConfig, CreateTopicsRequest,
};

/// How long the controller may take, and how long to wait until this node has seen what it made.
const PATIENCE_MS: i64 = 5_000;

/// Creates the topics in `names` that may be; those that are not there yet, and what their asker is told.
pub(crate) async fn create(call: &Call, names: BTreeSet<String>) -> Vec<(String, ErrorCode)> {
    let (valid, invalid): (Vec<_>, Vec<_>) =
        names.into_iter().partition(|name| crate::controller::names::validate(name).is_ok());
    let mut told: Vec<_> =
        invalid.into_iter().map(|name| (name, ErrorCode::InvalidTopicException)).collect();
    let topics = valid.iter().map(|name| creatable(&call.context, name)).collect();
    let request =
        CreateTopicsRequest { topics, timeout_ms: PATIENCE_MS as i32, ..Default::default() };
    let context = call.context.own_request(7, PATIENCE_MS);
    match call.context.controller.exchange(request, context).await {
        Ok(response) => {
            for topic in response.topics {
                let code =
                    ErrorCode::from_code(topic.error_code).unwrap_or(ErrorCode::UnknownServerError);
                match code {
                    ErrorCode::None | ErrorCode::TopicAlreadyExists => {}
                    ErrorCode::RequestTimedOut => {
                        told.push((topic.name, ErrorCode::UnknownTopicOrPartition))
                    }
                    ErrorCode::InvalidTopicException => told.push((topic.name, code)),
                    _ => told.push((topic.name, ErrorCode::InvalidReplicationFactor)),
                }
            }
        }
        Err(_) => {
            told.extend(valid.iter().map(|name| (name.clone(), ErrorCode::UnknownTopicOrPartition)))
        }
    }
    seen(
        &call.context,
        valid.iter().filter(|name| !told.iter().any(|(failed, _)| failed == *name)),
    )
    .await;
    told
}

/// Waits until this node's metadata has the topics, with leaders.
pub(crate) async fn seen(context: &Context, names: impl Iterator<Item = &String> + Clone) {
    let there = || {
        let image = context.image();
        names.clone().all(|name| {
            image.topics.by_name(name).is_some_and(|topic| {
                topic.partitions.iter().all(|(partition, registration)| {
                    let id = crate::types::TopicIdPartition { topic_id: topic.id, partition };
                    registration.leader != context.node_id || context.partitions.get(&id).is_some()
                })
            })
        })
    };
    let deadline = context.clock.now() + PATIENCE_MS;
    while !there() && context.clock.now() < deadline {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A topic as the broker's configuration has new ones; the coordinators' own as theirs has.
fn creatable(context: &Context, name: &str) -> CreatableTopic {
    let mut topic = CreatableTopic {
        name: name.to_owned(),
        num_partitions: -1,
        replication_factor: -1,
        ..Default::default()
    };
    if is_internal_topic(name) {
        let config = context.config.load();
        let set = |key: &str, value: String| CreatableTopicConfig {
            name: key.to_owned(),
            value: Some(value),
            ..Default::default()
        };
        topic.configs = vec![set("cleanup.policy", "compact".to_owned())];
        if name == OFFSETS_TOPIC {
            topic.num_partitions = config.offsets_topic_num_partitions();
            topic.replication_factor = config.offsets_topic_replication_factor();
            topic
                .configs
                .push(set("segment.bytes", config.offsets_topic_segment_bytes().to_string()));
            topic.configs.push(set("compression.type", "producer".to_owned()));
        }
    }
    topic
}
