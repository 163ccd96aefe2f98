//! Appending as a leader: the batches of many producers in one write.
//!
//! Offset and leader epoch lie outside of a batch's crc, so a batch is given its place by a copy of its header alone;
//! the body goes from where it was received to the file. Batches come here checked: what they hold is not looked at
//! again.
//!
//! Three steps, one group at a time: *measure* (do the records end with a whole batch, do they fit), *place* (offsets,
//! epoch, time; the producers' say, staged only), *commit* (`commit`). Before the write nothing of it can be
//! seen, so a refusal in the second step leaves no trace.

use bytes::Bytes;

use super::Log;
use super::producers::{
    AppendedBatch, Beginning, Candidate, Guard, Origin, Staged, Voucher, marker,
};
use crate::error::{ApiError, Error, ErrorCode};
use crate::types::{LeaderEpoch, Millis, Offset};
use crate::wire::records::{Batch, BatchHeader, NO_TIMESTAMP, TimestampType, split};

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
pub(super) struct Size {
    pub(super) bytes: u64,
    pub(super) max_timestamp: Millis,
    /// The offset behind its last record, counted from its first.
    pub(super) offsets: Offset,
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
    pub(super) fn begin_group(&mut self) -> Result<(), Error> {
        self.group.clear();
        self.group.next_offset = self.log_end_offset();
        if self.active.first_timestamp.is_none() && self.active.segment.size() > 0 {
            self.load_active()?;
        }
        self.group.index_bytes = self.active.segment.index_bytes();
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
    pub(super) fn should_roll(&self, size: &Size, first_offset: Offset, now: Millis) -> bool {
        let active = &self.active;
        let filled = active.segment.size() + self.group.bytes;
        let last_relative = first_offset + size.offsets - 1 - active.segment.base_offset();
        if filled + size.bytes > u64::from(self.settings.segment_bytes)
            || last_relative > Offset::from(i32::MAX)
        {
            return filled > 0 || last_relative > Offset::from(i32::MAX);
        }
        // An entry more, of the larger kind, must fit.
        let index_bytes = self.group.index_bytes + 12;
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
    pub(super) fn stage(
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
}

/// Appends that share a write are handed over together.
pub fn pending(records: impl IntoIterator<Item = Bytes>, origin: Origin) -> Vec<PendingAppend> {
    records.into_iter().map(|records| PendingAppend::new(records, origin)).collect()
}
