//! What a log should hold, beside the log: a script of random steps, and what must hold of it after a death.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use super::super::cache::Limits;
use super::super::checkpoint;
use super::super::manager::LogManager;
use super::super::view::PartitionView;
use super::*;
use crate::random::Random;

/// A batch as it was appended: first and last offset, and the crc, which no other batch has.
pub(super) type Written = (Offset, Offset, u32);

/// What a log should hold, and what the step under way may change of that.
#[derive(Clone, Default)]
pub(super) struct Model {
    pub(super) batches: Vec<Written>,
    /// What the step adds.
    pub(super) pending: Vec<Written>,
    pub(super) start: Offset,
    pub(super) end: Offset,
    /// All below this is on the disk.
    pub(super) synced: Offset,
    /// Where the log starts by what is on the disk.
    pub(super) start_synced: Offset,
    /// The step cuts here.
    cutting: Option<Offset>,
    /// The step may let the log start here.
    starting: Offset,
    epoch: i32,
    sequence: [i32; 3],
    /// Of the producers of transactions.
    in_transaction: [i32; 2],
    unique: u64,
}

/// All batches that were ever appended.
pub(super) type Ever = HashSet<Written>;

pub(super) fn settings() -> LogSettings {
    LogSettings {
        segment_bytes: 1_200,
        index_interval_bytes: 150,
        retention_ms: 50_000_000,
        retention_bytes: 9_000,
        file_delete_delay_ms: 0,
        ..LogSettings::default()
    }
}

/// A process: the directory that it holds, and the log.
pub(super) struct Process {
    pub(super) manager: LogManager,
    pub(super) log: Log,
}

fn at() -> TopicPartition {
    TopicPartition::new("t", 0)
}

impl Process {
    pub(super) fn start(files: &MemoryFiles) -> Result<Self, Error> {
        let paths = [PathBuf::from("/logs")];
        let manager = LogManager::open(Arc::new(files.clone()), &paths, Limits::default())?;
        let log = open_log(&manager)?;
        Ok(Self { manager, log })
    }

    /// Writes the checkpoints, and gives where the log starts by what is on the disk then: that of an earlier
    /// checkpoint if the disk is full, which is no error.
    pub(super) fn checkpoint(&self, files: &MemoryFiles) -> Result<Offset, Error> {
        self.manager.note(0, &at(), self.log.offsets());
        self.manager.write_checkpoints();
        if self.manager.dirs()[0].is_offline() {
            return Err(Error::Io(std::io::Error::other("the checkpoint failed")));
        }
        let path = Path::new("/logs").join(checkpoint::LOG_START_OFFSETS);
        // A copy, which takes no failure away that waits for the script.
        let starts = checkpoint::read(&files.after_kill(), &path)?;
        let start = starts.get(&at()).copied().unwrap_or(0);
        let capacity = files.set_capacity(None);
        files.set_capacity(capacity);
        let is_written = start == self.log.log_start_offset();
        assert!(
            is_written || capacity.is_some(),
            "a checkpoint was not written, and there was room"
        );
        Ok(start)
    }
}

fn open_log(manager: &LogManager) -> Result<Log, Error> {
    let view = PartitionView::new(at());
    let mut log = manager.open_log(0, view, Arc::new(settings()), Owner::default(), NOW)?;
    log.set_high_watermark(log.log_end_offset());
    Ok(log)
}

/// The first of the producers of transactions.
const TRANSACTIONAL: i64 = 5;

impl Model {
    /// A batch of a transaction, or the marker of one.
    fn next_of_transaction(&mut self, random: &mut Random) -> (Bytes, Origin) {
        let timestamp = NOW + self.unique as i64;
        let at = random.below(2);
        let id = TRANSACTIONAL + at as i64;
        if random.below(3) == 0 {
            let kind = if random.below(2) == 0 { ControlType::Abort } else { ControlType::Commit };
            let mut marker =
                BatchBuilder::new().producer(id, 0, -1).transactional(true).control(true);
            let value = EndTxnMarker { coordinator_epoch: 0 }.encode();
            marker.append(timestamp, Some(&kind.key()), Some(&value));
            return (marker.build(), Origin::Coordinator);
        }
        let sequence = &mut self.in_transaction[at];
        let mut builder = BatchBuilder::new().producer(id, 0, *sequence).transactional(true);
        *sequence += 1;
        builder.append(timestamp, None, Some(self.unique.to_string().as_bytes()));
        (builder.build(), Origin::Client)
    }

    fn next_batch(&mut self, random: &mut Random) -> (Bytes, Origin) {
        self.unique += 1;
        if random.below(3) == 0 {
            return self.next_of_transaction(random);
        }
        let producer = random.below(4);
        let count = 1 + random.below(3) as i32;
        let mut builder = BatchBuilder::new();
        if let Some(sequence) = self.sequence.get_mut(producer) {
            builder = builder.producer(producer as i64, 0, *sequence);
            *sequence += count;
        }
        for _ in 0..count {
            let value = format!("{:0width$}", self.unique, width = random.below(200));
            builder.append(NOW + random.below(1_000) as i64, None, Some(value.as_bytes()));
        }
        (builder.build(), Origin::Client)
    }

    fn append(&mut self, log: &mut Log, random: &mut Random, ever: &mut Ever) -> Result<(), Error> {
        let records: Vec<_> = (0..1 + random.below(4)).map(|_| self.next_batch(random)).collect();
        let mut next = self.end;
        for header in
            records.iter().map(|(records, _)| *split(records).next().unwrap().unwrap().header())
        {
            let last = next + i64::from(header.last_offset_delta);
            self.pending.push((next, last, header.crc));
            next = last + 1;
        }
        ever.extend(&self.pending);
        let mut appends: Vec<_> = records
            .into_iter()
            .map(|(records, origin)| PendingAppend::new(records, origin))
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
        let bases = self.batches.iter().map(|batch| batch.0);
        let candidates: Vec<_> = bases.filter(|base| *base >= lowest).collect();
        if candidates.is_empty() {
            return Ok(());
        }
        let at = candidates[random.below(candidates.len())];
        self.cutting = Some(at);
        log.truncate_to(at, NOW)?;
        self.batches.retain(|batch| batch.0 < at);
        (self.end, self.epoch) = (at, self.epoch + 1);
        self.take_sequences(log);
        Ok(())
    }

    /// Producers go on from what the log knows of them: what they sent last may be gone.
    fn take_sequences(&mut self, log: &Log) {
        let next = |id| log.producers().get(id).map_or(-1, |entry| entry.last_sequence()) + 1;
        self.sequence = [0, 1, 2].map(next);
        self.in_transaction = [TRANSACTIONAL, TRANSACTIONAL + 1].map(next);
    }

    fn delete(&mut self, log: &mut Log, random: &mut Random) -> Result<(), Error> {
        let to = self.start + random.below((self.end - self.start) as usize / 4 + 1) as i64;
        self.starting = self.end;
        log.delete_records(to)?;
        self.start = log.log_start_offset();
        Ok(())
    }

    /// By size as a rule, and now and then all that is old, which is all.
    fn retain(&mut self, log: &mut Log, random: &mut Random) -> Result<(), Error> {
        self.starting = self.end;
        let much_later = i64::from(random.below(8) == 0);
        log.retention(NOW + much_later * 100_000_000)?;
        self.start = log.log_start_offset();
        Ok(())
    }

    fn flush(&mut self, log: &mut Log, sealed: bool) -> Result<(), Error> {
        let task = match sealed {
            true => log.prepare_flush_sealed()?,
            false => log.prepare_flush(log.log_end_offset())?,
        };
        if let Some(task) = task {
            let run = task.run();
            if run.is_err() {
                log.fail();
            }
            run?;
            log.flushed(&task, NOW);
        }
        self.synced = self.synced.max(log.recovery_point());
        Ok(())
    }

    /// Stops in good order, and starts again.
    fn restart(&mut self, process: &mut Process, files: &MemoryFiles) -> Result<(), Error> {
        process.log.close(NOW)?;
        self.synced = self.end;
        self.start_synced = process.checkpoint(files)?;
        if self.start_synced < self.start {
            return Err(Error::Io(std::io::ErrorKind::StorageFull.into()));
        }
        process.manager.closed(0, &at(), process.log.offsets());
        process.manager.clean_shutdown(1);
        *process = Process::start(files)?;
        assert_eq!(process.log.log_end_offset(), self.end);
        assert_eq!(process.log.log_start_offset(), self.start);
        self.take_sequences(&process.log);
        Ok(())
    }

    /// Runs one step, whose intentions stay to be seen until the next.
    pub(super) fn step(
        &mut self,
        process: &mut Process,
        files: &MemoryFiles,
        random: &mut Random,
        ever: &mut Ever,
    ) -> Result<(), Error> {
        let log = &mut process.log;
        match random.below(40) {
            0..22 => self.append(log, random, ever),
            22..26 => self.flush(log, false),
            26..29 => self.flush(log, true),
            29..31 => log.roll(None, NOW),
            31..33 => self.truncate(log, random),
            33 => self.delete(log, random),
            34 | 35 => self.retain(log, random),
            36 | 37 => {
                self.start_synced = process.checkpoint(files)?;
                Ok(())
            }
            38 if random.below(3) == 0 => self.restart(process, files),
            _ => {
                self.epoch += 1;
                Ok(())
            }
        }
    }

    /// Ends a step that went well.
    pub(super) fn settle(&mut self) {
        self.pending.clear();
        // Nobody asks for what the log has given up, and a long script is long.
        self.batches.retain(|batch| batch.1 >= self.start);
        self.cutting = None;
        self.starting = self.start;
    }

    /// The intentions of a step, over what was before it.
    pub(super) fn with_intentions_of(&self, step: &Self, appended: &[Written]) -> Self {
        Self {
            pending: appended.to_vec(),
            cutting: step.cutting,
            starting: step.starting,
            ..self.clone()
        }
    }

    /// Goes on from what was found.
    pub(super) fn adopt(&mut self, log: &Log, found: &[Written], synced: Offset) {
        self.batches = found.to_vec();
        (self.start, self.end) = (log.log_start_offset(), log.log_end_offset());
        self.synced = synced.min(self.end);
        self.start_synced = self.start_synced.min(self.start);
        self.epoch += 1;
        self.settle();
        self.take_sequences(log);
    }

    /// What must hold of a log that a new process finds; gives what is in it.
    pub(super) fn check(
        &self,
        log: &Log,
        ever: &Ever,
        power_lost: bool,
        what: &str,
    ) -> Vec<Written> {
        let found = read_all(log, what);
        assert!(found.iter().all(|batch| ever.contains(batch)), "{what}: unknown batches");
        assert!(found.windows(2).all(|pair| pair[0].1 < pair[1].0), "{what}: out of order");
        let start = log.log_start_offset();
        assert!(
            start >= self.start_synced && start <= self.starting.max(self.start),
            "{what}: starts at {start}, not from {} to {}",
            self.start_synced,
            self.starting.max(self.start)
        );
        let promised = if power_lost { self.synced } else { self.end };
        let must_end = promised.min(self.cutting.unwrap_or(i64::MAX));
        let from = start.max(self.start);
        let expected = self.batches.iter().filter(|batch| batch.0 >= from && batch.1 < must_end);
        for batch in expected {
            assert!(found.contains(batch), "{what}: {batch:?} of {must_end} is lost: {found:?}");
        }
        if !power_lost {
            let known = |batch: &Written| {
                batch.1 < self.start || self.batches.contains(batch) || self.pending.contains(batch)
            };
            assert!(found.iter().all(known), "{what}: batches from before a cut");
        }
        check_producers(log, what);
        committed::check(log, what);
        found
    }
}

/// All that is served.
pub(super) fn read_all(log: &Log, what: &str) -> Vec<Written> {
    let (written, error) = read_until(log);
    assert!(error.is_none(), "{what}: {error:?}");
    written
}

/// What is served until there is an error.
pub(super) fn read_until(log: &Log) -> (Vec<Written>, Option<Error>) {
    let mut written = Vec::new();
    let mut next = log.log_start_offset();
    while next < log.log_end_offset() {
        let data = match log.view().read(next, 500, true, Offset::MAX) {
            Ok(data) => data,
            Err(error) => return (written, Some(error)),
        };
        let bytes = data.to_vec().unwrap();
        for batch in split(&bytes) {
            let batch = batch.unwrap();
            batch.check_crc().unwrap();
            let header = batch.header();
            written.push((header.base_offset, header.last_offset(), header.crc));
        }
        assert!(data.next_offset > next);
        next = data.next_offset;
    }
    (written, None)
}

/// The producers are those of the batches that are there. Those whose batches are all gone may be known still.
fn check_producers(log: &Log, what: &str) {
    let mut next = log.log_start_offset();
    let mut last = HashMap::new();
    while next < log.log_end_offset() {
        let data = log.view().read(next, usize::MAX, true, Offset::MAX).unwrap();
        let bytes = data.to_vec().unwrap();
        let headers = split(&bytes).map(|batch| *batch.unwrap().header());
        for header in headers.filter(|header| header.has_producer_id() && !header.is_control()) {
            last.insert(header.producer_id, header.last_sequence());
        }
        next = data.next_offset;
    }
    for (id, sequence) in last {
        let known = log.producers().get(id).map(|entry| entry.last_sequence());
        assert_eq!(known, Some(sequence), "{what}: producer {id}");
    }
}
