//! Appending: the batches of many producers in one write, or what a leader has sent.
//!
//! Offset and leader epoch lie outside of a batch's crc, so a batch is given its place by a copy of its header alone;
//! the body goes from where it was received to the file. Batches come here checked: what they hold is not looked at
//! again.
//!
//! Three steps, one group at a time: *measure* (do the records end with a whole batch, do they fit), *place* (offsets,
//! epoch, time; the producers' say, staged only), *commit* (one `pwritev`; then indexes, producers and epochs; then the
//! end that readers see). Before the write nothing of it can be seen, so a refusal in the second step or a full disk in
//! the third leaves no trace. A process that dies within the write leaves a torn batch behind the published end, which
//! the next start cuts off; nobody was answered yet.

use std::io;

use bytes::Bytes;

use super::Log;
use super::producers::{
    AppendedBatch, Beginning, Candidate, Guard, Origin, Staged, Voucher, marker,
};
use super::segment::Newest;
use super::txn_index::AbortedTxn;
use crate::error::{ApiError, Error, ErrorCode, is_shortage};
use crate::types::{LeaderEpoch, Millis, NONE, Offset};
use crate::wire::records::{Batch, BatchHeader, NO_TIMESTAMP, RecordsError, TimestampType, split};

/// A segment of that many bytes is worth reserving room for.
const ALLOCATE_FROM: u64 = 1 << 20;
/// Most that is reserved at once, in bytes.
const ALLOCATE_MAX: u64 = 64 << 20;

/// One append of one producer, to be written together with others.
#[derive(Debug)]
pub struct PendingAppend {
    /// Whole batches, checked; all of them or none are appended.
    pub records: Bytes,
    /// Who appends.
    pub origin: Origin,
    /// Why a transaction may begin here.
    pub voucher: Voucher,
    /// The transaction version of a request that brings markers; else 0.
    pub transaction_version: i16,
    /// What became of it; none before it was tried.
    pub result: Option<Result<Appended, ApiError>>,
}

impl PendingAppend {
    /// An append of `records` by `origin`.
    pub const fn new(records: Bytes, origin: Origin) -> Self {
        Self { records, origin, voucher: Voucher::Waived, transaction_version: 0, result: None }
    }
}

/// Where an append has got to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The offset of the first record.
    pub base_offset: Offset,
    /// The offset of the last record.
    pub last_offset: Offset,
    /// When it was appended, if the topic wants that told (or it is a duplicate: then the batch's time); else −1.
    pub append_time: Millis,
    /// Where the log starts.
    pub log_start_offset: Offset,
    /// Whether it had been appended before, and is not again.
    pub duplicate: bool,
}

/// What a call has done to the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AppendSummary {
    /// Bytes written.
    pub bytes: u64,
    /// Whether a segment was closed: it wants to be flushed.
    pub rolled: bool,
    /// The offset behind the last record.
    pub log_end_offset: Offset,
}

/// What an append asks of the segment that takes it.
#[derive(Clone, Copy, Debug)]
struct Size {
    bytes: u64,
    max_timestamp: Millis,
    /// The offset behind its last record, counted from its first.
    offsets: Offset,
}

impl Log {
    /// Appends what many producers have sent, in order and with as few writes as the segments allow: one, as a rule.
    /// Each gets its own result. An error of the file system ends the call; what was not written before says
    /// `KAFKA_STORAGE_ERROR`. A full disk leaves the log as it was before, and usable; anything else makes it
    /// unusable. Nothing is synced: see [`Log::is_flush_due`].
    pub fn append_as_leader(
        &mut self,
        appends: &mut [PendingAppend],
        leader_epoch: LeaderEpoch,
        now: Millis,
    ) -> Result<AppendSummary, Error> {
        let mut summary = AppendSummary::default();
        self.group = self.place.cache.take_group();
        let done = self.append_all(appends, leader_epoch, now, &mut summary);
        self.place.cache.put_group(std::mem::take(&mut self.group));
        if done.is_err() {
            // What is written already may not stay: a failed sync may have lost it.
            for append in appends.iter_mut() {
                if append.result.as_ref().is_none_or(Result::is_ok) {
                    append.result = Some(Err(ErrorCode::KafkaStorageError.into()));
                }
            }
        }
        summary.log_end_offset = self.log_end_offset();
        self.assert_sound();
        done.map(|()| summary)
    }

    /// Begins to verify a transaction that may begin here: see [`super::producers::Producers::verify`].
    pub fn verify(
        &mut self,
        beginning: &Beginning,
        now: Millis,
    ) -> Result<Option<Guard>, ApiError> {
        self.producers.verify(beginning, now)
    }

    fn append_all(
        &mut self,
        appends: &mut [PendingAppend],
        leader_epoch: LeaderEpoch,
        now: Millis,
        summary: &mut AppendSummary,
    ) -> Result<(), Error> {
        self.check_usable()?;
        // Before the first batch of the epoch: a crash in between leaves an epoch that begins at the end, which the
        // next start forgets. The other way round there would be batches of an epoch that the file does not know.
        self.assign_epoch(leader_epoch, self.log_end_offset())?;
        self.begin_group()?;
        for index in 0..appends.len() {
            let size = match self.measure(&appends[index].records) {
                Ok(size) => size,
                Err(error) => {
                    appends[index].result = Some(Err(error));
                    continue;
                }
            };
            if self.should_roll(&size, self.group.next_offset, now) {
                self.write_group(appends, now, summary)?;
                self.roll(None, now)?;
                summary.rolled = true;
                self.begin_group()?;
            }
            match self.place(&appends[index], leader_epoch, now) {
                Ok(appended) => self.group.results.push((index, appended)),
                Err(error) => appends[index].result = Some(Err(error)),
            }
        }
        self.write_group(appends, now, summary)
    }

    /// Begins to gather behind the log's end. What the first write to a segment found on the disk needs to know of it
    /// is read here, so that opening a log reads nothing.
    fn begin_group(&mut self) -> Result<(), Error> {
        self.group.clear();
        self.group.next_offset = self.log_end_offset();
        if self.active.first_timestamp.is_none() && self.active.segment.size() > 0 {
            self.load_active()?;
        }
        Ok(())
    }

    /// Learns about a segment that was not written to since it was opened.
    pub(super) fn load_active(&mut self) -> Result<(), Error> {
        let segment = &self.active.segment;
        self.active.newest = segment.newest()?;
        let first = segment.locate(segment.base_offset(), segment.size())?;
        self.active.first_timestamp = first.map(|first| first.header.max_timestamp);
        Ok(())
    }

    /// How large an append is. Error: it is no whole batches, or does not fit a segment.
    fn measure(&mut self, records: &Bytes) -> Result<Size, ApiError> {
        self.group.parsed.clear();
        let mut size =
            Size { bytes: records.len() as u64, max_timestamp: NO_TIMESTAMP, offsets: 0 };
        let mut batches = split(records);
        for batch in &mut batches {
            let header =
                *batch.map_err(|error| ApiError::new(error.code(), error.to_string()))?.header();
            if header.last_offset_delta < 0 {
                return Err(ErrorCode::InvalidRecord.into());
            }
            self.group.parsed.push(header);
            size.max_timestamp = size.max_timestamp.max(header.max_timestamp);
            size.offsets += Offset::from(header.last_offset_delta) + 1;
        }
        if batches.position() != records.len() || records.is_empty() {
            return Err(ApiError::new(
                ErrorCode::InvalidRecord,
                "the records do not end with a whole batch",
            ));
        }
        if size.bytes > u64::from(self.settings.segment_bytes) {
            let text = format!(
                "Message batch size is {} bytes in append to partition {}, which exceeds the maximum configured segment \
                 size of {}.",
                size.bytes, self.topic_partition, self.settings.segment_bytes
            );
            return Err(ApiError::new(ErrorCode::RecordListTooLarge, text));
        }
        Ok(size)
    }

    /// Whether an append of that size wants another segment: by bytes, by the reach of relative offsets (which are 32
    /// bits in both indexes), by the size of an index, or by age. An empty segment only gives way to an offset that it
    /// cannot reach.
    fn should_roll(&self, size: &Size, first_offset: Offset, now: Millis) -> bool {
        let active = &self.active;
        let filled = active.segment.size() + self.group.bytes;
        let last_relative = first_offset + size.offsets - 1 - active.segment.base_offset();
        if filled + size.bytes > u64::from(self.settings.segment_bytes)
            || last_relative > Offset::from(i32::MAX)
        {
            return filled > 0 || last_relative > Offset::from(i32::MAX);
        }
        // An entry more, of the larger kind, must fit.
        let index_bytes = active.segment.index_bytes() + 12;
        if index_bytes > self.settings.segment_index_bytes as usize {
            return true;
        }
        // As Kafka does: by the records' own time, from the first batch to this one. A producer whose clock runs ahead
        // closes a segment early. Without timestamps it is the segment's own age.
        let waited = match active.first_timestamp {
            Some(first) if first >= 0 => size.max_timestamp.saturating_sub(first),
            _ => now.saturating_sub(active.created),
        };
        filled > 0 && waited > self.settings.max_segment_ms().saturating_sub(active.jitter_ms)
    }

    /// Gives an append, which was measured just now, its offsets and puts it into the group, or says that it is there
    /// already.
    fn place(
        &mut self,
        append: &PendingAppend,
        leader_epoch: LeaderEpoch,
        now: Millis,
    ) -> Result<Appended, ApiError> {
        let stamped = self.settings.log_append_time;
        let mut parsed = std::mem::take(&mut self.group.parsed);
        let mut next = self.group.next_offset;
        for header in &mut parsed {
            header.base_offset = next;
            header.partition_leader_epoch = leader_epoch;
            if stamped {
                header.set_timestamp_type(TimestampType::LogAppendTime);
                header.max_timestamp = now;
            }
            next = header.next_offset();
        }
        // Asked at the offsets that they would get: a producer's state names offsets.
        let duplicate = self.stage_all(append, &parsed);
        let (base_offset, log_start_offset) = (self.group.next_offset, self.log_start_offset());
        if matches!(duplicate, Ok(None)) {
            let mut at = 0;
            for header in &parsed {
                self.group.push(header, &append.records, at, stamped);
                at += header.size_in_bytes();
            }
        }
        let last_stamped =
            parsed.last().filter(|last| last.timestamp_type() == TimestampType::LogAppendTime);
        let append_time = last_stamped.map_or(NO_TIMESTAMP, |last| last.max_timestamp);
        self.group.parsed = parsed;
        Ok(match duplicate? {
            Some(known) => Appended {
                base_offset: known.first_offset(),
                last_offset: known.last_offset,
                append_time: known.timestamp,
                log_start_offset,
                duplicate: true,
            },
            None => Appended {
                base_offset,
                last_offset: next - 1,
                append_time,
                log_start_offset,
                duplicate: false,
            },
        })
    }

    /// Stages the batches of an append that have a producer: all of them, or none if one is refused or known already.
    fn stage_all(
        &mut self,
        append: &PendingAppend,
        headers: &[BatchHeader],
    ) -> Result<Option<AppendedBatch>, ApiError> {
        if !headers.iter().any(BatchHeader::has_producer_id) {
            return Ok(None);
        }
        self.producers.begin();
        let mut at = 0;
        for header in headers {
            let batch = append.records.get(at..).unwrap_or_default();
            at += header.size_in_bytes();
            if !header.has_producer_id() {
                continue;
            }
            match self.stage(append, header, batch) {
                Ok(Staged::Fresh) => {}
                Ok(Staged::Duplicate(known)) => {
                    self.producers.undo();
                    return Ok(Some(known));
                }
                Err(error) => {
                    self.producers.undo();
                    return Err(error);
                }
            }
        }
        Ok(None)
    }

    /// Asks the producers about one batch. A marker's record is read here, as the only body that is ever looked at.
    fn stage(
        &mut self,
        append: &PendingAppend,
        header: &BatchHeader,
        batch: &[u8],
    ) -> Result<Staged, ApiError> {
        let marker = || marker(&Batch::parse(batch).ok()??);
        self.producers.stage(&Candidate {
            header,
            marker: if header.is_control() { marker() } else { None },
            transaction_version: append.transaction_version,
            voucher: append.voucher,
            origin: append.origin,
        })
    }

    /// Writes the group, and tells those who are in it.
    fn write_group(
        &mut self,
        appends: &mut [PendingAppend],
        now: Millis,
        summary: &mut AppendSummary,
    ) -> Result<(), Error> {
        summary.bytes += self.group.bytes;
        self.commit_group(now)?;
        for (index, appended) in self.group.results.drain(..) {
            if let Some(append) = appends.get_mut(index) {
                append.result = Some(Ok(appended));
            }
        }
        self.group.clear();
        Ok(())
    }

    /// Writes the group, and only then lets anyone see it.
    fn commit_group(&mut self, now: Millis) -> Result<(), Error> {
        if self.group.batches.is_empty() {
            return Ok(());
        }
        debug_assert_eq!(
            self.group.slices().iter().map(|slice| slice.len() as u64).sum::<u64>(),
            self.group.bytes,
            "what is written is what was gathered"
        );
        debug_assert!(
            self.group.next_offset > self.log_end_offset(),
            "a group that is written moves the end"
        );
        let position = self.active.segment.size();
        let file = match self.active.segment.file() {
            Ok(file) => file,
            Err(error) => return Err(self.not_opened(error)),
        };
        self.reserve(&*file, position + self.group.bytes);
        if let Err(error) = file.pwritev(&mut self.group.slices(), position) {
            return Err(self.write_failed(position, error));
        }
        // The bytes are there. If the indexes or the aborted transactions cannot be written behind them, memory and
        // disk are no longer known to agree.
        let published = self.publish_group(position);
        if published.is_err() {
            self.fail();
        }
        if self.unflushed == 0 {
            self.last_flush = now;
        }
        let records = self.group.next_offset - self.log_end_offset();
        self.unflushed += records;
        published?;
        // Last: whoever sees this end finds the bytes, the indexes and the producers' state below it.
        self.publish_end(self.group.next_offset, self.group.bytes);
        Ok(())
    }

    /// Takes back a write that was not begun.
    fn not_opened(&mut self, error: io::Error) -> Error {
        self.producers.drop_staged();
        if !is_shortage(&error) {
            self.fail();
        }
        Error::io(format_args!("appending to {}", self.topic_partition))(error)
    }

    /// Takes back a write that failed. A full disk is an everyday thing, and the file is as before once the half that
    /// was written is cut off. After any other error, or where the cut fails as well, nobody knows what the file holds.
    fn write_failed(&mut self, position: u64, error: io::Error) -> Error {
        // Nobody learns of these batches; their sequences may come again.
        self.producers.drop_staged();
        let full = error.kind() == io::ErrorKind::StorageFull;
        let restored = self.active.segment.file().and_then(|file| file.truncate(position));
        self.active.allocated = 0;
        if !full || restored.is_err() {
            self.fail();
        }
        Error::io(format_args!("appending to {}", self.topic_partition))(error)
    }

    /// Enters the group, which is written, into indexes, epochs and producers.
    fn publish_group(&mut self, mut position: u64) -> Result<(), Error> {
        let group = std::mem::take(&mut self.group.batches);
        let segment = self.active.segment.clone();
        let interval = u64::from(self.settings.index_interval_bytes);
        for header in &group {
            if header.max_timestamp > self.active.newest.timestamp {
                self.active.newest =
                    Newest { timestamp: header.max_timestamp, offset: header.last_offset() };
            }
            self.active.first_timestamp.get_or_insert(header.max_timestamp);
            if self.active.since_index > interval {
                segment.index(header.last_offset(), position, self.active.newest)?;
                self.active.since_index = 0;
            }
            let size = header.size_in_bytes() as u64;
            self.active.since_index += size;
            position += size;
        }
        self.group.batches = group;
        segment.set_newest(self.active.newest);
        segment.set_size(position);
        // The producers come behind the indexes: `keep` gives the last stable offset after each end, which goes into
        // the entry.
        let completed = self.producers.keep();
        for aborted in completed.iter().filter_map(|(txn, stable)| AbortedTxn::of(txn, *stable)) {
            segment.append_aborted(aborted)?;
            // The file may be a new one.
            self.unsynced.names_changed();
        }
        self.publish_unstable();
        Ok(())
    }

    /// Reserves room ahead of a segment that is growing, so that the file system need not find it write by write.
    fn reserve(&mut self, file: &dyn super::files::File, end: u64) {
        let size = self.active.segment.size();
        let worth = size >= ALLOCATE_FROM || self.settings.preallocate;
        if !worth || end <= self.active.allocated {
            return;
        }
        let most = u64::from(self.settings.segment_bytes);
        let step =
            if self.settings.preallocate { most } else { size.clamp(ALLOCATE_FROM, ALLOCATE_MAX) };
        let from = self.active.allocated.max(size);
        let to = (end + step).min(most.max(end));
        // Where there is no room to reserve, the write will say so.
        let reserved = file.allocate(from, to - from).is_ok();
        self.active.allocated = if reserved { to } else { end };
    }

    /// Appends batches that have their offsets and epochs already: what a leader has sent, or the quorum's own.
    /// Batches of an epoch above `leader_epoch_max` (−1: any) end it, since they are of a leader that is not known
    /// yet. None if that leaves nothing. Errors: `CORRUPT_MESSAGE`, `INVALID_RECORD`, `OFFSET_OUT_OF_RANGE` if they
    /// do not continue the log.
    pub fn append_as_follower(
        &mut self,
        records: &Bytes,
        leader_epoch_max: LeaderEpoch,
        now: Millis,
    ) -> Result<Option<Appended>, Error> {
        self.check_usable()?;
        self.group = self.place.cache.take_group();
        // Half of a leader's batches may be refused and the rest never come: what was gathered is dropped with the
        // error, unless a roll has written it already. Then it is in the log, in order, and will be continued.
        let first = self.collect(records, leader_epoch_max, now).and_then(|first| {
            self.commit_group(now)?;
            Ok(first)
        });
        let last_offset = self.group.next_offset - 1;
        self.place.cache.put_group(std::mem::take(&mut self.group));
        // Nothing unless an error has left some.
        self.producers.drop_staged();
        if first.is_err() {
            self.drop_unwritten_epochs();
        }
        let Some(base_offset) = first? else { return Ok(None) };
        if self.is_flush_due(now) {
            self.flush(self.log_end_offset(), now)?;
        }
        let (append_time, log_start_offset) = (NO_TIMESTAMP, self.log_start_offset());
        Ok(Some(Appended {
            base_offset,
            last_offset,
            append_time,
            log_start_offset,
            duplicate: false,
        }))
    }

    /// Puts a leader's batches into the group, and gives the offset of the first.
    fn collect(
        &mut self,
        records: &Bytes,
        epoch_max: LeaderEpoch,
        now: Millis,
    ) -> Result<Option<Offset>, Error> {
        self.begin_group()?;
        let refuse = |error: RecordsError| ApiError::new(error.code(), error.to_string());
        let mut first = None;
        let mut at = 0;
        for batch in split(records) {
            let batch = batch.map_err(refuse)?;
            batch.check_crc().map_err(refuse)?;
            let header = *batch.header();
            if epoch_max != NONE && header.partition_leader_epoch > epoch_max {
                break;
            }
            if header.base_offset < self.group.next_offset || header.last_offset_delta < 0 {
                let text = format!(
                    "offset {} does not continue {}",
                    header.base_offset, self.group.next_offset
                );
                return Err(ApiError::new(ErrorCode::OffsetOutOfRange, text).into());
            }
            self.make_room(&header, now)?;
            self.assign_epoch(header.partition_leader_epoch, header.base_offset)?;
            if header.has_producer_id() {
                let append = PendingAppend::new(Bytes::new(), Origin::Replication);
                self.stage(&append, &header, batch.bytes())?;
            }
            first.get_or_insert(header.base_offset);
            self.group.push(&header, records, at, false);
            at += header.size_in_bytes();
        }
        Ok(first)
    }

    /// Rolls before a batch that does not fit, once what came before it is written.
    fn make_room(&mut self, header: &BatchHeader, now: Millis) -> Result<(), Error> {
        let size = Size {
            bytes: header.size_in_bytes() as u64,
            max_timestamp: header.max_timestamp,
            offsets: Offset::from(header.last_offset_delta) + 1,
        };
        if self.should_roll(&size, header.base_offset, now) {
            self.commit_group(now)?;
            self.group.clear();
            self.roll(Some(header.base_offset), now)?;
            self.begin_group()?;
            self.group.next_offset = header.base_offset;
        }
        Ok(())
    }
}

/// Appends that share a write are handed over together.
pub fn pending(records: impl IntoIterator<Item = Bytes>, origin: Origin) -> Vec<PendingAppend> {
    records.into_iter().map(|records| PendingAppend::new(records, origin)).collect()
}
