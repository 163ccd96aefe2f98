//! How far each log of one log directory is known to be good: read from the checkpoint files when a life begins, noted
//! while it lasts, and written down again. Does no more with files than to read those four; `manager` writes them.
//!
//! There is one entry for a partition, and not one for each file that it stands in: a node has many partitions at rest,
//! and this is what it has to remember of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::checkpoint::{
    self, CLEANER_OFFSETS, HIGH_WATERMARKS, LOG_START_OFFSETS, Offsets, RECOVERY_POINTS,
};
use super::files::Files;
use super::view::LogOffsets;
use crate::error::Error;
use crate::types::{Offset, TopicPartition};

/// The checkpoint files, in the order in which they are written at the end.
pub(super) const FILES: [&str; 4] =
    [CLEANER_OFFSETS, RECOVERY_POINTS, LOG_START_OFFSETS, HIGH_WATERMARKS];

/// Stands where a file says nothing of a log.
const NONE_OFFSET: Offset = -1;

/// Where a file stands among [`FILES`].
const CLEANED: usize = 0;
const RECOVERY_POINT: usize = 1;
const LOG_START: usize = 2;
const HIGH_WATERMARK: usize = 3;

/// What this life of the process has done with a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Use {
    /// It is as the last life has left it.
    #[default]
    None,
    /// It has been opened, and was not closed, whatever became of it.
    Unclosed,
    /// It has been opened, and was closed.
    Closed,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// In the order of [`FILES`].
    offsets: [Offset; FILES.len()],
    used: Use,
}

impl Default for Entry {
    fn default() -> Self {
        Self { offsets: [NONE_OFFSET; FILES.len()], used: Use::None }
    }
}

/// What is known of a log before it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) recovery_point: Offset,
    pub(super) log_start_offset: Offset,
    pub(super) high_watermark: Offset,
    /// Whether this life has opened it before.
    pub(super) used: bool,
}

/// The logs of one log directory.
#[derive(Debug, Default)]
pub(super) struct Noted {
    logs: BTreeMap<TopicPartition, Entry>,
    /// Which files say what is noted here. None does at first: one may be missing, or damaged.
    same: [bool; FILES.len()],
    /// Whether the stop has been told of: nothing is opened any more.
    pub(super) over: bool,
}

impl Noted {
    /// What the files in `dir` say. A damaged one knows nothing, which costs time and loses nothing.
    pub(super) fn read(files: &dyn Files, dir: &Path) -> Result<Self, Error> {
        let mut noted = Self::default();
        for (file, name) in FILES.into_iter().enumerate() {
            let offsets = match checkpoint::read(files, &dir.join(name)) {
                Err(Error::Corrupt(what)) => {
                    tracing::warn!(%what, "doing without a damaged checkpoint");
                    Offsets::new()
                }
                other => other?,
            };
            for (at, offset) in offsets {
                noted.logs.entry(at).or_default().offsets[file] = offset.max(NONE_OFFSET);
            }
        }
        Ok(noted)
    }

    /// What is known of a log; nothing of one that is new.
    pub(super) fn known(&self, at: &TopicPartition) -> Known {
        let entry = self.logs.get(at).copied().unwrap_or_default();
        let offset = |file: usize| entry.offsets[file].max(0);
        Known {
            recovery_point: offset(RECOVERY_POINT),
            log_start_offset: offset(LOG_START),
            high_watermark: offset(HIGH_WATERMARK),
            used: entry.used != Use::None,
        }
    }

    /// A log is being opened.
    pub(super) fn opened(&mut self, at: &TopicPartition) {
        self.logs.entry(at.clone()).or_default().used = Use::Unclosed;
    }

    /// How far a log is, for the next checkpoint.
    pub(super) fn note(&mut self, at: &TopicPartition, offsets: LogOffsets) {
        self.set(at, RECOVERY_POINT, offsets.recovery_point);
        self.set(at, HIGH_WATERMARK, offsets.high_watermark);
        self.set(at, LOG_START, offsets.log_start_offset.unwrap_or(NONE_OFFSET));
    }

    /// A log was closed.
    pub(super) fn closed(&mut self, at: &TopicPartition) {
        if let Some(entry) = self.logs.get_mut(at).filter(|entry| entry.used == Use::Unclosed) {
            entry.used = Use::Closed;
        }
    }

    /// A log is no longer here.
    pub(super) fn forget(&mut self, at: &TopicPartition) {
        let Some(entry) = self.logs.remove(at) else { return };
        for (same, offset) in self.same.iter_mut().zip(entry.offsets) {
            *same &= offset == NONE_OFFSET;
        }
    }

    /// Up to where a log is compacted, as far as is known.
    pub(super) fn cleaned(&self, at: &TopicPartition) -> Option<Offset> {
        self.logs.get(at).map(|entry| entry.offsets[CLEANED]).filter(|offset| *offset >= 0)
    }

    /// A log is compacted up to there.
    pub(super) fn note_cleaned(&mut self, at: &TopicPartition, offset: Offset) {
        self.set(at, CLEANED, offset);
    }

    fn set(&mut self, at: &TopicPartition, file: usize, offset: Offset) {
        if !self.logs.contains_key(at) {
            self.logs.insert(at.clone(), Entry::default());
        }
        if let Some(entry) = self.logs.get_mut(at)
            && std::mem::replace(&mut entry.offsets[file], offset) != offset
        {
            self.same[file] = false;
        }
    }

    /// The text for a checkpoint file, if it does not say so already; it is taken for written from now on.
    pub(super) fn take_text(&mut self, name: &str) -> Option<String> {
        let file = FILES.iter().position(|one| *one == name)?;
        if std::mem::replace(&mut self.same[file], true) {
            return None;
        }
        let offsets = self.logs.iter().map(|(at, entry)| (at, entry.offsets[file]));
        Some(checkpoint::text(offsets.filter(|(_, offset)| *offset >= 0)))
    }

    /// The file could not be written after all.
    pub(super) fn not_written(&mut self, name: &str) {
        if let Some(file) = FILES.iter().position(|one| *one == name) {
            self.same[file] = false;
        }
    }

    /// How many logs were opened and not closed, and one of them.
    pub(super) fn unclosed(&self) -> Option<(usize, &TopicPartition)> {
        let is_unclosed = |(_, entry): &(&TopicPartition, &Entry)| entry.used == Use::Unclosed;
        let mut unclosed = self.logs.iter().filter(is_unclosed).map(|(at, _)| at);
        let first = unclosed.next()?;
        Some((1 + unclosed.count(), first))
    }

    /// The logs that this life has opened.
    pub(super) fn used(&self) -> BTreeSet<TopicPartition> {
        let used = self.logs.iter().filter(|(_, entry)| entry.used != Use::None);
        used.map(|(at, _)| at.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::files::memory::MemoryFiles;

    fn at(partition: i32) -> TopicPartition {
        TopicPartition::new("t", partition)
    }

    fn offsets(recovery_point: Offset, log_start_offset: Option<Offset>) -> LogOffsets {
        LogOffsets { recovery_point, log_start_offset, high_watermark: recovery_point }
    }

    #[test]
    fn a_file_is_written_when_it_would_say_something_else() {
        let mut noted = Noted::default();
        assert_eq!(noted.take_text(RECOVERY_POINTS).as_deref(), Some("0\n0\n"), "none is there");
        assert_eq!(noted.take_text(RECOVERY_POINTS), None);
        noted.note(&at(1), offsets(7, None));
        assert_eq!(noted.take_text(RECOVERY_POINTS).as_deref(), Some("0\n1\nt 1 7\n"));
        noted.note(&at(1), offsets(7, Some(3)));
        assert_eq!(noted.take_text(RECOVERY_POINTS), None);
        assert_eq!(noted.take_text(LOG_START_OFFSETS).as_deref(), Some("0\n1\nt 1 3\n"));
        noted.note(&at(1), offsets(7, None));
        assert_eq!(noted.take_text(LOG_START_OFFSETS).as_deref(), Some("0\n0\n"));
        noted.not_written(LOG_START_OFFSETS);
        assert!(noted.take_text(LOG_START_OFFSETS).is_some());
        assert!(noted.take_text(CLEANER_OFFSETS).is_some());
        noted.forget(&at(1));
        assert_eq!(noted.take_text(CLEANER_OFFSETS), None, "it said nothing of that log");
        assert_eq!(noted.take_text(RECOVERY_POINTS).as_deref(), Some("0\n0\n"));
    }

    #[test]
    fn what_was_written_is_read() {
        let files = MemoryFiles::new();
        let dir = Path::new("/d");
        files.create_dir(dir).unwrap();
        let mut noted = Noted::default();
        noted.note(&at(0), offsets(5, Some(2)));
        noted.note_cleaned(&at(3), 9);
        for name in FILES {
            checkpoint::write(&files, &dir.join(name), &noted.take_text(name).unwrap()).unwrap();
        }
        files.create(&dir.join(HIGH_WATERMARKS)).unwrap().write_at(b"x", 0).unwrap();
        let noted = Noted::read(&files, dir).unwrap();
        let known = noted.known(&at(0));
        assert_eq!((known.recovery_point, known.log_start_offset), (5, 2));
        assert_eq!((known.high_watermark, known.used), (0, false), "the file is damaged");
        assert_eq!((noted.cleaned(&at(0)), noted.cleaned(&at(3))), (None, Some(9)));
        assert_eq!(noted.known(&at(3)).recovery_point, 0);
    }

    #[test]
    fn what_is_opened_must_be_closed() {
        let mut noted = Noted::default();
        assert_eq!(noted.unclosed(), None);
        noted.opened(&at(1));
        noted.opened(&at(2));
        noted.closed(&at(7));
        assert_eq!(noted.unclosed(), Some((2, &at(1))));
        noted.closed(&at(1));
        assert_eq!(noted.unclosed(), Some((1, &at(2))));
        assert!(noted.known(&at(1)).used && !noted.known(&at(7)).used);
        noted.forget(&at(2));
        assert_eq!((noted.unclosed(), noted.used()), (None, [at(1)].into()));
    }
}
