//! What a disk has changed is not served: every bit of a log's files of records, flipped.

use super::*;
use crate::log::names;

const BATCHES: i64 = 12;

/// Batches by their base offsets.
type Batches = Vec<(Offset, Vec<u8>)>;

/// A log of several segments, closed in good order: its files and the batches in them, by their base offsets.
fn closed() -> (MemoryFiles, Batches) {
    let files = memory();
    let mut log = open(&files, LogSettings { segment_bytes: 500, ..small() });
    for n in 0..BATCHES {
        append(&mut log, batch(2, 20 + n as usize, NOW + n)).unwrap();
    }
    log.close(NOW).unwrap();
    let batches = served(&log).expect("sound");
    assert_eq!(batches.len() as i64, BATCHES);
    (files, batches)
}

fn reopened(files: &MemoryFiles) -> Log {
    let options = OpenOptions { clean_shutdown: true, now: NOW, ..OpenOptions::default() };
    let mut log = open_with(files, LogSettings { segment_bytes: 500, ..small() }, &options);
    log.set_high_watermark(log.log_end_offset());
    log
}

/// All that is served from the log's start on, batch by batch, until there is an error.
fn served(log: &Log) -> Result<Batches, (Batches, Error)> {
    let mut all = Vec::new();
    let mut next = log.log_start_offset();
    while next < log.log_end_offset() {
        let data = match log.view().read(next, 300, true, Offset::MAX) {
            Ok(data) => data,
            Err(error) => return Err((all, error)),
        };
        assert!(data.next_offset > next, "no progress at {next}");
        let bytes = data.to_vec().unwrap();
        for batch in split(&bytes) {
            let batch = batch.unwrap();
            all.push((batch.header().base_offset, batch.bytes().to_vec()));
        }
        next = data.next_offset;
    }
    Ok(all)
}

#[test]
fn what_was_found_is_checked_once_and_what_was_appended_never() {
    let (files, batches) = closed();
    let mut log = reopened(&files);
    assert!(log.view().is_cold(0) && log.view().is_cold(BATCHES * 2 - 1));
    assert!(!log.view().is_cold(BATCHES * 2));
    assert_eq!(served(&log).expect("sound"), batches);
    assert!(!log.view().is_cold(0) && !log.view().is_cold(BATCHES * 2 - 1));
    let at = append(&mut log, batch(2, 20, NOW)).unwrap().base_offset;
    assert!(!log.view().is_cold(at));
    // What is damaged after it was checked is the memory's fault, not the disk's: it is not looked for again.
    files.flip_bit(&dir().join(names::file(0, names::LOG)), 8 * 70).unwrap();
    assert_eq!(served(&log).expect("not checked again").len(), batches.len() + 1);
}

#[test]
fn nothing_that_was_flipped_is_served_and_the_rest_is() {
    let (files, batches) = closed();
    for (index, (base, bytes)) in batches.iter().enumerate() {
        let log = reopened(&files);
        let segments = log.view().segments();
        let at = segments.partition_point(|segment| segment.base_offset() <= *base) - 1;
        let segment = segments[at].clone();
        let position = segment.locate(*base, segment.size()).unwrap().unwrap().position;
        let path = segment.path(names::LOG);
        drop(log);
        // Past the base offset and the leader epoch every bit is in the crc, or is the crc, the length or the magic.
        for byte in (8..bytes.len() as u64).filter(|byte| !(12..16).contains(byte)) {
            let bit = (position + byte) * 8 + byte % 8;
            let broken = files.after_kill();
            broken.flip_bit(&path, bit).unwrap();
            let log = reopened(&broken);
            if log.log_end_offset() < BATCHES * 2 {
                // The last segment was looked at more closely, and cut.
                assert!(served(&log).expect("sound").iter().all(|batch| batches.contains(batch)));
                continue;
            }
            let (before, error) = served(&log).expect_err("damage is told of");
            assert_eq!(before.as_slice(), &batches[..index], "byte {byte} of batch {index}");
            let text = error.to_string();
            assert_eq!(error.code(), ErrorCode::CorruptMessage, "{text}");
            assert!(text.contains(path.to_str().unwrap()), "{text}");
            assert!(text.contains(&format!("at byte {position}:")), "{text}");
        }
    }
}

#[test]
fn who_begins_behind_the_damage_is_served() {
    let (files, batches) = closed();
    let path = dir().join(names::file(0, names::LOG));
    files.flip_bit(&path, 8 * 70).unwrap();
    let mut log = reopened(&files);
    assert_eq!(served(&log).expect_err("damage").0, []);
    let from = log.view().read(2, usize::MAX, true, Offset::MAX).unwrap().to_vec().unwrap();
    let rest: Vec<u8> = batches[1..].iter().flat_map(|batch| batch.1.clone()).collect();
    assert_eq!(from, rest);
    // As the error says.
    log.delete_records(2).unwrap();
    assert_eq!(served(&log).expect("sound"), batches[1..]);
}

#[test]
fn offsets_that_do_not_go_on_are_damage_too() {
    let (files, batches) = closed();
    for bit in 0..64 {
        let broken = files.after_kill();
        // The second batch's base offset.
        let position = batches[0].1.len() as u64;
        broken.flip_bit(&dir().join(names::file(0, names::LOG)), position * 8 + bit).unwrap();
        let log = reopened(&broken);
        let (before, error) = served(&log).expect_err("damage is told of");
        assert!(before.len() <= 1 && before.iter().all(|batch| batches.contains(batch)), "{bit}");
        assert_eq!(error.code(), ErrorCode::CorruptMessage, "{error}");
    }
}
