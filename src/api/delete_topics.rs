//! DeleteTopics (20), versions 1-6: by name, since v6 also by id (KIP-516).
//!
//! A topic is gone for everybody when its record is committed; each broker deletes the files of its replicas when it
//! has read that. Errors of a topic: UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_ID, TOPIC_DELETION_DISABLED
//! (`delete.topic.enable`), INVALID_REQUEST (named twice, or by name and id). One that may be deleted, but not seen, is
//! refused by its id and without its name.

use std::collections::BTreeMap;

use super::context::Call;
use super::forward;
use super::permissions;
use crate::error::ErrorCode;
use crate::types::Uuid;
use crate::wire::messages::delete_topics::{
    DeletableTopicResult, DeleteTopicsRequest, DeleteTopicsResponse,
};

/// From this version on partitions beyond a quota are refused (KIP-599); earlier ones are made, and the client waits.
const STRICT_SINCE: i16 = 5;

pub(crate) async fn handle(call: Call, request: DeleteTopicsRequest) -> DeleteTopicsResponse {
    let mut request = request;
    let mut denied = Vec::new();
    let enabled = call.context.config.load().delete_topic_enable();
    if enabled && !call.may_cluster(&permissions::DELETE_ANY_TOPIC) {
        denied = take_denied(&call, &mut request);
        if request.topic_names.is_empty() && request.topics.is_empty() {
            return DeleteTopicsResponse { responses: denied, ..Default::default() };
        }
    }
    let timeout_ms = Some(request.timeout_ms);
    let mutations = call.mutations(STRICT_SINCE);
    let asked = forward::ask_bounded(&call, request.clone(), timeout_ms, mutations.clone()).await;
    let mut response = asked.unwrap_or_else(|code| refused(request, code));
    call.settle(mutations.as_deref(), &mut response.throttle_time_ms);
    response.responses.extend(denied);
    response
}

/// Takes out the topics that who calls may not delete, with what is told of each. What is not a proper name of one
/// topic goes on to be refused for that.
fn take_denied(call: &Call, request: &mut DeleteTopicsRequest) -> Vec<DeletableTopicResult> {
    let image = call.context.image();
    let mut times: BTreeMap<(Option<String>, Uuid), usize> = BTreeMap::new();
    let by_name = request.topic_names.iter().map(|name| (Some(name.clone()), Uuid::ZERO));
    let by_either = request.topics.iter().map(|topic| (topic.name.clone(), topic.topic_id));
    for topic in by_name.chain(by_either) {
        *times.entry(topic).or_default() += 1;
    }
    let once = |name: Option<&str>, id: Uuid| times.get(&(name.map(str::to_owned), id)) == Some(&1);
    let mut denied: Vec<DeletableTopicResult> = request
        .topic_names
        .extract_if(.., |name| once(Some(name), Uuid::ZERO) && !may_delete(call, name).1)
        .map(|name| denial(Some(name), Uuid::ZERO))
        .collect();
    request.topics.retain(|topic| {
        let (id, name) = (topic.topic_id, topic.name.as_deref());
        let told = match name {
            Some(name) if id.is_zero() && once(Some(name), id) => {
                (!may_delete(call, name).1).then(|| Some(name.to_owned()))
            }
            None if once(None, id) => image.topics.name(id).and_then(|name| {
                let (sees, deletes) = may_delete(call, name);
                (!deletes).then(|| sees.then(|| name.to_string()))
            }),
            _ => None,
        };
        denied.extend(told.iter().map(|name| denial(name.clone(), id)));
        told.is_none()
    });
    denied
}

/// Whether who calls may see the topic, and whether it may delete it.
fn may_delete(call: &Call, name: &str) -> (bool, bool) {
    let sees = call.may(&permissions::DELETE_TOPICS_SEE, name);
    let deletes = call.may(&permissions::DELETE_TOPICS, name);
    (sees, deletes)
}

fn denial(name: Option<String>, topic_id: Uuid) -> DeletableTopicResult {
    let code = permissions::DELETE_TOPICS.error;
    DeletableTopicResult {
        name,
        topic_id,
        error_code: code.code(),
        error_message: Some(code.message().to_owned()),
        ..Default::default()
    }
}

fn refused(request: DeleteTopicsRequest, code: ErrorCode) -> DeleteTopicsResponse {
    let result = |(name, topic_id)| DeletableTopicResult {
        name,
        topic_id,
        error_code: code.code(),
        error_message: Some(code.message().to_owned()),
        ..Default::default()
    };
    let by_name = request.topic_names.into_iter().map(|name| (Some(name), Uuid::ZERO));
    let by_either = request.topics.into_iter().map(|topic| (topic.name, topic.topic_id));
    DeleteTopicsResponse {
        responses: by_name.chain(by_either).map(result).collect(),
        ..Default::default()
    }
}
