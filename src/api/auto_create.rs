//! Creating topics that somebody asks for (`auto.create.topics.enable`), and the coordinators' own.
//!
//! The node asks the controller in its own name: whether the client may create topics is judged before, by the handler.
//! Kafka answers UNKNOWN_TOPIC_OR_PARTITION (or COORDINATOR_NOT_AVAILABLE) at once and lets the client come again; here
//! the first answer already has the topic, as long as that takes less than [`PATIENCE_MS`].

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::context::{Call, Context};
use super::forward;
use crate::controller::internal_topics::new_topic;
use crate::error::ErrorCode;
use crate::wire::messages::create_topics::CreateTopicsRequest;

/// How long the controller may take, and how long to wait until this node has seen what it made.
const PATIENCE_MS: i64 = 5_000;
/// How long between two looks at the most.
const PAUSE_MS_MAX: u64 = 16;

/// Creates the topics in `names` that may be; those that are not there yet, and what their asker is told. Somebody may
/// ask for as many as fit into a request.
pub(crate) async fn create(call: &Call, names: BTreeSet<String>) -> HashMap<String, ErrorCode> {
    let (valid, invalid): (Vec<_>, Vec<_>) =
        names.into_iter().partition(|name| crate::controller::names::validate(name).is_ok());
    let mut told: HashMap<_, _> =
        invalid.into_iter().map(|name| (name, ErrorCode::InvalidTopicException)).collect();
    let config = call.context.config.load_full();
    let topics = valid.iter().map(|name| new_topic(&config, name)).collect();
    let request =
        CreateTopicsRequest { topics, timeout_ms: PATIENCE_MS as i32, ..Default::default() };
    let context = call.context.own_request(7, PATIENCE_MS);
    match forward::ask_as_node(&call.context, request, context).await {
        Ok(response) => {
            for topic in response.topics {
                let code =
                    ErrorCode::from_code(topic.error_code).unwrap_or(ErrorCode::UnknownServerError);
                // UNKNOWN_TOPIC_OR_PARTITION makes a client ask again, which is right for what was only too slow.
                // Where there are not brokers enough, it must be told something that it does not retry for ever.
                match code {
                    ErrorCode::None | ErrorCode::TopicAlreadyExists => {}
                    ErrorCode::RequestTimedOut => {
                        told.insert(topic.name, ErrorCode::UnknownTopicOrPartition);
                    }
                    ErrorCode::InvalidTopicException => {
                        told.insert(topic.name, code);
                    }
                    _ => {
                        told.insert(topic.name, ErrorCode::InvalidReplicationFactor);
                    }
                }
            }
        }
        Err(_) => {
            told.extend(valid.iter().map(|name| (name.clone(), ErrorCode::UnknownTopicOrPartition)))
        }
    }
    seen(&call.context, valid.iter().filter(|name| !told.contains_key(*name))).await;
    told
}

/// Waits until this node's metadata has the topics, with leaders.
pub(crate) async fn seen(context: &Context, names: impl Iterator<Item = &String> + Clone) {
    // The replica of a partition that this node leads must be there too: the client's next request will be for it.
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
    let mut pause_ms = 1;
    while !there() && context.clock.now() < deadline {
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        pause_ms = (pause_ms * 2).min(PAUSE_MS_MAX);
    }
}
