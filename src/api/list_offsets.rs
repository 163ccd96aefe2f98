//! ListOffsets (2), versions 1–11.
//!
//! Offsets for timestamps and for the special ones: −1 latest, −2 earliest, −3 of the latest timestamp (v7, KIP-734),
//! −4 earliest local (v8), −5 latest tiered (v9), −6 earliest pending upload (v11).
//!
//! Errors of a partition: UNSUPPORTED_VERSION for a special time that the version does not have, INVALID_REQUEST for a
//! partition that is named twice, and those of a leader (NOT_LEADER_OR_FOLLOWER, FENCED_LEADER_EPOCH,
//! UNKNOWN_LEADER_EPOCH, KAFKA_STORAGE_ERROR). That there is no such offset is none: it is −1.
//!
//! Nothing is tiered here, so −4 is −2, and −5 and −6 find nothing, as in Kafka on a topic without remote storage.
//! `timeout_ms` (v10) is for reads of remote storage and changes nothing.

use std::sync::Arc;

use super::context::Call;
use super::permissions;
use crate::error::ErrorCode;
use crate::log::lookup::TimedOffset;
use crate::log::view::PartitionView;
use crate::partition::replica::Replica;
use crate::types::{TopicIdPartition, Uuid};
use crate::wire::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsPartitionResponse, ListOffsetsRequest, ListOffsetsResponse,
    ListOffsetsTopicResponse,
};

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: i64 = -3;
const EARLIEST_LOCAL: i64 = -4;
const LATEST_TIERED: i64 = -5;
const EARLIEST_PENDING_UPLOAD: i64 = -6;

/// An offset, its record's timestamp and leader epoch; −1 where there is none.
struct Found {
    offset: i64,
    timestamp: i64,
    leader_epoch: i32,
}

const NOTHING: Found = Found { offset: -1, timestamp: -1, leader_epoch: -1 };

pub(crate) async fn handle(call: Call, request: ListOffsetsRequest) -> ListOffsetsResponse {
    let mut response = ListOffsetsResponse::default();
    let (read_committed, from_client) = (request.isolation_level == 1, request.replica_id < 0);
    let duplicates = duplicates(&request);
    for topic in request.topics {
        let granted = call.check(&permissions::LIST_OFFSETS, &topic.name);
        let topic_id = call.context.image().topics.id(&topic.name).unwrap_or(Uuid::ZERO);
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for wanted in topic.partitions {
            let found = if let Err(code) = granted {
                Err(code)
            } else if duplicates.contains(&(topic.name.clone(), wanted.partition_index)) {
                Err(ErrorCode::InvalidRequest)
            } else {
                find(&call, topic_id, &wanted, read_committed, from_client).await
            };
            partitions.push(answer(call.version, &wanted, found));
        }
        response.topics.push(ListOffsetsTopicResponse {
            name: topic.name,
            partitions,
            ..Default::default()
        });
    }
    response
}

/// Partitions that the request names more than once, which Kafka refuses.
fn duplicates(request: &ListOffsetsRequest) -> std::collections::HashSet<(String, i32)> {
    let mut seen = std::collections::HashSet::new();
    let named = request.topics.iter().flat_map(|topic| {
        topic.partitions.iter().map(|partition| (topic.name.clone(), partition.partition_index))
    });
    named.filter(|named| !seen.insert(named.clone())).collect()
}

/// Leader epochs are told since version 4.
fn answer(
    version: i16,
    wanted: &ListOffsetsPartition,
    found: Result<Found, ErrorCode>,
) -> ListOffsetsPartitionResponse {
    let (code, found) = match found {
        Ok(found) => (ErrorCode::None, found),
        Err(code) => (code, NOTHING),
    };
    ListOffsetsPartitionResponse {
        partition_index: wanted.partition_index,
        error_code: code.code(),
        timestamp: found.timestamp,
        offset: found.offset,
        leader_epoch: if version >= 4 { found.leader_epoch } else { NOTHING.leader_epoch },
        ..Default::default()
    }
}

async fn find(
    call: &Call,
    topic_id: Uuid,
    wanted: &ListOffsetsPartition,
    read_committed: bool,
    from_client: bool,
) -> Result<Found, ErrorCode> {
    let least_version = match wanted.timestamp {
        MAX_TIMESTAMP => 7,
        EARLIEST_LOCAL => 8,
        LATEST_TIERED => 9,
        EARLIEST_PENDING_UPLOAD => 11,
        below if below < EARLIEST_PENDING_UPLOAD => return Err(ErrorCode::UnsupportedVersion),
        _ => 0,
    };
    if call.version < least_version {
        return Err(ErrorCode::UnsupportedVersion);
    }
    let id = TopicIdPartition { topic_id, partition: wanted.partition_index };
    let replica = call.context.replica(&id)?;
    replica.check_leader(wanted.current_leader_epoch)?;
    look_up(&replica, wanted.timestamp, read_committed, from_client).await
}

async fn look_up(
    replica: &Replica,
    timestamp: i64,
    read_committed: bool,
    from_client: bool,
) -> Result<Found, ErrorCode> {
    let view = replica.view().await?;
    // The latest that a client is told is the end of what it could read now, and so where it would begin.
    let last = match (from_client, read_committed) {
        (false, _) => view.log_end_offset(),
        (true, true) => view.last_stable_offset(),
        (true, false) => view.high_watermark(),
    };
    let at = |offset| Found {
        offset,
        timestamp: -1,
        leader_epoch: view.epoch_for_offset(offset).unwrap_or(-1),
    };
    match timestamp {
        LATEST => {
            let leader_epoch = view.latest_epoch().map_or(-1, |entry| entry.epoch);
            Ok(Found { offset: last, timestamp: -1, leader_epoch })
        }
        EARLIEST | EARLIEST_LOCAL => Ok(at(view.log_start_offset())),
        LATEST_TIERED => Ok(Found { offset: -1, ..at(-1) }),
        EARLIEST_PENDING_UPLOAD => Ok(NOTHING),
        _ => Ok(below(search(view.clone(), timestamp).await?, last)),
    }
}

/// Looks for a time in the files, batch by batch and unpacking some: not here, where thousands of others wait.
async fn search(
    view: Arc<PartitionView>,
    timestamp: i64,
) -> Result<Option<TimedOffset>, ErrorCode> {
    let name = view.topic_partition().clone();
    let searching = tokio::task::spawn_blocking(move || match timestamp {
        MAX_TIMESTAMP => view.offset_for_max_timestamp(),
        _ => view.offset_for_timestamp(timestamp),
    });
    let found = searching.await.map_err(|_| ErrorCode::UnknownServerError)?;
    found.map_err(|error| {
        tracing::error!(partition = %name, %error, "the log cannot be read");
        error.code()
    })
}

/// What lies at or behind the last offset that the client may see does not exist for it.
fn below(found: Option<TimedOffset>, last: i64) -> Found {
    match found {
        Some(found) if found.offset < last => Found {
            offset: found.offset,
            timestamp: found.timestamp,
            leader_epoch: found.leader_epoch,
        },
        _ => NOTHING,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::codec::Writer;
    use crate::wire::message::Message;

    #[test]
    fn every_version_holds_what_it_is_told() {
        for version in ListOffsetsResponse::VERSIONS {
            let found = || Found { offset: 7, timestamp: 8, leader_epoch: 9 };
            for found in [Ok(found()), Err(ErrorCode::UnknownTopicOrPartition)] {
                let partition = answer(version, &ListOffsetsPartition::default(), found);
                let topic =
                    ListOffsetsTopicResponse { partitions: vec![partition], ..Default::default() };
                let response = ListOffsetsResponse { topics: vec![topic], ..Default::default() };
                assert_eq!(response.encode(&mut Writer::new(), version), Ok(()), "{version}");
            }
        }
    }
}
