//! WriteTxnMarkers (27), versions 1–2: a transaction coordinator ends transactions in the partitions that this node
//! leads.
//!
//! v2 says which transaction version the producer speaks (KIP-1228): from 2 on, a marker that is late cannot end a
//! later transaction. Markers for groups' offsets go through their shard, which so learns which offsets count. The
//! node's own coordinator takes the same way without a connection: see [`write`].
//!
//! Errors of a partition: UNKNOWN_TOPIC_OR_PARTITION and NOT_LEADER_OR_FOLLOWER, upon which the coordinator looks for
//! another leader and asks again, for as long as the topic is there; INVALID_PRODUCER_EPOCH and
//! TRANSACTION_COORDINATOR_FENCED, upon which it gives the marker up, since somebody newer has ended the transaction.
//! A marker that was written before is written again: it ends nothing then.

use std::collections::{BTreeMap, HashMap};

use tokio::sync::oneshot;

use super::context::{Call, Context};
use super::permissions;
use crate::coordinator::transactional::End;
use crate::error::ErrorCode;
use crate::metadata::Image;
use crate::partition::append::AppendResult;
use crate::types::{NONE, OFFSETS_TOPIC, PartitionId, TopicIdPartition};
use crate::wire::messages::write_txn_markers::{
    WritableTxnMarker, WritableTxnMarkerPartitionResult, WritableTxnMarkerResult,
    WritableTxnMarkerTopicResult, WriteTxnMarkersRequest, WriteTxnMarkersResponse,
};

/// Serves a request of another coordinator, or of an administrator who aborts what hangs.
pub(crate) async fn handle(call: Call, request: WriteTxnMarkersRequest) -> WriteTxnMarkersResponse {
    let granted = match call.may_cluster(&permissions::ABORT_TRANSACTION) {
        true => Ok(()),
        false => call.check_cluster(&permissions::WRITE_TXN_MARKERS),
    };
    write_if(&call.context, granted, request).await
}

/// A marker for one partition, under way.
enum Started {
    Refused(ErrorCode),
    Sent(oneshot::Receiver<AppendResult>),
    Group(PartitionId, End),
}

type Results = BTreeMap<i64, Vec<WritableTxnMarkerTopicResult>>;

/// Writes all markers at once, and answers when each is committed or refused.
pub(super) async fn write(
    context: &Context,
    request: WriteTxnMarkersRequest,
) -> WriteTxnMarkersResponse {
    write_if(context, Ok(()), request).await
}

async fn write_if(
    context: &Context,
    granted: Result<(), ErrorCode>,
    request: WriteTxnMarkersRequest,
) -> WriteTxnMarkersResponse {
    let image = context.image();
    let mut started = Vec::new();
    for marker in request.markers {
        let end = end(&marker);
        for topic in marker.topics {
            let begin = |partition| match granted {
                Ok(()) => (partition, start(context, &image, &topic.name, partition, end)),
                Err(code) => (partition, Started::Refused(code)),
            };
            let partitions: Vec<_> = topic.partition_indexes.iter().copied().map(begin).collect();
            started.push((marker.producer_id, topic.name, partitions));
        }
    }
    let mut results = Results::new();
    let mut places: HashMap<(i64, String), usize> = HashMap::new();
    for (producer_id, name, partitions) in started {
        let mut topic = WritableTxnMarkerTopicResult { name, ..Default::default() };
        for (partition_index, started) in partitions {
            let refused = finish(context, started).await.err();
            let error_code = refused.unwrap_or(ErrorCode::None).code();
            topic.partitions.push(WritableTxnMarkerPartitionResult {
                partition_index,
                error_code,
                ..Default::default()
            });
        }
        // What became of a marker goes beside what became of others of the same producer.
        let topics = results.entry(producer_id).or_default();
        match places.get(&(producer_id, topic.name.clone())) {
            Some(&at) => topics[at].partitions.extend(topic.partitions),
            None => {
                places.insert((producer_id, topic.name.clone()), topics.len());
                topics.push(topic);
            }
        }
    }
    let of_producer = |(producer_id, topics)| WritableTxnMarkerResult {
        producer_id,
        topics,
        ..Default::default()
    };
    let markers = results.into_iter().map(of_producer).collect();
    WriteTxnMarkersResponse { markers, ..Default::default() }
}

fn start(
    context: &Context,
    image: &Image,
    topic: &str,
    partition: PartitionId,
    end: End,
) -> Started {
    let replica = image
        .topics
        .id(topic)
        .and_then(|topic_id| context.partitions.get(&TopicIdPartition { topic_id, partition }));
    let Some(replica) = replica else {
        return Started::Refused(ErrorCode::UnknownTopicOrPartition);
    };
    if let Err(code) = replica.check_leader(NONE) {
        return Started::Refused(code);
    }
    if topic == OFFSETS_TOPIC {
        return Started::Group(partition, end);
    }
    let (append, answer) = end.append(&replica, context.clock.now());
    match replica.append(append) {
        Ok(()) => Started::Sent(answer),
        Err(code) => Started::Refused(code),
    }
}

async fn finish(context: &Context, started: Started) -> Result<(), ErrorCode> {
    match started {
        Started::Refused(code) => Err(code),
        Started::Sent(answer) => match answer.await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error.code),
            Err(_) => Err(ErrorCode::NotLeaderOrFollower),
        },
        Started::Group(partition, end) => {
            context.groups.end_transaction(partition, end).await.map_err(|code| match code {
                ErrorCode::CoordinatorNotAvailable
                | ErrorCode::CoordinatorLoadInProgress
                | ErrorCode::NotCoordinator => ErrorCode::NotLeaderOrFollower,
                code => code,
            })
        }
    }
}

fn end(marker: &WritableTxnMarker) -> End {
    End {
        producer_id: marker.producer_id,
        producer_epoch: marker.producer_epoch,
        coordinator_epoch: marker.coordinator_epoch,
        is_committed: marker.transaction_result,
        transaction_version: i16::from(marker.transaction_version),
    }
}
