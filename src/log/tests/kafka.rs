//! Beside Kafka: its vectors of appends, a directory that it has made, and a directory for it to check.
//!
//! The tests are ignored unless their variables name the files: `VLTAVA_APPENDS` (a file of vectors, one JSON object
//! a line), `VLTAVA_MADE` (a directory with `manifest.json` and `data/`), `VLTAVA_WRITE` (a directory to write to).

use std::path::PathBuf;

use serde_json::Value;

use super::super::cache::Limits;
use super::super::files::disk::Disk;
use super::super::manager::LogManager;
use super::super::names::{self, Directory};
use super::super::view::PartitionView;
use super::*;
use crate::testing::bytes;
use crate::types::Uuid;
use crate::wire::compression::Codec;

fn variable(name: &str) -> PathBuf {
    std::env::var_os(name).unwrap_or_else(|| panic!("{name} is not set")).into()
}

fn number(value: &Value, key: &str) -> i64 {
    value[key].as_i64().unwrap_or_else(|| panic!("{key} of {value}"))
}

/// What the checks before the log's would have refused or changed is not the log's affair.
fn is_the_logs(step: &Value) -> bool {
    let scenario = step["scenario"].as_str().unwrap();
    let kinds = ["idempotent", "transaction", "marker of"];
    kinds.iter().any(|kind| scenario.starts_with(kind)) && !scenario.contains("two batches")
}

#[test]
#[ignore = "needs VLTAVA_APPENDS"]
fn appends_end_as_kafkas() {
    let text = std::fs::read_to_string(variable("VLTAVA_APPENDS")).unwrap();
    let mut log = open(&memory(), LogSettings::default());
    let mut steps = 0;
    for step in
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).filter(is_the_logs)
    {
        if step["step"] == 0 {
            log = open(&memory(), LogSettings::default());
        }
        let what = format!("{} {}", step["scenario"], step["what"]);
        let client = step["origin"] == "client";
        let origin = if client { Origin::Client } else { Origin::Coordinator };
        let mut append = PendingAppend::new(bytes(step["hex"].as_str().unwrap()), origin);
        append.transaction_version = number(&step, "transactionVersion") as i16;
        let mut appends = [append];
        log.append_as_leader(&mut appends, 7, NOW).unwrap();
        log.set_high_watermark(log.log_end_offset());
        let outcome = &step["outcome"];
        match appends[0].result.take().unwrap() {
            Ok(appended) => {
                assert!(outcome["ok"] == true, "{what}: taken, Kafka says {outcome}");
                assert_eq!(appended.base_offset, number(outcome, "firstOffset"), "{what}");
                assert_eq!(appended.last_offset, number(outcome, "lastOffset"), "{what}");
                assert_eq!(appended.append_time, number(outcome, "logAppendTime"), "{what}");
                assert_eq!(outcome["duplicate"], appended.duplicate, "{what}");
                if !appended.duplicate {
                    let read =
                        log.view().read(appended.base_offset, usize::MAX, true, i64::MAX).unwrap();
                    assert_eq!(
                        read.to_vec().unwrap(),
                        bytes(outcome["stored"].as_str().unwrap()),
                        "{what}"
                    );
                }
            }
            Err(error) => assert_eq!(outcome["error"], error.code.name(), "{what}: {error}"),
        }
        assert_eq!(log.log_end_offset(), number(outcome, "logEndOffset"), "{what}");
        assert_eq!(log.view().last_stable_offset(), number(outcome, "lastStableOffset"), "{what}");
        steps += 1;
    }
    assert!(steps > 50, "{steps} steps");
}

fn check_partition(log: &Log, expected: &Value, clean: bool, what: &str) {
    let view = log.view();
    assert_eq!(view.log_start_offset(), number(expected, "startOffset"), "{what}");
    assert_eq!(view.log_end_offset(), number(expected, "endOffset"), "{what}");
    assert_eq!(view.last_stable_offset(), number(expected, "lastStableOffset"), "{what}");
    let newest = view.offset_for_max_timestamp().unwrap().map_or(-1, |found| found.offset);
    assert_eq!(newest, number(expected, "maxTimestampOffset"), "{what}");
    for (key, offset) in expected.as_object().unwrap() {
        let Some(timestamp) = key.strip_prefix("offsetForTimestamp ") else { continue };
        let found = view.offset_for_timestamp(timestamp.parse().unwrap()).unwrap();
        assert_eq!(
            found.map_or(-1, |found| found.offset),
            offset.as_i64().unwrap(),
            "{what} at {timestamp}"
        );
    }
    let bases: Vec<_> = view.segments().iter().map(|segment| segment.base_offset()).collect();
    assert_eq!(serde_json::json!(bases), expected["segmentBaseOffsets"], "{what}");
    if clean {
        let epochs = view.epochs();
        let epochs: Vec<_> = epochs
            .entries()
            .iter()
            .map(|entry| serde_json::json!({"epoch": entry.epoch, "startOffset": entry.start_offset}))
            .collect();
        let mut known = expected["leaderEpochs"].as_array().unwrap().clone();
        // An epoch that has no records yet is forgotten, as Kafka does when it starts.
        known.retain(|epoch| number(epoch, "startOffset") < view.log_end_offset());
        assert_eq!(epochs, known, "{what}");
    }
    let producers = expected["activeProducers"].as_array().unwrap();
    for producer in producers {
        let entry = log
            .producers()
            .get(number(producer, "producerId"))
            .unwrap_or_else(|| panic!("{what} {producer}"));
        assert_eq!(i64::from(entry.epoch), number(producer, "producerEpoch"), "{what} {producer}");
        assert_eq!(
            i64::from(entry.last_sequence()),
            number(producer, "lastSequence"),
            "{what} {producer}"
        );
        assert_eq!(entry.last_timestamp, number(producer, "lastTimestamp"), "{what} {producer}");
        assert_eq!(
            i64::from(entry.coordinator_epoch),
            number(producer, "coordinatorEpoch"),
            "{what} {producer}"
        );
        let open = entry.txn_first_offset.unwrap_or(-1);
        assert_eq!(open, number(producer, "currentTransactionStartOffset"), "{what} {producer}");
    }
    check_counts(log, expected, what);
}

/// Reads everything, with and without the aborted transactions, and counts the records.
fn check_counts(log: &Log, expected: &Value, what: &str) {
    let view = log.view();
    for (level, up_to) in
        [("read_uncommitted", view.high_watermark()), ("read_committed", view.last_stable_offset())]
    {
        let aborted = view.aborted_transactions(view.log_start_offset(), up_to).unwrap();
        let skipped = |producer: i64, offset: Offset| {
            let hit = |txn: &&super::super::txn_index::AbortedTxn| {
                txn.producer_id == producer && (txn.first_offset..txn.last_offset).contains(&offset)
            };
            level == "read_committed" && aborted.iter().find(hit).is_some()
        };
        let (mut count, mut next) = (0, view.log_start_offset());
        while next < up_to {
            let data = view.read(next, 10_000, true, up_to).unwrap();
            for batch in split(&data.to_vec().unwrap()) {
                let batch = batch.unwrap();
                batch.check_crc().unwrap();
                let header = *batch.header();
                if header.is_control() || skipped(header.producer_id, header.base_offset) {
                    continue;
                }
                let payload = batch.payload(1 << 30).unwrap();
                count += payload
                    .records()
                    .filter(|record| record.as_ref().unwrap().offset >= view.log_start_offset())
                    .count();
            }
            next = data.next_offset;
        }
        assert_eq!(count as i64, number(&expected[level], "count"), "{what} {level}");
    }
}

#[test]
#[ignore = "needs VLTAVA_MADE"]
fn a_directory_that_kafka_made_is_understood() {
    let made = variable("VLTAVA_MADE");
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(made.join("manifest.json")).unwrap()).unwrap();
    for clean in [true, false] {
        let copy = tempfile::tempdir().unwrap();
        let data = copy.path().join("data");
        assert!(
            std::process::Command::new("cp")
                .arg("-r")
                .arg(made.join("data"))
                .arg(&data)
                .status()
                .unwrap()
                .success()
        );
        if !clean {
            std::fs::remove_file(data.join(".kafka_cleanshutdown")).unwrap();
            std::fs::remove_file(data.join("recovery-point-offset-checkpoint")).unwrap();
        }
        let manager = LogManager::open(Arc::new(Disk), &[data], Limits::default()).unwrap();
        assert!(
            manager.dirs()[0].properties().is_some_and(|properties| properties.node_id == Some(1))
        );
        let mut partitions = 0;
        for found in manager.discover().unwrap() {
            let Directory::Partition(at) = found.kind else { continue };
            let view = PartitionView::new(at.clone());
            let expiring =
                LogSettings { producer_id_expiration_ms: i64::MAX, ..LogSettings::default() };
            let mut log = manager
                .open_log(found.log_dir, view, Arc::new(expiring), Owner::default(), NOW)
                .unwrap();
            let topic = &manifest["topics"][&at.topic];
            if topic.is_null() {
                continue;
            }
            let id: Uuid = topic["id"].as_str().unwrap().parse().unwrap();
            assert_eq!(log.topic_id().unwrap(), Some(id));
            check_partition(
                &log,
                &topic["partitions"][at.partition.to_string()],
                clean,
                &format!("{at} {clean}"),
            );
            partitions += 1;
        }
        assert_eq!(partitions, 29);
    }
}

/// Batches of all kinds, as many partitions as kinds.
fn write_mixed(manager: &LogManager) -> Vec<(TopicPartition, Log)> {
    let codecs = [Codec::None, Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd];
    let mut logs = Vec::new();
    for partition in 0..5 {
        let at = TopicPartition::new("mixed", partition);
        let settings = LogSettings {
            segment_bytes: 60_000,
            index_interval_bytes: 512,
            ..LogSettings::default()
        };
        let view = PartitionView::new(at.clone());
        let id = Uuid::from_bytes([9; 16]);
        let mut log = manager
            .open_log(
                0,
                view,
                Arc::new(settings),
                Owner { topic_id: Some(id), ..Owner::default() },
                NOW,
            )
            .unwrap();
        for n in 0..400i64 {
            let mut builder =
                BatchBuilder::new().compression(codecs[(n as usize + partition as usize) % 5]);
            for record in 0..1 + n % 7 {
                let value = vec![b'a' + (n % 26) as u8; (n * 37 % 900) as usize];
                builder.append(NOW + n * 10 - record * 3, Some(b"k"), Some(&value));
            }
            let plain = PendingAppend::new(builder.build(), Origin::Client);
            let sequenced =
                PendingAppend::new(producer_batch(1, 0, n as i32 * 2, 2, false), Origin::Client);
            let transactional = producer_batch(2 + n % 3, 0, (n / 3) as i32, 1, true);
            let transactional = PendingAppend::new(transactional, Origin::Client);
            log.append_as_leader(&mut [plain, sequenced, transactional], (n / 100) as i32, NOW)
                .unwrap();
            if n % 9 == 8 {
                let kind = if n % 2 == 0 { ControlType::Abort } else { ControlType::Commit };
                let ends = (2..5).map(|id| {
                    PendingAppend::new(marker_batch(id, 0, kind, 1), Origin::Coordinator)
                });
                log.append_as_leader(&mut ends.collect::<Vec<_>>(), (n / 100) as i32, NOW).unwrap();
            }
        }
        log.set_high_watermark(log.log_end_offset());
        assert!(log.view().segments().len() > 3);
        logs.push((at, log));
    }
    logs
}

#[test]
#[ignore = "needs VLTAVA_WRITE"]
fn a_directory_for_kafka_to_check() {
    let write = variable("VLTAVA_WRITE");
    let properties = super::super::meta_properties::MetaProperties {
        version: 1,
        cluster_id: Some("C6sIt0qJS0Gj12MM8NLcZw".into()),
        node_id: Some(1),
        directory_id: Some(Uuid::from_bytes([5; 16])),
    };
    for name in ["clean", "killed", "recovered"] {
        let dir = write.join(name);
        let _ = std::fs::remove_dir_all(&dir);
        let manager =
            LogManager::open(Arc::new(Disk), std::slice::from_ref(&dir), Limits::default())
                .unwrap();
        properties.write(&Disk, &dir).unwrap();
        for (at, mut log) in write_mixed(&manager) {
            if name == "clean" {
                log.close(NOW).unwrap();
                manager.closed(0, &at, log.offsets());
            } else {
                manager.note(0, &at, log.offsets());
            }
            log.abandon();
        }
        if name == "clean" {
            manager.clean_shutdown(7);
        } else {
            manager.write_checkpoints();
        }
        drop(manager);
        if name == "recovered" {
            recover_torn(&dir);
        }
    }
}

/// Tears the last file of each partition, and closes what is found then.
fn recover_torn(dir: &Path) {
    let manager = LogManager::open(Arc::new(Disk), &[dir.to_owned()], Limits::default()).unwrap();
    for found in manager.discover().unwrap() {
        let Directory::Partition(at) = found.kind else { continue };
        let logs = Disk
            .list(&found.path)
            .unwrap()
            .into_iter()
            .filter(|entry| entry.name.ends_with(names::LOG));
        let last =
            Disk.open(&found.path.join(logs.map(|entry| entry.name).max().unwrap())).unwrap();
        last.truncate(last.len().unwrap() - 5).unwrap();
        let mut log = manager
            .open_log(0, PartitionView::new(at.clone()), Arc::default(), Owner::default(), NOW)
            .unwrap();
        log.close(NOW).unwrap();
        manager.closed(0, &at, log.offsets());
    }
    manager.clean_shutdown(8);
}
