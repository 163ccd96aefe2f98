//! The tool on files of our own making; every expected line is one that Kafka's tool prints.

use std::path::Path;

use super::run_with;
use crate::wire::compression::Codec;
use crate::wire::message::Message;
use crate::wire::records::{BatchBuilder, ControlType, EndTxnMarker, checksum};
use crate::wire::stored::consumer_protocol::ConsumerProtocolSubscription;
use crate::wire::stored::group::{
    GroupKey, GroupMetadataKey, GroupMetadataValue, GroupValue, MemberMetadata,
};
use crate::wire::stored::metadata::{FeatureLevelRecord, MetadataRecord};
use crate::wire::stored::transaction::{TransactionLogValue, TransactionValue};

const NOW: i64 = 1_600_000_000_000;

fn dump(args: &[&str]) -> (i32, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let args: Vec<_> = args.iter().map(|&arg| arg.to_owned()).collect();
    let status = run_with(&args, &mut out, &mut err);
    (status, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

/// A log of three batches: offsets 0 and 1 plain, 2 and 3 packed, 4 a marker.
fn log(dir: &Path) -> String {
    let mut plain = BatchBuilder::new();
    plain.append(NOW, Some(b"k"), Some(b"v"));
    plain.append(NOW + 1, None, None);
    let mut packed = BatchBuilder::new()
        .base_offset(2)
        .compression(Codec::Zstd)
        .producer(7, 0, 0)
        .transactional(true);
    packed.append(NOW + 2, Some(b"a"), None);
    packed.append(NOW + 3, Some(b"a"), Some("ž".as_bytes()));
    let mut marker =
        BatchBuilder::new().base_offset(4).control(true).transactional(true).producer(7, 0, -1);
    let value = EndTxnMarker { coordinator_epoch: 3 }.encode();
    marker.append(NOW + 4, Some(&ControlType::Commit.key()), Some(&value));
    let bytes = [plain.build(), packed.build(), marker.build()].concat();
    write(dir, "00000000000000000000.log", &bytes)
}

fn write(dir: &Path, name: &str, bytes: &[u8]) -> String {
    let path = dir.join(name);
    std::fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

fn records(printed: &str) -> Vec<&str> {
    printed.lines().filter(|line| line.starts_with('|')).collect()
}

#[test]
fn a_log_is_printed() {
    let dir = tempfile::tempdir().unwrap();
    let file = log(dir.path());
    let (status, out, err) = dump(&["--files", &file]);
    assert_eq!((status, err.as_str()), (0, ""));
    let lines: Vec<_> = out.lines().collect();
    assert_eq!(lines[..2], [format!("Dumping {file}"), "Log starting offset: 0".to_owned()]);
    assert_eq!(lines.len(), 5);
    assert!(lines[2].starts_with(
        "baseOffset: 0 lastOffset: 1 count: 2 baseSequence: -1 lastSequence: -1 producerId: -1"
    ));
    assert!(lines[3].contains(
        "isTransactional: true isControl: false deleteHorizonMs: OptionalLong.empty position: 77"
    ));
    assert!(
        lines[3].contains("CreateTime: 1600000000003 size: ")
            && lines[3].contains("magic: 2 compresscodec: zstd")
    );
    assert!(lines.iter().skip(2).all(|line| line.ends_with("isvalid: true")));
    let (_, out, _) = dump(&["--files", &file, "--print-data-log"]);
    assert_eq!(
        records(&out),
        [
            "| offset: 0 CreateTime: 1600000000000 keySize: 1 valueSize: 1 sequence: -1 headerKeys: [] key: k payload: v",
            "| offset: 1 CreateTime: 1600000000001 keySize: -1 valueSize: -1 sequence: -1 headerKeys: []",
            "| offset: 2 CreateTime: 1600000000002 keySize: 1 valueSize: -1 sequence: 0 headerKeys: [] key: a",
            "| offset: 3 CreateTime: 1600000000003 keySize: 1 valueSize: 2 sequence: 1 headerKeys: [] key: a payload: ž",
            "| offset: 4 CreateTime: 1600000000004 keySize: 4 valueSize: 6 sequence: -1 headerKeys: [] endTxnMarker: COMMIT \
         coordinatorEpoch: 3",
        ]
    );
    let (_, out, _) = dump(&["--files", &file, "--print-data-log", "--skip-record-metadata"]);
    assert_eq!(records(&out), ["| key: k payload: v", "| key: a", "| key: a payload: ž"]);
}

#[test]
fn damage_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let file = log(dir.path());
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[70] ^= 1;
    bytes.truncate(bytes.len() - 1);
    write(dir.path(), "00000000000000000000.log", &bytes);
    let (status, out, _) = dump(&["--files", &file]);
    assert_eq!(status, 0);
    assert!(out.lines().nth(2).unwrap().ends_with("isvalid: false"));
    assert_eq!(
        out.lines().last().unwrap(),
        "Found 77 invalid bytes at the end of 00000000000000000000.log"
    );
    let (_, out, _) = dump(&["--files", &file, "--max-bytes", "100"]);
    assert_eq!(out.lines().count(), 3);
    bytes[8..12].copy_from_slice(&5_i32.to_be_bytes());
    write(dir.path(), "00000000000000000000.log", &bytes);
    let (status, _, err) = dump(&["--files", &file]);
    assert_eq!(status, 1);
    assert!(err.contains("CorruptRecordException: Found record size 5 smaller than minimum record overhead (14) in file"));
}

#[test]
fn indexes_are_held_against_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let entry =
        |offset: i32, position: i32| [offset.to_be_bytes(), position.to_be_bytes()].concat();
    log(dir.path());
    let index =
        write(dir.path(), "00000000000000000000.index", &[entry(1, 0), entry(2, 77)].concat());
    let (status, out, err) = dump(&["--files", &index]);
    assert_eq!(
        (status, out),
        (0, format!("Dumping {index}\noffset: 1 position: 0\noffset: 2 position: 77\n"))
    );
    assert_eq!(err, format!("Mismatches in :{index}\n  Index offset: 2, log offset: 3\n"));
    let (_, out, _) = dump(&["--files", &index, "--index-sanity-check"]);
    assert_eq!(out.lines().last().unwrap(), format!("{index} passed sanity check."));
    let times = [(NOW + 1, 1), (NOW, 3), (NOW + 9, 2)];
    let times: Vec<u8> = times
        .iter()
        .flat_map(|(time, offset)| [&time.to_be_bytes()[..], &i32::to_be_bytes(*offset)].concat())
        .collect();
    let index = write(dir.path(), "00000000000000000000.timeindex", &times);
    let (status, out, err) = dump(&["--files", &index, "--verify-index-only"]);
    assert_eq!((status, out), (0, format!("Dumping {index}\n")));
    assert_eq!(
        err,
        format!(
            "Found timestamp mismatch in :{index}\n  Index timestamp: 1600000000000, log timestamp: 1600000000003\n\
         Found out of order timestamp in :{index}\n  Index timestamp: 1600000000000, Previously indexed timestamp: \
         1600000000001\nThe following indexed offsets are not found in :{index}\nIndexed offset: 2, found log offset: 3\n"
        )
    );
}

#[test]
fn producers_and_aborted_transactions_are_printed() {
    let dir = tempfile::tempdir().unwrap();
    let mut entry = Vec::new();
    entry.extend(7_i64.to_be_bytes());
    entry.extend(2_i16.to_be_bytes());
    entry.extend(1_i32.to_be_bytes());
    entry.extend(40_i64.to_be_bytes());
    entry.extend(2_i32.to_be_bytes());
    entry.extend(NOW.to_be_bytes());
    entry.extend((-1_i32).to_be_bytes());
    entry.extend(38_i64.to_be_bytes());
    let body = [&1_i32.to_be_bytes()[..], &entry].concat();
    let snapshot = [&1_i16.to_be_bytes()[..], &checksum(&body).to_be_bytes(), &body].concat();
    let file = write(dir.path(), "00000000000000000041.snapshot", &snapshot);
    let (_, out, err) = dump(&["--files", &file]);
    assert_eq!(
        out.lines().last().unwrap(),
        "producerId: 7 producerEpoch: 2 coordinatorEpoch: -1 currentTxnFirstOffset: \
        OptionalLong[38] lastTimestamp: 1600000000000 firstSequence: 2147483647 lastSequence: 1 lastOffset: 40 \
        offsetDelta: 2 timestamp: 1600000000000"
    );
    assert_eq!(err, "");
    let mut aborted = vec![0, 0];
    [7_i64, 2, 4, 5].iter().for_each(|number| aborted.extend(number.to_be_bytes()));
    let file = write(dir.path(), "00000000000000000000.txnindex", &aborted);
    let (_, out, _) = dump(&["--files", &file]);
    assert_eq!(
        out.lines().last().unwrap(),
        "version: 0 producerId: 7 firstOffset: 2 lastOffset: 4 lastStableOffset: 5"
    );
}

#[test]
fn options_are_answered_as_kafka_does() {
    let of = |args: &[&str]| {
        let (status, _, err) = dump(args);
        (status, err.lines().next().unwrap_or_default().to_owned())
    };
    let java = |what: &str| (1, format!("Exception in thread \"main\" {what}"));
    assert_eq!(of(&["--deep-iteration"]), (1, "Missing required argument \"[files]\"".to_owned()));
    assert_eq!(
        of(&["--bogus"]),
        java("joptsimple.UnrecognizedOptionException: bogus is not a recognized option")
    );
    assert_eq!(
        of(&["--files"]),
        java(
            "joptsimple.OptionMissingRequiredArgumentException: Option files requires an argument"
        )
    );
    assert_eq!(
        of(&["--files", "none.log"]),
        java("java.lang.NumberFormatException: For input string: \"none\"")
    );
    assert_eq!(of(&["--files=1.log"]), java("java.nio.file.NoSuchFileException: 1.log"));
    assert_eq!(of(&["--files", "a.txt"]), (0, "Ignoring unknown file a.txt".to_owned()));
    assert_eq!(dump(&["--version"]), (0, "4.3.1\n".to_owned(), String::new()));
    assert!(of(&["--help"]).1.starts_with("This tool helps to parse a log file"));
}

/// What is printed for one record with `option`, behind its metadata.
fn decoded(option: &str, key: Option<&[u8]>, value: Option<&[u8]>) -> String {
    let dir = tempfile::tempdir().unwrap();
    let mut builder = BatchBuilder::new();
    builder.append(NOW, key, value);
    let file = write(dir.path(), "00000000000000000000.log", &builder.build());
    let (_, out, _) = dump(&["--files", &file, option, "--skip-record-metadata"]);
    out.lines().last().unwrap().to_owned()
}

#[test]
fn internal_records_are_decoded() {
    let feature =
        FeatureLevelRecord { name: "group.version".into(), feature_level: 1, ..Default::default() };
    let feature = MetadataRecord::from(feature).encode(0).unwrap();
    assert_eq!(
        decoded("--cluster-metadata-decoder", None, Some(&feature)),
        r#"| payload: {"type":"FEATURE_LEVEL_RECORD","version":0,"data":{"name":"group.version","featureLevel":1}}"#
    );
    let key = GroupKey::from(GroupMetadataKey { group: "g".into(), ..Default::default() })
        .encode()
        .unwrap();
    let deleted = r#"| key: {"type":"2","data":{"group":"g"}} payload: <DELETE>"#;
    assert_eq!(decoded("--offsets-decoder", Some(&key), None), deleted);
    let subscription =
        ConsumerProtocolSubscription { topics: vec!["t".into()], ..Default::default() };
    let subscription = subscription.encode_versioned(0).unwrap();
    let member = MemberMetadata { member_id: "m".into(), subscription, ..Default::default() };
    let group = GroupMetadataValue {
        protocol_type: "consumer".into(),
        members: vec![member],
        ..Default::default()
    };
    let printed =
        decoded("--offsets-decoder", Some(&key), Some(&GroupValue::from(group).encode(0).unwrap()));
    assert!(
        printed.contains(r#""subscription":{"topics":["t"],"userData":null},"assignment":"""#),
        "{printed}"
    );
    let unknown = decoded("--share-group-state-decoder", Some(&[0, 99]), Some(&[0, 0]));
    assert_eq!(unknown, "| key: Unknown record type 99 at offset 0, skipping.");
    let transaction = TransactionLogValue { previous_producer_id: 4, ..Default::default() };
    let transaction = TransactionValue::from(transaction).encode(1).unwrap();
    let printed =
        decoded("--transaction-log-decoder", Some(&[0, 0, 0, 1, b't']), Some(&transaction));
    assert!(
        printed.contains(r#""producerId":0,"previousProducerId":4,"producerEpoch":0"#),
        "{printed}"
    );
    let garbage = decoded("--remote-log-metadata-decoder", None, Some(&[1, 9, 0]));
    assert!(garbage.starts_with("| payload: Error at offset 0, skipping. "), "{garbage}");
}
