//! To whom the markers of ended transactions go, and what the answers mean. Pure: images, transactions and answers in.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::request::Markers;
use crate::error::ErrorCode;
use crate::metadata::Image;
use crate::types::{NONE, NodeId, PartitionId, TRANSACTION_TOPIC};
use crate::wire::messages::write_txn_markers::{
    WritableTxnMarker, WritableTxnMarkerTopic, WriteTxnMarkersRequest, WriteTxnMarkersResponse,
};

/// One request for each leader, and how many transactions have a partition that nobody leads, which waits. Partitions
/// that are gone need no marker.
pub(super) fn requests(
    image: &Image,
    shard: PartitionId,
    open: &mut [Markers],
) -> (BTreeMap<NodeId, WriteTxnMarkersRequest>, usize) {
    let coordinator_epoch = image
        .topics
        .partition(TRANSACTION_TOPIC, shard)
        .map_or(NONE, |registration| registration.leader_epoch);
    let mut requests: BTreeMap<NodeId, WriteTxnMarkersRequest> = BTreeMap::new();
    let mut waiting = 0;
    for one in open {
        let mut waits = false;
        let mut by_leader: BTreeMap<NodeId, Vec<WritableTxnMarkerTopic>> = BTreeMap::new();
        one.partitions.retain(|topic, partitions| {
            partitions.retain(|partition| image.topics.partition(topic, *partition).is_some());
            !partitions.is_empty()
        });
        for (topic, partitions) in &one.partitions {
            for partition in partitions {
                let registration = image.topics.partition(topic, *partition);
                let Some(leader) = registration.and_then(|known| known.leader()) else {
                    waits = true;
                    continue;
                };
                let topics = by_leader.entry(leader).or_default();
                match topics.last_mut().filter(|last| *last.name == **topic) {
                    Some(last) => last.partition_indexes.push(*partition),
                    None => topics.push(WritableTxnMarkerTopic {
                        name: topic.to_string(),
                        partition_indexes: vec![*partition],
                        ..Default::default()
                    }),
                }
            }
        }
        waiting += usize::from(waits);
        for (leader, topics) in by_leader {
            requests.entry(leader).or_default().markers.push(WritableTxnMarker {
                producer_id: one.producer_id,
                producer_epoch: one.producer_epoch,
                transaction_result: one.committed,
                topics,
                coordinator_epoch,
                transaction_version: i8::try_from(one.client_version).unwrap_or(0),
                ..Default::default()
            });
        }
    }
    (requests, waiting)
}

/// What became of one marker.
enum Fate {
    Written,
    Again,
    /// The partition refuses it for good: somebody newer has ended the transaction there.
    Refused,
}

const fn fate(code: ErrorCode) -> Fate {
    match code {
        ErrorCode::None | ErrorCode::UnsupportedForMessageFormat => Fate::Written,
        ErrorCode::InvalidProducerEpoch | ErrorCode::TransactionCoordinatorFenced => Fate::Refused,
        _ => Fate::Again,
    }
}

/// Strikes out what is written, and says how much that is. A transaction whose marker is refused for good is left as it
/// stands, as Kafka does.
pub(super) fn take_in(open: &mut Vec<Markers>, response: &WriteTxnMarkersResponse) -> usize {
    let mut written = 0;
    let mut places: HashMap<i64, usize> =
        open.iter().enumerate().map(|(place, one)| (one.producer_id, place)).collect();
    let mut refused = BTreeSet::new();
    for result in &response.markers {
        let Some(place) = places.remove(&result.producer_id) else { continue };
        let one = &mut open[place];
        for topic in &result.topics {
            let Some(partitions) = one.partitions.get_mut(topic.name.as_str()) else { continue };
            for answered in &topic.partitions {
                let code = ErrorCode::from_code(answered.error_code)
                    .unwrap_or(ErrorCode::UnknownServerError);
                match fate(code) {
                    Fate::Written => {
                        written += usize::from(partitions.remove(&answered.partition_index));
                    }
                    Fate::Again => {}
                    Fate::Refused => {
                        let (id, partition) = (&*one.transactional_id, answered.partition_index);
                        tracing::error!(id, topic.name, partition, ?code, "a marker is refused");
                        refused.insert(place);
                    }
                }
            }
            if partitions.is_empty() {
                one.partitions.remove(topic.name.as_str());
            }
        }
    }
    for place in refused.into_iter().rev() {
        open.remove(place);
    }
    written
}
