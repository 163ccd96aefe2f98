//! DescribeProducers (61), version 0: who writes to a partition, and what they did last (KIP-664).
//!
//! From the leader's memory: a producer that has written nothing for `producer.id.expiration.ms` is forgotten.
//! `current_txn_start_offset` is where its open transaction begins, and so how one finds who holds up the readers.

use super::context::Call;
use super::permissions;
use crate::controller::names;
use crate::error::{ApiError, ErrorCode};
use crate::log::producers::ProducerEntry;
use crate::types::{NONE, TopicIdPartition, Uuid};
use crate::wire::messages::describe_producers::{
    DescribeProducersRequest, DescribeProducersResponse, PartitionResponse, ProducerState,
    TopicResponse,
};

pub(crate) async fn handle(
    call: Call,
    request: DescribeProducersRequest,
) -> DescribeProducersResponse {
    let mut response = DescribeProducersResponse::default();
    for topic in request.topics {
        let granted = call.check(&permissions::DESCRIBE_PRODUCERS, &topic.name);
        let known = granted.map_err(ApiError::from).and_then(|()| topic_id(&call, &topic.name));
        let mut partitions = Vec::with_capacity(topic.partition_indexes.len());
        for partition in topic.partition_indexes {
            let described = match &known {
                Ok(topic_id) => {
                    let id = TopicIdPartition { topic_id: *topic_id, partition };
                    describe(&call, id).await.map_err(|code| (code, None))
                }
                Err(error) => Err((error.code, Some(error.text().to_owned()))),
            };
            let (code, error_message) = match &described {
                Ok(_) => (ErrorCode::None, None),
                Err(error) => error.clone(),
            };
            partitions.push(PartitionResponse {
                partition_index: partition,
                error_code: code.code(),
                error_message,
                active_producers: described.unwrap_or_default(),
                ..Default::default()
            });
        }
        response.topics.push(TopicResponse { name: topic.name, partitions, ..Default::default() });
    }
    response
}

fn topic_id(call: &Call, name: &str) -> Result<Uuid, ApiError> {
    names::validate(name)?;
    call.context.image().topics.id(name).ok_or(ErrorCode::UnknownTopicOrPartition.into())
}

async fn describe(call: &Call, id: TopicIdPartition) -> Result<Vec<ProducerState>, ErrorCode> {
    let replica = call.context.replica(&id)?;
    replica.check_leader(NONE)?;
    replica
        .with_log(|log| log.active_producers().map(|(id, entry)| state(id, entry)).collect())
        .await
}

fn state(producer_id: i64, entry: &ProducerEntry) -> ProducerState {
    ProducerState {
        producer_id,
        producer_epoch: i32::from(entry.epoch),
        last_sequence: entry.last_sequence(),
        last_timestamp: entry.last_timestamp,
        coordinator_epoch: entry.coordinator_epoch,
        current_txn_start_offset: entry.txn_first_offset.unwrap_or(-1),
        ..Default::default()
    }
}
