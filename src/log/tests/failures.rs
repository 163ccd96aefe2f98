//! Calls that fail at the worst moment, and what was prepared and not done: the log goes on as if nothing had been
//! tried, or says that it has failed.

use std::io::ErrorKind;

use rustix::io::Errno;

use super::*;
use crate::log::names;

fn recovered(files: &MemoryFiles, recovery_point: Offset) -> Log {
    open_with(files, small(), &OpenOptions { recovery_point, now: NOW, ..OpenOptions::default() })
}

#[test]
fn what_a_flush_that_never_ran_was_to_sync_is_synced_by_the_next() {
    for first_runs_late in [false, true] {
        let files = memory();
        let mut log = open(&files, small());
        append(&mut log, batch(1, 10, NOW)).unwrap();
        log.flush(1, NOW).unwrap();
        log.roll(None, NOW).unwrap();
        append(&mut log, producer_batch(7, 0, 0, 1, false)).unwrap();
        let first = log.prepare_flush(2).unwrap().unwrap();
        append(&mut log, producer_batch(7, 0, 1, 1, false)).unwrap();
        let second = log.prepare_flush(3).unwrap().unwrap();
        second.run().unwrap();
        log.flushed(&second, NOW);
        assert_eq!(log.recovery_point(), 3);
        for seed in 0..32 {
            let log = recovered(&files.after_power_loss(seed), 3);
            assert_eq!(offsets(&log, 0), [(0, 0), (1, 1), (2, 2)], "seed {seed}");
        }
        if first_runs_late {
            // What has changed since it was prepared is left to one that comes after it.
            log.roll(None, NOW).unwrap();
            append(&mut log, batch(1, 10, NOW)).unwrap();
            first.run().unwrap();
            log.flushed(&first, NOW);
            log.flush(4, NOW).unwrap();
            for seed in 0..32 {
                let log = recovered(&files.after_power_loss(seed), 4);
                assert_eq!(log.log_end_offset(), 4, "seed {seed}");
            }
        }
    }
}

#[test]
fn a_close_syncs_the_producers_though_all_records_are_synced() {
    let files = memory();
    let mut log = open(&files, small());
    append(&mut log, producer_batch(7, 0, 0, 2, false)).unwrap();
    log.flush(2, NOW).unwrap();
    log.close(NOW).unwrap();
    for seed in 0..32 {
        let files = files.after_power_loss(seed);
        let options = OpenOptions { clean_shutdown: true, now: NOW, ..OpenOptions::default() };
        let mut log = open_with(&files, small(), &options);
        assert!(append(&mut log, producer_batch(7, 0, 0, 2, false)).unwrap().duplicate, "{seed}");
    }
}

/// A batch of `leader_epoch` at `offset`, as a leader sends it.
fn sent(offset: Offset, leader_epoch: i32, size: usize) -> Bytes {
    let mut batch = BatchBuilder::new().base_offset(offset).partition_leader_epoch(leader_epoch);
    batch.append(NOW, None, Some(&vec![b'v'; size]));
    batch.build()
}

#[test]
fn a_roll_that_fails_leaves_a_segment_to_append_to() {
    // The empty segment cannot reach the offset, and gives way to another.
    let files = memory();
    let mut log = open(&files, small());
    // The indexes are in their files: what is created next is the segment.
    log.seal().unwrap();
    for kind in [ErrorKind::StorageFull, ErrorKind::Other] {
        files.fail_next(Call::Create, kind);
        assert!(log.append_as_follower(&sent(1 << 40, 3, 10), -1, NOW).is_err());
        assert!(!log.is_failed());
    }
    append(&mut log, batch(1, 10, NOW)).unwrap();
    log.close(NOW).unwrap();
    assert_eq!(offsets(&recovered(&files.after_kill(), 1), 0), [(0, 0)]);
}

#[test]
fn a_roll_that_fails_half_way_leaves_nothing_amid_the_log() {
    let files = memory();
    let mut log = open(&files, small());
    append(&mut log, batch(1, 10, NOW)).unwrap();
    log.seal().unwrap();
    // The segment is there, the producers' snapshot does not fit.
    files.fail_next(Call::Write, ErrorKind::StorageFull);
    assert!(log.roll(None, NOW).is_err() && !log.is_failed());
    let left = files.list(dir()).unwrap();
    assert!(left.iter().all(|entry| !entry.name.starts_with("00000000000000000001")), "{left:?}");
    append(&mut log, batch(3, 10, NOW)).unwrap();
    log.roll(None, NOW).unwrap();
    append(&mut log, batch(1, 10, NOW)).unwrap();
    let log = recovered(&files.after_kill(), 0);
    assert_eq!(offsets(&log, 0), [(0, 0), (1, 3), (4, 4)]);
}

#[test]
fn truncating_below_deleted_records_begins_there() {
    let files = memory();
    let mut log = open(&files, LogSettings::default());
    for _ in 0..10 {
        append(&mut log, batch(1, 10, NOW)).unwrap();
    }
    log.delete_records(5).unwrap();
    assert!(log.truncate_to(3, NOW).unwrap());
    assert_eq!((log.log_start_offset(), log.log_end_offset()), (3, 3));
    append(&mut log, batch(1, 10, NOW)).unwrap();
    assert_eq!(offsets(&log, 3), [(3, 3)]);
}

#[test]
fn a_log_that_cannot_begin_anew_has_failed() {
    let files = memory();
    let mut log = open(&files, small());
    append(&mut log, batch(1, 10, NOW)).unwrap();
    files.fail_next(Call::Create, ErrorKind::StorageFull);
    assert!(log.truncate_fully_and_start_at(7, None, NOW).is_err());
    assert!(log.is_failed());
}

#[test]
fn epochs_of_what_was_not_written_are_forgotten() {
    let files = memory();
    let mut log = open(&files, LogSettings::default());
    log.append_as_follower(&sent(0, 4, 10), -1, NOW).unwrap();
    let known = log.view().epochs();
    let mut two = sent(1, 5, 2_000).to_vec();
    two.extend(sent(2, 6, 2_000));
    files.set_capacity(Some(files.used() + 1_000));
    assert!(log.append_as_follower(&two.clone().into(), -1, NOW).is_err());
    assert_eq!(log.view().epochs(), known);
    // There is no room for the file of epochs either.
    files.set_capacity(Some(files.used()));
    assert!(log.append_as_follower(&two.clone().into(), -1, NOW).is_err());
    assert_eq!(log.view().epochs(), known);
    files.set_capacity(None);
    log.append_as_follower(&two.into(), -1, NOW).unwrap();
    assert_eq!(log.view().epochs().entries().len(), 3);
    log.flush(3, NOW).unwrap();
    assert_eq!(recovered(&files.after_kill(), 3).view().epochs(), log.view().epochs());
    assert!(files.read(&dir().join(names::LEADER_EPOCHS)).unwrap().ends_with(b"6 2\n"));
}

#[test]
fn a_leader_whose_epoch_could_not_be_written_down_writes_it_later() {
    let files = memory();
    let mut log = open(&files, LogSettings::default());
    files.set_capacity(Some(files.used()));
    let mut appends = [PendingAppend::new(batch(1, 10, NOW), Origin::Client)];
    assert!(log.append_as_leader(&mut appends, EPOCH, NOW).is_err());
    files.set_capacity(None);
    append(&mut log, batch(1, 10, NOW)).unwrap();
    assert!(files.read(&dir().join(names::LEADER_EPOCHS)).unwrap().ends_with(b"3 0\n"));
}

#[test]
fn a_want_of_descriptors_leaves_the_log_as_it_was() {
    let files = memory();
    let mut log = open(&files, LogSettings::default());
    append(&mut log, batch(1, 10, NOW)).unwrap();
    log.view().segments().iter().for_each(|segment| segment.close_file());
    files.fail_next(Call::Open, Errno::MFILE);
    let mut appends = [PendingAppend::new(batch(1, 10, NOW), Origin::Client)];
    let error = log.append_as_leader(&mut appends, EPOCH, NOW).unwrap_err();
    assert!(error.is_shortage() && !log.is_failed());
    append(&mut log, batch(1, 10, NOW)).unwrap();
    assert_eq!(offsets(&log, 0), [(0, 0), (1, 1)]);
}

#[test]
fn what_a_life_before_has_not_synced_is_synced_with_what_it_found() {
    let files = memory();
    let mut log = open(&files, small());
    append(&mut log, producer_batch(7, 0, 0, 1, true)).unwrap();
    log.roll(None, NOW).unwrap();
    let abort = marker_batch(7, 0, ControlType::Abort, 1);
    append_as(&mut log, abort, Origin::Coordinator).unwrap();
    let aborted = log.view().aborted_transactions(0, 2).unwrap();
    assert_eq!(aborted.len(), 1);
    log.abandon();
    let mut second = recovered(&files, 0);
    second.flush(2, NOW).unwrap();
    for seed in 0..64 {
        let left = files.after_power_loss(seed);
        let snapshot = left.read(&dir().join(names::file(1, names::SNAPSHOT))).unwrap();
        assert!(super::super::producers::snapshot::decode(&snapshot).is_ok(), "{seed}");
        let index = left.read(&dir().join(names::file(1, names::TXN_INDEX))).unwrap();
        assert_eq!(index, files.read(&dir().join(names::file(1, names::TXN_INDEX))).unwrap());
        let third = recovered(&left, 2);
        assert_eq!(third.view().aborted_transactions(0, 2).unwrap(), aborted, "{seed}");
    }
}

#[test]
fn aborted_transactions_that_were_cut_off_stay_away() {
    let files = memory();
    let mut log = open(&files, small());
    append(&mut log, producer_batch(7, 0, 0, 1, true)).unwrap();
    let abort = marker_batch(7, 0, ControlType::Abort, 1);
    append_as(&mut log, abort, Origin::Coordinator).unwrap();
    log.flush(2, NOW).unwrap();
    assert!(log.truncate_to(1, NOW).unwrap());
    // The segment is closed where it was cut: nobody syncs it again.
    log.roll(None, NOW).unwrap();
    let commit = marker_batch(7, 0, ControlType::Commit, 1);
    append_as(&mut log, commit, Origin::Coordinator).unwrap();
    log.flush(2, NOW).unwrap();
    for seed in 0..64 {
        let left = files.after_power_loss(seed);
        let index = left.read(&dir().join(names::file(0, names::TXN_INDEX))).unwrap();
        assert_eq!(index, b"", "{seed}");
    }
}
