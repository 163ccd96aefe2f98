//! DescribeQuorum (55), versions 0-2: who leads the metadata log, who votes, who observes, and how far each has come.
//!
//! v1 has the times of the last fetch and of being caught up (KIP-836), v2 directories, listeners and messages
//! (KIP-853).
//!
//! Only the leader knows how far the others are: all else is answered NOT_LEADER_OR_FOLLOWER, upon which a client asks
//! the next. UNKNOWN_TOPIC_OR_PARTITION for any other partition.

use super::context::Call;
use super::permissions;
use crate::error::ErrorCode;
use crate::raft::leader::Progress;
use crate::raft::quorum_actor::Description;
use crate::raft::voters::ReplicaKey;
use crate::types::{METADATA_TOPIC, NONE};
use crate::wire::messages::describe_quorum::{
    DescribeQuorumRequest, DescribeQuorumResponse, Listener, Node, PartitionDataResponse,
    ReplicaState, TopicDataResponse,
};

pub(crate) async fn handle(call: Call, request: DescribeQuorumRequest) -> DescribeQuorumResponse {
    if let Err(code) = call.check_cluster(&permissions::DESCRIBE_QUORUM) {
        return DescribeQuorumResponse {
            error_code: code.code(),
            error_message: Some(code.message().to_owned()),
            ..Default::default()
        };
    }
    if !is_metadata_log(&request) {
        return refuse_each(&request, ErrorCode::UnknownTopicOrPartition);
    }
    match call.context.quorum.describe().await {
        Ok(description) => describe(&description, call.version),
        Err(ErrorCode::NotLeaderOrFollower) => {
            refuse_each(&request, ErrorCode::NotLeaderOrFollower)
        }
        Err(code) => DescribeQuorumResponse {
            error_code: code.code(),
            error_message: Some(code.message().to_owned()),
            ..Default::default()
        },
    }
}

fn is_metadata_log(request: &DescribeQuorumRequest) -> bool {
    let [topic] = &request.topics[..] else { return false };
    let [partition] = &topic.partitions[..] else { return false };
    topic.topic_name == METADATA_TOPIC && partition.partition_index == 0
}

fn refuse_each(request: &DescribeQuorumRequest, code: ErrorCode) -> DescribeQuorumResponse {
    let topics = request.topics.iter().map(|topic| TopicDataResponse {
        topic_name: topic.topic_name.clone(),
        partitions: topic
            .partitions
            .iter()
            .map(|partition| PartitionDataResponse {
                partition_index: partition.partition_index,
                error_code: code.code(),
                error_message: Some(code.message().to_owned()),
                ..Default::default()
            })
            .collect(),
        ..Default::default()
    });
    DescribeQuorumResponse { topics: topics.collect(), ..Default::default() }
}

fn state(&(key, progress): &(ReplicaKey, Progress), version: i16) -> ReplicaState {
    ReplicaState {
        replica_id: key.id,
        replica_directory_id: if version >= 2 { key.directory_id } else { Default::default() },
        log_end_offset: progress.end,
        last_fetch_timestamp: progress.last_fetch_ms,
        last_caught_up_timestamp: progress.last_caught_up_ms,
        ..Default::default()
    }
}

fn describe(description: &Description, version: i16) -> DescribeQuorumResponse {
    let states = |of: &[(ReplicaKey, Progress)]| of.iter().map(|one| state(one, version)).collect();
    let partition = PartitionDataResponse {
        leader_id: description.leader.leader_id.unwrap_or(NONE),
        leader_epoch: description.leader.epoch,
        high_watermark: description.high_watermark,
        current_voters: states(&description.replicas.voters),
        observers: states(&description.replicas.observers),
        ..Default::default()
    };
    let listeners = |voter: &crate::raft::voters::Voter| {
        let listener = |endpoint: &crate::raft::voters::Endpoint| Listener {
            name: endpoint.name.clone(),
            host: endpoint.host.clone(),
            port: endpoint.port,
            ..Default::default()
        };
        voter.endpoints.iter().map(listener).collect()
    };
    let nodes = description.voters.iter().map(|voter| Node {
        node_id: voter.key.id,
        listeners: listeners(voter),
        ..Default::default()
    });
    DescribeQuorumResponse {
        topics: vec![TopicDataResponse {
            topic_name: METADATA_TOPIC.to_owned(),
            partitions: vec![partition],
            ..Default::default()
        }],
        nodes: if version >= 2 { nodes.collect() } else { Vec::new() },
        ..Default::default()
    }
}
