//! CreateTopics (19), versions 2-7: makes topics, each with its own result.
//!
//! v5 answers with the new topic's settings (KIP-525), v7 with its id (KIP-516). −1 partitions or replicas are the
//! broker's default since v4; older versions say so too without harm.
//!
//! Errors of a topic: TOPIC_ALREADY_EXISTS, INVALID_TOPIC_EXCEPTION (also for a name that differs from another's in `.`
//! and `_` only), INVALID_PARTITIONS, INVALID_REPLICATION_FACTOR, INVALID_REPLICA_ASSIGNMENT, INVALID_CONFIG,
//! INVALID_REQUEST (named twice), POLICY_VIOLATION, THROTTLING_QUOTA_EXCEEDED. REQUEST_TIMED_OUT: there was no
//! controller for `timeout_ms`, or its answer took longer; the topic may be made all the same.

use std::collections::BTreeMap;

use super::context::Call;
use super::forward;
use super::permissions;
use crate::error::ErrorCode;
use crate::types::METADATA_TOPIC;
use crate::wire::messages::create_topics::{
    CreatableTopic, CreatableTopicResult, CreateTopicsRequest, CreateTopicsResponse,
};

/// From this version on partitions beyond a quota are refused (KIP-599); earlier ones are made, and the client waits.
const STRICT_SINCE: i16 = 6;

pub(crate) async fn handle(call: Call, request: CreateTopicsRequest) -> CreateTopicsResponse {
    let (request, denied) = granted(&call, request);
    let mut response = create(&call, request).await;
    for topic in response.topics.iter_mut().filter(|topic| topic.error_code == 0) {
        if !call.may(&permissions::CREATE_TOPICS_CONFIGS, &topic.name) {
            hide_configs(topic);
        }
    }
    response.topics.extend(denied.into_iter().map(|name| CreatableTopicResult {
        name,
        error_code: permissions::CREATE_TOPICS.error.code(),
        error_message: Some("Authorization failed.".to_owned()),
        ..Default::default()
    }));
    response
}

async fn create(call: &Call, request: CreateTopicsRequest) -> CreateTopicsResponse {
    if request.topics.is_empty() && call.is_guarded() {
        return CreateTopicsResponse::default();
    }
    let timeout_ms = Some(request.timeout_ms);
    let mutations = call.mutations(STRICT_SINCE);
    let asked = forward::ask_bounded(call, request.clone(), timeout_ms, mutations.clone()).await;
    let mut response = asked.unwrap_or_else(|code| refused(&request, code));
    call.settle(mutations.as_deref(), &mut response.throttle_time_ms);
    response
}

/// Takes out the topics that who calls may not create. What no one may create, and what is named twice, goes on to be
/// refused for that.
fn granted(call: &Call, mut request: CreateTopicsRequest) -> (CreateTopicsRequest, Vec<String>) {
    if call.may_cluster(&permissions::CREATE_ANY_TOPIC) {
        return (request, Vec::new());
    }
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for topic in &request.topics {
        *times.entry(topic.name.clone()).or_default() += 1;
    }
    let is_denied = |topic: &mut CreatableTopic| {
        topic.name != METADATA_TOPIC
            && times.get(&topic.name) == Some(&1)
            && !call.may(&permissions::CREATE_TOPICS, &topic.name)
    };
    let denied = request.topics.extract_if(.., is_denied).map(|topic| topic.name).collect();
    (request, denied)
}

/// Leaves out of a result what only those are told who may describe the topic's settings.
fn hide_configs(topic: &mut CreatableTopicResult) {
    let untold = CreatableTopicResult::default();
    topic.topic_config_error_code = permissions::CREATE_TOPICS_CONFIGS.error.code();
    (topic.num_partitions, topic.replication_factor) =
        (untold.num_partitions, untold.replication_factor);
    topic.configs = untold.configs;
}

fn refused(request: &CreateTopicsRequest, code: ErrorCode) -> CreateTopicsResponse {
    let topics = request.topics.iter().map(|topic| CreatableTopicResult {
        name: topic.name.clone(),
        error_code: code.code(),
        error_message: Some(code.message().to_owned()),
        ..Default::default()
    });
    CreateTopicsResponse { topics: topics.collect(), ..Default::default() }
}
