//! Where the metadata log begins and ends, and which epoch wrote what: all that decisions need to know of it. Never
//! bytes.
//!
//! ```text
//!   oldest snapshot     latest snapshot        epochs: (3, 0) (4, 40) (7, 90)
//!         ▼                   ▼
//!   ......├───────────────────┼──────────────────┤           a fetcher at (offset 60, epoch 4) has what we have;
//!       start                                   end          one at (60, 5) has records that we do not: it is told
//!                                                            where our largest epoch up to 5 ends, (90, 4)
//! ```

use crate::types::{LeaderEpoch, Offset};

/// A position with the epoch of the record before it: names a snapshot, or the end of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OffsetAndEpoch {
    /// The offset that comes next.
    pub offset: Offset,
    /// The epoch of the last record before it.
    pub epoch: LeaderEpoch,
}

impl OffsetAndEpoch {
    /// `offset` after records of `epoch`.
    pub const fn new(offset: Offset, epoch: LeaderEpoch) -> Self {
        Self { offset, epoch }
    }
}

/// How a fetcher's position compares with the leader's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// The leader's log holds everything that the fetcher's does.
    Same,
    /// The fetcher must cut its log to here.
    Diverging(OffsetAndEpoch),
    /// What the fetcher lacks is only in this snapshot.
    Snapshot(OffsetAndEpoch),
}

/// The outline of one log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// The first offset.
    pub start: Offset,
    /// The next offset.
    pub end: Offset,
    /// Everything before this is on disk.
    pub synced: Offset,
    /// Each epoch with its first offset, ascending.
    pub epochs: Vec<(LeaderEpoch, Offset)>,
    /// The oldest and the latest snapshot.
    pub snapshots: Option<(OffsetAndEpoch, OffsetAndEpoch)>,
}

impl Shape {
    /// Holds what must be true of every log.
    pub(super) fn assert_sound(&self) {
        assert!(self.start <= self.end, "a log ends at {} and begins at {}", self.end, self.start);
        assert!(self.synced <= self.end, "synced to {} and ends at {}", self.synced, self.end);
        let mut pairs = self.epochs.iter().zip(self.epochs.iter().skip(1));
        let ascend = pairs.all(|(before, after)| before.0 < after.0 && before.1 <= after.1);
        debug_assert!(
            self.epochs.last().is_none_or(|&(_, start)| start <= self.end),
            "an epoch begins behind the end"
        );
        debug_assert!(
            self.snapshots.is_none_or(|(oldest, latest)| oldest <= latest),
            "the oldest snapshot is behind the latest"
        );
        debug_assert!(ascend, "epochs in disorder: {:?}", self.epochs);
    }

    /// The epoch of the last record, or of the snapshot in its place; 0 for a log that never held any.
    pub fn last_epoch(&self) -> LeaderEpoch {
        let snapshot = self.snapshots.map_or(0, |(_, latest)| latest.epoch);
        self.epochs.last().map_or(snapshot, |&(epoch, _)| epoch)
    }

    /// The end of the log with its epoch.
    pub fn end(&self) -> OffsetAndEpoch {
        OffsetAndEpoch::new(self.end, self.last_epoch())
    }

    /// `count` records of `epoch` are appended; the offset of the first.
    pub fn append(&mut self, epoch: LeaderEpoch, count: Offset) -> Offset {
        debug_assert!(count > 0, "nothing is appended");
        debug_assert!(epoch >= self.last_epoch(), "epoch {epoch} after {}", self.last_epoch());
        let first = self.end;
        if self.epochs.last().is_none_or(|&(last, _)| last < epoch) {
            self.epochs.push((epoch, first));
        }
        self.end += count;
        first
    }

    /// Everything from `offset` on is gone.
    pub fn truncate(&mut self, offset: Offset) {
        self.epochs.retain(|&(_, start)| start < offset);
        self.end = self.end.min(offset);
        self.synced = self.synced.min(offset);
    }

    /// Everything before `offset` is gone.
    pub fn advance_start(&mut self, offset: Offset) {
        self.start = self.start.max(offset);
        let keep = self.epochs.iter().rposition(|&(_, start)| start <= offset).unwrap_or(0);
        self.epochs.drain(..keep);
        if let Some((_, start)) = self.epochs.first_mut() {
            *start = (*start).max(offset);
        }
    }

    /// Nothing is left but what `snapshot` stands for.
    pub fn restart_at(&mut self, snapshot: OffsetAndEpoch) {
        *self = Self {
            start: snapshot.offset,
            end: snapshot.offset,
            synced: snapshot.offset,
            epochs: Vec::new(),
            snapshots: Some((snapshot, snapshot)),
        };
    }

    /// Where the largest epoch up to `epoch` ends.
    fn end_of(&self, epoch: LeaderEpoch) -> OffsetAndEpoch {
        match self.epochs.iter().rposition(|&(known, _)| known <= epoch) {
            Some(at) => {
                let end = self.epochs.get(at + 1).map_or(self.end, |&(_, next)| next);
                OffsetAndEpoch::new(end, self.epochs[at].0)
            }
            None => OffsetAndEpoch::new(
                self.start,
                self.snapshots.map_or(0, |(oldest, _)| oldest.epoch.min(epoch)),
            ),
        }
    }

    /// Compares a fetcher that goes on at `position` (KIP-595, KIP-630).
    pub fn compare(&self, position: OffsetAndEpoch) -> Compared {
        let OffsetAndEpoch { offset, epoch } = position;
        // Below the log's start there are only snapshots; at it, only one who has the records of the oldest one's last
        // epoch can go on.
        if let Some((oldest, latest)) = self.snapshots
            && (offset < self.start
                || offset == self.start && self.start != 0 && epoch != oldest.epoch
                || epoch < oldest.epoch)
        {
            return Compared::Snapshot(latest);
        }
        let end = self.end_of(epoch);
        // An epoch that we do not have, or more of one than we have.
        if end.epoch != epoch && !(offset == self.start && offset != 0) || end.offset < offset {
            Compared::Diverging(end)
        } else {
            Compared::Same
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape() -> Shape {
        let mut shape = Shape::default();
        shape.append(1, 10);
        shape.append(3, 10);
        shape
    }

    #[test]
    fn a_fetcher_goes_on_diverges_or_needs_a_snapshot() {
        let at = OffsetAndEpoch::new;
        let mut log = shape();
        assert_eq!(log.compare(at(0, 0)), Compared::Same);
        assert_eq!(log.compare(at(10, 1)), Compared::Same);
        assert_eq!(log.compare(at(20, 3)), Compared::Same);
        assert_eq!(log.compare(at(12, 1)), Compared::Diverging(at(10, 1)));
        assert_eq!(log.compare(at(12, 2)), Compared::Diverging(at(10, 1)));
        assert_eq!(log.compare(at(21, 3)), Compared::Diverging(at(20, 3)));
        assert_eq!(log.compare(at(5, 4)), Compared::Diverging(at(20, 3)));
        log.snapshots = Some((at(0, 0), at(0, 0)));
        assert_eq!(log.compare(at(0, 0)), Compared::Same, "formatting's snapshot is no substitute");
        log.snapshots = Some((at(15, 3), at(18, 3)));
        assert_eq!(log.compare(at(0, 0)), Compared::Snapshot(at(18, 3)), "quicker than the log");
        log.advance_start(15);
        assert_eq!(log.epochs, [(3, 15)]);
        assert_eq!(log.compare(at(15, 3)), Compared::Same);
        for behind in [at(0, 0), at(10, 1), at(15, 1), at(14, 3)] {
            assert_eq!(log.compare(behind), Compared::Snapshot(at(18, 3)), "{behind:?}");
        }
    }

    #[test]
    fn cutting_forgets_epochs() {
        let mut log = shape();
        log.synced = 20;
        log.truncate(10);
        assert_eq!((log.end(), log.synced), (OffsetAndEpoch::new(10, 1), 10));
        log.restart_at(OffsetAndEpoch::new(40, 7));
        assert_eq!((log.start, log.end()), (40, OffsetAndEpoch::new(40, 7)));
        assert_eq!(log.append(8, 1), 40);
    }
}
