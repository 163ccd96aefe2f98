//! Appending, reading, rolling, truncating, retaining, closing.

use super::super::append::pending;
use super::super::files::memory::Call;
use super::super::names;
use super::super::producers::Beginning;
use super::super::waiters::{Wake, Watch};
use super::*;
use crate::wire::records::TimestampType;

#[test]
fn what_is_appended_is_read() {
    let files = memory();
    let mut log = open(&files, LogSettings::default());
    let mut appends: Vec<_> =
        (1..=5).map(|n| PendingAppend::new(batch(n, 10, NOW), Origin::Client)).collect();
    let before = files.changes();
    let summary = log.append_as_leader(&mut appends, EPOCH, NOW).unwrap();
    assert_eq!((summary.log_end_offset, summary.rolled), (15, false));
    // One write for the records; the others replace the leader epochs.
    assert_eq!(files.changes() - before, 1 + 3);
    let results: Vec<_> =
        appends.iter().map(|append| *append.result.as_ref().unwrap().as_ref().unwrap()).collect();
    let ranges: Vec<_> =
        results.iter().map(|result| (result.base_offset, result.last_offset)).collect();
    assert_eq!(ranges, [(0, 0), (1, 2), (3, 5), (6, 9), (10, 14)]);
    assert_eq!(results[0].append_time, -1);
    assert_eq!(offsets(&log, 0), ranges);
    assert_eq!(offsets(&log, 4), ranges[2..]);
    assert_eq!(log.view().epoch_for_offset(7), Some(EPOCH));
    assert_eq!(log.view().end_offset_for_epoch(EPOCH), Some((EPOCH, 15)));
    assert_eq!(log.view().high_watermark(), 0);
    log.set_high_watermark(99);
    assert_eq!(log.view().high_watermark(), 15);
}

#[test]
fn reads_are_whole_batches_within_bounds() {
    let files = memory();
    let mut log = open(&files, LogSettings { index_interval_bytes: 200, ..LogSettings::default() });
    let size = batch(2, 20, NOW).len();
    for _ in 0..50 {
        append(&mut log, batch(2, 20, NOW)).unwrap();
    }
    let view = log.view();
    let read = |offset, bytes, one, to| {
        let data = view.read(offset, bytes, one, to).unwrap();
        (data.len() / size, data.len() % size, data.next_offset)
    };
    assert_eq!(read(0, usize::MAX, true, 100), (50, 0, 100));
    assert_eq!(read(0, size * 3, true, 100), (3, 0, 6));
    assert_eq!(read(1, size * 3 + 5, true, 100), (3, 0, 6));
    assert_eq!(read(50, size * 7 - 1, false, 100), (6, 0, 62));
    assert_eq!(read(0, 1, true, 100), (1, 0, 2));
    assert_eq!(read(0, 1, false, 100), (0, 0, 0));
    assert_eq!(read(0, usize::MAX, true, 10), (5, 0, 10));
    // A batch that is not committed as a whole is not read at all.
    assert_eq!(read(0, usize::MAX, true, 11), (5, 0, 11));
    assert_eq!(read(100, usize::MAX, true, 100), (0, 0, 100));
    assert_eq!(read(60, usize::MAX, true, 50), (0, 0, 60));
    assert_eq!(code(view.read(101, 1, true, 200)), ErrorCode::OffsetOutOfRange);
    assert_eq!(code(view.read(-1, 1, true, 200)), ErrorCode::OffsetOutOfRange);
    for from in 0..100 {
        for batches in 1..6 {
            let (whole, rest, next) = read(from, size * batches + 7, true, 100);
            assert_eq!(
                (rest, next),
                (0, ((from / 2 + batches as i64) * 2).min(100)),
                "{from} {batches} {whole}"
            );
        }
    }
}

#[test]
fn segments_roll_and_reads_span_them() {
    let files = memory();
    let mut log = open(&files, small());
    for n in 0..60 {
        append(&mut log, batch(3, 30, NOW + n * 10)).unwrap();
    }
    assert!(log.view().segments().len() > 5);
    assert!(log.view().segments().iter().all(|segment| segment.size() <= 1_000));
    assert_eq!(offsets(&log, 0).len(), 60);
    assert_eq!(offsets(&log, 100).first(), Some(&(99, 101)));
    log.close(NOW).unwrap();
    let options = OpenOptions {
        clean_shutdown: true,
        recovery_point: 180,
        now: NOW,
        ..OpenOptions::default()
    };
    let before = files.changes();
    let log = open_with(&files, small(), &options);
    assert_eq!(files.changes(), before);
    assert_eq!((log.log_end_offset(), log.recovery_point()), (180, 180));
    assert!(log.view().segments().iter().all(|segment| !segment.is_open()));
    assert_eq!(offsets(&log, 0).len(), 60);
    for n in 0..60 {
        let found = log.view().offset_for_timestamp(NOW + n * 10 + 1).unwrap().unwrap();
        assert_eq!(
            (found.offset, found.timestamp, found.leader_epoch),
            (n * 3 + 1, NOW + n * 10 + 1, EPOCH)
        );
    }
    assert_eq!(log.view().offset_for_timestamp(NOW + 593).unwrap(), None);
    assert_eq!(log.view().offset_for_max_timestamp().unwrap().unwrap().offset, 179);
}

#[test]
fn time_rolls_segments_too() {
    let files = memory();
    let mut log = open(&files, LogSettings { segment_ms: 1_000, ..LogSettings::default() });
    for n in [0, 500, 1_000, 1_001, 1_500, 2_001, 2_002] {
        append(&mut log, batch(1, 10, NOW + n)).unwrap();
    }
    let bases: Vec<_> = log.view().segments().iter().map(|segment| segment.base_offset()).collect();
    assert_eq!(bases, [0, 3, 6]);
    log.update_config(Arc::new(LogSettings {
        segment_index_bytes: 8,
        index_interval_bytes: 1,
        ..LogSettings::default()
    }));
    for _ in 0..4 {
        append(&mut log, batch(1, 10, NOW)).unwrap();
    }
    assert!(log.view().segments().len() > 4);
}

#[test]
fn bad_appends_are_refused_one_by_one() {
    let files = memory();
    let mut log = open(&files, small());
    let half = batch(1, 50, NOW).slice(..80);
    let records = [batch(1, 10, NOW), half, batch(1, 2_000, NOW), Bytes::new(), batch(1, 10, NOW)];
    let mut appends: Vec<_> =
        records.into_iter().map(|records| PendingAppend::new(records, Origin::Client)).collect();
    log.append_as_leader(&mut appends, EPOCH, NOW).unwrap();
    let codes: Vec<_> =
        appends.iter().map(|append| append.result.clone().unwrap().err().map(|e| e.code)).collect();
    let (invalid, large) = (Some(ErrorCode::InvalidRecord), Some(ErrorCode::RecordListTooLarge));
    assert_eq!(codes, [None, invalid, large, invalid, None]);
    assert_eq!(log.log_end_offset(), 2);
}

#[test]
fn a_full_disk_leaves_the_log_as_it_was() {
    let files = memory();
    let mut log = open(&files, LogSettings::default());
    append(&mut log, producer_batch(7, 0, 0, 2, false)).unwrap();
    files.set_capacity(Some(400));
    let mut appends = [PendingAppend::new(batch(1, 1_000, NOW), Origin::Client)];
    let error = log.append_as_leader(&mut appends, EPOCH, NOW).unwrap_err();
    assert!(error.is_disk_full());
    assert_eq!(
        appends[0].result.as_ref().unwrap().as_ref().unwrap_err().code,
        ErrorCode::KafkaStorageError
    );
    assert_eq!((log.log_end_offset(), offsets(&log, 0).len()), (2, 1));
    files.set_capacity(None);
    append(&mut log, producer_batch(7, 0, 2, 1, false)).unwrap();
    assert_eq!(offsets(&log, 0), [(0, 1), (2, 2)]);
    files.fail_next(Call::Write, std::io::ErrorKind::Other);
    assert!(
        log.append_as_leader(
            &mut [PendingAppend::new(batch(1, 1, NOW), Origin::Client)],
            EPOCH,
            NOW
        )
        .is_err()
    );
    assert!(log.is_failed());
    assert_eq!(code(log.flush(9, NOW)), ErrorCode::KafkaStorageError);
    files.fail_next(Call::Sync, std::io::ErrorKind::Other);
    let mut log = open(&files, LogSettings::default());
    assert_eq!(log.log_end_offset(), 3);
    assert!(log.flush(3, NOW).is_err() && log.is_failed());
}

#[test]
fn truncation_cuts_whole_batches() {
    let files = memory();
    let mut log = open(&files, small());
    for n in 0..40 {
        log.assign_epoch(n / 10, i64::from(n) * 3).unwrap();
        let mut appends = [PendingAppend::new(batch(3, 30, NOW), Origin::Client)];
        log.append_as_leader(&mut appends, n / 10, NOW).unwrap();
    }
    assert!(!log.truncate_to(120, NOW).unwrap());
    assert!(log.truncate_to(62, NOW).unwrap());
    assert_eq!((log.log_end_offset(), log.view().latest_epoch().unwrap().epoch), (62, 2));
    assert_eq!(offsets(&log, 0).last(), Some(&(57, 59)));
    assert!(log.truncate_to(60, NOW).unwrap());
    assert_eq!(log.view().latest_epoch().unwrap().epoch, 1);
    append(&mut log, batch(1, 1, NOW)).unwrap();
    assert_eq!(offsets(&log, 57), [(57, 59), (60, 60)]);
    log.close(NOW).unwrap();
    let log = open(&files.after_kill(), small());
    assert_eq!((log.log_end_offset(), offsets(&log, 57).len()), (61, 2));
    let mut log = open(&files, small());
    log.truncate_fully_and_start_at(1_000, None, NOW).unwrap();
    assert_eq!(
        (log.log_start_offset(), log.log_end_offset(), log.view().high_watermark()),
        (1_000, 1_000, 1_000)
    );
    append(&mut log, batch(2, 1, NOW)).unwrap();
    assert_eq!(offsets(&log, 1_000), [(1_000, 1_001)]);
    assert!(log.remove_due(NOW + 60_000).unwrap() > 0 && log.next_removal().is_none());
}

#[test]
fn the_front_is_deleted() {
    let files = memory();
    let settings = LogSettings { retention_ms: 1_000, file_delete_delay_ms: 50, ..small() };
    let mut log = open(&files, settings.clone());
    for n in 0..40 {
        append(&mut log, batch(3, 30, NOW + n * 100)).unwrap();
    }
    let count = log.view().segments().len();
    assert_eq!(code(log.delete_records(121)), ErrorCode::OffsetOutOfRange);
    assert_eq!(log.delete_records(20).unwrap(), 20);
    assert_eq!(code(log.view().read(19, 1, true, 100)), ErrorCode::OffsetOutOfRange);
    assert_eq!(offsets(&log, 20)[0], (18, 20));
    log.update_config(Arc::new(LogSettings { retention_ms: -1, ..settings.clone() }));
    let done = log.retention(NOW).unwrap();
    assert!(done.segments > 0 && log.view().segments().len() == count - done.segments);
    assert_eq!(log.log_start_offset(), 20);
    assert_eq!(log.offsets().log_start_offset, Some(20));
    let deleted = |files: &MemoryFiles| {
        files
            .list(dir())
            .unwrap()
            .iter()
            .filter(|entry| entry.name.ends_with(names::DELETED))
            .count()
    };
    assert!(deleted(&files) > 0);
    assert!(log.retention(NOW + 50).unwrap().files_removed > 0);
    assert_eq!(deleted(&files), 0);
    let keep = log.view().segments().last().unwrap().size() + 1_000;
    log.update_config(Arc::new(LogSettings {
        retention_bytes: keep as i64,
        retention_ms: -1,
        ..settings.clone()
    }));
    log.retention(NOW).unwrap();
    assert!(log.size() >= keep && log.size() < keep + 1_000);
    log.update_config(Arc::new(settings));
    log.set_high_watermark(119);
    log.retention(NOW + 100_000).unwrap();
    assert!(log.view().segments().iter().any(|segment| segment.size() > 0));
    log.set_high_watermark(120);
    log.retention(NOW + 100_000).unwrap();
    assert_eq!((log.log_start_offset(), log.log_end_offset(), log.size()), (120, 120, 0));
    append(&mut log, batch(1, 1, NOW)).unwrap();
    assert_eq!(offsets(&log, 120), [(120, 120)]);
}

#[test]
fn waiters_wake_for_what_they_wait_for() {
    let files = memory();
    let mut log = open(&files, LogSettings::default());
    let seen = Arc::new(parking_lot::Mutex::new(Vec::new()));
    let wake = |name: &'static str| {
        let seen = seen.clone();
        Wake::Call(Box::new(move |offset| {
            seen.lock().push((name, offset));
            true
        }))
    };
    let view = log.view().clone();
    let _end = view.waiters().park(Watch::LogEnd, 0, wake("end"));
    let _committed = view.waiters().park(Watch::HighWatermark, 0, wake("committed"));
    let _stable = view.waiters().park(Watch::LastStable, 0, wake("stable"));
    append(&mut log, producer_batch(1, 0, 0, 1, true)).unwrap();
    assert_eq!(*seen.lock(), [("end", 1), ("committed", 1)]);
    append_as(&mut log, marker_batch(1, 0, ControlType::Commit, 0), Origin::Coordinator).unwrap();
    assert_eq!(seen.lock().last(), Some(&("stable", 2)));
    let _leader = view.waiters().park(Watch::LogEnd, 99, wake("leader"));
    view.set_leader(true, 4);
    assert_eq!(seen.lock().last(), Some(&("leader", -1)));
}

#[test]
fn a_log_is_blank_until_something_would_be_lost_with_it() {
    let files = memory();
    let mut log = open(&files, LogSettings::default());
    assert!(log.is_blank());
    let beginning = Beginning {
        producer_id: 7,
        producer_epoch: 0,
        base_sequence: 0,
        supports_epoch_bump: true,
    };
    // A batch that waits for its coordinator comes back with this guard.
    assert!(log.verify(&beginning, NOW).unwrap().is_some());
    assert!(!log.is_blank());
    let mut log = open(&files, LogSettings::default());
    assert!(log.is_blank());
    append(&mut log, batch(1, 1, NOW)).unwrap();
    assert!(!log.is_blank());
}

#[test]
fn producers_are_told_before_consumers_are_woken() {
    let files = memory();
    let mut log = open(&files, LogSettings::default());
    let mut appends = pending([batch(1, 1, NOW)], Origin::Client);
    log.append_as_leader(&mut appends, 1, NOW).unwrap();
    let order = Arc::new(parking_lot::Mutex::new(Vec::new()));
    let woken = order.clone();
    let wake = Wake::Call(Box::new(move |offset| {
        woken.lock().push(("woken", offset));
        true
    }));
    let view = log.view().clone();
    let _guard = view.waiters().park(Watch::HighWatermark, 0, wake);
    log.advance(1, || order.lock().push(("told", view.high_watermark())));
    assert_eq!(*order.lock(), [("told", 1), ("woken", 1)]);
}

#[test]
fn followers_append_what_leaders_sent() {
    let files = memory();
    let mut leader = open(&files, small());
    for n in 0..30 {
        append(&mut leader, batch(3, 30, NOW + n)).unwrap();
    }
    let other = memory();
    let mut follower = open(&other, LogSettings { segment_bytes: 700, ..small() });
    while follower.log_end_offset() < 90 {
        let sent = leader
            .view()
            .read(follower.log_end_offset(), 1_500, true, 90)
            .unwrap()
            .to_vec()
            .unwrap();
        follower.append_as_follower(&sent.into(), -1, NOW).unwrap().unwrap();
    }
    assert_eq!(offsets(&follower, 0), offsets(&leader, 0));
    assert_eq!(follower.view().epochs(), leader.view().epochs());
    let again = leader.view().read(60, 1_500, true, 90).unwrap().to_vec().unwrap();
    assert_eq!(
        code(follower.append_as_follower(&again.into(), -1, NOW)),
        ErrorCode::OffsetOutOfRange
    );
    let gap = BatchBuilder::new().base_offset(1 << 40).partition_leader_epoch(9);
    let gap = {
        let mut gap = gap;
        gap.append(NOW, None, None);
        gap.build()
    };
    assert_eq!(follower.append_as_follower(&gap, 8, NOW).unwrap(), None);
    follower.append_as_follower(&gap, 9, NOW).unwrap().unwrap();
    assert_eq!(
        (follower.log_end_offset(), follower.view().segments().last().unwrap().base_offset()),
        ((1 << 40) + 1, 1 << 40)
    );
    let mut bad = gap.to_vec();
    bad[62] ^= 1;
    assert_eq!(code(follower.append_as_follower(&bad.into(), 9, NOW)), ErrorCode::CorruptMessage);
    assert_eq!(offsets(&follower, 87), [(87, 89), (1 << 40, 1 << 40)]);
}

#[test]
fn a_directory_belongs_to_one_topic() {
    let files = memory();
    let mut log = open(&files, LogSettings::default());
    log.assign_topic_id(crate::types::Uuid::ONE).unwrap();
    log.assign_topic_id(crate::types::Uuid::ONE).unwrap();
    assert_eq!(
        code(log.assign_topic_id(crate::types::Uuid::from_bytes([7; 16]))),
        ErrorCode::InconsistentTopicId
    );
    append(&mut log, batch(1, 1, NOW)).unwrap();
    let path = log.rename_for_delete(crate::types::Uuid::from_bytes([0xab; 16])).unwrap();
    assert_eq!(path, Path::new("/logs/t-0.abababababababababababababababab-delete"));
    assert_eq!(offsets(&log, 0), [(0, 0)]);
    files.remove_dir(&path).unwrap();
}

#[test]
fn damaged_indexes_cost_time_only() {
    let files = memory();
    let mut log = open(&files, LogSettings { index_interval_bytes: 100, ..LogSettings::default() });
    for n in 0..100 {
        append(&mut log, batch(3, 30, NOW + n * 10)).unwrap();
    }
    log.close(NOW).unwrap();
    let index = dir().join("00000000000000000000.index");
    let bits = files.len(&index).unwrap() * 8;
    assert!(bits > 1_000);
    for bit in (0..bits).step_by(13) {
        let files = files.after_kill();
        files.flip_bit(&index, bit).unwrap();
        let options = OpenOptions { clean_shutdown: true, now: NOW, ..OpenOptions::default() };
        let log = open_with(&files, LogSettings::default(), &options);
        assert_eq!(log.log_end_offset(), 300);
        for offset in [0, 1, 150, 299] {
            assert_eq!(offsets(&log, offset)[0].0, offset / 3 * 3, "bit {bit}");
        }
    }
    for name in
        ["00000000000000000000.index", "00000000000000000000.timeindex", names::LEADER_EPOCHS]
    {
        let files = files.after_kill();
        files.remove(&dir().join(name)).unwrap();
        let options = OpenOptions { clean_shutdown: true, now: NOW, ..OpenOptions::default() };
        let log = open_with(&files, LogSettings::default(), &options);
        assert_eq!(
            log.view().offset_for_timestamp(NOW + 500).unwrap().unwrap().offset,
            150,
            "{name}"
        );
    }
}

#[test]
fn logs_can_be_sent_to_threads() {
    fn sendable<T: Send>() {}
    fn shareable<T: Send + Sync>() {}
    sendable::<Log>();
    shareable::<super::super::view::PartitionView>();
    shareable::<super::super::flush::FlushTask>();
}

#[test]
fn the_time_of_the_append_is_stamped_when_it_is_appended() {
    let files = memory();
    let mut log = open(&files, LogSettings { log_append_time: true, ..LogSettings::default() });
    for size in [10, 5_000] {
        let appended = append(&mut log, batch(2, size, NOW - 100_000)).unwrap();
        assert_eq!(appended.append_time, NOW);
    }
    let bytes = log.view().read(0, usize::MAX, true, Offset::MAX).unwrap().to_vec().unwrap();
    let batches: Vec<_> = split(&bytes).map(Result::unwrap).collect();
    assert_eq!(batches.len(), 2);
    for batch in batches {
        batch.check_crc().unwrap();
        assert_eq!(batch.header().timestamp_type(), TimestampType::LogAppendTime);
        assert_eq!(batch.header().max_timestamp, NOW);
    }
}
