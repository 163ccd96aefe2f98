//! Reading a partition: from an offset to the runs of whole batches that are to be sent. Waits for nobody; what comes
//! first off the disk is checked on the way.

use std::io;
use std::sync::Arc;

use super::{End, PartitionView};
use crate::error::{ApiError, Error, ErrorCode};
use crate::log::files::{File, read_exact_at};
use crate::log::scan::Found;
use crate::log::segment::Segment;
use crate::log::txn_index::AbortedTxn;
use crate::types::Offset;

/// Segments that one read spans at most.
const SLICES_MAX: usize = 16;

/// A run of whole batches in a file.
#[derive(Clone, Debug)]
pub struct RecordsSlice {
    /// The file, which stays open as long as someone has this.
    pub file: Arc<dyn File>,
    /// Where the batches begin, in bytes.
    pub position: u64,
    /// How many bytes they are.
    pub len: usize,
}

impl RecordsSlice {
    /// Appends the bytes to `out`.
    pub fn read_into(&self, out: &mut Vec<u8>) -> io::Result<()> {
        let from = out.len();
        out.resize(from + self.len, 0);
        let read = read_exact_at(&*self.file, &mut out[from..], self.position);
        if read.is_err() {
            out.truncate(from);
        }
        read
    }
}

/// What a read found.
#[derive(Clone, Debug, Default)]
pub struct FetchData {
    /// The batches, in order.
    pub slices: Vec<RecordsSlice>,
    /// The offset behind the last of them; where the read began if there are none.
    pub next_offset: Offset,
}

impl FetchData {
    /// How many bytes the batches are.
    pub fn len(&self) -> usize {
        self.slices.iter().map(|slice| slice.len).sum()
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.slices.is_empty()
    }

    /// Takes in the batches at `position`, up to those that are damaged: then it says false.
    fn push(
        &mut self,
        segment: &Arc<Segment>,
        position: u64,
        mut len: usize,
        mut next_offset: Offset,
    ) -> Result<bool, Error> {
        let checked = segment.verify(position, position + len as u64)?;
        if let Some(sound) = checked {
            len = usize::try_from(sound.end - position).unwrap_or(usize::MAX);
            next_offset = sound.next_offset;
        }
        self.slices.push(RecordsSlice { file: segment.file()?, position, len });
        self.next_offset = next_offset;
        Ok(checked.is_none())
    }

    /// All the bytes, copied.
    pub fn to_vec(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(self.len());
        self.slices.iter().try_for_each(|slice| slice.read_into(&mut bytes))?;
        Ok(bytes)
    }
}

impl PartitionView {
    /// Reads whole batches from the one that holds `start_offset`, as many as `max_bytes` takes and none at or behind
    /// `up_to_offset`. With `min_one_message` the first batch comes however large it is. Errors:
    /// `OFFSET_OUT_OF_RANGE`, `Io`, `Corrupt`.
    pub fn read(
        &self,
        start_offset: Offset,
        max_bytes: usize,
        min_one_message: bool,
        up_to_offset: Offset,
    ) -> Result<FetchData, Error> {
        let ends = self.ends.lock();
        let end = ends.now;
        let up_to = up_to_offset.min(end.offset);
        let (begin, stop) = (ends.find(start_offset), ends.find(up_to));
        // Together with the places: both are exchanged at once, by the cleaner and where a log is opened anew.
        let segments = self.segments.load();
        drop(ends);
        if start_offset < self.log_start_offset() || start_offset > end.offset {
            return Err(self.out_of_range(start_offset, end.offset));
        }
        let mut data = FetchData { slices: Vec::new(), next_offset: start_offset };
        let first = segments
            .partition_point(|segment| segment.base_offset() <= start_offset)
            .saturating_sub(1);
        let mut left = max_bytes;
        for (at, segment) in segments.iter().enumerate().skip(first) {
            if data.next_offset >= up_to || data.slices.len() == SLICES_MAX {
                break;
            }
            let next = segments.get(at + 1).map(|segment| segment.base_offset());
            let next = next.filter(|base| *base <= up_to);
            let one = min_one_message && data.slices.is_empty();
            let read = match next {
                Some(next) => Ok(Limit { position: segment.size(), offset: next }),
                None => limit_of(segment, data.next_offset, up_to, end, stop),
            };
            let read = read
                .and_then(|limit| read_segment(segment, begin, limit, &mut left, one, &mut data));
            match read {
                Ok(true) => {}
                Ok(false) => break,
                // Whoever has been given some comes back for more, and is told of the damage then.
                Err(Error::Corrupt(_)) if !data.slices.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(data)
    }

    fn out_of_range(&self, offset: Offset, end: Offset) -> Error {
        let text = format!(
            "Received request for offset {offset} for partition {}, but we only have log segments from offset {} to {end}.",
            self.topic_partition,
            self.log_start_offset()
        );
        ApiError::new(ErrorCode::OffsetOutOfRange, text).into()
    }

    /// The transactions that a reader in `read_committed` must skip in what it read from `from_offset` to
    /// `to_offset`.
    pub fn aborted_transactions(
        &self,
        from_offset: Offset,
        to_offset: Offset,
    ) -> Result<Vec<AbortedTxn>, Error> {
        let mut aborted = Vec::new();
        let segments = self.segments.load();
        let first = segments
            .partition_point(|segment| segment.base_offset() <= from_offset)
            .saturating_sub(1);
        for segment in segments.iter().skip(first) {
            for entry in segment.aborted()?.iter() {
                if entry.last_offset >= from_offset && entry.first_offset < to_offset {
                    aborted.push(*entry);
                }
                if entry.last_stable_offset >= to_offset {
                    return Ok(aborted);
                }
            }
        }
        Ok(aborted)
    }
}

/// Whether `place` is where the batch with `offset` begins, and that is in `segment`.
fn known_in(place: &End, segment: &Segment, offset: Offset) -> bool {
    place.offset == offset && place.segment == segment.base_offset()
}

/// Where the batches below `up_to` end in `segment`, which is the last that has any.
fn end_position(
    segment: &Arc<Segment>,
    up_to: Offset,
    end: End,
    known: Option<End>,
) -> Result<u64, Error> {
    if let Some(known) = known.filter(|known| known_in(known, segment, up_to)) {
        return Ok(known.position);
    }
    let size = if segment.base_offset() == end.segment { end.position } else { segment.size() };
    Ok(segment.locate(up_to, size)?.map_or(size, |found| found.position))
}

/// Where a read of a segment ends: before the batch of that offset.
#[derive(Clone, Copy, Debug)]
struct Limit {
    position: u64,
    offset: Offset,
}

/// Where the batches below `up_to` end in `segment`, which is the last that has any. Damage on the way there keeps
/// nobody from the batch with `from`.
fn limit_of(
    segment: &Arc<Segment>,
    from: Offset,
    up_to: Offset,
    end: End,
    known: Option<End>,
) -> Result<Limit, Error> {
    let error = match end_position(segment, up_to, end, known) {
        Ok(position) => return Ok(Limit { position, offset: up_to }),
        Err(error @ Error::Corrupt(_)) => error,
        Err(error) => return Err(error),
    };
    match segment.locate(from, segment.size())? {
        Some(first) if first.header.next_offset() <= up_to => {
            Ok(Limit { position: first.end(), offset: first.header.next_offset() })
        }
        _ => Err(error),
    }
}

/// Takes in what `segment` has from where `data` ends. Says whether the next segment is to be read too.
fn read_segment(
    segment: &Arc<Segment>,
    begin: Option<End>,
    limit: Limit,
    left: &mut usize,
    one: bool,
    data: &mut FetchData,
) -> Result<bool, Error> {
    // Most reads are of what came last, which fits: then nothing need be looked for.
    if let Some(begin) = begin.filter(|begin| known_in(begin, segment, data.next_offset))
        && begin.position < limit.position
        && limit.position - begin.position <= *left as u64
    {
        let len = usize::try_from(limit.position - begin.position).unwrap_or(usize::MAX);
        *left -= len;
        return data.push(segment, begin.position, len, limit.offset);
    }
    let Some(found) = segment.locate(data.next_offset, limit.position)? else {
        // Compacted away up to the next segment.
        data.next_offset = data.next_offset.max(limit.offset);
        return Ok(true);
    };
    let Some((stop, next_offset)) = whole_batches(segment, &found, limit.position, *left, one)?
    else {
        return Ok(false);
    };
    let len = usize::try_from(stop - found.position).unwrap_or(usize::MAX);
    *left = left.saturating_sub(len);
    let whole = data.push(segment, found.position, len, next_offset.unwrap_or(limit.offset))?;
    Ok(whole && stop >= limit.position)
}

/// Where the whole batches end that begin with `first`, are before `limit`, and fit into `room` bytes; and the offset
/// behind them, unless they reach the limit. None if not even the first fits, unless it is to come anyhow.
fn whole_batches(
    segment: &Arc<Segment>,
    first: &Found,
    limit: u64,
    room: usize,
    at_least_one: bool,
) -> Result<Option<(u64, Option<Offset>)>, Error> {
    let size = first.header.size_in_bytes();
    let room = if at_least_one { room.max(size) } else { room };
    if limit - first.position <= room as u64 {
        return Ok(Some((limit, None)));
    }
    if size > room {
        return Ok(None);
    }
    let last = match segment.last_before(first.position, first.position + room as u64) {
        // Damage ahead keeps nobody from what is before it.
        Err(Error::Corrupt(_)) => *first,
        last => last?.unwrap_or(*first),
    };
    Ok(Some((last.end(), Some(last.header.next_offset()))))
}
