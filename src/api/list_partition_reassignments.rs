//! ListPartitionReassignments (46), version 0: which partitions are being moved, from this node's metadata (KIP-455).

use super::context::Call;
use super::permissions;
use crate::metadata::topics::TopicImage;
use crate::types::PartitionId;
use crate::wire::messages::list_partition_reassignments::{
    ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse,
    OngoingPartitionReassignment, OngoingTopicReassignment,
};

pub(crate) async fn handle(
    call: Call,
    request: ListPartitionReassignmentsRequest,
) -> ListPartitionReassignmentsResponse {
    if let Err(error) = call.check_whole(&permissions::LIST_REASSIGNMENTS) {
        return ListPartitionReassignmentsResponse {
            error_code: error.code.code(),
            error_message: error.message,
            ..Default::default()
        };
    }
    let image = call.context.image();
    let topics = match &request.topics {
        None => image.topics.iter().filter_map(|topic| ongoing(topic, |_| true)).collect(),
        Some(wanted) => {
            let found = wanted.iter().filter_map(|wanted| {
                let topic = image.topics.by_name(&wanted.name)?;
                ongoing(topic, |partition| wanted.partition_indexes.contains(&partition))
            });
            found.collect()
        }
    };
    ListPartitionReassignmentsResponse { topics, error_message: None, ..Default::default() }
}

/// The partitions of `topic` that are `wanted` and being moved; none if there are none.
fn ongoing(
    topic: &TopicImage,
    wanted: impl Fn(PartitionId) -> bool,
) -> Option<OngoingTopicReassignment> {
    let moving =
        topic.partitions.iter().filter(|(id, partition)| partition.is_reassigning() && wanted(*id));
    let partitions: Vec<_> = moving
        .map(|(partition_index, partition)| OngoingPartitionReassignment {
            partition_index,
            replicas: partition.replicas.clone(),
            adding_replicas: partition.adding_replicas.clone(),
            removing_replicas: partition.removing_replicas.clone(),
            ..Default::default()
        })
        .collect();
    let name = topic.name.to_string();
    (!partitions.is_empty()).then(|| OngoingTopicReassignment {
        name,
        partitions,
        ..Default::default()
    })
}
