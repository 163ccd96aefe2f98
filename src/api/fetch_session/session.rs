//! One fetch session: what is fetched, in which order, and what the client knows of it. Knows of no other session, and
//! not which requests are in time.

use std::collections::{HashMap, HashSet};

use super::{INITIAL_EPOCH, Outcome, SessionRequest, TopicRef, Wanted};
use crate::types::{Millis, Offset, PartitionId};

/// A partition of a session, and what the client was told of it last.
#[derive(Debug)]
pub(super) struct Remembered {
    pub(super) wanted: Wanted,
    pub(super) high_watermark: Offset,
    pub(super) log_start_offset: Offset,
    /// An error was told last, so that its end is worth telling.
    pub(super) error: bool,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Session {
    /// That of the next request.
    pub(super) epoch: i32,
    /// Whether its requests name topics by their ids: a client that changes its mind must begin anew.
    pub(super) uses_ids: bool,
    /// Whether it is a follower's.
    pub(super) privileged: bool,
    /// When it was asked for last: what is older than the time of eviction is anybody's.
    pub(super) last_used: Millis,
    /// When it began: for that long it is safe from those that are worth more.
    pub(super) created: Millis,
    /// In the order in which they are read: those that had records go to the end, so that none starves.
    pub(super) partitions: Vec<Remembered>,
    /// What they take in memory, in bytes.
    pub(super) weight: usize,
}

impl Session {
    /// The session that a first request makes, as of its answer.
    pub(super) fn new(
        request: SessionRequest,
        wanted: &[Wanted],
        outcomes: &[Outcome],
        now: Millis,
    ) -> Self {
        let partitions = wanted.iter().zip(outcomes).map(|(wanted, outcome)| Remembered {
            wanted: wanted.clone(),
            high_watermark: outcome.high_watermark,
            log_start_offset: outcome.log_start_offset,
            error: outcome.error,
        });
        Self {
            epoch: next_epoch(INITIAL_EPOCH),
            uses_ids: request.uses_ids,
            privileged: request.from_follower,
            last_used: now,
            created: now,
            partitions: partitions.collect(),
            weight: wanted.iter().map(Wanted::weight).sum(),
        }
    }

    /// Takes in what a later request names anew, names otherwise, or no longer wants.
    pub(super) fn change(
        &mut self,
        partitions: Vec<Wanted>,
        forgotten: &[(TopicRef, PartitionId)],
    ) {
        let mut places: HashMap<_, _> = self
            .partitions
            .iter()
            .enumerate()
            .map(|(place, known)| ((known.wanted.topic.clone(), known.wanted.partition), place))
            .collect();
        for wanted in partitions {
            match places.get(&(wanted.topic.clone(), wanted.partition)) {
                Some(&place) => self.partitions[place].wanted = wanted,
                None => {
                    places.insert((wanted.topic.clone(), wanted.partition), self.partitions.len());
                    let (high_watermark, log_start_offset) = (-1, -1);
                    self.weight += wanted.weight();
                    self.partitions.push(Remembered {
                        wanted,
                        high_watermark,
                        log_start_offset,
                        error: false,
                    });
                }
            }
        }
        if !forgotten.is_empty() {
            let forgotten: HashSet<_> = forgotten.iter().map(|(topic, id)| (topic, *id)).collect();
            self.partitions.retain(|known| {
                !forgotten.contains(&(&known.wanted.topic, known.wanted.partition))
            });
            self.weight = self.partitions.iter().map(|known| known.wanted.weight()).sum();
        }
    }

    /// Which partitions are news, and remembers what is told of each.
    pub(super) fn update(&mut self, outcomes: &[Outcome]) -> Vec<bool> {
        debug_assert_eq!(self.partitions.len(), outcomes.len(), "a plan that is not of this epoch");
        let mut told = Vec::with_capacity(outcomes.len());
        for (known, outcome) in self.partitions.iter_mut().zip(outcomes) {
            let changed = outcome.records_bytes > 0
                || outcome.error
                || known.error
                || known.high_watermark != outcome.high_watermark
                || known.log_start_offset != outcome.log_start_offset;
            known.high_watermark = outcome.high_watermark;
            known.log_start_offset = outcome.log_start_offset;
            known.error = outcome.error;
            told.push(changed);
        }
        self.rotate(outcomes);
        told
    }

    /// Puts those that had records behind those that had none.
    fn rotate(&mut self, outcomes: &[Outcome]) {
        if self.partitions.len() > 1 {
            let partitions = std::mem::take(&mut self.partitions);
            let (full, empty): (Vec<_>, Vec<_>) = partitions
                .into_iter()
                .zip(outcomes)
                .partition(|(_, outcome)| outcome.records_bytes > 0);
            self.partitions = empty.into_iter().chain(full).map(|(known, _)| known).collect();
        }
    }
}

/// Never 0, which asks for a new session.
pub(super) fn next_epoch(epoch: i32) -> i32 {
    if epoch == i32::MAX { 1 } else { epoch + 1 }
}
