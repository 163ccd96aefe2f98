//! What a whole node costs over loopback: one request at a time, full pipes, a reader that waits, and a start.
//!
//! The node is its own process, started from the bench profile's binary; the client is one thread with a plain socket,
//! so that little of the time is the client's. `VLTAVA_BENCH_DIR` chooses the disk.

#![allow(missing_docs)]

mod process;
mod scratch;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use vltava::types::Uuid;
use vltava::wire::exchange;
use vltava::wire::message::Request;
use vltava::wire::messages::api_versions::ApiVersionsRequest;
use vltava::wire::messages::create_topics::{CreatableTopic, CreateTopicsRequest};
use vltava::wire::messages::fetch::{FetchPartition, FetchRequest, FetchTopic};
use vltava::wire::messages::metadata::{MetadataRequest, MetadataRequestTopic};
use vltava::wire::messages::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
use vltava::wire::records::BatchBuilder;

use process::Process;
use scratch::scratch;

const NOW: i64 = 1_700_000_000_000;

/// Keeps what is written to the disk bounded, however long a bench goes on.
const SETTINGS: [&str; 2] =
    ["log.retention.bytes=1000000000", "log.retention.check.interval.ms=1000"];

/// The node, as those who connect to it see it.
struct Node(Process);

impl Node {
    fn start(dir: &Path) -> Self {
        Self(Process::start(dir, &SETTINGS))
    }

    fn connect(&self) -> Peer {
        let stream = TcpStream::connect(&self.0.address).expect("a connection");
        stream.set_nodelay(true).expect("set");
        Peer { stream, buffer: Vec::new() }
    }

    /// Makes a topic of one partition, and gives its id.
    fn topic(&self, name: &str) -> Uuid {
        let mut peer = self.connect();
        let topic = CreatableTopic {
            name: name.to_owned(),
            num_partitions: 1,
            replication_factor: 1,
            ..Default::default()
        };
        let create =
            CreateTopicsRequest { topics: vec![topic], timeout_ms: 10_000, ..Default::default() };
        let made = peer.ask(&create, 7);
        let made = made.topics.first().expect("an answer for the topic");
        assert_eq!(made.error_code, 0);
        let (topic_id, end) = (made.topic_id, Instant::now() + Duration::from_secs(10));
        while peer.produce(topic_id, &batch(100)) != 0 {
            assert!(Instant::now() < end, "nobody leads the partition");
        }
        topic_id
    }
}

/// A client that waits for each answer, or counts them.
struct Peer {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Peer {
    fn send(&mut self, frame: &[u8]) {
        self.stream.write_all(frame).expect("sent");
    }

    /// The bytes of the next answer, without its length.
    fn receive(&mut self) -> &[u8] {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length).expect("an answer");
        self.buffer.resize(u32::from_be_bytes(length) as usize, 0);
        self.stream.read_exact(&mut self.buffer).expect("an answer");
        &self.buffer
    }

    fn ask<R: Request>(&mut self, request: &R, version: i16) -> R::Response {
        self.send(&frame(request, version));
        exchange::decode::<R>(Bytes::copy_from_slice(self.receive()), version).expect("an answer")
    }

    fn produce(&mut self, topic_id: Uuid, records: &Bytes) -> i16 {
        let answer = self.ask(&produce(topic_id, records), 13);
        answer.responses[0].partition_responses[0].error_code
    }
}

fn frame<R: Request>(request: &R, version: i16) -> Bytes {
    exchange::frame(request, version, 0, Some("bench")).expect("a small request")
}

fn batch(size: usize) -> Bytes {
    let mut builder = BatchBuilder::new();
    let value = vec![b'x'; size.min(1_000)];
    while builder.is_empty() || builder.uncompressed_size() + value.len() + 10 <= size {
        builder.append(NOW, None, Some(&value));
    }
    builder.build()
}

fn produce(topic_id: Uuid, records: &Bytes) -> ProduceRequest {
    let partition = PartitionProduceData { records: Some(records.clone()), ..Default::default() };
    let topic =
        TopicProduceData { topic_id, partition_data: [partition].into(), ..Default::default() };
    ProduceRequest { acks: 1, timeout_ms: 30_000, topic_data: [topic].into(), ..Default::default() }
}

fn fetch(topic_id: Uuid, offset: i64, max_bytes: i32, max_wait_ms: i32) -> FetchRequest {
    let partition = FetchPartition {
        fetch_offset: offset,
        partition_max_bytes: max_bytes,
        current_leader_epoch: -1,
        last_fetched_epoch: -1,
        log_start_offset: -1,
        ..Default::default()
    };
    let topic = FetchTopic { topic_id, partitions: vec![partition], ..Default::default() };
    FetchRequest {
        max_wait_ms,
        min_bytes: 1,
        max_bytes,
        session_epoch: -1,
        topics: vec![topic],
        ..Default::default()
    }
}

fn one_at_a_time(c: &mut Criterion) {
    let dir = scratch();
    let node = Node::start(dir.path());
    let topic_id = node.topic("one");
    let mut peer = node.connect();
    let mut group = c.benchmark_group("request");
    let mut exchange = |name: &str, frame: Bytes| {
        group.bench_function(name, |b| {
            b.iter(|| {
                peer.send(&frame);
                peer.receive().len()
            });
        });
    };
    exchange("api versions", frame(&ApiVersionsRequest::default(), 3));
    let topic = MetadataRequestTopic { topic_id, ..Default::default() };
    exchange(
        "metadata of a topic",
        frame(&MetadataRequest { topics: Some(vec![topic]), ..Default::default() }, 12),
    );
    exchange("produce 1 KB", frame(&produce(topic_id, &batch(1_000)), 13));
    exchange("fetch 1 KB", frame(&fetch(topic_id, 2, 1_100, 0), 17));
    group.finish();
}

/// Five requests in flight, as clients have them.
fn full_pipes(c: &mut Criterion) {
    let dir = scratch();
    let node = Node::start(dir.path());
    let topic_id = node.topic("pipes");
    let mut peer = node.connect();
    let mut group = c.benchmark_group("pipe");
    let mut run = |name: &str, bytes: u64, frame: Bytes| {
        group.throughput(Throughput::Bytes(bytes));
        group.bench_function(name, |b| {
            b.iter_custom(|rounds| {
                let begun = Instant::now();
                let ahead = rounds.min(5);
                (0..ahead).for_each(|_| peer.send(&frame));
                for round in 0..rounds {
                    peer.receive();
                    if round + ahead < rounds {
                        peer.send(&frame);
                    }
                }
                begun.elapsed()
            });
        });
    };
    run("produce 1 KB", 1_000, frame(&produce(topic_id, &batch(1_000)), 13));
    run("produce 1 MB", 1_000_000, frame(&produce(topic_id, &batch(1_000_000)), 13));
    run("fetch 1 MB", 1_000_000, frame(&fetch(topic_id, 1_000, 1_000_000, 0), 17));
    group.finish();
}

/// From sending a record to having it, for a reader that waits.
fn long_poll(c: &mut Criterion) {
    let dir = scratch();
    let node = Node::start(dir.path());
    let topic_id = node.topic("poll");
    let (mut writer, mut reader) = (node.connect(), node.connect());
    let record = frame(&produce(topic_id, &batch(100)), 13);
    let mut next = 1;
    while writer.produce(topic_id, &batch(100)) != 0 {}
    next += 1;
    c.bench_function("long poll", |b| {
        b.iter(|| {
            reader.send(&frame(&fetch(topic_id, next, 1 << 20, 10_000), 17));
            writer.send(&record);
            writer.receive();
            let length = reader.receive().len();
            assert!(length > 100, "the record has come");
            next += 1;
        });
    });
}

fn start(c: &mut Criterion) {
    let dir = scratch();
    drop(Node::start(dir.path()));
    let mut group = c.benchmark_group("start");
    group.sample_size(10);
    group.bench_function("a node, to serving", |b| {
        b.iter_custom(|rounds| {
            let mut took = Duration::ZERO;
            for _ in 0..rounds {
                let begun = Instant::now();
                let node = Node::start(dir.path());
                took += begun.elapsed();
                drop(node);
            }
            took
        });
    });
    group.finish();
}

criterion_group!(benches, one_at_a_time, full_pipes, long_poll, start);
criterion_main!(benches);
