//! CreatePartitions (37), versions 0-3: adds partitions to topics (KIP-195).
//!
//! `count` is of all partitions, those that are there included; there is no way back. INVALID_PARTITIONS: not more than
//! now. Keys go to other partitions from then on, which is the producers' affair. With `validate_only` nothing is made.

use std::collections::HashMap;

use super::context::Call;
use super::forward;
use super::permissions;
use crate::error::ErrorCode;
use crate::wire::messages::create_partitions::{
    CreatePartitionsRequest, CreatePartitionsResponse, CreatePartitionsTopic,
    CreatePartitionsTopicResult,
};

/// From this version on partitions beyond a quota are refused (KIP-599); earlier ones are made, and the client waits.
const STRICT_SINCE: i16 = 3;

pub(crate) async fn handle(
    call: Call,
    request: CreatePartitionsRequest,
) -> CreatePartitionsResponse {
    let mut request = request;
    let denied = take_denied(&call, &mut request);
    if request.topics.is_empty() && !denied.is_empty() {
        return CreatePartitionsResponse { results: denied, ..Default::default() };
    }
    let timeout_ms = Some(request.timeout_ms);
    let mutations = call.mutations(STRICT_SINCE);
    let asked = forward::ask_bounded(&call, request.clone(), timeout_ms, mutations.clone()).await;
    let mut response = asked.unwrap_or_else(|code| refused(request, code));
    call.settle(mutations.as_deref(), &mut response.throttle_time_ms);
    response.results.extend(denied);
    response
}

/// Takes out the topics that who calls may not change. What is named twice goes on to be refused for that.
fn take_denied(
    call: &Call,
    request: &mut CreatePartitionsRequest,
) -> Vec<CreatePartitionsTopicResult> {
    let mut named: HashMap<String, usize> = HashMap::new();
    for topic in &request.topics {
        *named.entry(topic.name.clone()).or_default() += 1;
    }
    let is_denied = |topic: &mut CreatePartitionsTopic| {
        named.get(&topic.name) == Some(&1)
            && !call.may(&permissions::CREATE_PARTITIONS, &topic.name)
    };
    let denied = request.topics.extract_if(.., is_denied);
    let result = |topic: CreatePartitionsTopic| CreatePartitionsTopicResult {
        name: topic.name,
        error_code: permissions::CREATE_PARTITIONS.error.code(),
        ..Default::default()
    };
    denied.map(result).collect()
}

fn refused(request: CreatePartitionsRequest, code: ErrorCode) -> CreatePartitionsResponse {
    let results = request.topics.into_iter().map(|topic| CreatePartitionsTopicResult {
        name: topic.name,
        error_code: code.code(),
        error_message: Some(code.message().to_owned()),
        ..Default::default()
    });
    CreatePartitionsResponse { results: results.collect(), ..Default::default() }
}
