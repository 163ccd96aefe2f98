//! Log directories: locks, checkpoints, discovery, clean and unclean stops.

use std::path::PathBuf;

use rustix::io::Errno;

use super::super::cache::Limits;
use super::super::files::memory::Call;
use super::super::log_dir::CLEAN_SHUTDOWN;
use super::super::manager::LogManager;
use super::super::names::Directory;
use super::super::partition_metadata;
use super::super::view::PartitionView;
use super::*;

fn manager(files: &MemoryFiles) -> LogManager {
    let paths = [PathBuf::from("/a"), PathBuf::from("/b")];
    LogManager::open(
        Arc::new(files.clone()),
        &paths,
        Limits { files_max: 3, index_bytes_max: 1 << 20 },
    )
    .unwrap()
}

fn open_in(manager: &LogManager, log_dir: usize, partition: i32) -> Log {
    let view = PartitionView::new(TopicPartition::new("t", partition));
    manager.open_log(log_dir, view, Arc::new(small()), Owner::default(), NOW).unwrap()
}

#[test]
fn a_clean_stop_is_remembered_once() {
    let files = MemoryFiles::new();
    let first = manager(&files);
    let mut open: Vec<_> = (0..6).map(|n| open_in(&first, n as usize % 2, n)).collect();
    for log in &mut open {
        append(log, batch(3, 10, NOW)).unwrap();
    }
    assert!(first.cache().used().0 <= 3);
    open[2].delete_records(2).unwrap();
    for (n, log) in open.iter_mut().enumerate() {
        log.close(NOW).unwrap();
        first.closed(n % 2, &log.topic_partition().clone(), log.offsets());
    }
    assert_eq!(first.size_at_rest(0, &TopicPartition::new("t", 4)).unwrap(), open[4].size());
    assert_eq!(first.size_at_rest(0, &TopicPartition::new("t", 9)).unwrap(), 0);
    first.clean_shutdown(42);
    let text = files.read(Path::new("/a/.kafka_cleanshutdown")).unwrap();
    assert_eq!(text, br#"{"version":0,"brokerEpoch":42}"#);

    let second = manager(&files);
    let dir = &second.dirs()[1];
    assert!(dir.had_clean_shutdown() && files.read(&dir.path().join(CLEAN_SHUTDOWN)).is_err());
    assert_eq!(dir.previous_broker_epoch(), Some(42));
    let mut found: Vec<_> =
        second.discover().unwrap().into_iter().map(|found| (found.log_dir, found.kind)).collect();
    found.sort_by_key(|found| format!("{found:?}"));
    assert_eq!(found.len(), 6);
    assert_eq!(found[0], (0, Directory::Partition(TopicPartition::new("t", 0))));
    let log = open_in(&second, 0, 2);
    assert_eq!(
        (log.log_start_offset(), log.view().high_watermark(), log.log_end_offset()),
        (2, 3, 3)
    );
    // The others are not opened; what is known of them must outlive an unclean stop.
    second.write_checkpoints();

    let third = manager(&files.after_kill());
    assert!(!third.dirs()[0].had_clean_shutdown());
    let log = open_in(&third, 1, 5);
    assert_eq!(
        (log.recovery_point(), log.view().high_watermark(), log.log_end_offset()),
        (3, 3, 3)
    );
}

#[test]
fn a_failed_directory_is_offline_alone() {
    let files = MemoryFiles::new();
    let manager = manager(&files);
    let _log = open_in(&manager, 0, 0);
    let view = PartitionView::new(TopicPartition::new("t", 1));
    // A want of descriptors passes, and what is wrong with one log is no more than that.
    files.fail_next(Call::List, Errno::MFILE);
    let error =
        manager.open_log(1, view.clone(), Arc::new(small()), Owner::default(), NOW).unwrap_err();
    assert!(error.is_shortage());
    files.fail_next(Call::List, std::io::ErrorKind::Other);
    assert!(manager.open_log(1, view.clone(), Arc::new(small()), Owner::default(), NOW).is_err());
    files.fail_next(Call::Create, Errno::NFILE);
    manager.write_checkpoints();
    files.fail_next(Call::List, Errno::MFILE);
    assert!(manager.discover().unwrap_err().is_shortage());
    assert!(!manager.dirs()[1].is_offline() && !manager.dirs()[0].is_offline());
    files.break_under(Some(Path::new("/b")));
    assert!(manager.open_log(1, view.clone(), Arc::new(small()), Owner::default(), NOW).is_err());
    assert!(manager.dirs()[1].is_offline() && !manager.dirs()[0].is_offline());
    assert_eq!(
        code(manager.open_log(1, view, Arc::new(small()), Owner::default(), NOW)),
        ErrorCode::KafkaStorageError
    );
    assert_eq!(manager.discover().unwrap().len(), 1);
    assert_eq!(manager.pick_dir(&[7, 0]), Some(0));
    manager.dirs()[0].set_offline(&"a test");
    assert_eq!(manager.pick_dir(&[7, 0]), None);
}

/// Which of the directories the next process finds to have been left cleanly.
fn clean_after(files: &MemoryFiles) -> [bool; 2] {
    let next = manager(&files.after_kill());
    [0, 1].map(|at| next.dirs()[at].had_clean_shutdown())
}

#[test]
fn a_stop_is_clean_where_every_log_is_closed() {
    let files = MemoryFiles::new();
    let first = manager(&files);
    let mut open: Vec<_> = (0..4).map(|n| open_in(&first, n as usize % 2, n)).collect();
    for log in &mut open {
        append(log, batch(3, 10, NOW)).unwrap();
    }
    for (n, log) in open.iter_mut().enumerate().take(3) {
        log.close(NOW).unwrap();
        first.closed(n % 2, &log.topic_partition().clone(), log.offsets());
    }
    // The last is in the hands of somebody who does not stop.
    first.clean_shutdown(1);
    assert_eq!(clean_after(&files), [true, false]);
    let view = PartitionView::new(TopicPartition::new("t", 5));
    assert!(first.open_log(0, view, Arc::new(small()), Owner::default(), NOW).is_err());
}

#[test]
fn a_stop_is_not_clean_while_a_log_is_as_a_crash_has_left_it() {
    let files = MemoryFiles::new();
    let first = manager(&files);
    for n in 0..2 {
        append(&mut open_in(&first, n, n as i32), batch(3, 10, NOW)).unwrap();
    }
    let files = files.after_kill();
    let second = manager(&files);
    let mut log = open_in(&second, 0, 0);
    log.close(NOW).unwrap();
    second.closed(0, &log.topic_partition().clone(), log.offsets());
    second.clean_shutdown(2);
    assert_eq!(clean_after(&files), [true, false]);
}

#[test]
fn interrupted_compactions_are_finished_or_undone() {
    let files = memory();
    let mut log = open(&files, small());
    for _ in 0..30 {
        append(&mut log, batch(3, 30, NOW)).unwrap();
    }
    log.close(NOW).unwrap();
    let bases: Vec<_> = log.view().segments().iter().map(|segment| segment.base_offset()).collect();
    let name = |base: Offset, suffix: &str| dir().join(format!("{base:020}{suffix}"));
    let copy = |files: &MemoryFiles, from: &Path, to: &Path| {
        let bytes = files.read(from).unwrap();
        files.create(to).unwrap().write_at(&bytes, 0).unwrap();
    };
    let options = OpenOptions { clean_shutdown: true, now: NOW, ..OpenOptions::default() };
    // The first two segments became one, which took the first one's place in name only.
    let swapped = files.after_kill();
    copy(&swapped, &name(bases[0], ".log"), &name(bases[0], ".log.swap"));
    swapped.remove(&name(bases[0], ".index")).unwrap();
    let log = open_with(&swapped, small(), &options);
    assert_eq!(offsets(&log, 0).len(), 30);
    // Half a compaction is no compaction.
    let cleaned = files.after_kill();
    for suffix in [".log.cleaned", ".index.cleaned", ".log.swap", ".log.deleted"] {
        cleaned.create(&name(bases[1], suffix)).unwrap();
    }
    cleaned.create(&dir().join("00000000000000000009-0000000001.checkpoint.deleted")).unwrap();
    let log = open_with(&cleaned, small(), &options);
    assert_eq!(offsets(&log, 0).len(), 30);
    let odd: Vec<_> = cleaned
        .list(dir())
        .unwrap()
        .into_iter()
        .map(|entry| entry.name)
        .filter(|name| name.matches('.').count() > 1)
        .collect();
    assert_eq!(odd, ["00000000000000000009-0000000001.checkpoint.deleted"]);
}

#[test]
fn a_new_directory_is_whole_or_not_there() {
    let at = TopicPartition::new("t", 0);
    let id = crate::types::Uuid::ONE;
    let owner = Owner { topic_id: Some(id), leader_epoch: Some(4) };
    let opened = |manager: &LogManager| {
        manager.open_log(0, PartitionView::new(at.clone()), Arc::new(small()), owner, NOW)
    };
    let mut found = [0; 3];
    let files = MemoryFiles::new();
    let first = manager(&files);
    files.keep_deaths();
    let log = opened(&first).unwrap();
    assert_eq!(log.view().latest_epoch().unwrap().epoch, 4);
    let done = files.after_kill();
    for death in files.take_deaths().into_iter().chain([done]) {
        let left = death.after_kill();
        let second = manager(&left);
        let kinds: Vec<_> = second.discover().unwrap().into_iter().map(|one| one.kind).collect();
        match kinds.as_slice() {
            [] => found[0] += 1,
            [Directory::Deleted(half)] if *half == at => found[1] += 1,
            [Directory::Partition(whole)] if *whole == at => {
                found[2] += 1;
                let dir = Path::new("/a/t-0");
                assert_eq!(partition_metadata::read(&left, dir).unwrap(), Some(id));
                let names: Vec<_> =
                    left.list(dir).unwrap().into_iter().map(|entry| entry.name).collect();
                assert_eq!(names.len(), 3, "{names:?}");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(opened(&second).unwrap().topic_id().unwrap(), Some(id));
        // After a power loss the names are there or not, and the log can be opened.
        for seed in 0..8 {
            let third = manager(&death.after_power_loss(seed));
            assert_eq!(opened(&third).unwrap().topic_id().unwrap(), Some(id), "{seed}");
        }
    }
    assert!(found[1] > 3 && found[2] > 0, "{found:?}");
}
