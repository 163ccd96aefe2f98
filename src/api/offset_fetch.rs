//! OffsetFetch (9), versions 1-10: tell how far groups have read.
//!
//! v2 added all topics at once, and an error for the whole; v5 the leader epoch (KIP-320); v7 whether offsets of
//! open transactions are an error (KIP-447); v8 several groups at once (KIP-709); v9 members of KIP-848 groups; v10
//! names topics by their ids.
//!
//! That nothing was committed is no error but offset −1: the client resets. UNSTABLE_OFFSET_COMMIT of a partition, with
//! `require_stable`: a transaction may still commit another offset. STALE_MEMBER_EPOCH and UNKNOWN_MEMBER_ID (v9).

use super::context::Call;
use super::permissions;
use crate::error::ErrorCode;
use crate::group::request::{GroupReply, GroupRequest};
use crate::metadata::Image;
use crate::wire::messages::offset_fetch::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopics, OffsetFetchResponse,
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic, OffsetFetchResponseTopics,
};

pub(crate) async fn handle(call: Call, request: OffsetFetchRequest) -> OffsetFetchResponse {
    let require_stable = request.require_stable;
    if call.version < 8 {
        let group = fetch(&call, single(request), require_stable).await;
        return for_one(group);
    }
    let mut response = OffsetFetchResponse::default();
    for group in request.groups {
        response.groups.push(fetch(&call, group, require_stable).await);
    }
    response
}

/// The one group that versions before 8 ask for.
fn single(request: OffsetFetchRequest) -> OffsetFetchRequestGroup {
    let topics = request.topics.map(|topics| {
        let rename = |topic: crate::wire::messages::offset_fetch::OffsetFetchRequestTopic| {
            OffsetFetchRequestTopics {
                name: topic.name,
                partition_indexes: topic.partition_indexes,
                ..OffsetFetchRequestTopics::default()
            }
        };
        topics.into_iter().map(rename).collect()
    });
    OffsetFetchRequestGroup {
        group_id: request.group_id,
        topics,
        ..OffsetFetchRequestGroup::default()
    }
}

/// The answer about one group, in the form of versions before 8.
fn for_one(group: OffsetFetchResponseGroup) -> OffsetFetchResponse {
    let partition = |partition: OffsetFetchResponsePartitions| OffsetFetchResponsePartition {
        partition_index: partition.partition_index,
        committed_offset: partition.committed_offset,
        committed_leader_epoch: partition.committed_leader_epoch,
        metadata: partition.metadata,
        error_code: partition.error_code,
        ..OffsetFetchResponsePartition::default()
    };
    let topic = |topic: OffsetFetchResponseTopics| OffsetFetchResponseTopic {
        name: topic.name,
        partitions: topic.partitions.into_iter().map(partition).collect(),
        ..OffsetFetchResponseTopic::default()
    };
    OffsetFetchResponse {
        error_code: group.error_code,
        topics: group.topics.into_iter().map(topic).collect(),
        ..OffsetFetchResponse::default()
    }
}

async fn fetch(
    call: &Call,
    mut group: OffsetFetchRequestGroup,
    require_stable: bool,
) -> OffsetFetchResponseGroup {
    let image = call.context.image();
    let group_id = group.group_id.clone();
    let unknown = if call.version >= 10 { name_topics(&image, &mut group) } else { Vec::new() };
    // Version 1 has no room for an error but in the partitions.
    let asked = if call.version < 2 { group.topics.clone() } else { None };
    let mut response = match call.check(&permissions::OFFSET_FETCH, &group_id) {
        Ok(()) => fetch_granted(call, group, require_stable).await,
        Err(code) => refused(group_id, code),
    };
    if response.error_code != 0 {
        let code = response.error_code;
        response.topics =
            asked.unwrap_or_default().iter().map(|topic| with_code(topic, code)).collect();
        return response;
    }
    response
        .topics
        .extend(unknown.iter().map(|topic| with_code(topic, ErrorCode::UnknownTopicId.code())));
    if call.version >= 10 {
        identify_topics(&image, &mut response);
    }
    response
}

/// The offsets of the topics that who calls may see. Of others that were named, an error is told; where all were asked
/// for, nothing.
async fn fetch_granted(
    call: &Call,
    mut group: OffsetFetchRequestGroup,
    require_stable: bool,
) -> OffsetFetchResponseGroup {
    let group_id = group.group_id.clone();
    let may_see = |name: &str| call.may(&permissions::OFFSET_FETCH_TOPIC, name);
    let mut hidden = Vec::new();
    if let Some(topics) = &mut group.topics {
        hidden = topics.extract_if(.., |topic| !may_see(&topic.name)).collect();
    }
    let all = group.topics.is_none();
    let request = GroupRequest::FetchOffsets { request: group, require_stable };
    let mut response = match call.context.groups.ask(&group_id, request).await {
        Ok(GroupReply::FetchOffsets(response)) => response,
        Ok(_) => refused(group_id, ErrorCode::UnknownServerError),
        Err(code) => refused(group_id, code),
    };
    if response.error_code == 0 {
        if all {
            response.topics.retain(|topic| may_see(&topic.name));
        }
        let code = permissions::OFFSET_FETCH_TOPIC.error.code();
        response.topics.extend(hidden.iter().map(|topic| with_code(topic, code)));
    }
    response
}

/// Gives topics the names of their ids; those that have none are taken out.
fn name_topics(
    image: &Image,
    group: &mut OffsetFetchRequestGroup,
) -> Vec<OffsetFetchRequestTopics> {
    let mut unknown = Vec::new();
    if let Some(topics) = &mut group.topics {
        for mut topic in std::mem::take(topics) {
            match image.topics.by_id(topic.topic_id) {
                Some(known) => {
                    topic.name = known.name.as_ref().into();
                    topics.push(topic);
                }
                None => unknown.push(topic),
            }
        }
    }
    unknown
}

/// Gives topics the ids of their names; those that have none cannot be told of.
fn identify_topics(image: &Image, response: &mut OffsetFetchResponseGroup) {
    for topic in response.topics.iter_mut().filter(|topic| topic.topic_id.is_zero()) {
        topic.topic_id = image.topics.by_name(&topic.name).map_or(topic.topic_id, |known| known.id);
    }
    response.topics.retain(|topic| !topic.topic_id.is_zero());
}

fn refused(group_id: String, code: ErrorCode) -> OffsetFetchResponseGroup {
    OffsetFetchResponseGroup {
        group_id,
        error_code: code.code(),
        ..OffsetFetchResponseGroup::default()
    }
}

/// Every partition asked for, with an error.
fn with_code(topic: &OffsetFetchRequestTopics, error_code: i16) -> OffsetFetchResponseTopics {
    let partition = |partition_index: &i32| OffsetFetchResponsePartitions {
        partition_index: *partition_index,
        committed_offset: -1,
        committed_leader_epoch: -1,
        metadata: Some(String::new()),
        error_code,
        ..OffsetFetchResponsePartitions::default()
    };
    OffsetFetchResponseTopics {
        name: topic.name.clone(),
        topic_id: topic.topic_id,
        partitions: topic.partition_indexes.iter().map(partition).collect(),
        ..OffsetFetchResponseTopics::default()
    }
}
