//! DeleteRecords (21), versions 0–2: moves the log start offset; −1 means up to the high watermark (KIP-107).
//!
//! The offset becomes the first that can be read at once; the bytes go with the segment when all of it is behind.
//! OFFSET_OUT_OF_RANGE: beyond the high watermark. POLICY_VIOLATION: the topic is only compacted, and what is compacted
//! must be kept by key. INVALID_TOPIC_EXCEPTION: an internal topic. The answer's `low_watermark` is that of all
//! replicas in Kafka; here there is one.

use super::context::Call;
use super::permissions;
use crate::error::ErrorCode;
use crate::types::{NONE, TopicIdPartition, Uuid, is_internal_topic};
use crate::wire::messages::delete_records::{
    DeleteRecordsPartitionResult, DeleteRecordsRequest, DeleteRecordsResponse,
    DeleteRecordsTopicResult,
};

pub(crate) async fn handle(call: Call, request: DeleteRecordsRequest) -> DeleteRecordsResponse {
    let mut response = DeleteRecordsResponse::default();
    for topic in request.topics {
        let granted =
            call.may_all(&permissions::DELETE_RECORDS, &topic.name, topic.partitions.len());
        let topic_id = call.context.image().topics.id(&topic.name).unwrap_or(Uuid::ZERO);
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for wanted in topic.partitions {
            let result = if !granted {
                Err(permissions::DELETE_RECORDS.error)
            } else if is_internal_topic(&topic.name) {
                Err(ErrorCode::InvalidTopicException)
            } else {
                delete(
                    &call,
                    TopicIdPartition { topic_id, partition: wanted.partition_index },
                    wanted.offset,
                )
                .await
            };
            partitions.push(DeleteRecordsPartitionResult {
                partition_index: wanted.partition_index,
                low_watermark: *result.as_ref().unwrap_or(&-1),
                error_code: result.err().unwrap_or(ErrorCode::None).code(),
                ..Default::default()
            });
        }
        response.topics.push(DeleteRecordsTopicResult {
            name: topic.name,
            partitions,
            ..Default::default()
        });
    }
    response
}

async fn delete(call: &Call, id: TopicIdPartition, offset: i64) -> Result<i64, ErrorCode> {
    let replica = call.context.replica(&id)?;
    replica.check_leader(NONE)?;
    if !replica.settings().config.delete {
        return Err(ErrorCode::PolicyViolation);
    }
    let high_watermark = replica.view().await?.high_watermark();
    let offset = if offset == -1 { high_watermark } else { offset };
    if offset < 0 || offset > high_watermark {
        return Err(ErrorCode::OffsetOutOfRange);
    }
    let deleted = replica.with_log(move |log| log.delete_records(offset)).await?;
    deleted.map_err(|error| error.code())
}
