//! Which bytes of a segment are known to be sound: what was appended by this process, what recovery has checked, and
//! what was checked before it was first served. What a disk has changed is never served.
//!
//! A segment that was found on the disk is cold up to where it ended then. Each part of that is checked once, when it
//! is first read; after that, and for all that is appended, asking costs one load of an atomic.
//!
//! Kafka serves what `sendfile` finds and leaves the crc to the consumer, which then stops at the damage for good. Here
//! the reader is given what is before it, and then `CORRUPT_MESSAGE`, while the node's log names file and byte, so that
//! an operator can act.
//!
//! Who pays: the first reader of a stretch, once; on the blocking pool, since [`super::view::PartitionView::is_cold`]
//! says beforehand that a file will be read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use super::names;
use super::scan::{Bad, Found, Scanner};
use super::segment::Segment;
use crate::error::Error;
use crate::types::Offset;

/// What of a segment is sound.
#[derive(Debug)]
pub(super) struct Verified {
    /// Up to where bytes were found rather than appended; 0 once all of them are checked.
    cold_end: AtomicU64,
    /// The checked parts of that, in order, apart from each other.
    checked: Mutex<Vec<(u64, u64)>>,
}

impl Verified {
    /// A segment that was found with `cold_end` bytes.
    pub(super) fn cold(cold_end: u64) -> Self {
        Self { cold_end: AtomicU64::new(cold_end), checked: Mutex::default() }
    }

    /// Whether there are bytes that nobody has checked.
    pub(super) fn is_cold(&self) -> bool {
        self.cold_end.load(Ordering::Acquire) > 0
    }

    /// Notes that the bytes from `from` to `to`, which are whole batches, are sound.
    pub(super) fn note(&self, from: u64, to: u64) {
        let cold_end = self.cold_end.load(Ordering::Acquire);
        if from >= to || from >= cold_end {
            return;
        }
        let mut checked = self.checked.lock();
        let first = checked.partition_point(|part| part.1 < from);
        let behind = checked.partition_point(|part| part.0 <= to);
        // All parts that touch or overlap the new one become one with it.
        let joined = checked.drain(first..behind);
        let (from, to) =
            joined.fold((from, to), |(from, to), part| (from.min(part.0), to.max(part.1)));
        if from == 0 && to >= cold_end {
            self.cold_end.store(0, Ordering::Release);
            *checked = Vec::new();
        } else {
            checked.insert(first, (from, to));
            debug_assert!(
                checked.windows(2).all(|pair| pair[0].1 < pair[1].0),
                "checked parts that touch"
            );
        }
    }

    /// Forgets what is behind byte `end`, where the file ends now.
    pub(super) fn cut(&self, end: u64) {
        let mut checked = self.checked.lock();
        let cold_end = self.cold_end.load(Ordering::Acquire).min(end);
        checked.retain_mut(|part| {
            part.1 = part.1.min(end);
            part.0 < part.1
        });
        let all = checked.first().is_some_and(|first| *first == (0, cold_end));
        self.cold_end.store(if all { 0 } else { cold_end }, Ordering::Release);
    }

    /// What nobody has checked of the bytes from `from` to `to`.
    fn unchecked(&self, from: u64, to: u64) -> Vec<(u64, u64)> {
        let to = to.min(self.cold_end.load(Ordering::Acquire));
        let mut gaps = Vec::new();
        let mut at = from;
        for &(begin, end) in self.checked.lock().iter() {
            if begin >= to {
                break;
            }
            if begin > at {
                gaps.push((at, begin));
            }
            at = at.max(end);
        }
        if at < to {
            gaps.push((at, to));
        }
        gaps
    }
}

/// Where the sound batches of a run end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sound {
    /// The byte behind them.
    pub(super) end: u64,
    /// The offset behind them.
    pub(super) next_offset: Offset,
}

impl Segment {
    /// Checks the whole batches from byte `from` to `to` as far as nobody has. None if all are sound, which is nearly
    /// always so; else where those before the damage end. Error: `Io`, and `Corrupt` when not even the first is sound.
    pub(super) fn verify(self: &Arc<Self>, from: u64, to: u64) -> Result<Option<Sound>, Error> {
        let verified = self.verified();
        if !verified.is_cold() {
            return Ok(None);
        }
        let mut sound = None;
        for (begin, end) in verified.unchecked(from, to) {
            let (up_to, bad) = self.check_crcs(begin, end, &mut sound)?;
            verified.note(begin, up_to);
            let Some(bad) = bad else { continue };
            if up_to == from {
                return Err(self.corrupt(up_to, &bad));
            }
            // The one who asks for what is behind these is told of the damage.
            let next_offset = match sound {
                Some(sound) if sound.end == up_to => sound.next_offset,
                _ => self.offset_behind(up_to)?,
            };
            return Ok(Some(Sound { end: up_to, next_offset }));
        }
        Ok(None)
    }

    /// Checks batch after batch; where the sound ones end, and why there. `sound` becomes the last of them.
    ///
    /// A batch's offset lies outside of its crc. It is believed when the batch behind it goes on from there; where the
    /// two do not fit, neither is sound.
    fn check_crcs(
        self: &Arc<Self>,
        from: u64,
        to: u64,
        sound: &mut Option<Sound>,
    ) -> Result<(u64, Option<Bad>), Error> {
        let file = self.file()?;
        let mut scanner = Scanner::batches(&*file, from, self.size(), self.base_offset());
        let (mut end, mut candidate) = (from, None::<Sound>);
        loop {
            let next = scanner.next_header();
            if let (Some(believed), false) = (candidate.take(), matches!(next, Err(Bad::Order(_))))
            {
                (end, *sound) = (believed.end, Some(believed));
            }
            let bad = match next {
                Ok(None) => return Ok((end, None)),
                Ok(Some(found)) if found.position >= to => return Ok((end, None)),
                Ok(Some(found)) => match self.check_crc(&mut scanner, &found) {
                    Ok(next) => {
                        candidate = Some(next);
                        continue;
                    }
                    Err(bad) => bad,
                },
                Err(bad) => bad,
            };
            return match bad {
                Bad::Io(error) => Err(Error::io(self.path(names::LOG).display())(error)),
                _ if end >= to => Ok((end, None)),
                bad => Ok((end, Some(bad))),
            };
        }
    }

    fn check_crc(&self, scanner: &mut Scanner<'_>, found: &Found) -> Result<Sound, Bad> {
        if found.header.last_offset().saturating_sub(self.base_offset()) > Offset::from(i32::MAX) {
            return Err(Bad::Order(found.header.last_offset()));
        }
        scanner.batch(found)?.check_crc()?;
        Ok(Sound { end: found.end(), next_offset: found.header.next_offset() })
    }

    /// The offset behind the batches that end at byte `end`.
    fn offset_behind(self: &Arc<Self>, end: u64) -> Result<Offset, Error> {
        let last = self.last_before(0, end)?;
        Ok(last.map_or(self.base_offset(), |last| last.header.next_offset()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_joined_until_all_is_checked() {
        let verified = Verified::cold(100);
        assert_eq!(verified.unchecked(10, 200), [(10, 100)]);
        verified.note(10, 30);
        verified.note(50, 60);
        assert_eq!(verified.unchecked(0, 70), [(0, 10), (30, 50), (60, 70)]);
        verified.note(30, 50);
        assert_eq!(verified.unchecked(20, 60), []);
        assert_eq!(verified.checked.lock().as_slice(), [(10, 60)]);
        verified.note(0, 5);
        verified.note(55, 120);
        assert_eq!(verified.unchecked(0, 100), [(5, 10)]);
        assert!(verified.is_cold());
        verified.note(4, 11);
        assert!(!verified.is_cold() && verified.unchecked(0, 100).is_empty());
        let verified = Verified::cold(100);
        verified.note(0, 60);
        verified.note(80, 90);
        verified.cut(85);
        assert_eq!(verified.unchecked(0, 200), [(60, 80)]);
        verified.cut(50);
        assert!(!verified.is_cold());
        assert!(!Verified::cold(0).is_cold());
    }
}
