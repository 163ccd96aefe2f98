//! A process killed at every write of a script, or a power loss there, and what the next one finds.
//!
//! After a kill, everything that was answered is there. After a power loss, everything that was synced is. Either way
//! what is there was once written there, in order, whole; the producers are those of what is there; and the log goes
//! on.

use std::collections::HashSet;

use super::*;

/// A batch as it was appended: first and last offset, and the crc, which no other batch has.
type Written = (Offset, Offset, u32);

struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// What a log should hold.
#[derive(Default)]
struct Model {
    batches: Vec<Written>,
    /// What the step that fails would have added.
    pending: Vec<Written>,
    ever: HashSet<Written>,
    start: Offset,
    end: Offset,
    /// All below this is synced.
    synced: Offset,
    /// The step that fails cuts here.
    cutting: Option<Offset>,
    /// The step that fails may have let the log start here.
    starting: Offset,
    epoch: i32,
    sequence: [i32; 3],
    unique: u64,
}

impl Model {
    fn next_batch(&mut self, random: &mut Random) -> Bytes {
        self.unique += 1;
        let producer = random.below(4) as usize;
        let count = 1 + random.below(3) as i32;
        let mut builder = BatchBuilder::new();
        if let Some(sequence) = self.sequence.get_mut(producer) {
            builder = builder.producer(producer as i64, 0, *sequence);
            *sequence += count;
        }
        for _ in 0..count {
            let value = format!("{:0width$}", self.unique, width = random.below(200) as usize);
            builder.append(NOW + random.below(1_000) as i64, None, Some(value.as_bytes()));
        }
        builder.build()
    }

    fn append(&mut self, log: &mut Log, random: &mut Random) -> Result<(), Error> {
        let records: Vec<_> = (0..1 + random.below(4)).map(|_| self.next_batch(random)).collect();
        let mut next = self.end;
        for header in
            records.iter().map(|records| *split(records).next().unwrap().unwrap().header())
        {
            let last = next + i64::from(header.last_offset_delta);
            self.pending.push((next, last, header.crc));
            next = last + 1;
        }
        self.ever.extend(&self.pending);
        let mut appends: Vec<_> = records
            .into_iter()
            .map(|records| PendingAppend::new(records, Origin::Client))
            .collect();
        log.append_as_leader(&mut appends, self.epoch, NOW)?;
        assert!(appends.iter().all(|append| append.result.as_ref().unwrap().is_ok()));
        self.batches.append(&mut self.pending);
        self.end = next;
        log.set_high_watermark(next);
        Ok(())
    }

    fn truncate(&mut self, log: &mut Log, random: &mut Random) -> Result<(), Error> {
        let lowest = self.start.max(self.synced);
        let candidates: Vec<_> =
            self.batches.iter().map(|batch| batch.0).filter(|base| *base >= lowest).collect();
        if candidates.is_empty() {
            return Ok(());
        }
        let at = candidates[random.below(candidates.len() as u64) as usize];
        self.cutting = Some(at);
        log.truncate_to(at, NOW)?;
        self.cutting = None;
        self.batches.retain(|batch| batch.0 < at);
        (self.end, self.epoch) = (at, self.epoch + 1);
        // Producers begin anew, since what they sent last may be gone.
        self.sequence = [0; 3];
        for id in 0..3 {
            let known = log.producers().get(id).map_or(-1, |entry| entry.last_sequence());
            self.sequence[id as usize] = known + 1;
        }
        Ok(())
    }

    fn delete(&mut self, log: &mut Log, random: &mut Random) -> Result<(), Error> {
        let to = self.start + random.below((self.end - self.start) as u64 / 4 + 1) as i64;
        self.starting = self.end;
        log.delete_records(to)?;
        log.retention(NOW + random.below(2) as i64 * 100_000_000)?;
        self.start = log.log_start_offset();
        Ok(())
    }

    fn step(&mut self, log: &mut Log, random: &mut Random) -> Result<(), Error> {
        self.starting = self.start;
        match random.below(20) {
            0..12 => self.append(log, random),
            12..15 => {
                log.flush(self.end, NOW)?;
                self.synced = self.end;
                Ok(())
            }
            15 => log.roll(None, NOW),
            16 => self.truncate(log, random),
            17 => {
                log.close(NOW)?;
                self.synced = self.end;
                Ok(())
            }
            18 => self.delete(log, random),
            _ => {
                self.epoch += 1;
                Ok(())
            }
        }
    }
}

fn settings() -> LogSettings {
    LogSettings {
        segment_bytes: 1_200,
        index_interval_bytes: 150,
        retention_ms: 50_000_000,
        ..LogSettings::default()
    }
}

/// Runs a script until it fails or ends, and says whether it failed.
fn run(files: &MemoryFiles, seed: u64, model: &mut Model) -> bool {
    let mut random = Random(seed);
    let Ok(mut log) = Log::open(
        Arc::new(files.clone()),
        dir(),
        TopicPartition::new("t", 0),
        Arc::new(settings()),
        &OpenOptions { now: NOW, ..OpenOptions::default() },
    ) else {
        return true;
    };
    (0..40).any(|_| model.step(&mut log, &mut random).is_err())
}

fn read_all(log: &Log, what: &str) -> Vec<Written> {
    let mut written = Vec::new();
    let mut next = log.log_start_offset();
    while next < log.log_end_offset() {
        let data = log.view().read(next, 500, true, Offset::MAX);
        let data = data.unwrap_or_else(|error| panic!("{what}: {error}"));
        let bytes = data.to_vec().unwrap();
        for batch in split(&bytes) {
            let batch = batch.unwrap();
            batch.check_crc().unwrap();
            let header = batch.header();
            written.push((header.base_offset, header.last_offset(), header.crc));
        }
        assert!(data.next_offset > next || data.is_empty());
        next = data.next_offset;
    }
    written
}

/// What must hold of a log found after a crash, whatever it was.
fn check_found(files: &MemoryFiles, model: &Model, power_lost: bool, what: &str) {
    let options = OpenOptions {
        recovery_point: model.synced.min(model.cutting.unwrap_or(i64::MAX)),
        log_start_offset: model.start,
        now: NOW,
        ..OpenOptions::default()
    };
    let mut log = open_with(files, settings(), &options);
    let found = read_all(&log, what);
    assert!(found.iter().all(|batch| model.ever.contains(batch)), "{what}: unknown batches");
    assert!(found.windows(2).all(|pair| pair[0].1 < pair[1].0), "{what}: out of order");
    let start = log.log_start_offset();
    assert!(
        start >= model.start && start <= model.starting.max(model.start),
        "{what}: starts at {start}"
    );
    let promised = if power_lost { model.synced } else { model.end };
    let must_end = promised.min(model.cutting.unwrap_or(i64::MAX));
    let expected: Vec<_> =
        model.batches.iter().filter(|batch| batch.1 >= start && batch.1 < must_end).collect();
    for batch in expected {
        assert!(found.contains(batch), "{what}: {batch:?} of {must_end} is lost: {found:?}");
    }
    if !power_lost {
        let known =
            |batch: &Written| model.batches.contains(batch) || model.pending.contains(batch);
        assert!(found.iter().all(known), "{what}: batches from before a cut");
    }
    check_producers(&log, what);
    log.set_high_watermark(log.log_end_offset());
    let at = append(&mut log, batch(1, 300, NOW)).unwrap().base_offset;
    assert_eq!(read_all(&log, what).last().unwrap().0, at, "{what}");
    log.close(NOW).unwrap();
    let clean = OpenOptions {
        clean_shutdown: true,
        log_start_offset: start,
        now: NOW,
        ..OpenOptions::default()
    };
    let again = open_with(files, settings(), &clean);
    assert_eq!(read_all(&again, what).len(), found.len() + 1, "{what}");
}

/// The producers are those of the batches that are there. Those whose batches are all gone may be known still.
fn check_producers(log: &Log, what: &str) {
    let mut next = log.log_start_offset();
    let mut last = std::collections::HashMap::new();
    while next < log.log_end_offset() {
        let data = log.view().read(next, usize::MAX, true, Offset::MAX).unwrap();
        let bytes = data.to_vec().unwrap();
        for header in split(&bytes)
            .map(|batch| *batch.unwrap().header())
            .filter(|header| header.has_producer_id())
        {
            last.insert(header.producer_id, header.last_sequence());
        }
        next = data.next_offset;
    }
    for (id, sequence) in last {
        assert_eq!(
            log.producers().get(id).map(|entry| entry.last_sequence()),
            Some(sequence),
            "{what}: producer {id}"
        );
    }
}

#[test]
fn every_crash_is_recovered_from() {
    let seeds =
        std::env::var("VLTAVA_CRASH_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(2);
    for seed in 1..=seeds {
        let whole = memory();
        assert!(!run(&whole, seed, &mut Model::default()), "seed {seed} fails without a crash");
        for at in 0..whole.changes() {
            let (files, mut model) = (memory(), Model::default());
            files.crash_at(at);
            if !run(&files, seed, &mut model) {
                continue;
            }
            check_found(
                &files.after_kill(),
                &model,
                false,
                &format!("seed {seed}, killed at {at}"),
            );
            for loss in 0..2 {
                let what = format!("seed {seed}, power lost at {at}, {loss}");
                check_found(
                    &files.after_power_loss(seed * 1_000 + at * 10 + loss),
                    &model,
                    true,
                    &what,
                );
            }
        }
    }
}
