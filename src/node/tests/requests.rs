//! The requests that these tests make, and what they look for in the answers. Values only.

use bytes::Bytes;

use crate::types::Uuid;
use crate::wire::messages::create_topics::{
    CreatableTopic, CreatableTopicConfig, CreateTopicsRequest,
};
use crate::wire::messages::fetch::{FetchPartition, FetchRequest, FetchResponse, FetchTopic};
use crate::wire::messages::join_group::{JoinGroupRequest, JoinGroupRequestProtocol};
use crate::wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use crate::wire::messages::offset_fetch::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use crate::wire::messages::produce::{
    PartitionProduceData, PartitionProduceResponse, ProduceRequest, ProduceResponse,
    TopicProduceData,
};
use crate::wire::records::{BatchBuilder, split};

/// The versions that these tests speak: the last ones with names of topics.
pub(super) const PRODUCE: i16 = 11;
pub(super) const FETCH: i16 = 12;
pub(super) const COMMIT: i16 = 8;
pub(super) const COMMITTED: i16 = 8;
pub(super) const CREATE: i16 = 7;
pub(super) const JOIN: i16 = 3;

pub(super) fn create(
    topic: &str,
    partitions: i32,
    configs: &[(&str, &str)],
) -> CreateTopicsRequest {
    let config = |(name, value): &(&str, &str)| CreatableTopicConfig {
        name: (*name).to_owned(),
        value: Some((*value).to_owned()),
        ..Default::default()
    };
    let topic = CreatableTopic {
        name: topic.to_owned(),
        num_partitions: partitions,
        replication_factor: 1,
        configs: configs.iter().map(config).collect(),
        ..Default::default()
    };
    CreateTopicsRequest { topics: vec![topic], timeout_ms: 20_000, ..Default::default() }
}

/// One batch of `values`, by a producer and from a sequence on where there is one.
pub(super) fn batch(values: &[String], producer: Option<(i64, i16, i32)>) -> Bytes {
    let mut batch = BatchBuilder::new();
    if let Some((id, epoch, sequence)) = producer {
        batch = batch.producer(id, epoch, sequence);
    }
    for value in values {
        batch.append(1_000, None, Some(value.as_bytes()));
    }
    batch.build()
}

pub(super) fn produce(topic: &str, partition: i32, records: Bytes) -> ProduceRequest {
    let data =
        PartitionProduceData { index: partition, records: Some(records), ..Default::default() };
    let topic = TopicProduceData {
        name: topic.into(),
        partition_data: [data].into(),
        ..Default::default()
    };
    ProduceRequest {
        acks: -1,
        timeout_ms: 20_000,
        topic_data: [topic].into(),
        ..Default::default()
    }
}

/// What the one partition of a produce request was told.
pub(super) fn produced(response: &ProduceResponse) -> &PartitionProduceResponse {
    &response.responses[0].partition_responses[0]
}

pub(super) fn fetch(topic: &str, partition: i32, offset: i64) -> FetchRequest {
    let partition = FetchPartition {
        partition,
        fetch_offset: offset,
        partition_max_bytes: 1 << 20,
        ..Default::default()
    };
    let topic =
        FetchTopic { topic: topic.to_owned(), partitions: vec![partition], ..Default::default() };
    FetchRequest { max_wait_ms: 0, min_bytes: 0, topics: vec![topic], ..Default::default() }
}

/// The error of the one partition of a fetch, and its records: offset and value.
pub(super) fn fetched(response: &FetchResponse) -> (i16, Vec<(i64, String)>) {
    let partition = &response.responses[0].partitions[0];
    let mut found = Vec::new();
    for batch in split(partition.records.as_deref().unwrap_or_default()) {
        let batch = batch.expect("what is fetched is batches");
        batch.check_crc().expect("what is fetched is whole");
        for record in batch.payload(1 << 20).expect("it unpacks").records() {
            let record = record.expect("its records are records");
            let value = record.value.map(|value| String::from_utf8_lossy(value).into_owned());
            found.push((record.offset, value.unwrap_or_default()));
        }
    }
    (partition.error_code, found)
}

pub(super) fn commit(group: &str, topic: &str, offset: i64) -> OffsetCommitRequest {
    let partition = OffsetCommitRequestPartition {
        partition_index: 0,
        committed_offset: offset,
        ..Default::default()
    };
    let topic = OffsetCommitRequestTopic {
        name: topic.to_owned(),
        partitions: vec![partition],
        ..Default::default()
    };
    OffsetCommitRequest { group_id: group.to_owned(), topics: vec![topic], ..Default::default() }
}

pub(super) fn committed(group: &str, topic: &str) -> OffsetFetchRequest {
    let topic = OffsetFetchRequestTopics {
        name: topic.to_owned(),
        topic_id: Uuid::ZERO,
        partition_indexes: vec![0],
        ..Default::default()
    };
    let group = OffsetFetchRequestGroup {
        group_id: group.to_owned(),
        topics: Some(vec![topic]),
        ..Default::default()
    };
    OffsetFetchRequest { groups: vec![group], ..Default::default() }
}

pub(super) fn join(group: &str, member: &str) -> JoinGroupRequest {
    let protocol = JoinGroupRequestProtocol {
        name: "range".to_owned(),
        metadata: Bytes::from_static(b"\0\0"),
        ..Default::default()
    };
    JoinGroupRequest {
        group_id: group.to_owned(),
        session_timeout_ms: 10_000,
        rebalance_timeout_ms: 10_000,
        member_id: member.to_owned(),
        protocol_type: "consumer".to_owned(),
        protocols: vec![protocol],
        ..Default::default()
    }
}
