//! Every small file that is read at a start, damaged in many ways: nothing panics, records stay as they are, and what
//! can be made anew is.

use std::path::PathBuf;

use super::super::cache::Limits;
use super::super::manager::LogManager;
use super::super::meta_properties::MetaProperties;
use super::super::names;
use super::*;
use crate::types::Uuid;

/// Ways to damage the content of a file.
fn damages(content: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![
        Vec::new(),
        content[..content.len() / 2].to_vec(),
        content[..content.len().saturating_sub(1)].to_vec(),
        vec![0; content.len()],
        vec![0xff; content.len().max(1)],
        [content, b"\0\0\0\0\0"].concat(),
        b"0\n99999999999\n".to_vec(),
        [content, content].concat(),
    ];
    for bit in 0..content.len().min(50) * 8 {
        let mut flipped = content.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        all.push(flipped);
    }
    all
}

fn put(files: &MemoryFiles, path: &Path, content: &[u8]) {
    files.create(path).unwrap().write_at(content, 0).unwrap();
}

#[test]
fn a_log_outlives_the_damage_of_all_but_its_records() {
    let files = memory();
    let mut log = open(&files, small());
    log.assign_topic_id(Uuid::ONE).unwrap();
    for n in 0..20 {
        if n % 7 == 6 {
            log.assign_epoch(EPOCH + n, log.log_end_offset()).unwrap();
        }
        append(&mut log, producer_batch(i64::from(n % 3), 0, n / 3 * 2, 2, false)).unwrap();
        append(&mut log, batch(1, 60, NOW + Millis::from(n))).unwrap();
    }
    log.close(NOW).unwrap();
    let (written, epochs) = (offsets(&log, 0), log.view().epochs());
    let options = |clean_shutdown| OpenOptions {
        clean_shutdown,
        recovery_point: if clean_shutdown { 0 } else { 10 },
        now: NOW,
        ..OpenOptions::default()
    };
    let entries = files.list(dir()).unwrap();
    let small_files = entries.into_iter().filter(|entry| !entry.name.ends_with(names::LOG));
    let mut seen = 0;
    for entry in small_files {
        let path = dir().join(&entry.name);
        let content = files.read(&path).unwrap();
        for (way, damaged) in damages(&content).into_iter().enumerate() {
            let broken = files.after_kill();
            put(&broken, &path, &damaged);
            let log = open_with(&broken, small(), &options(way % 2 == 0));
            let what = format!("{} damaged in way {way}", entry.name);
            assert_eq!(offsets(&log, 0), written, "{what}");
            if way < 6 && entry.name == names::LEADER_EPOCHS {
                assert_eq!(log.view().epochs().entries().len(), epochs.entries().len(), "{what}");
            }
            for id in 0..3 {
                assert!(log.producers().get(id).is_some(), "{what}: producer {id} is forgotten");
            }
            for (base, _) in written.iter().step_by(5) {
                assert!(log.view().read(*base, 100, true, Offset::MAX).is_ok(), "{what}");
            }
            // An answer, or an error: but the walk ends.
            let _ = log.view().offset_for_timestamp(NOW + 3);
            let _ = log.view().offset_for_max_timestamp();
            seen += 1;
        }
    }
    assert!(seen > 2_000, "{seen}");
}

#[test]
fn aborted_transactions_outlive_the_damage_of_their_index() {
    let files = memory();
    let mut log = open(&files, small());
    for n in 0..24 {
        let id = i64::from(n % 4);
        append(&mut log, producer_batch(id, 0, n / 4 * 2, 2, true)).unwrap();
        append(&mut log, batch(1, 100, NOW)).unwrap();
        if n % 3 == 2 {
            let kind = if n % 2 == 0 { ControlType::Abort } else { ControlType::Commit };
            append_as(&mut log, marker_batch(id, 0, kind, 0), Origin::Coordinator).unwrap();
        }
    }
    log.close(NOW).unwrap();
    let known = log.view().aborted_transactions(0, Offset::MAX).unwrap();
    assert!(known.len() > 3);
    let entries = files.list(dir()).unwrap();
    let mut seen = 0;
    for entry in entries.into_iter().filter(|entry| entry.name.ends_with(names::TXN_INDEX)) {
        let path = dir().join(&entry.name);
        for (way, damaged) in damages(&files.read(&path).unwrap()).into_iter().enumerate() {
            for clean_shutdown in [true, false] {
                let broken = files.after_kill();
                put(&broken, &path, &damaged);
                let options = OpenOptions { clean_shutdown, now: NOW, ..OpenOptions::default() };
                let mut log = open_with(&broken, small(), &options);
                log.set_high_watermark(log.log_end_offset());
                let what = format!("{} damaged in way {way}", entry.name);
                let found = log.view().aborted_transactions(0, Offset::MAX).unwrap();
                assert_eq!(found, known, "{what}");
                committed::check(&log, &what);
                seen += 1;
            }
        }
    }
    assert!(seen > 500, "{seen}");
}

#[test]
fn a_log_directory_says_what_is_damaged() {
    let files = MemoryFiles::new();
    let path = PathBuf::from("/a");
    files.create_dir(&path).unwrap();
    let properties = MetaProperties {
        version: 1,
        cluster_id: Some("cluster".into()),
        node_id: Some(1),
        directory_id: Some(Uuid::ONE),
    };
    properties.write(&files, &path).unwrap();
    let open = |files: &MemoryFiles| {
        LogManager::open(Arc::new(files.clone()), std::slice::from_ref(&path), Limits::default())
    };
    let manager = open(&files).unwrap();
    let view = super::super::view::PartitionView::new(TopicPartition::new("t", 0));
    let mut log = manager.open_log(0, view, Arc::new(small()), Owner::default(), NOW).unwrap();
    append(&mut log, batch(3, 10, NOW)).unwrap();
    log.close(NOW).unwrap();
    manager.closed(0, &TopicPartition::new("t", 0), log.offsets());
    manager.clean_shutdown(5);
    drop((log, manager));
    for entry in files.list(&path).unwrap().into_iter().filter(|entry| !entry.is_dir) {
        let file = path.join(&entry.name);
        let content = files.read(&file).unwrap();
        for damaged in damages(&content) {
            let broken = files.after_kill();
            put(&broken, &file, &damaged);
            match open(&broken) {
                Ok(manager) => assert_eq!(manager.discover().unwrap().len(), 1, "{}", entry.name),
                Err(error) => {
                    assert_eq!(entry.name, "meta.properties");
                    assert!(error.to_string().contains("/a/meta.properties"), "{error}");
                }
            }
        }
    }
}
