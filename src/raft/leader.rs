//! What a leader knows: how far each replica has fetched, and so how far the log is committed. Never talks to anyone.
//!
//! The high watermark is the largest offset that a majority of voters holds: with their ends sorted downwards, the one
//! in the middle. A voter's end is what it asks to go on at, since it asks only for what comes behind what it has
//! synced; the leader's own is what it has synced itself.

use std::collections::{BTreeMap, VecDeque};

use crate::raft::shape::Shape;
use crate::raft::voters::{ReplicaKey, VoterSet};
use crate::types::{LeaderEpoch, Millis, Offset};

/// An observer that has not fetched for so long is forgotten.
const OBSERVER_SESSION_MS: Millis = 300_000;

/// How far a replica has come, as the leader sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The replica holds everything before this.
    pub end: Offset,
    /// When it last fetched; −1 if never.
    pub last_fetch_ms: Millis,
    /// When it last held everything the leader did; −1 if never.
    pub last_caught_up_ms: Millis,
    /// The leader's end when it last fetched.
    leader_end: Offset,
}

impl Progress {
    const UNKNOWN: Self =
        Self { end: -1, last_fetch_ms: -1, last_caught_up_ms: -1, leader_end: -1 };

    fn fetched(&mut self, end: Offset, leader_end: Offset, now: Millis) {
        // Kafka's rule (`ReplicaState.updateFollowerState`): caught up now if it has all there is, or at the time of
        // its fetch before if it has all there was then.
        if end >= leader_end {
            self.last_caught_up_ms = now;
        } else if end >= self.leader_end && self.leader_end >= 0 {
            self.last_caught_up_ms = self.last_caught_up_ms.max(self.last_fetch_ms);
        }
        *self = Self { end: end.max(self.end), last_fetch_ms: now, leader_end, ..*self };
    }
}

/// The replicas and how far they have come, for DescribeQuorum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Described {
    /// Those who vote.
    pub voters: Vec<(ReplicaKey, Progress)>,
    /// Those who only fetch.
    pub observers: Vec<(ReplicaKey, Progress)>,
}

/// A proposal that waits for its last record to be committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Who waits.
    pub ticket: u64,
    /// The offset of its last record.
    pub last: Offset,
}

/// The state of a leader in one epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leader {
    /// Its epoch.
    pub epoch: LeaderEpoch,
    /// The offset of its first record: nothing is committed before that one is.
    pub epoch_start: Offset,
    /// Everything before this is committed; none until a record of this epoch is.
    pub high_watermark: Option<Offset>,
    /// Proposals in the order of the log.
    pub waiting: VecDeque<Waiting>,
    /// Everyone who has fetched lately, voters and observers, by node *and* directory: a disk that was exchanged begins
    /// anew.
    replicas: BTreeMap<ReplicaKey, Progress>,
}

impl Leader {
    /// A leader that will write its first record at `epoch_start`.
    pub fn new(epoch: LeaderEpoch, epoch_start: Offset) -> Self {
        Self {
            epoch,
            epoch_start,
            high_watermark: None,
            waiting: VecDeque::new(),
            replicas: BTreeMap::new(),
        }
    }

    /// Holds what must be true of every leader whose log is of this `shape`.
    pub(super) fn assert_sound(&self, shape: &Shape) {
        assert!(self.epoch_start <= shape.end, "an epoch begins behind the log's end");
        assert!(
            self.high_watermark.is_none_or(|committed| committed > self.epoch_start),
            "committed before a record of the leader's own epoch was"
        );
        let (first, last) = (self.waiting.front(), self.waiting.back());
        debug_assert!(
            self.waiting.iter().is_sorted_by(|one, next| one.last < next.last),
            "proposals wait in another order than the log's"
        );
        debug_assert!(
            self.replicas.values().all(|progress| progress.end <= shape.end),
            "a replica has more than the leader"
        );
        assert!(last.is_none_or(|waiting| waiting.last < shape.end), "somebody waits for nothing");
        assert!(
            first.is_none_or(|waiting| Some(waiting.last) >= self.high_watermark),
            "somebody waits for what is committed"
        );
    }

    /// `replica` holds everything before `end`, while the leader's log ends at `leader_end`.
    pub fn fetched(&mut self, replica: ReplicaKey, end: Offset, leader_end: Offset, now: Millis) {
        self.replicas.entry(replica).or_insert(Progress::UNKNOWN).fetched(end, leader_end, now);
        self.replicas.retain(|_, progress| now - progress.last_fetch_ms <= OBSERVER_SESSION_MS);
    }

    /// The progress of a voter, under whatever directory it fetches.
    fn voter(&self, voters: &VoterSet, key: ReplicaKey) -> Progress {
        let of = self
            .replicas
            .iter()
            .filter(|(replica, _)| replica.id == key.id && voters.contains(**replica));
        of.map(|(_, progress)| *progress)
            .max_by_key(|progress| progress.end)
            .unwrap_or(Progress::UNKNOWN)
    }

    /// Moves the high watermark to what a majority of `voters` holds; the new one if it moved. `me` has synced up to
    /// `synced`.
    pub fn advance(&mut self, voters: &VoterSet, me: ReplicaKey, synced: Offset) -> Option<Offset> {
        let mut ends: Vec<Offset> = voters
            .iter()
            .map(
                |voter| {
                    if voter.key.id == me.id { synced } else { self.voter(voters, voter.key).end }
                },
            )
            .collect();
        ends.sort_unstable_by(|a, b| b.cmp(a));
        let held = *ends.get(ends.len() / 2)?;
        // Records of earlier epochs are committed only together with one of this epoch (Raft, section 5.4.2).
        let moved = held > self.epoch_start && self.high_watermark.is_none_or(|old| old < held);
        moved.then(|| *self.high_watermark.insert(held))
    }

    /// The voters and the observers with their progress, for DescribeQuorum. The leader itself is always up to date.
    pub fn describe(
        &self,
        voters: &VoterSet,
        me: ReplicaKey,
        end: Offset,
        now: Millis,
    ) -> Described {
        let myself = Progress { end, last_fetch_ms: now, last_caught_up_ms: now, leader_end: end };
        let voting = voters.iter().map(|voter| {
            let progress =
                if voter.key.id == me.id { myself } else { self.voter(voters, voter.key) };
            (voter.key, progress)
        });
        let observing = self.replicas.iter().filter(|(replica, progress)| {
            !voters.contains(**replica) && now - progress.last_fetch_ms <= OBSERVER_SESSION_MS
        });
        Described {
            voters: voting.collect(),
            observers: observing.map(|(replica, progress)| (*replica, *progress)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Uuid;

    fn key(id: i32) -> ReplicaKey {
        ReplicaKey::new(id, Uuid::ZERO)
    }

    #[test]
    fn a_majority_commits_from_this_epoch_on() {
        let voters = VoterSet::fixed("C", [(1, "a", 1), (2, "b", 1), (3, "c", 1)]);
        let mut leader = Leader::new(5, 10);
        assert_eq!(leader.advance(&voters, key(1), 12), None);
        leader.fetched(key(2), 10, 12, 0);
        assert_eq!(leader.advance(&voters, key(1), 12), None, "nothing of this epoch yet");
        leader.fetched(key(2), 11, 12, 1);
        assert_eq!(leader.advance(&voters, key(1), 12), Some(11));
        leader.fetched(key(9), 12, 12, 1);
        assert_eq!(leader.advance(&voters, key(1), 12), None, "observers do not count");
        leader.fetched(key(3), 12, 12, 1);
        assert_eq!(leader.advance(&voters, key(1), 12), Some(12));
        let described = leader.describe(&voters, key(1), 12, 2);
        assert_eq!(
            described.voters.iter().map(|(_, progress)| progress.end).collect::<Vec<_>>(),
            [12, 11, 12]
        );
        assert_eq!(described.observers.len(), 1);
    }

    #[test]
    fn an_observer_is_caught_up_as_of_when_it_knew_no_better() {
        let mut progress = Progress::UNKNOWN;
        progress.fetched(5, 10, 100);
        assert_eq!(progress.last_caught_up_ms, -1);
        progress.fetched(10, 12, 200);
        assert_eq!(progress.last_caught_up_ms, 100);
        progress.fetched(12, 12, 300);
        assert_eq!(progress.last_caught_up_ms, 300);
    }
}
