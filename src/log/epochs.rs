//! Who led when: the first offset of each leader epoch (KIP-101, KIP-279), kept in `leader-epoch-checkpoint`.
//!
//! Epochs and offsets both grow from entry to entry. The list itself does no input or output: [`read`] and [`write()`]
//! do.
//!
//! ```text
//! 0                  version
//! 2                  count
//! 0 0                epoch, its first offset
//! 3 4711             epochs 1 and 2 wrote nothing, and have no line
//! ```
//!
//! Followers and consumers ask it one question: where does the epoch that I read last end, as the present leader has it
//! (OffsetForLeaderEpoch)? If that is before where they are, they have read what was lost, and cut their log or are
//! told of the truncation.

use std::io;
use std::path::Path;

use super::checkpoint;
use super::files::{self, Durability, Files, replace};
use super::names::LEADER_EPOCHS;
use crate::error::Error;
use crate::types::{LeaderEpoch, Offset};

/// Where the reign of a leader begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochEntry {
    /// The epoch.
    pub epoch: LeaderEpoch,
    /// Its first offset.
    pub start_offset: Offset,
}

/// All the leader epochs that a log has records of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Epochs {
    entries: Vec<EpochEntry>,
}

impl Epochs {
    /// The entries, oldest first.
    pub fn entries(&self) -> &[EpochEntry] {
        &self.entries
    }

    /// The newest.
    pub fn latest(&self) -> Option<EpochEntry> {
        self.entries.last().copied()
    }

    /// The oldest.
    pub fn earliest(&self) -> Option<EpochEntry> {
        self.entries.first().copied()
    }

    /// The newest entry below `epoch`.
    pub fn before(&self, epoch: LeaderEpoch) -> Option<EpochEntry> {
        self.entries.iter().rev().find(|entry| entry.epoch < epoch).copied()
    }

    /// Notes that `epoch` begins at `start_offset`; entries that contradict it go. Says whether anything changed.
    pub fn assign(&mut self, epoch: LeaderEpoch, start_offset: Offset) -> bool {
        if epoch < 0 || start_offset < 0 {
            return false;
        }
        if self
            .latest()
            .is_some_and(|latest| latest.epoch == epoch && latest.start_offset <= start_offset)
        {
            return false;
        }
        // A leader that was not heard of wrote what is given up here: its epochs are not of this log any more
        // (KIP-101).
        while self
            .latest()
            .is_some_and(|latest| latest.epoch >= epoch || latest.start_offset >= start_offset)
        {
            self.entries.pop();
        }
        self.entries.push(EpochEntry { epoch, start_offset });
        self.assert_sound();
        true
    }

    /// Forgets epochs that begin at `end_offset` or behind. Says whether anything changed.
    pub fn truncate_from_end(&mut self, end_offset: Offset) -> bool {
        let kept = self.entries.partition_point(|entry| entry.start_offset < end_offset);
        let changed = kept < self.entries.len();
        self.entries.truncate(kept);
        changed
    }

    /// Lets the log begin at `start_offset`: the epoch that reigns there begins there, those before it go. Says
    /// whether anything changed.
    pub fn truncate_from_start(&mut self, start_offset: Offset) -> bool {
        let behind = self.entries.partition_point(|entry| entry.start_offset <= start_offset);
        let Some(reigning) = behind.checked_sub(1) else { return false };
        let changed = reigning > 0 || self.entries[reigning].start_offset != start_offset;
        self.entries.drain(..reigning);
        self.entries[0].start_offset = start_offset;
        self.assert_sound();
        changed
    }

    /// Holds that epochs and offsets both grow, which every binary search in here relies on.
    fn assert_sound(&self) {
        debug_assert!(
            self.entries.windows(2).all(|pair| {
                pair[0].epoch < pair[1].epoch && pair[0].start_offset < pair[1].start_offset
            }),
            "epochs in disorder: {:?}",
            self.entries
        );
    }
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Where `epoch` ends: the largest epoch not above it, and the first offset that is no longer that epoch's. None
    /// if it is not known. An epoch before all that are known ends where the first known one begins.
    pub fn end_offset_for(
        &self,
        epoch: LeaderEpoch,
        log_end_offset: Offset,
    ) -> Option<(LeaderEpoch, Offset)> {
        if epoch < 0 {
            return None;
        }
        if self.latest()?.epoch == epoch {
            return Some((epoch, log_end_offset));
        }
        let above = self.entries.partition_point(|entry| entry.epoch <= epoch);
        let end = self.entries.get(above)?.start_offset;
        let found = above.checked_sub(1).map_or(epoch, |below| self.entries[below].epoch);
        Some((found, end))
    }

    /// Who led when the record at `offset` was written.
    pub fn epoch_for_offset(&self, offset: Offset) -> Option<LeaderEpoch> {
        let behind = self.entries.partition_point(|entry| entry.start_offset <= offset);
        Some(self.entries[behind.checked_sub(1)?].epoch)
    }
}

/// Reads the epochs of the directory `dir`; a file that is not there holds none.
pub fn read(files: &dyn Files, dir: &Path) -> Result<Epochs, Error> {
    let path = dir.join(LEADER_EPOCHS);
    let bytes = match files.read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Epochs::default()),
        Err(error) => return Err(Error::io(path.display())(error)),
    };
    let entries = checkpoint::decode(&bytes, |words| match words {
        [epoch, start] => {
            Some(EpochEntry { epoch: epoch.parse().ok()?, start_offset: start.parse().ok()? })
        }
        _ => None,
    });
    let mut epochs = Epochs::default();
    for entry in entries.map_err(|what| Error::Corrupt(format!("{}: {what}", path.display())))? {
        epochs.assign(entry.epoch, entry.start_offset);
    }
    Ok(epochs)
}

/// Writes the epochs into the directory `dir`, and syncs nothing: a damaged file of epochs is made anew from the
/// batches.
pub fn write(files: &dyn Files, dir: &Path, epochs: &Epochs) -> Result<(), Error> {
    let path = dir.join(LEADER_EPOCHS);
    replace(files, &path, encode(epochs).as_bytes(), Durability::None)
        .map_err(Error::io(path.display()))
}

/// The same for a directory that nobody reads yet.
pub fn write_new(files: &dyn Files, dir: &Path, epochs: &Epochs) -> Result<(), Error> {
    let path = dir.join(LEADER_EPOCHS);
    files::write_new(files, &path, encode(epochs).as_bytes(), Durability::None)
        .map_err(Error::io(path.display()))
}

fn encode(epochs: &Epochs) -> String {
    let lines = epochs.entries.iter();
    checkpoint::encode(lines.map(|entry| format!("{} {}", entry.epoch, entry.start_offset)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::files::memory::MemoryFiles;

    fn epochs(entries: &[(LeaderEpoch, Offset)]) -> Epochs {
        let mut epochs = Epochs::default();
        entries.iter().for_each(|(epoch, start)| assert!(epochs.assign(*epoch, *start)));
        epochs
    }

    #[test]
    fn assignments_stay_in_order() {
        let mut list = epochs(&[(1, 0), (3, 10), (5, 20)]);
        assert!(!list.assign(5, 25));
        assert!(!list.assign(-1, 30));
        assert!(list.assign(6, 15));
        assert_eq!(list, epochs(&[(1, 0), (3, 10), (6, 15)]));
        assert!(list.assign(2, 30));
        assert_eq!(list, epochs(&[(1, 0), (2, 30)]));
        assert!(list.assign(2, 3));
        assert_eq!(list, epochs(&[(1, 0), (2, 3)]));
    }

    #[test]
    fn ends_and_owners_are_found() {
        let list = epochs(&[(1, 5), (3, 10), (5, 20)]);
        assert_eq!(list.end_offset_for(5, 42), Some((5, 42)));
        assert_eq!(list.end_offset_for(4, 42), Some((3, 20)));
        assert_eq!(list.end_offset_for(3, 42), Some((3, 20)));
        assert_eq!(list.end_offset_for(0, 42), Some((0, 5)));
        assert_eq!(list.end_offset_for(6, 42), None);
        assert_eq!(list.end_offset_for(-1, 42), None);
        assert_eq!(Epochs::default().end_offset_for(0, 0), None);
        assert_eq!(list.epoch_for_offset(4), None);
        assert_eq!(list.epoch_for_offset(10), Some(3));
        assert_eq!(list.epoch_for_offset(1_000), Some(5));
        assert_eq!(list.before(5).map(|entry| entry.epoch), Some(3));
    }

    #[test]
    fn both_ends_can_be_cut() {
        let mut list = epochs(&[(1, 5), (3, 10), (5, 20)]);
        assert!(!list.truncate_from_end(21));
        assert!(list.truncate_from_end(20));
        assert!(!list.truncate_from_start(4));
        assert!(list.truncate_from_start(12));
        assert_eq!(list, epochs(&[(3, 12)]));
        assert!(!list.truncate_from_start(12));
    }

    #[test]
    fn the_file_is_kafkas() {
        let files = MemoryFiles::new();
        let dir = Path::new("/d");
        files.create_dir(dir).unwrap();
        assert_eq!(read(&files, dir).unwrap(), Epochs::default());
        let list = epochs(&[(1, 0), (2, 202)]);
        write(&files, dir, &list).unwrap();
        assert_eq!(files.read(&dir.join(LEADER_EPOCHS)).unwrap(), b"0\n2\n1 0\n2 202\n");
        assert_eq!(read(&files, dir).unwrap(), list);
    }
}
