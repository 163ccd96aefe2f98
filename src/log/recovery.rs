//! What a directory holds after a stop, clean or not.
//!
//! After a clean stop nothing is checked: the end is read, the producers' last snapshot loaded. After any other, only
//! the tail behind the recovery point is: every batch's crc; at the first that is not sound the log ends, and what
//! comes behind is given up. Indexes, leader epochs and producers are made anew for the tail, never for the whole.
//!
//! ```text
//! ├── trusted: synced before ──┤├── checked: crc, order, epochs ──┤✂ given up: torn, or behind what is
//! segment │ segment │ segment  ▲ recovery point                   ▲ the log ends here
//! ```
//!
//! Cutting at the first unsound batch loses nothing that was acknowledged as durable: what was synced lies below the
//! recovery point. Kafka does the same (`LogLoader`, `LogSegment.recover`), but checks a segment whole where this
//! begins at the last index entry below the recovery point, whose batch bears it out.
//!
//! Read in the order of [`load`]: what is there (`tidy`), epochs, indexes that are missing, the tail, the producers.

use std::collections::BTreeSet;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::OpenOptions;
use super::epochs::{self, Epochs};
use super::files::remove_if_there;
use super::making;
use super::names;
use super::producers::{Producers, is_expired, marker, snapshot};
use super::scan::{Bad, Found, Scanner};
use super::segment::{Newest, Place, Segment};
use super::settings::LogSettings;
use super::tidy;
use super::txn_index::AbortedTxn;
use crate::error::Error;
use crate::types::{Millis, NONE, Offset, TopicId, TopicPartition};

/// A log as it was found.
pub(super) struct Loaded {
    /// At least one.
    pub(super) segments: Vec<Arc<Segment>>,
    pub(super) log_start_offset: Offset,
    pub(super) log_end_offset: Offset,
    pub(super) recovery_point: Offset,
    pub(super) epochs: Epochs,
    /// Whether the file of epochs says the same.
    pub(super) epochs_stored: bool,
    pub(super) producers: Producers,
    pub(super) snapshots: BTreeSet<Offset>,
    /// Whether the directory was not there before.
    pub(super) new_dir: bool,
    /// As the directory says, if that is known.
    pub(super) topic_id: Option<TopicId>,
}

/// Reads the directory of `place`, or makes it.
pub(super) fn load(
    place: &Arc<Place>,
    at: &TopicPartition,
    settings: &LogSettings,
    options: &OpenOptions,
) -> Result<Loaded, Error> {
    let Some(found) = tidy::tidy(place)? else { return making::make(place, at, options) };
    let mut segments = Vec::with_capacity(found.logs.len().max(1));
    for base_offset in &found.logs {
        let path = place.dir().join(names::file(*base_offset, names::LOG));
        let size = place.files.len(&path).map_err(Error::io(path.display()))?;
        segments.push(Segment::existing(place, *base_offset, size));
    }
    let (epochs, epochs_sound) = read_epochs(place, &segments)?;
    let mut loading =
        Loading { place, settings, options, segments, snapshots: found.snapshots, epochs };
    loading.rebuild_missing(&found.unindexed)?;
    let before = loading.epochs.clone();
    let (log_end_offset, producers) = loading.recover()?;
    // A checkpoint may say that the log starts behind what a power loss has left of it.
    let log_end_offset = loading.settle_start(log_end_offset)?;
    let Loading { segments, mut snapshots, mut epochs, .. } = loading;
    let first = segments.first().expect("settling leaves a segment").base_offset();
    let log_start_offset = first.max(options.log_start_offset);
    // The file of epochs and the snapshots are written ahead of syncs, and may know of records that are no more.
    epochs.truncate_from_end(log_end_offset);
    epochs.truncate_from_start(log_start_offset);
    for ahead in snapshots.split_off(&(log_end_offset + 1)) {
        remove_if_there(&*place.files, &place.dir().join(names::file(ahead, names::SNAPSHOT)))?;
    }
    let producers = match producers {
        Some(producers) => producers,
        // An orderly stop writes a snapshot wherever there are producers.
        None if options.clean_shutdown && snapshots.is_empty() => Producers::default(),
        None => {
            let range = log_start_offset..log_end_offset;
            let expiration_ms = settings.producer_id_expiration_ms;
            rebuild_producers(place, &segments, &mut snapshots, range, expiration_ms, options.now)?
        }
    };
    // Never raised by a check: what was read may be in the page cache alone. The next flush syncs it.
    let recovery_point = if options.clean_shutdown {
        log_end_offset
    } else {
        options.recovery_point.min(log_end_offset)
    };
    let epochs_stored = epochs_sound && found.has_epochs && before == epochs;
    // A node with ten thousand partitions has ten thousand of these.
    segments.iter().for_each(|segment| segment.close_file());
    Ok(Loaded {
        segments,
        log_start_offset,
        log_end_offset,
        recovery_point,
        epochs,
        epochs_stored,
        producers,
        snapshots,
        new_dir: false,
        topic_id: None,
    })
}

/// The leader epochs, from their file or, if that is damaged, from the batches; and which it was.
fn read_epochs(place: &Place, segments: &[Arc<Segment>]) -> Result<(Epochs, bool), Error> {
    match epochs::read(&*place.files, &place.dir()) {
        Err(Error::Corrupt(what)) => {
            tracing::warn!(%what, "making the leader epochs anew from the batches");
            let mut epochs = Epochs::default();
            for segment in segments {
                let file = segment.file()?;
                let mut scanner =
                    Scanner::headers(&*file, 0, segment.size(), segment.base_offset());
                // A batch that is not sound is the recovery's affair.
                while let Ok(Some(found)) = scanner.next_header() {
                    let (epoch, start) =
                        (found.header.partition_leader_epoch, found.header.base_offset);
                    if epochs.latest().is_none_or(|latest| latest.epoch < epoch) {
                        epochs.assign(epoch, start);
                    }
                }
            }
            Ok((epochs, false))
        }
        other => Ok((other?, true)),
    }
}

struct Loading<'a> {
    place: &'a Arc<Place>,
    settings: &'a LogSettings,
    options: &'a OpenOptions,
    segments: Vec<Arc<Segment>>,
    snapshots: BTreeSet<Offset>,
    epochs: Epochs,
}

/// Where a segment was found to end.
struct Checked {
    next_offset: Offset,
    /// Why it ends before its file does.
    bad: Option<String>,
}

impl Loading<'_> {
    /// Makes indexes for the segments at `bases`, which lack them.
    fn rebuild_missing(&mut self, bases: &BTreeSet<Offset>) -> Result<(), Error> {
        // Those of the tail are made when that is checked.
        let tail = if self.options.clean_shutdown {
            usize::MAX
        } else {
            self.tail(self.options.recovery_point)
        };
        let lacking =
            |segment: &&Arc<Segment>| bases.contains(&segment.base_offset()) && segment.size() > 0;
        for segment in self.segments.iter().take(tail).filter(lacking) {
            tracing::warn!(path = %segment.path(names::LOG).display(), "making a missing index anew");
            let (size, base_offset) = (segment.size(), segment.base_offset());
            segment.clear_indexes();
            let checked = self.check(
                segment,
                0,
                base_offset,
                &mut Producers::default(),
                &mut Epochs::default(),
                false,
            )?;
            if let Some(why) = checked.bad {
                tracing::error!(path = %segment.path(names::LOG).display(), %why, "a closed segment is damaged");
                // Below the recovery point nothing is cut: readers meet the damage, and are told of it (`verify`).
                segment.set_size(size);
            }
            segment.store_indexes()?;
        }
        Ok(())
    }

    /// Which segment `offset` is in.
    fn tail(&self, offset: Offset) -> usize {
        self.segments.partition_point(|segment| segment.base_offset() <= offset).saturating_sub(1)
    }

    /// The offset behind the last sound batch. The producers too, if everything since their snapshot was read for it.
    fn recover(&mut self) -> Result<(Offset, Option<Producers>), Error> {
        let Some(last) = self.segments.last().cloned() else {
            return Ok((self.options.log_start_offset, Some(Producers::default())));
        };
        if self.options.clean_shutdown {
            match last.read_next_offset() {
                Err(Error::Corrupt(what)) => {
                    tracing::warn!(%what, "checking the last segment in spite of a clean stop");
                    return self.recover_from(last.base_offset());
                }
                other => return Ok((other?, None)),
            }
        }
        self.recover_from(self.options.recovery_point)
    }

    /// Checks everything from the batch before `recovery_point` on.
    fn recover_from(
        &mut self,
        recovery_point: Offset,
    ) -> Result<(Offset, Option<Producers>), Error> {
        let at = self.tail(recovery_point);
        let first = self.segments[at].clone();
        let trusted = if first.base_offset() < recovery_point {
            first.trust_indexes_to(recovery_point)?
        } else {
            None
        };
        let (position, offset) = match trusted {
            Some(found) => (found.position, found.header.base_offset),
            None => {
                first.clear_indexes();
                (0, first.base_offset())
            }
        };
        // There is one: without any, `recover` has ended already.
        let start = self.options.log_start_offset.max(self.segments[0].base_offset());
        let (expiration_ms, now) = (self.settings.producer_id_expiration_ms, self.options.now);
        // Up to the tail, the producers are as the snapshots and the sound batches say; from there on as the check
        // finds.
        let mut producers = rebuild_producers(
            self.place,
            &self.segments,
            &mut self.snapshots,
            start..offset,
            expiration_ms,
            now,
        )?;
        let mut epochs = std::mem::take(&mut self.epochs);
        epochs.truncate_from_end(offset + 1);
        let checked = self.check_tail(at, position, offset, &mut producers, &mut epochs);
        self.epochs = epochs;
        Ok((checked?, Some(producers)))
    }

    /// Checks segment after segment from `first` on. At the first batch that is not sound the file is cut there, and
    /// the segments behind are removed: their offsets would not continue the log.
    fn check_tail(
        &mut self,
        first: usize,
        mut position: u64,
        mut offset: Offset,
        producers: &mut Producers,
        epochs: &mut Epochs,
    ) -> Result<Offset, Error> {
        for at in first..self.segments.len() {
            let segment = self.segments[at].clone();
            if at > first {
                segment.clear_indexes();
            }
            let size = segment.size();
            // What is checked is entered anew; entries of the file that are behind would stand there twice.
            segment.truncate_aborted(offset)?;
            // What a life before has written of it need not be on the disk.
            segment.doubt_aborted();
            let checked = self.check(&segment, position, offset, producers, epochs, true)?;
            (position, offset) = (0, checked.next_offset);
            let Some(why) = checked.bad else { continue };
            tracing::warn!(path = %segment.path(names::LOG).display(), offset, %why, "the log ends here");
            let (kept, is_trusted) = (segment.size(), offset <= self.options.recovery_point);
            segment.cut(kept, is_trusted)?;
            if is_trusted {
                segment.sync_aborted()?;
            }
            segment.verified().cut(kept);
            tracing::info!(bytes = size - kept, "cut off what is not sound");
            let gone = self.segments.split_off(at + 1);
            self.remove(&gone)?;
            break;
        }
        Ok(offset)
    }

    /// Reads the batches of `segment` from `position` on, where none may be below `offset`, and enters them
    /// everywhere; into the aborted transactions only if the producers are `whole`. The segment's size becomes that of
    /// its sound batches.
    fn check(
        &self,
        segment: &Arc<Segment>,
        position: u64,
        offset: Offset,
        producers: &mut Producers,
        epochs: &mut Epochs,
        whole: bool,
    ) -> Result<Checked, Error> {
        let file = segment.file()?;
        let mut newest = segment.newest()?;
        let mut next_offset = offset.max(segment.base_offset());
        let mut since_index = 0;
        let mut scanner = Scanner::batches(&*file, position, segment.size(), next_offset);
        let mut end = position;
        let mut last_epoch = NONE;
        let bad = loop {
            let (found, marker) = match next_sound(&mut scanner, segment.base_offset()) {
                Ok(Some(found)) => found,
                Ok(None) => break None,
                Err(Bad::Io(error)) => {
                    return Err(Error::io(segment.path(names::LOG).display())(error));
                }
                Err(bad) => break Some(bad.to_string()),
            };
            let header = &found.header;
            // Bytes that a power loss has brought back, behind others that replaced what was before them.
            if header.partition_leader_epoch < last_epoch {
                break Some(format!("epoch {} behind {last_epoch}", header.partition_leader_epoch));
            }
            last_epoch = header.partition_leader_epoch;
            if header.has_producer_id() {
                let ended = producers.replay(header, marker).filter(|_| whole);
                if let Some(entry) = ended.and_then(|(txn, stable)| AbortedTxn::of(&txn, stable)) {
                    segment.append_aborted(entry)?;
                }
            }
            // The first batch with the newest timestamp counts, as when it was appended.
            if header.max_timestamp > newest.timestamp {
                newest = Newest { timestamp: header.max_timestamp, offset: header.last_offset() };
            }
            if epochs.latest().is_none_or(|latest| latest.epoch < header.partition_leader_epoch) {
                epochs.assign(header.partition_leader_epoch, header.base_offset);
            }
            // At the same places as when it was appended, so that a check changes no index file that was whole.
            if since_index > u64::from(self.settings.index_interval_bytes) {
                segment.index(header.last_offset(), found.position, newest)?;
                since_index = 0;
            }
            since_index += header.size_in_bytes() as u64;
            (next_offset, end) = (header.next_offset(), found.end());
        };
        segment.set_newest(newest);
        segment.set_size(end);
        segment.verified().note(position, end);
        Ok(Checked { next_offset, bad })
    }

    /// Makes the log begin where it should: if everything is below that, it begins anew. Gives the log's end.
    fn settle_start(&mut self, log_end_offset: Offset) -> Result<Offset, Error> {
        let start = self.options.log_start_offset;
        if log_end_offset < start {
            tracing::warn!(log_end_offset, start, "the log ends before it starts: beginning anew");
            let gone = std::mem::take(&mut self.segments);
            self.remove(&gone)?;
            self.epochs.clear();
        }
        if self.segments.is_empty() {
            self.segments.push(Segment::create(self.place, start)?);
            return Ok(start);
        }
        Ok(log_end_offset)
    }

    /// At once, without the delay of [`super::retention`]: nobody reads a log that is being opened.
    fn remove(&mut self, segments: &[Arc<Segment>]) -> Result<(), Error> {
        for segment in segments {
            segment.close_file();
            for suffix in names::SEGMENT_SUFFIXES {
                remove_if_there(&*self.place.files, &segment.path(suffix))?;
            }
        }
        Ok(())
    }
}

/// The next batch, its crc checked, and its marker if it has one.
fn next_sound(
    scanner: &mut Scanner<'_>,
    base_offset: Offset,
) -> Result<Option<(Found, Option<super::producers::Marker>)>, Bad> {
    let Some(found) = scanner.next_header()? else { return Ok(None) };
    // No index could point at it, so it was never written here.
    if found.header.last_offset().saturating_sub(base_offset) > Offset::from(i32::MAX) {
        return Err(Bad::Order(found.header.last_offset()));
    }
    let batch = scanner.batch(&found)?;
    batch.check_crc()?;
    let marker = if found.header.is_control() { marker(&batch) } else { None };
    Ok(Some((found, marker)))
}

/// The producers as they are at the end of `range`: from the newest snapshot in it, and the batches behind that.
/// Damaged snapshots are removed on the way.
pub(super) fn rebuild_producers(
    place: &Place,
    segments: &[Arc<Segment>],
    snapshots: &mut BTreeSet<Offset>,
    range: Range<Offset>,
    expiration_ms: Millis,
    now: Millis,
) -> Result<Producers, Error> {
    let mut producers = Producers::default();
    let mut from = range.start;
    while let Some(offset) = snapshots.range(..=range.end).next_back().copied() {
        let path = place.dir().join(names::file(offset, names::SNAPSHOT));
        let decoded = match place.files.read(&path) {
            Ok(bytes) => snapshot::decode(&bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err("not there".into()),
            Err(error) => return Err(Error::io(path.display())(error)),
        };
        match decoded {
            Ok(entries) => {
                let living =
                    entries.into_iter().filter(|(_, entry)| !is_expired(entry, now, expiration_ms));
                living.for_each(|(id, entry)| producers.load(id, entry));
                from = offset;
                break;
            }
            Err(what) => {
                tracing::warn!(path = %path.display(), %what, "removing a damaged snapshot");
                remove_if_there(&*place.files, &path)?;
                snapshots.remove(&offset);
            }
        }
    }
    let first = segments.partition_point(|segment| segment.base_offset() <= from).saturating_sub(1);
    for segment in segments.iter().skip(first).filter(|segment| segment.base_offset() < range.end) {
        replay(segment, from..range.end, &mut producers)?;
    }
    Ok(producers)
}

/// Takes in the batches of one segment by their headers.
fn replay(
    segment: &Arc<Segment>,
    range: Range<Offset>,
    producers: &mut Producers,
) -> Result<(), Error> {
    if range.is_empty() {
        return Ok(());
    }
    let Some(first) = segment.locate(range.start, segment.size())? else { return Ok(()) };
    let file = segment.file()?;
    let mut scanner =
        Scanner::headers(&*file, first.position, segment.size(), segment.base_offset());
    let corrupt = |position, bad: &Bad| segment.corrupt(position, bad);
    while let Some(found) =
        scanner.next_header().map_err(|bad| corrupt(scanner.position(), &bad))?
    {
        if found.header.base_offset >= range.end {
            break;
        }
        if found.header.has_producer_id() {
            let marker = if found.header.is_control() {
                marker(&scanner.batch(&found).map_err(|bad| corrupt(found.position, &bad))?)
            } else {
                None
            };
            producers.replay(&found.header, marker);
        }
    }
    Ok(())
}
