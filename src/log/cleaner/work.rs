//! The compaction of one log: first the map of its dirty part, then one group of segments after the other.
//!
//! Everything is read as any reader reads, through the view, so the writer goes on meanwhile; what it appends is behind
//! the bounds. What it deletes is noticed when the work is done: a replacement for segments that are no longer there is
//! discarded.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::super::names::{self, CLEANED, INDEX, LOG, SWAP, TIME_INDEX};
use super::super::scan::{Found, Scanner};
use super::super::segment::{Place, Segment};
use super::super::settings::LogSettings;
use super::super::view::PartitionView;
use super::filter::{Kept, Rules, Verdict};
use super::group::{self, Bounds};
use super::offset_map::OffsetMap;
use super::output::{Output, Replacement};
use super::records::{control_type, each};
use super::transactions::Transactions;
use super::{Candidate, Pace, stopped};
use crate::error::Error;
use crate::types::{Millis, Offset};
use crate::wire::records::{Batch, BatchHeader};

/// What a producer of the log did last.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct LastRecord {
    /// The last offset of its last batch of data, if that is known.
    pub(in super::super) data_offset: Option<Offset>,
    pub(in super::super) epoch: i16,
}

/// What the log's owner hands over for a compaction.
#[derive(Debug)]
pub struct Basis {
    pub(in super::super) place: Arc<Place>,
    pub(in super::super) view: Arc<PartitionView>,
    pub(in super::super) settings: Arc<LogSettings>,
    pub(in super::super) producers: HashMap<i64, LastRecord>,
}

/// What the map of keys may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Memory in bytes.
    pub map_bytes: u64,
    /// How full it may get, as a share of 1.
    pub load_factor: f64,
}

/// What was done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stats {
    /// Bytes read for the map of keys.
    pub mapped_bytes: u64,
    /// Bytes of segments that were read to be written anew.
    pub read_bytes: u64,
    /// Bytes of segments that were written.
    pub written_bytes: u64,
    /// Segments that were read to be written anew.
    pub segments: usize,
    /// How full the map was, as a share of 1.
    pub map_utilization: f64,
}

/// See the module.
pub struct Work {
    basis: Basis,
    first_uncleanable: Offset,
    map: OffsetMap,
    /// What is still to be written anew, from the log's beginning.
    groups: VecDeque<Vec<Arc<Segment>>>,
    /// First of the dirty part, for the map; then of the whole, for the writing.
    transactions: Transactions,
    now: Millis,
    stats: Stats,
}

impl Work {
    /// Maps the dirty part of the log, or as much of it as fits. Reads the disk.
    pub fn begin(
        basis: Basis,
        candidate: &Candidate,
        limits: Limits,
        now: Millis,
        pace: Pace<'_>,
    ) -> Result<Self, Error> {
        remove_leftovers(&basis.place)?;
        let (from, end) = (candidate.first_dirty, candidate.first_uncleanable);
        let keys_max = u64::try_from(end - from).unwrap_or(0);
        let map = OffsetMap::new(keys_max, limits.map_bytes, limits.load_factor);
        let transactions = Transactions::new(basis.view.aborted_transactions(from, end)?);
        let mut work = Self {
            basis,
            first_uncleanable: end,
            map,
            groups: VecDeque::new(),
            transactions,
            now,
            stats: Stats::default(),
        };
        work.build_map(from, pace)?;
        work.stats.map_utilization = work.map.utilization();
        work.plan_groups()?;
        Ok(work)
    }

    /// Up to where the log is compacted when all is done.
    pub const fn end(&self) -> Offset {
        self.map.latest() + 1
    }

    /// What was done so far.
    pub const fn stats(&self) -> Stats {
        self.stats
    }

    fn build_map(&mut self, from: Offset, pace: Pace<'_>) -> Result<(), Error> {
        let segments = self.basis.view.segments();
        let first =
            segments.partition_point(|segment| segment.base_offset() <= from).saturating_sub(1);
        for (at, segment) in segments.iter().enumerate().skip(first) {
            if segment.base_offset() >= self.first_uncleanable {
                break;
            }
            let next = segments.get(at + 1).map_or(self.first_uncleanable, |one| one.base_offset());
            if !self.map_segment(segment, from, pace)? {
                return Ok(());
            }
            // Offsets may be missing at its end.
            self.map.seen(next.min(self.first_uncleanable) - 1);
        }
        Ok(())
    }

    /// Enters the keys of one segment; false when the map is full.
    fn map_segment(
        &mut self,
        segment: &Arc<Segment>,
        from: Offset,
        pace: Pace<'_>,
    ) -> Result<bool, Error> {
        let Some(first) = segment.locate(from, segment.size())? else { return Ok(true) };
        let (map, transactions) = (&mut self.map, &mut self.transactions);
        let mut full = false;
        let stats = &mut self.stats;
        walk(segment, first.position, pace, |_, batch| {
            let header = batch.header();
            stats.mapped_bytes += batch.bytes().len() as u64;
            if header.is_control() {
                transactions.control(header, control_type(batch)?);
            } else if !transactions.is_aborted(header) {
                each(batch, |record| {
                    if let Some(key) = record.key.filter(|_| record.offset >= from) {
                        full = !map.put(key, record.offset);
                    }
                    !full
                })?;
            }
            if !full && header.last_offset() >= from {
                map.seen(header.last_offset());
            }
            Ok(!full)
        })?;
        Ok(!full)
    }

    fn plan_groups(&mut self) -> Result<(), Error> {
        let end = self.end();
        let segments = self.basis.view.segments();
        let count = segments.partition_point(|segment| segment.base_offset() < end);
        let mut segments = segments.to_vec();
        segments.truncate(count);
        let settings = &self.basis.settings;
        let bounds = Bounds {
            segment_bytes: u64::from(settings.segment_bytes),
            index_bytes: u64::from(settings.segment_index_bytes),
            end: self.first_uncleanable,
        };
        let files = &self.basis.place.files;
        let len = |segment: &Segment, suffix| files.len(&segment.path(suffix)).unwrap_or(0);
        self.groups = group::group(&segments, bounds, |segment| {
            (len(segment, INDEX), len(segment, TIME_INDEX))
        });
        let from = segments.first().map_or(end, |first| first.base_offset());
        let until = self.first_uncleanable;
        // From the front once more, this time with the clean part.
        self.transactions = Transactions::new(self.basis.view.aborted_transactions(from, until)?);
        Ok(())
    }

    /// Writes the next group anew; none when all are done. Reads and writes the disk.
    pub fn next(&mut self, pace: Pace<'_>) -> Result<Option<Replacement>, Error> {
        let Some(segments) = self.groups.pop_front() else { return Ok(None) };
        let (Some(first), Some(last)) = (segments.first(), segments.last()) else {
            return Ok(None);
        };
        let interval = u64::from(self.basis.settings.index_interval_bytes);
        let modified = self.basis.place.files.modified(&last.path(LOG))?;
        let mut output = Output::create(&self.basis.place, first.base_offset(), interval)?;
        for segment in &segments {
            if let Err(error) = self.clean_into(segment, &mut output, pace) {
                output.discard();
                return Err(error);
            }
        }
        self.stats.segments += segments.len();
        self.stats.written_bytes += output.size();
        output.finish(segments, modified).map(Some)
    }

    fn clean_into(
        &mut self,
        segment: &Arc<Segment>,
        output: &mut Output,
        pace: Pace<'_>,
    ) -> Result<(), Error> {
        let Self { basis, map, transactions, stats, now, first_uncleanable, .. } = self;
        let delete_retention_ms = basis.settings.delete_retention_ms;
        let rules = Rules { map, now: *now, delete_retention_ms };
        let mut written = 0;
        let read = &mut stats.read_bytes;
        walk(segment, 0, &mut |bytes| pace(bytes), |found, batch| {
            let header = &found.header;
            *read += batch.bytes().len() as u64;
            let verdict = judge(basis, transactions, batch, *now, *first_uncleanable, output)?;
            match rules.filter(batch, verdict)? {
                Kept::Whole => {
                    output.push(header, batch.bytes())?;
                    written += batch.bytes().len() as u64;
                }
                Kept::Other(bytes) => {
                    let header = BatchHeader::parse(&bytes)?.unwrap_or(*header);
                    output.push(&header, &bytes)?;
                    written += bytes.len() as u64;
                }
                Kept::Nothing => {}
            }
            Ok(true)
        })?;
        if pace(written) { Ok(()) } else { Err(stopped()) }
    }
}

/// What is to become of a batch, as far as its records do not say.
fn judge(
    basis: &Basis,
    transactions: &mut Transactions,
    batch: &Batch<'_>,
    now: Millis,
    first_uncleanable: Offset,
    output: &Output,
) -> Result<Verdict, Fault> {
    let header = batch.header();
    // Without a batch of data that is known, the marker of the present epoch speaks for the producer.
    let is_last =
        basis.producers.get(&header.producer_id).is_some_and(|last| match last.data_offset {
            Some(offset) => header.last_offset() == offset,
            None => header.is_control() && header.producer_epoch == last.epoch,
        });
    let keep_head =
        header.has_producer_id() && is_last || header.next_offset() == first_uncleanable;
    if !header.is_control() {
        let discard = transactions.is_aborted(header);
        return Ok(Verdict { discard, keep_head, idle_marker: false });
    }
    let control = transactions.control(header, control_type(batch)?);
    if let Some(aborted) = control.aborted {
        output.aborted(aborted).map_err(Error::from)?;
    }
    let expired = header.delete_horizon_ms().is_some_and(|horizon| horizon <= now);
    Ok(Verdict { discard: control.discard && expired, keep_head, idle_marker: control.discard })
}

/// What may go wrong with a batch: itself, or what is done with it.
enum Fault {
    Records(crate::wire::records::RecordsError),
    Other(Error),
}

impl From<crate::wire::records::RecordsError> for Fault {
    fn from(error: crate::wire::records::RecordsError) -> Self {
        Self::Records(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// Shows the batches of a segment from `position` on to `see`, checked against their crcs, until it says false.
fn walk(
    segment: &Arc<Segment>,
    position: u64,
    pace: Pace<'_>,
    mut see: impl FnMut(&Found, &Batch<'_>) -> Result<bool, Fault>,
) -> Result<(), Error> {
    let file = segment.file()?;
    let mut scanner = Scanner::batches(&*file, position, segment.size(), segment.base_offset());
    while let Some(found) =
        scanner.next_header().map_err(|bad| segment.corrupt(scanner.position(), &bad))?
    {
        if !pace(found.header.size_in_bytes() as u64) {
            return Err(stopped());
        }
        let corrupt = |bad| segment.corrupt(found.position, &bad);
        let batch = scanner.batch(&found).map_err(corrupt)?;
        batch.check_crc().map_err(|error| corrupt(error.into()))?;
        match see(&found, &batch) {
            Ok(true) => {}
            Ok(false) => break,
            Err(Fault::Records(error)) => return Err(corrupt(error.into())),
            Err(Fault::Other(error)) => return Err(error),
        }
    }
    Ok(())
}

/// Removes what other work has left: nobody else is at it, and a new start must not take it for whole.
fn remove_leftovers(place: &Place) -> Result<(), Error> {
    let dir = place.dir();
    for entry in place.files.list(&dir).map_err(Error::io(dir.display()))? {
        let stage = [CLEANED, SWAP].into_iter().find_map(|stage| entry.name.strip_suffix(stage));
        let is_ours = |name: &str| {
            names::SEGMENT_SUFFIXES.iter().any(|suffix| names::offset(name, suffix).is_some())
        };
        if stage.is_some_and(is_ours) {
            place.files.remove(&dir.join(&entry.name)).map_err(Error::io(&entry.name))?;
        }
    }
    Ok(())
}
