//! OffsetDelete (47), version 0: forget offsets of topics that a group no longer reads (KIP-496).
//!
//! GROUP_SUBSCRIBED_TO_TOPIC of a topic that members read still; GROUP_ID_NOT_FOUND and NON_EMPTY_GROUP of the whole.

use std::collections::HashMap;

use super::context::Call;
use super::permissions;
use crate::error::ErrorCode;
use crate::group::request::{GroupReply, GroupRequest};
use crate::metadata::Image;
use crate::wire::messages::offset_delete::{
    OffsetDeleteRequest, OffsetDeleteRequestTopic, OffsetDeleteResponse,
    OffsetDeleteResponsePartition, OffsetDeleteResponseTopic,
};

pub(crate) async fn handle(call: Call, mut request: OffsetDeleteRequest) -> OffsetDeleteResponse {
    if let Err(code) = call.check(&permissions::OFFSET_DELETE, &request.group_id) {
        return OffsetDeleteResponse { error_code: code.code(), ..OffsetDeleteResponse::default() };
    }
    let mut refused = Vec::new();
    let image = call.context.image();
    for mut topic in std::mem::take(&mut request.topics) {
        let granted = call.check(&permissions::OFFSET_DELETE_TOPIC, &topic.name);
        refused.extend(sift(&image, granted, &mut topic));
        if !topic.partitions.is_empty() {
            request.topics.push(topic);
        }
    }
    let group_id = request.group_id.clone();
    let code = match call.context.groups.ask(&group_id, GroupRequest::DeleteOffsets(request)).await
    {
        Ok(GroupReply::DeleteOffsets(response)) if response.error_code == 0 => {
            return merge(refused, response);
        }
        Ok(GroupReply::DeleteOffsets(response)) => return response,
        Ok(_) => ErrorCode::UnknownServerError,
        Err(code) => code,
    };
    OffsetDeleteResponse { error_code: code.code(), ..OffsetDeleteResponse::default() }
}

/// Takes out of a topic the partitions that do not exist, or all that may not be touched.
fn sift(
    image: &Image,
    granted: Result<(), ErrorCode>,
    topic: &mut OffsetDeleteRequestTopic,
) -> Option<OffsetDeleteResponseTopic> {
    let code = granted.err().unwrap_or(ErrorCode::UnknownTopicOrPartition);
    let known = image.topics.by_name(&topic.name).filter(|_| granted.is_ok());
    let gone = topic.partitions.extract_if(.., |partition| {
        known.is_none_or(|known| known.partition(partition.partition_index).is_none())
    });
    let refuse = |partition_index| OffsetDeleteResponsePartition {
        partition_index,
        error_code: code.code(),
        ..OffsetDeleteResponsePartition::default()
    };
    let partitions: Vec<_> = gone.map(|partition| refuse(partition.partition_index)).collect();
    let name = topic.name.clone();
    (!partitions.is_empty()).then(|| OffsetDeleteResponseTopic {
        name,
        partitions,
        ..Default::default()
    })
}

/// Puts what was deleted beside what was refused, topic by topic.
fn merge(
    refused: Vec<OffsetDeleteResponseTopic>,
    mut response: OffsetDeleteResponse,
) -> OffsetDeleteResponse {
    let deleted = std::mem::replace(&mut response.topics, refused);
    let refused = response.topics.iter().enumerate().rev();
    let mut places: HashMap<_, _> = refused.map(|(at, topic)| (topic.name.clone(), at)).collect();
    for topic in deleted {
        match places.get(&topic.name) {
            Some(&at) => response.topics[at].partitions.extend(topic.partitions),
            None => {
                places.insert(topic.name.clone(), response.topics.len());
                response.topics.push(topic);
            }
        }
    }
    response
}
