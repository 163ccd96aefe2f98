//! Finished work of the cleaner takes the place of the segments that it was made from.
//!
//! In two steps, so that the caller can make the names durable in between, aside from whoever writes. Readers that are
//! at the old segments keep them: their files are renamed, and removed after `file.delete.delay.ms`.
//!
//! What a crash leaves, step by step (`tidy` sees to it):
//!
//! ```text
//! .cleaned written          the old segments; .cleaned is removed
//! .swap, names not synced   either of the two, by what the disk has kept
//! .swap, names synced       the new segment: the old files go, .swap takes their names
//! old ones .deleted         the new segment, from .swap still, or under its name already
//! ```
//!
//! While a replacement is between its steps ([`Log::begin_replacing`]) retention rests: deleting the old segments now
//! would let a crash bring them back as the new one.

use std::sync::Arc;

use super::Log;
use super::cleaner::{Basis, Replacement};
use super::names::{self, DELETED, SNAPSHOT};
use super::segment::Segment;
use super::writer::Deletion;
use crate::error::Error;
use crate::types::Millis;

impl Log {
    /// What the cleaner needs to know of the log. Only one may be at work on it.
    pub fn prepare_cleaning(&mut self) -> Result<Basis, Error> {
        self.check_usable()?;
        self.replacing = false;
        let last = |entry: &super::producers::ProducerEntry| super::cleaner::LastRecord {
            data_offset: entry.last_batch().map(|batch| batch.last_offset),
            epoch: entry.epoch,
        };
        Ok(Basis {
            place: self.place.clone(),
            view: self.view.clone(),
            settings: self.settings.clone(),
            producers: self.producers.active().map(|(id, entry)| (id, last(entry))).collect(),
        })
    }

    /// Where the segments are that `replacement` was made from; none if they are not all there as they were.
    fn find(&self, replacement: &Replacement) -> Option<usize> {
        let old = replacement.segments();
        let segments = self.view.segments();
        let first = old.first()?;
        let at = segments.iter().position(|segment| Arc::ptr_eq(segment, first))?;
        let same =
            segments.get(at..at + old.len())?.iter().zip(old).all(|(a, b)| Arc::ptr_eq(a, b));
        // The active segment grows, and is never compacted.
        (same && at + old.len() < segments.len()).then_some(at)
    }

    /// The first step: the new files are marked as whole. False if nobody wants them any more: then the caller discards
    /// them. After this the caller makes the names durable ([`Replacement::sync_names`]).
    pub fn begin_replacing(&mut self, replacement: &Replacement) -> Result<bool, Error> {
        self.check_usable()?;
        if self.find(replacement).is_none() {
            return Ok(false);
        }
        // What was begun is to be finished or discarded before anything is deleted.
        self.replacing = true;
        let named = replacement.to_swap();
        if named.is_err() {
            replacement.discard();
            self.replacing = false;
        }
        named.map(|()| true)
    }

    /// Gives up what [`Log::begin_replacing`] has begun.
    pub fn abandon_replacing(&mut self, replacement: &Replacement) {
        replacement.discard();
        self.replacing = false;
    }

    /// The second step: the new segment is there, the old ones are not. An error makes the log unusable; opening it
    /// anew finishes the work.
    pub fn finish_replacing(
        &mut self,
        replacement: &Replacement,
        now: Millis,
    ) -> Result<bool, Error> {
        self.check_usable()?;
        let Some(at) = self.find(replacement).filter(|_| self.replacing) else {
            self.abandon_replacing(replacement);
            return Ok(false);
        };
        let done = self.exchange(replacement, at, now);
        self.replacing = false;
        if done.is_err() {
            self.fail();
        }
        done.map(|()| true)
    }

    fn exchange(&mut self, replacement: &Replacement, at: usize, now: Millis) -> Result<(), Error> {
        let old = replacement.segments();
        let mut paths = Vec::new();
        for segment in old {
            paths.extend(segment.mark_deleted()?);
        }
        replacement.to_segment()?;
        debug_assert!(self.replacing, "exchanging what was not begun");
        let mut segments = self.view.segments().to_vec();
        segments.splice(at..at + old.len(), [replacement.segment()]);
        self.view.replace_segments(segments);
        paths.extend(self.give_up_snapshots(old.get(1..).unwrap_or_default())?);
        self.unsynced.names_changed();
        self.deletions
            .push(Deletion { due: now.saturating_add(self.settings.file_delete_delay_ms), paths });
        Ok(())
    }

    /// The producers' snapshots at the beginnings of segments that are no more.
    fn give_up_snapshots(
        &mut self,
        gone: &[Arc<Segment>],
    ) -> Result<Vec<std::path::PathBuf>, Error> {
        let dir = self.dir();
        let mut paths = Vec::new();
        for base_offset in gone.iter().map(|segment| segment.base_offset()) {
            if self.snapshots.remove(&base_offset) {
                let name = names::file(base_offset, SNAPSHOT);
                let target = dir.join(format!("{name}{DELETED}"));
                self.place.files.rename(&dir.join(name), &target)?;
                paths.push(target);
            }
        }
        Ok(paths)
    }
}
