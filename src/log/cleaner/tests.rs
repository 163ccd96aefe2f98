//! Compaction beside a model: random keys, tombstones, transactions and codecs; a process killed or power lost in every
//! change that is made to the files; disks that fail. What a consumer in `read_committed` sees must always end with the
//! last value of each key, in order, and nothing that was deleted.

use std::collections::{BTreeMap, HashMap, HashSet};

use bytes::Bytes;

use super::super::files::Files;
use super::super::files::memory::MemoryFiles;
use super::super::producers::Origin;
use super::super::settings::LogSettings;
use super::super::tests::{EPOCH, NOW, break_something, dir, marker_batch, memory, open_with};
use super::super::{Log, OpenOptions};
use super::*;
use crate::log::append::PendingAppend;
use crate::random::Random;
use crate::types::{Millis, Offset};
use crate::wire::compression::Codec;
use crate::wire::records::{BatchBuilder, ControlType, split};

type Key = Vec<u8>;

fn settings() -> LogSettings {
    LogSettings {
        segment_bytes: 900,
        index_interval_bytes: 100,
        compact: true,
        delete: false,
        delete_retention_ms: 1_000,
        file_delete_delay_ms: 0,
        ..LogSettings::default()
    }
}

/// A record of data as it was appended.
#[derive(Clone, Debug, PartialEq)]
struct Written {
    key: Key,
    value: Option<Vec<u8>>,
}

/// What was ever appended, and what of it counts.
#[derive(Clone, Default)]
struct Model {
    written: BTreeMap<Offset, Written>,
    committed: BTreeMap<Offset, Written>,
    open: HashMap<i64, Vec<Offset>>,
    sequences: HashMap<i64, i32>,
    unique: u64,
}

fn append(log: &mut Log, records: Bytes, origin: Origin, now: Millis) -> Offset {
    let mut appends = [PendingAppend::new(records, origin)];
    log.append_as_leader(&mut appends, EPOCH, now).unwrap();
    log.set_high_watermark(log.log_end_offset());
    appends[0].result.take().unwrap().unwrap().base_offset
}

impl Model {
    /// Appends a batch: of nobody, of an idempotent producer (1, 2), in a transaction (3 to 5).
    fn append(&mut self, log: &mut Log, random: &mut Random, now: Millis) {
        let producer = random.below(6) as i64;
        let codec = *random.one(&Codec::ALL);
        let mut builder = BatchBuilder::new().compression(codec).transactional(producer >= 3);
        let count = 1 + random.below(4) as i32;
        if producer > 0 {
            let sequence = self.sequences.entry(producer).or_default();
            builder = builder.producer(producer, 0, *sequence);
            *sequence += count;
        }
        let mut records = Vec::new();
        for n in 0..count {
            self.unique += 1;
            let key = format!("k{}", random.below(12)).into_bytes();
            let value = (random.below(5) > 0).then(|| self.unique.to_string().into_bytes());
            builder.append(now + i64::from(n), Some(&key), value.as_deref());
            records.push(Written { key, value });
        }
        let base = append(log, builder.build(), Origin::Client, now);
        for (offset, record) in (base..).zip(records) {
            if producer >= 3 {
                self.open.entry(producer).or_default().push(offset);
            } else {
                self.committed.insert(offset, record.clone());
            }
            self.written.insert(offset, record);
        }
    }

    fn end_transaction(&mut self, log: &mut Log, random: &mut Random, now: Millis) {
        let producer = 3 + random.below(3) as i64;
        let Some(offsets) = self.open.remove(&producer) else { return };
        let commits = random.below(2) == 0;
        let kind = if commits { ControlType::Commit } else { ControlType::Abort };
        append(log, marker_batch(producer, 0, kind, 1), Origin::Coordinator, now);
        if commits {
            self.committed.extend(offsets.into_iter().map(|at| (at, self.written[&at].clone())));
        }
    }

    /// The last value of each key below `end`, tombstones included.
    fn latest(&self, end: Offset) -> HashMap<Key, (Offset, Option<Vec<u8>>)> {
        let below = self.committed.range(..end);
        below.map(|(at, one)| (one.key.clone(), (*at, one.value.clone()))).collect()
    }

    /// What must hold of any log that was made from this.
    fn check(&self, log: &Log, what: &str) -> Vec<(Offset, Written)> {
        let found = consume(log, what);
        assert!(found.windows(2).all(|pair| pair[0].0 < pair[1].0), "{what}: out of order");
        let stable = log.view().last_stable_offset();
        let mut seen = HashMap::new();
        for (at, record) in &found {
            assert_eq!(
                self.committed.get(at),
                Some(record),
                "{what}: at {at}, stable to {stable}, open {:?}, aborted {:?}",
                self.open,
                log.view().aborted_transactions(0, stable)
            );
            seen.insert(record.key.clone(), (*at, record.value.clone()));
        }
        for (key, (at, value)) in self.latest(stable) {
            match (seen.remove(&key), value) {
                (None, None) => {}
                (found, value) => assert_eq!(found, Some((at, value)), "{what}: {key:?}"),
            }
        }
        assert!(seen.is_empty(), "{what}: {seen:?}");
        found
    }
}

/// What a consumer in `read_committed` is given of all that is stable.
fn consume(log: &Log, what: &str) -> Vec<(Offset, Written)> {
    let view = log.view();
    let (mut next, end) = (log.log_start_offset(), view.last_stable_offset());
    let mut found = Vec::new();
    while next < end {
        let data = view.read(next, 700, true, end).unwrap_or_else(|e| panic!("{what}: {e}"));
        let mut aborted = view.aborted_transactions(next, data.next_offset).unwrap();
        aborted.sort_by_key(|txn| txn.first_offset);
        let (mut ahead, mut active) = (aborted.into_iter().peekable(), HashSet::new());
        for batch in split(&data.to_vec().unwrap()) {
            let batch = batch.unwrap();
            batch.check_crc().unwrap();
            let header = batch.header();
            while let Some(txn) = ahead.next_if(|txn| txn.first_offset <= header.last_offset()) {
                active.insert(txn.producer_id);
            }
            if header.is_control() {
                if records::control_type(&batch).unwrap() == Some(ControlType::Abort) {
                    active.remove(&header.producer_id);
                }
                continue;
            }
            if header.is_transactional() && active.contains(&header.producer_id) {
                continue;
            }
            for record in batch.payload(usize::MAX).unwrap().records() {
                let record = record.unwrap();
                let value = record.value.map(<[u8]>::to_vec);
                found.push((record.offset, Written { key: record.key.unwrap().to_vec(), value }));
            }
        }
        assert!(data.next_offset > next, "{what}: {next} again");
        next = data.next_offset;
    }
    found
}

const LIMITS: Limits = Limits { map_bytes: 24 * 64, load_factor: 0.9 };

/// Compacts what may be compacted; where the compaction ended.
fn clean(log: &mut Log, from: Offset, now: Millis) -> Result<Option<Offset>, Error> {
    let candidate = candidate(log.view(), log.settings(), Some(from), now)?;
    if candidate.cleanable_bytes == 0 {
        return Ok(None);
    }
    let basis = log.prepare_cleaning()?;
    let pace = &mut |_| true;
    let mut work = Work::begin(basis, &candidate, LIMITS, now, pace)?;
    while let Some(replacement) = work.next(pace)? {
        assert!(log.begin_replacing(&replacement)?);
        if let Err(error) = replacement.sync_names() {
            log.abandon_replacing(&replacement);
            return Err(error);
        }
        assert!(log.finish_replacing(&replacement, now)?);
        replacement.sync_names()?;
    }
    Ok(Some(work.end()))
}

/// A log as a new process finds it. What was written counts, whatever was checkpointed.
fn reopen(files: &MemoryFiles, synced: Offset) -> Log {
    let options = OpenOptions { recovery_point: synced, now: NOW, ..OpenOptions::default() };
    let mut log = open_with(files, settings(), &options);
    log.set_high_watermark(log.log_end_offset());
    log
}

fn sync(log: &mut Log) {
    if let Some(task) = log.prepare_flush(log.log_end_offset()).unwrap() {
        task.run().unwrap();
        log.flushed(&task, NOW);
    }
}

/// Each key at most once in what was compacted, unless there were too many for the map.
fn check_compacted(found: &[(Offset, Written)], end: Offset, what: &str) {
    let mut keys = HashSet::new();
    for (at, record) in found.iter().filter(|(at, _)| *at < end) {
        assert!(keys.insert(&record.key), "{what}: {:?} twice, at {at}", record.key);
    }
}

fn check_producers(log: &Log, model: &Model, what: &str) {
    for (id, next) in &model.sequences {
        let known = log.producers().get(*id).map(|entry| entry.last_sequence());
        assert_eq!(known, Some(next - 1), "{what}: producer {id}");
    }
}

/// Runs a script; the numbers of compactions, of deaths and of errors that it met.
fn run(seed: u64, steps: usize, fails: bool) -> [usize; 3] {
    let files = memory();
    let mut random = Random::new(seed);
    let mut model = Model::default();
    let mut log = reopen(&files, 0);
    let (mut cleaned, mut now, mut counts) = (0, NOW, [0; 3]);
    for step in 0..steps {
        let what = format!("seed {seed}, step {step}");
        now += random.below(200) as Millis;
        files.set_now(now);
        match random.below(12) {
            0..7 => model.append(&mut log, &mut random, now),
            7..10 => model.end_transaction(&mut log, &mut random, now),
            10 => log.roll(None, now).unwrap(),
            _ => {
                log.retention(now).unwrap();
                sync(&mut log);
                if fails && random.below(2) == 0 {
                    break_something(&files, &mut random);
                } else if !fails {
                    files.keep_deaths();
                }
                let done = clean(&mut log, cleaned, now);
                files.forget_failures();
                files.set_capacity(None);
                let synced = log.recovery_point();
                for (at, death) in files.take_deaths().into_iter().enumerate() {
                    counts[1] += 1;
                    let what = format!("{what}, killed at {at}");
                    check_again(&death.after_kill(), &model, synced, &what);
                    let lost = death.after_power_loss(seed + at as u64);
                    check_again(&lost, &model, synced, &what);
                }
                match done {
                    Ok(Some(end)) => {
                        cleaned = end;
                        counts[0] += 1;
                        check_compacted(&model.check(&log, &what), end, &what);
                    }
                    Ok(None) => {}
                    Err(_) => {
                        counts[2] += 1;
                        if log.is_failed() {
                            log = reopen(&files, synced);
                        }
                    }
                }
                model.check(&log, &what);
                check_producers(&log, &model, &what);
            }
        }
    }
    let log = reopen(&files, 0);
    model.check(&log, "at the end");
    check_producers(&log, &model, "at the end");
    counts
}

fn check_again(files: &MemoryFiles, model: &Model, synced: Offset, what: &str) {
    let log = reopen(files, synced);
    model.check(&log, what);
    check_producers(&log, model, what);
    let names = files.list(dir()).unwrap();
    let left = |name: &str| name.ends_with(".swap") || name.ends_with(".cleaned");
    assert!(!names.iter().any(|entry| left(&entry.name)), "{what}: {names:?}");
}

#[test]
fn the_last_value_of_each_key_stays_whatever_dies() {
    let mut all = [0; 3];
    for seed in 1..=3 {
        let counts = run(seed, 150, false);
        all.iter_mut().zip(counts).for_each(|(sum, one)| *sum += one);
    }
    assert!(all[0] > 10 && all[1] > 300, "{all:?}");
}

#[test]
fn the_last_value_of_each_key_stays_whatever_fails() {
    let mut all = [0; 3];
    for seed in 10..=20 {
        let counts = run(seed, 200, true);
        all.iter_mut().zip(counts).for_each(|(sum, one)| *sum += one);
    }
    assert!(all[0] > 10 && all[2] > 30, "{all:?}");
}

#[test]
#[ignore = "takes minutes"]
fn the_last_value_of_each_key_stays_in_many_scripts() {
    let mut all = [0; 3];
    for seed in 100..200 {
        for counts in [run(seed, 400, false), run(seed, 400, true)] {
            all.iter_mut().zip(counts).for_each(|(sum, one)| *sum += one);
        }
    }
    println!("{all:?}");
}
