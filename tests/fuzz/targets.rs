//! What is fuzzed, from which good inputs, and what must hold of whatever can be read.

use bytes::Bytes;
use vltava::metadata::snapshot::{self, SnapshotId};
use vltava::raft::quorum_state::ElectionState;
use vltava::wire::compression::{Codec, compress, decompress};
use vltava::wire::records::{BatchBuilder, Depth, Options, Target as To, check, checksum, split};

use crate::messages::unhex;
use crate::table::{self, ALL};
use crate::{coordinators, files, requests};

/// Something that reads bytes.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) corpus: fn() -> Vec<Vec<u8>>,
    /// Panics where a promise is broken.
    pub(crate) run: fn(&[u8]),
}

const fn target(name: &'static str, corpus: fn() -> Vec<Vec<u8>>, run: fn(&[u8])) -> Target {
    Target { name, corpus, run }
}

pub(crate) const TARGETS: &[Target] = &[
    target("messages", messages, message),
    target("stored", stored, stored_record),
    target("batches", batches, batch),
    target("packed-records", packed_records, records_inside),
    target("codecs", codecs, unpack),
    target("log-files", files::log_corpus, files::log),
    target("node-files", files::node_corpus, files::node),
    target("quorum-state", quorum_states, quorum_state),
    target("snapshots", snapshots, read_snapshot),
    target("coordinator-logs", coordinators::log_corpus, coordinators::load),
    target("pushes", coordinators::pushes, coordinators::push),
    target("requests", requests::corpus, requests::run),
];

const NOW: i64 = 1_700_000_000_000;
/// What is unpacked at most.
const UNPACKED_MAX: usize = 1 << 20;

pub(crate) fn vectors() -> impl Iterator<Item = serde_json::Value> {
    let lines = include_str!("../golden/messages.jsonl").lines();
    lines.map(|line| serde_json::from_str(line).expect("vectors are JSON"))
}

/// Every message in every version: two bytes of its place in the table, one of its version, and its bytes.
fn messages() -> Vec<Vec<u8>> {
    let mut corpus = Vec::new();
    let names: Vec<_> = ALL.iter().map(|codec| codec().name).collect();
    for vector in vectors() {
        let place = names.iter().position(|name| vector["name"] == **name).expect("a known name");
        let version = vector["version"].as_i64().expect("a version") as u8;
        let mut input = (place as u16).to_be_bytes().to_vec();
        input.push(version);
        input.extend(unhex(vector["hex"].as_str().expect("hex")));
        corpus.push(input);
    }
    corpus
}

/// What is read is written back, and that is read again.
fn message(input: &[u8]) {
    let Some((&[high, low, version], bytes)) = input.split_first_chunk() else { return };
    let codec = ALL[usize::from(u16::from_be_bytes([high, low])) % ALL.len()]();
    let versions = codec.versions.clone();
    let span = versions.end() - versions.start() + 1;
    let version =
        versions.start() + i16::from(version).wrapping_sub(*versions.start()).rem_euclid(span);
    let Ok(outcome) = (codec.read)(Bytes::copy_from_slice(bytes), version) else { return };
    // Nulls and values that a version cannot say may be read and not written.
    let Ok(again) = outcome.again else { return };
    let size = (codec.probe)(again.clone(), version).expect("what was written can be read");
    assert_eq!(size, again.len(), "{} {version} is read whole", codec.name);
}

const KINDS: [&str; 8] = [
    "metadata-record",
    "remote-log-record",
    "group-key",
    "share-key",
    "transaction-key",
    "transaction-value",
    "consumer",
    "snapshot",
];

/// Stored records in their frames: a byte for the kind, then the bytes.
fn stored() -> Vec<Vec<u8>> {
    let mut corpus = Vec::new();
    for kind in 0..KINDS.len() as u8 {
        for first in 0..30 {
            corpus.push(vec![kind, 0, first, 0, 3, b'a', b'b', 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 5]);
            corpus.push(vec![kind, 1, first, 0, 5, b't', b'o', b'p', b'i', 1, 1, 2, 3, 4, 5, 6, 0]);
        }
    }
    corpus
}

fn stored_record(input: &[u8]) {
    let Some((kind, bytes)) = input.split_first() else { return };
    let kind = KINDS[usize::from(*kind) % KINDS.len()];
    let name = match kind {
        "consumer" => "ConsumerProtocolSubscription",
        "snapshot" => "ProducerSnapshot",
        _ => "",
    };
    // Whether it can be read is its own affair.
    let _ = table::reframe(kind, name, 0, Bytes::copy_from_slice(bytes));
}

pub(crate) fn some_batch(codec: Codec, records: usize) -> Vec<u8> {
    let mut builder = BatchBuilder::new().compression(codec);
    if records % 2 == 1 {
        builder = builder.producer(7, 1, 3);
    }
    for n in 0..records {
        let value = format!("value {n} {}", "x".repeat(n * 7));
        builder.append(NOW + n as i64, (n % 2 == 0).then_some(&b"key"[..]), Some(value.as_bytes()));
    }
    builder.build().to_vec()
}

/// Batches behind a byte that says how they are checked.
fn batches() -> Vec<Vec<u8>> {
    let each = |codec| (1..5).map(move |records| some_batch(codec, records));
    let prefixed = |batch: Vec<u8>| (0..8).map(move |how| [&[how], &batch[..]].concat());
    Codec::ALL.into_iter().flat_map(each).flat_map(prefixed).collect()
}

/// Makes the crc fit, so that what is behind it is looked at.
fn seal(batch: &mut [u8]) {
    if batch.len() > 61 {
        let crc = checksum(&batch[21..]);
        batch[17..21].copy_from_slice(&crc.to_be_bytes());
        let length = (batch.len() as u32 - 12).to_be_bytes();
        batch[8..12].copy_from_slice(&length);
        batch[..8].fill(0);
    }
}

fn batch(input: &[u8]) {
    let Some((how, bytes)) = input.split_first() else { return };
    let mut bytes = bytes.to_vec();
    if how & 1 == 0 {
        seal(&mut bytes);
    }
    judge(Bytes::from(bytes), how >> 1);
}

/// What is accepted can be read, as many records as it says.
fn judge(bytes: Bytes, how: u8) {
    for found in split(&bytes).take(100) {
        let Ok(found) = found else { break };
        if let Ok(payload) = found.payload(UNPACKED_MAX) {
            payload.records().take(100_000).for_each(drop);
        }
    }
    let compression = match how & 3 {
        0 | 1 => To::Producer,
        2 => To::To(Codec::Lz4.into()),
        _ => To::To(Codec::None.into()),
    };
    let options = Options {
        compression,
        compacted: how & 4 != 0,
        depth: Depth::Records,
        max_unpacked_bytes: UNPACKED_MAX,
        max_record_bytes: UNPACKED_MAX / 4,
        ..Options::new("topic", 0, NOW)
    };
    let Ok(accepted) = check(bytes, &options) else { return };
    let stored = split(&accepted.bytes).next().expect("one batch").expect("a sound one");
    stored.check_crc().expect("its crc fits");
    let payload = stored.payload(UNPACKED_MAX + (64 << 10)).expect("it unpacks");
    let records = payload.records().inspect(|record| assert!(record.is_ok(), "{record:?}")).count();
    assert_eq!(records as i32, accepted.header.records_count);
}

/// The records of a batch before they are packed, behind a byte for the codec.
fn packed_records() -> Vec<Vec<u8>> {
    let plain = (1..5).map(|records| some_batch(Codec::None, records)[61..].to_vec());
    plain.flat_map(|records| (0..5).map(move |codec| [&[codec], &records[..]].concat())).collect()
}

/// Damage behind the compression: packed again, so that only the records are wrong.
fn records_inside(input: &[u8]) {
    let Some((how, records)) = input.split_first() else { return };
    let codec = Codec::ALL[usize::from(*how) % 5];
    let Ok(packed) = compress(codec.into(), records) else { return };
    let mut head = some_batch(codec, 3)[..61].to_vec();
    head.extend(packed);
    seal(&mut head);
    judge(Bytes::from(head), how >> 5);
}

fn codecs() -> Vec<Vec<u8>> {
    let noise: Vec<u8> =
        (0..3000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let samples = [vec![], b"a".to_vec(), b"abc".repeat(500), noise, vec![0; 100_000]];
    let mut corpus = Vec::new();
    for codec in &Codec::ALL[1..] {
        for sample in &samples {
            let packed = compress((*codec).into(), sample).expect("memory takes all");
            corpus.push([&[*codec as u8], &packed[..]].concat());
        }
    }
    corpus
}

/// No more comes out than is allowed.
fn unpack(input: &[u8]) {
    let Some((codec, packed)) = input.split_first() else { return };
    let codec = Codec::ALL[usize::from(*codec) % 5];
    if let Ok(unpacked) = decompress(codec, packed, UNPACKED_MAX) {
        assert!(unpacked.len() <= UNPACKED_MAX);
    }
}

fn quorum_states() -> Vec<Vec<u8>> {
    vec![
        br#"{"leaderId":1,"leaderEpoch":5,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}"#.to_vec(),
        br#"{"clusterId":"","leaderId":1,"leaderEpoch":2,"votedId":-1,"appliedOffset":0,"currentVoters":[{"voterId":1}],"data_version":0}"#.to_vec(),
    ]
}

fn quorum_state(input: &[u8]) {
    // Whether it can be read is its own affair.
    let _ = ElectionState::parse(input);
}

fn snapshots() -> Vec<Vec<u8>> {
    vec![files::bootstrap(), files::bootstrap().repeat(2)]
}

fn read_snapshot(input: &[u8]) {
    let mut bytes = input.to_vec();
    // The first batch with a crc that fits, so that its records are looked at.
    let length =
        bytes.get(8..12).map_or(0, |n| u32::from_be_bytes([n[0], n[1], n[2], n[3]]) as usize + 12);
    if (62..=bytes.len()).contains(&length) {
        let crc = checksum(&bytes[21..length]);
        bytes[17..21].copy_from_slice(&crc.to_be_bytes());
    }
    for bytes in [&bytes[..], input] {
        // Whether it can be read is its own affair.
        let _ = snapshot::image(bytes, SnapshotId { offset: 5, epoch: 1 });
    }
}
