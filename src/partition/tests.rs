//! Copies that take over, in memory: what is in them, and what a stop at any time leaves.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::future::{Move, Swapped, copy, open, open_moved, swap};
use super::replica::Replica;
use super::settings::ReplicaSettings;
use crate::config::{Config, LogConfig};
use crate::log::Log;
use crate::log::append::pending;
use crate::log::cache::Limits;
use crate::log::files::Files;
use crate::log::files::memory::MemoryFiles;
use crate::log::manager::LogManager;
use crate::log::names::Directory;
use crate::log::producers::Origin;
use crate::metrics::Metrics;
use crate::types::{Millis, Offset, TopicIdPartition, TopicPartition, Uuid};
use crate::wire::records::BatchBuilder;

const NOW: Millis = 1_700_000_000_000;

fn config() -> Config {
    Config::combined([("log.dirs", "/one,/two"), ("log.segment.bytes", "1048576")])
}

struct Fixture {
    logs: LogManager,
    replica: Arc<Replica>,
}

/// A replica that nobody writes.
pub(super) fn replica() -> Arc<Replica> {
    let name = TopicPartition::new("t", 0);
    let id = TopicIdPartition { topic_id: Uuid::from_bytes([7; 16]), partition: 0 };
    let config = config();
    let topic = LogConfig::lenient(&config, &Default::default());
    let settings = ReplicaSettings::new(Arc::new(topic), &config);
    Arc::new(Replica::new(name, id, 0, settings, Metrics::new().topics.of("t")))
}

impl Fixture {
    fn new(files: MemoryFiles) -> Self {
        let dirs = [PathBuf::from("/one"), PathBuf::from("/two")];
        dirs.iter().for_each(|dir| files.create_dir(dir).unwrap());
        files.fsync_dir(Path::new("/")).unwrap();
        let logs = LogManager::open(Arc::new(files.clone()), &dirs, Limits::default()).unwrap();
        Self { logs, replica: replica() }
    }

    fn open(&self) -> Box<Log> {
        let mut log = open_moved(&self.logs, &self.replica, NOW).unwrap();
        log.set_high_watermark(log.log_end_offset());
        log
    }

    fn directories(&self) -> Vec<(usize, Directory)> {
        let found = self.logs.discover().unwrap();
        let mut found: Vec<_> = found.into_iter().map(|one| (one.log_dir, one.kind)).collect();
        found.sort_by_key(|(dir, _)| *dir);
        found
    }
}

fn write(log: &mut Log, count: usize, from: usize) {
    write_as(log, "", count, from);
}

fn write_as(log: &mut Log, mark: &str, count: usize, from: usize) {
    for n in from..from + count {
        let mut batch = BatchBuilder::new().producer(9, 0, i32::try_from(n).unwrap());
        batch.append(NOW, Some(b"key"), Some(format!("{mark}{n:>500}").as_bytes()));
        let mut appends = pending([batch.build()], Origin::Client);
        log.append_as_leader(&mut appends, 3, NOW).unwrap();
        assert!(appends.iter().all(|append| append.result.as_ref().unwrap().is_ok()));
    }
    log.set_high_watermark(log.log_end_offset());
}

fn bytes(log: &Log) -> Vec<u8> {
    let (mut at, mut all) = (log.log_start_offset(), Vec::new());
    while at < log.log_end_offset() {
        let read = log.view().read(at, 1 << 20, true, log.log_end_offset()).unwrap();
        all.extend(read.to_vec().unwrap());
        at = read.next_offset;
    }
    all
}

fn swapped(swapped: Swapped) -> bool {
    matches!(swapped, Swapped::Done)
}

#[test]
fn a_copy_takes_over_with_all_that_the_log_has() {
    let fixture = Fixture::new(MemoryFiles::new());
    let mut log = fixture.open();
    write(&mut log, 5_000, 0);
    log.delete_records(123).unwrap();
    let moving = Move::new(fixture.replica.clone(), 1, None);
    let mut future = open(&fixture.logs, &moving, NOW).unwrap();
    while copy(&mut future, fixture.replica.shared_view(), NOW).unwrap() > 0 {}
    assert_eq!((moving.lag(log.view()), moving.view().log_start_offset()), (0, 123));
    write(&mut log, 10, 5_000);
    assert_eq!(moving.lag(log.view()), 10);
    let before = (bytes(&log), log.log_end_offset(), log.view().epochs());
    let (mut log, outcome) = swap(&fixture.logs, &moving, log, future, NOW).unwrap();
    assert!(swapped(outcome));
    assert_eq!((bytes(&log), log.log_end_offset(), log.view().epochs()), before);
    assert_eq!((fixture.replica.log_dir(), log.log_start_offset()), (1, 123));
    assert_eq!(log.dir().as_path(), Path::new("/two/t-0"));
    let at = TopicPartition::new("t", 0);
    let left = [(0, Directory::Deleted(at.clone())), (1, Directory::Partition(at))];
    assert_eq!(fixture.directories(), left);
    // The producer's sequence goes on where it was.
    write(&mut log, 10, 5_010);
    assert_eq!(log.log_end_offset(), 5_020);
}

#[test]
fn too_much_at_the_end_goes_on_copying_and_a_cancelled_move_stays() {
    let fixture = Fixture::new(MemoryFiles::new());
    let mut log = fixture.open();
    write(&mut log, 12_000, 0);
    let moving = Move::new(fixture.replica.clone(), 1, None);
    let future = open(&fixture.logs, &moving, NOW).unwrap();
    let (log, outcome) = swap(&fixture.logs, &moving, log, future, NOW).unwrap();
    let Swapped::NotYet(mut future) = outcome else { panic!("6 MB are too much at once") };
    while copy(&mut future, fixture.replica.shared_view(), NOW).unwrap() > 0 {}
    moving.cancel();
    let (_, outcome) = swap(&fixture.logs, &moving, log, *future, NOW).unwrap();
    assert!(!swapped(outcome));
    assert_eq!(fixture.replica.log_dir(), 0);
}

#[test]
fn a_copy_that_was_left_goes_on_if_it_is_like_its_log() {
    for alike in [true, false] {
        let files = MemoryFiles::new();
        let fixture = Fixture::new(files.clone());
        let mut log = fixture.open();
        write(&mut log, 3_000, 0);
        let moving = Move::new(fixture.replica.clone(), 1, None);
        let mut future = open(&fixture.logs, &moving, NOW).unwrap();
        copy(&mut future, fixture.replica.shared_view(), NOW).unwrap();
        let (name, end) = (moving.name.clone(), future.log.log_end_offset());
        assert!(end > 100);
        if !alike {
            log.truncate_to(end - 100, NOW).unwrap();
            write_as(&mut log, "other", 200, usize::try_from(end).unwrap() - 100);
        }
        future.log.close(NOW).unwrap();
        drop(future);
        let again = Move::new(fixture.replica.clone(), 1, Some(name));
        let mut future = open(&fixture.logs, &again, NOW).unwrap();
        assert_eq!(future.log.log_end_offset(), if alike { end } else { 0 });
        while copy(&mut future, fixture.replica.shared_view(), NOW).unwrap() > 0 {}
        let before = bytes(&log);
        let (log, outcome) = swap(&fixture.logs, &again, log, future, NOW).unwrap();
        assert!(swapped(outcome));
        assert!(bytes(&log) == before);
    }
}

#[test]
fn a_stop_at_any_time_leaves_a_whole_log() {
    let files = MemoryFiles::new();
    let fixture = Fixture::new(files.clone());
    let mut log = fixture.open();
    write(&mut log, 300, 0);
    let end = log.log_end_offset();
    log.flush(end, NOW).unwrap();
    fixture.logs.note(0, &fixture.replica.name, log.offsets());
    fixture.logs.write_checkpoints();
    files.keep_deaths();
    let moving = Move::new(fixture.replica.clone(), 1, None);
    let mut future = open(&fixture.logs, &moving, NOW).unwrap();
    while copy(&mut future, fixture.replica.shared_view(), NOW).unwrap() > 0 {}
    let (_, outcome) = swap(&fixture.logs, &moving, log, future, NOW).unwrap();
    assert!(swapped(outcome));
    let deaths = files.take_deaths();
    assert!(deaths.len() > 10, "{} changes", deaths.len());
    for (n, death) in deaths.into_iter().enumerate() {
        for left in [death.after_kill(), death.after_power_loss(n as u64)] {
            check_left(left, end, n);
        }
    }
}

/// Wherever the partition is found, all of it is there.
fn check_left(left: MemoryFiles, end: Offset, n: usize) {
    let fixture = Fixture::new(left);
    let here = Directory::Partition(TopicPartition::new("t", 0));
    let mut places = fixture.directories();
    places.retain(|(_, kind)| *kind == here);
    assert!(!places.is_empty(), "change {n} loses the log");
    for (dir, _) in places {
        fixture.replica.set_log_dir(dir);
        assert_eq!(fixture.open().log_end_offset(), end, "change {n}, directory {dir}");
    }
}
