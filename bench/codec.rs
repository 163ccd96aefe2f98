//! What it costs to read and write the messages of the hot path, in versions as today's clients speak them.

use std::hint::black_box;

use bytes::{Bytes, BytesMut};
use criterion::{Criterion, Throughput};
use vltava::types::Uuid;
use vltava::wire::codec::{Reader, Writer};
use vltava::wire::message::Message;
use vltava::wire::messages::fetch::{
    FetchPartition, FetchRequest, FetchResponse, FetchTopic, FetchableTopicResponse, PartitionData,
};
use vltava::wire::messages::metadata::{
    MetadataRequest, MetadataResponse, MetadataResponseBroker, MetadataResponsePartition,
    MetadataResponseTopic,
};
use vltava::wire::messages::produce::{
    PartitionProduceData, PartitionProduceResponse, ProduceRequest, ProduceResponse,
    TopicProduceData, TopicProduceResponse,
};

const PARTITIONS: i32 = 10;
const RECORDS: Bytes = Bytes::from_static(&[7; 1024]);

fn produce() -> (ProduceRequest, ProduceResponse) {
    let asked =
        |index| PartitionProduceData { index, records: Some(RECORDS), ..Default::default() };
    let answered =
        |index| PartitionProduceResponse { index, base_offset: 1 << 40, ..Default::default() };
    let request = TopicProduceData {
        topic_id: Uuid::ONE,
        partition_data: (0..PARTITIONS).map(asked).collect(),
        ..Default::default()
    };
    let response = TopicProduceResponse {
        topic_id: Uuid::ONE,
        partition_responses: (0..PARTITIONS).map(answered).collect(),
        ..Default::default()
    };
    (
        ProduceRequest {
            acks: -1,
            timeout_ms: 30_000,
            topic_data: [request].into(),
            ..Default::default()
        },
        ProduceResponse { responses: vec![response], ..Default::default() },
    )
}

fn fetch() -> (FetchRequest, FetchResponse) {
    let asked =
        |partition| FetchPartition { partition, fetch_offset: 1 << 40, ..Default::default() };
    let answered = |partition_index| PartitionData {
        partition_index,
        records: Some(RECORDS),
        ..Default::default()
    };
    let request = FetchTopic {
        topic_id: Uuid::ONE,
        partitions: (0..PARTITIONS).map(asked).collect(),
        ..Default::default()
    };
    let response = FetchableTopicResponse {
        topic_id: Uuid::ONE,
        partitions: (0..PARTITIONS).map(answered).collect(),
        ..Default::default()
    };
    (
        FetchRequest { max_wait_ms: 500, topics: vec![request], ..Default::default() },
        FetchResponse { responses: vec![response], ..Default::default() },
    )
}

fn metadata() -> (MetadataRequest, MetadataResponse) {
    let broker = |node_id| MetadataResponseBroker {
        node_id,
        host: "broker.example.org".into(),
        port: 9092,
        ..Default::default()
    };
    let partition = |partition_index| MetadataResponsePartition {
        partition_index,
        replica_nodes: vec![1, 2, 3],
        isr_nodes: vec![1, 2, 3],
        ..Default::default()
    };
    let topic = |number: i32| MetadataResponseTopic {
        name: Some(format!("topic-{number}")),
        partitions: (0..PARTITIONS).map(partition).collect(),
        ..Default::default()
    };
    let response = MetadataResponse {
        brokers: (1..4).map(broker).collect(),
        topics: (0..100).map(topic).collect(),
        ..Default::default()
    };
    (MetadataRequest { topics: None, ..Default::default() }, response)
}

fn message<M: Message>(criterion: &mut Criterion, message: &M, version: i16) {
    let mut writer = Writer::new();
    message.encode(&mut writer, version).expect("it can be written");
    let bytes = writer.freeze();
    let mut group = criterion.benchmark_group(M::NAME);
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("decode", |bencher| {
        bencher.iter(|| M::decode(&mut Reader::new(black_box(bytes.clone())), version));
    });
    let mut buffer = BytesMut::with_capacity(bytes.len());
    group.bench_function("encode", |bencher| {
        bencher.iter(|| {
            buffer.clear();
            let mut writer = Writer::from(std::mem::take(&mut buffer));
            black_box(message).encode(&mut writer, version).expect("it can be written");
            buffer = writer.into_buffer();
        });
    });
    group.finish();
}

fn hot_path(criterion: &mut Criterion) {
    let ((produce, produced), (fetch, fetched), (metadata, described)) =
        (produce(), fetch(), metadata());
    message(criterion, &produce, 13);
    message(criterion, &produced, 13);
    message(criterion, &fetch, 17);
    message(criterion, &fetched, 17);
    message(criterion, &metadata, 13);
    message(criterion, &described, 13);
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    hot_path(&mut criterion);
    criterion.final_summary();
}
