//! The logs of coordinators, and what clients tell of themselves: whatever was written to an internal topic, its shard
//! loads, answers and goes on; whatever a client pushes, a bounded part of it is kept.

use std::sync::Arc;

use bytes::Bytes;
use vltava::coordinator::machine::{Decision, Machine, StoredRecord, Ticket};
use vltava::group::consumer::heartbeat::ConsumerHeartbeat;
use vltava::group::machine::{self, GroupMachine};
use vltava::group::request::{GroupRequest, RequestContext};
use vltava::metadata::Image;
use vltava::metadata::configs::ConfigsImage;
use vltava::telemetry::{Client, Push, Telemetry};
use vltava::transaction::machine::{self as transactions, TransactionMachine};
use vltava::types::Uuid;
use vltava::wire::compression::{Codec, compress};
use vltava::wire::messages::consumer_group_heartbeat::ConsumerGroupHeartbeatRequest;
use vltava::wire::messages::heartbeat::HeartbeatRequest;
use vltava::{group, transaction};

use crate::messages::unhex;
use crate::table::ALL;

const NOW: i64 = 1_700_000_000_000;
/// How many records of an input are applied.
const RECORDS_MAX: usize = 64;

/// Keys of every type that `__consumer_offsets` and `__transaction_state` have, of one group and one member, each with
/// every version of every value; and some that follow each other.
pub(crate) fn log_corpus() -> Vec<Vec<u8>> {
    let values = values();
    let mut corpus = Vec::new();
    let mut story = vec![0];
    for (kind, value) in &values {
        let record = packed(&key(*kind), Some(value));
        story.extend(&record);
        corpus.push([&[0], &record[..]].concat());
        corpus.push([&[1], &record[..]].concat());
        corpus.push([&[2], &record[..], &packed(&key(*kind), None)[..]].concat());
    }
    corpus.push(story);
    corpus
}

/// The type of a key, and bytes of a value to it: those with every field at its default, in every version.
fn values() -> Vec<(i16, Bytes)> {
    const NAMES: [(i16, &str); 9] = [
        (0, "TransactionLogValue"),
        (1, "OffsetCommitValue"),
        (2, "GroupMetadataValue"),
        (3, "ConsumerGroupMetadataValue"),
        (5, "ConsumerGroupMemberMetadataValue"),
        (6, "ConsumerGroupTargetAssignmentMetadataValue"),
        (7, "ConsumerGroupTargetAssignmentMemberValue"),
        (8, "ConsumerGroupCurrentMemberAssignmentValue"),
        (16, "ConsumerGroupRegularExpressionValue"),
    ];
    let mut values = Vec::new();
    for (kind, name) in NAMES {
        let codec = ALL.iter().map(|codec| codec()).find(|codec| codec.name == name);
        let codec = codec.unwrap_or_else(|| panic!("{name} is known"));
        for version in codec.versions.clone() {
            let bytes = [&version.to_be_bytes()[..], &(codec.default)(version)[..]].concat();
            values.push((kind, bytes.into()));
        }
        let own = super::targets::vectors().filter(|vector| vector["name"] == name);
        for vector in own {
            let version = vector["version"].as_i64().expect("a version") as i16;
            let bytes = unhex(vector["hex"].as_str().expect("hex"));
            values.push((kind, [&version.to_be_bytes()[..], &bytes].concat().into()));
        }
    }
    values
}

/// A key of a type: its group (or transactional id), and behind that a member or what may pass for a topic.
fn key(kind: i16) -> Vec<u8> {
    let mut key = kind.to_be_bytes().to_vec();
    key.extend(b"\0\x01g\0\x01m\0\0\0\0");
    key
}

fn packed(key: &[u8], value: Option<&[u8]>) -> Vec<u8> {
    let mut record = (key.len() as u16).to_be_bytes().to_vec();
    record.extend(key);
    record.extend(value.map_or(u16::MAX, |value| value.len() as u16).to_be_bytes());
    record.extend(value.unwrap_or_default());
    record
}

fn unpacked(mut input: &[u8]) -> Vec<StoredRecord> {
    let mut records = Vec::new();
    let mut take = |at_least: bool| {
        let (length, rest) = input.split_first_chunk()?;
        let length = u16::from_be_bytes(*length);
        let end = usize::from(length).min(rest.len());
        input = &rest[if length == u16::MAX { 0 } else { end }..];
        let bytes = (length != u16::MAX).then(|| Bytes::copy_from_slice(&rest[..end]));
        (bytes.is_some() || !at_least).then_some(bytes)
    };
    while records.len() < RECORDS_MAX
        && let (Some(Some(key)), Some(value)) = (take(true), take(false))
    {
        records.push(StoredRecord { key, value });
    }
    records
}

/// A shard that reads such a log, and is asked and woken then.
pub(crate) fn load(input: &[u8]) {
    let Some((how, bytes)) = input.split_first() else { return };
    let records = unpacked(bytes);
    groups(*how, &records);
    ids(&records);
}

fn groups(how: u8, records: &[StoredRecord]) {
    let image = Arc::new(Image::default());
    let new = || {
        GroupMachine::new(group::settings::Settings::default(), image.clone(), Box::new(|| [7; 16]))
    };
    let mut machine = new();
    let mut replayed = new();
    let mut follow = |decision: Decision<GroupMachine>| {
        for record in &decision.records {
            replayed.apply(0, NOW, record);
        }
    };
    for (offset, record) in (0..).zip(records) {
        match how % 3 {
            1 => machine.apply_transactional(offset, NOW, 1, record),
            _ => machine.apply(offset, NOW, record),
        }
    }
    machine.end_transaction(1, how & 4 == 0);
    follow(machine.loaded(NOW));
    let (group_id, member_id) = ("g".to_owned(), "m".to_owned());
    let beat = HeartbeatRequest {
        group_id: group_id.clone(),
        member_id: member_id.clone(),
        ..Default::default()
    };
    let pattern = records.first().and_then(|record| record.value.as_ref());
    let request = ConsumerGroupHeartbeatRequest {
        group_id: group_id.clone(),
        member_id,
        subscribed_topic_names: Some(vec!["t".to_owned()]),
        subscribed_topic_regex: pattern.map(|bytes| String::from_utf8_lossy(bytes).into_owned()),
        topic_partitions: Some(Vec::new()),
        rebalance_timeout_ms: 1_000,
        ..Default::default()
    };
    let context =
        RequestContext { version: 1, client_id: "c".into(), client_host: "/127.0.0.1".into() };
    let heartbeat = ConsumerHeartbeat { request, context, ..ConsumerHeartbeat::default() };
    let requests = [
        GroupRequest::List(Default::default()),
        GroupRequest::Survey,
        GroupRequest::Describe { group_ids: vec![group_id.clone()], version: 6 },
        GroupRequest::DescribeConsumers { group_ids: vec![group_id] },
        GroupRequest::Heartbeat(beat),
        GroupRequest::ConsumerHeartbeat(Box::new(heartbeat)),
    ];
    for (n, request) in (0..).zip(requests) {
        follow(machine.decide(Ticket(n), request, NOW));
    }
    follow(machine.fire(machine::Timer::Session { group: "g".into(), member: "m".into() }, NOW));
    follow(machine.fire(machine::Timer::Expiry, NOW << 1));
    follow(machine.image_changed(&image, NOW));
    replayed.loaded(NOW);
}

fn ids(records: &[StoredRecord]) {
    let image = Image::default();
    let mut machine = TransactionMachine::new(transaction::settings::Settings::default(), &image);
    for (offset, record) in (0..).zip(records) {
        machine.apply(offset, NOW, record);
    }
    machine.loaded(NOW);
    for timer in [transactions::Timer::TimeOuts, transactions::Timer::Expiry] {
        let decision = machine.fire(timer, NOW << 1);
        for record in &decision.records {
            machine.apply(0, NOW, record);
        }
    }
}

/// OpenTelemetry's message of one metric of each kind, with attributes; a byte for the codec in front.
pub(crate) fn pushes() -> Vec<Vec<u8>> {
    let field = |number: u8, bytes: &[u8]| [&[number << 3 | 2, bytes.len() as u8], bytes].concat();
    let attribute = |value: &[u8]| field(7, &[field(1, b"key"), field(2, value)].concat());
    let texts =
        [attribute(&field(1, b"text")), attribute(&[2 << 3, 1]), attribute(&[3 << 3, 0x96, 1])];
    let point = [&[4 << 3 | 1][..], &1.5_f64.to_le_bytes(), &texts.concat()].concat();
    let gauge = field(5, &field(1, &point));
    let sum = field(7, &[field(1, &point), field(1, &point), vec![2 << 3, 1, 3 << 3, 1]].concat());
    let metrics = [gauge, sum].map(|data| field(2, &[field(1, b"a.metric"), data].concat()));
    let data = field(1, &field(2, &metrics.concat()));
    let packed = |codec: Codec| {
        let packed = compress(codec.into(), &data).expect("memory takes all");
        [&[codec as u8], &packed[..]].concat()
    };
    Codec::ALL.into_iter().map(packed).chain([compressed_zeros()]).collect()
}

/// What unpacks to far more than may be pushed.
fn compressed_zeros() -> Vec<u8> {
    let packed = compress(Codec::Zstd.into(), &vec![0; 64 << 20]).expect("memory takes all");
    [&[Codec::Zstd as u8], &packed[..]].concat()
}

const SERIES_MAX: usize = 5;

/// A push: what is kept of it is bounded.
pub(crate) fn push(input: &[u8]) {
    let Some((codec, metrics)) = input.split_first() else { return };
    let telemetry = Telemetry::new(SERIES_MAX, 1 << 16);
    let client = Client {
        instance: Uuid::from_bytes([9; 16]),
        client_id: "client",
        software: ("software", "1"),
        host: "127.0.0.1",
        peer: ([127, 0, 0, 1], 1).into(),
    };
    let configs = ConfigsImage::default();
    let told = telemetry.subscribe(&configs, &client, NOW).expect("it asks once");
    let push = Push {
        instance: client.instance,
        subscription_id: told.id,
        terminating: false,
        compression: codec.cast_signed() % 8,
        metrics: Bytes::copy_from_slice(metrics),
    };
    // Whether it is taken is its own affair.
    let _ = telemetry.push(&configs, &client, &push, NOW);
    let families = telemetry.families(NOW);
    let samples: usize = families.iter().map(|family| family.samples.len()).sum();
    assert!(samples <= SERIES_MAX + 1, "{samples} series");
}
