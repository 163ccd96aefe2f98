//! OffsetCommit (8), versions 2-10: keep how far a group has read.
//!
//! v2-4 carry a retention of their own; v6 the leader epoch (KIP-320); v7 static members (KIP-345); v9 members of
//! KIP-848 groups, and GROUP_ID_NOT_FOUND; v10 names topics by their ids (KIP-848). Topics and partitions that do
//! not exist are refused one by one, the rest is committed.
//!
//! Errors are told of each partition, also where the whole was refused: UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION (in
//! groups of KIP-848 STALE_MEMBER_EPOCH), FENCED_INSTANCE_ID and REBALANCE_IN_PROGRESS, by which a consumer learns that
//! it is out; OFFSET_METADATA_TOO_LARGE; NOT_COORDINATOR and COORDINATOR_LOAD_IN_PROGRESS. The answer comes when the
//! records are committed. A retention that a request names (v2–4) is kept with its offsets.

use std::collections::HashMap;

use super::context::Call;
use super::permissions;
use crate::error::ErrorCode;
use crate::group::request::{GroupReply, GroupRequest, commit_refused};
use crate::metadata::Image;
use crate::wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestTopic, OffsetCommitResponse,
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};

pub(crate) async fn handle(call: Call, mut request: OffsetCommitRequest) -> OffsetCommitResponse {
    if let Err(code) = call.check(&permissions::OFFSET_COMMIT, &request.group_id) {
        return commit_refused(&request, code);
    }
    let mut response = OffsetCommitResponse::default();
    let topics = std::mem::take(&mut request.topics);
    let image = call.context.image();
    for mut topic in topics {
        let refused = sift(&call, &image, &mut topic);
        if !refused.partitions.is_empty() {
            response.topics.push(refused);
        }
        if !topic.partitions.is_empty() {
            request.topics.push(topic);
        }
    }
    if request.topics.is_empty() {
        return response;
    }
    let group_id = request.group_id.clone();
    let on_error = commit_refused(&request, ErrorCode::None);
    let asked = GroupRequest::CommitOffsets { request, version: call.version };
    let committed = match call.context.groups.ask(&group_id, asked).await {
        Ok(GroupReply::CommitOffsets(committed)) => committed,
        Ok(_) => with_code(on_error, ErrorCode::UnknownServerError),
        Err(code) => with_code(on_error, code),
    };
    merge(response, committed)
}

/// Gives a topic its name, and takes out of it what does not exist or may not be read, with the error for that.
fn sift(
    call: &Call,
    image: &Image,
    topic: &mut OffsetCommitRequestTopic,
) -> OffsetCommitResponseTopic {
    let mut unknown = ErrorCode::UnknownTopicOrPartition;
    if call.version >= 10 {
        match image.topics.by_id(topic.topic_id) {
            Some(known) => topic.name = known.name.as_ref().into(),
            None => unknown = ErrorCode::UnknownTopicId,
        }
    }
    let granted = match unknown {
        ErrorCode::UnknownTopicId => Ok(()),
        _ => call.check(&permissions::OFFSET_COMMIT_TOPIC, &topic.name),
    };
    let code = granted.err().unwrap_or(unknown);
    let known = image.topics.by_name(&topic.name).filter(|_| granted.is_ok());
    let gone = topic.partitions.extract_if(.., |partition| {
        known.is_none_or(|known| known.partition(partition.partition_index).is_none())
    });
    let refuse = |partition_index| OffsetCommitResponsePartition {
        partition_index,
        error_code: code.code(),
        ..OffsetCommitResponsePartition::default()
    };
    OffsetCommitResponseTopic {
        name: topic.name.clone(),
        topic_id: topic.topic_id,
        partitions: gone.map(|partition| refuse(partition.partition_index)).collect(),
        ..OffsetCommitResponseTopic::default()
    }
}

fn with_code(mut response: OffsetCommitResponse, code: ErrorCode) -> OffsetCommitResponse {
    for partition in response.topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
        partition.error_code = code.code();
    }
    response
}

/// Puts what was committed beside what was refused, topic by topic.
fn merge(
    mut response: OffsetCommitResponse,
    committed: OffsetCommitResponse,
) -> OffsetCommitResponse {
    let named = |topic: &OffsetCommitResponseTopic| (topic.name.clone(), topic.topic_id);
    let refused = response.topics.iter().enumerate().rev();
    let mut places: HashMap<_, _> = refused.map(|(at, topic)| (named(topic), at)).collect();
    for topic in committed.topics {
        match places.get(&named(&topic)) {
            Some(&at) => response.topics[at].partitions.extend(topic.partitions),
            None => {
                places.insert(named(&topic), response.topics.len());
                response.topics.push(topic);
            }
        }
    }
    response
}
