//! Offsets and groups that have outlived their use: by age, and with the topics they speak of.
//!
//! KIP-211 in one table:
//!
//! | the group | an offset's time runs |
//! |---|---|
//! | empty classic group | since the group became empty |
//! | without a protocol (offsets alone) | since its commit |
//! | stable classic group of consumers, topic no longer subscribed to | since its commit |
//! | any other classic group | not at all |
//! | consumer group (KIP-848) | since its commit, where no member subscribes to the topic |
//!
//! An offset that an open transaction would change stays whatever its age. One batch takes some thousands of
//! tombstones; the rest is for the next tick, which then comes at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use tracing::info;

use super::classic::{ClassicGroup, State};
use super::foreign::GroupKind;
use super::machine::{Group, GroupMachine, Timer};
use super::offsets::Committed;
use super::records;
use super::step::Step;
use crate::types::{Millis, TopicId};

/// From when on an offset's retention counts.
enum Since {
    /// From the moment given.
    Moment(Millis),
    /// From its commit.
    Commit,
    /// It does not: members are using it.
    Never,
}

impl GroupMachine {
    /// Writes tombstones for offsets that have expired, and for groups that have nothing left.
    pub(super) fn expire(&mut self, step: &mut Step) {
        for group_id in self.group_ids() {
            let Some(group) = self.groups.get(&group_id) else { continue };
            if group.kind() == GroupKind::Share {
                continue;
            }
            if step.is_full() {
                break;
            }
            let is_bare = self.expire_offsets(&group_id, group, step);
            if is_bare && group.is_empty() {
                self.bury(&group_id, step);
            }
        }
        let tombstones = step.out.records.len();
        if tombstones > 0 {
            info!(tombstones, "groups and offsets have expired");
        }
    }

    /// Whether no offset of the group is left.
    fn expire_offsets(&self, group_id: &str, group: &Group, step: &mut Step) -> bool {
        let mut is_bare = !self.offsets.has_open(group_id);
        let since = match group {
            Group::Classic(group) => retention(group),
            Group::Consumer(_) | Group::Foreign(_) => Since::Commit,
        };
        for (topic, partitions) in self.offsets.of_group(group_id).into_iter().flatten() {
            let is_used = matches!(since, Since::Never) || self.is_subscribed(group_id, topic);
            for (partition, committed) in partitions {
                let is_open = self.offsets.is_unstable(group_id, topic, *partition);
                if !is_used && !is_open && !step.is_full() && has_expired(committed, &since, step) {
                    step.metrics.expirations.add(1);
                    step.record(records::offset_tombstone(group_id, topic, *partition));
                } else {
                    is_bare = false;
                }
            }
        }
        is_bare
    }

    /// A topic is gone, or has made way for another of the same name with the id `id_now`: its offsets go with it.
    pub(super) fn topic_gone(&self, topic: &str, id_now: Option<TopicId>, step: &mut Step) {
        // What an open transaction has committed goes too, whatever comes of the transaction.
        let mut gone: BTreeSet<_> = self.offsets.open_in(topic).collect();
        for (group_id, topics) in self.offsets.groups() {
            let old = topics.get(topic).into_iter().flatten().filter(|(_, committed)| {
                committed.topic_id.is_zero() || Some(committed.topic_id) != id_now
            });
            gone.extend(old.map(|(partition, _)| (group_id, *partition)));
        }
        for (group_id, partition) in gone {
            if step.is_full() {
                return;
            }
            step.metrics.deletions.add(1);
            step.record(records::offset_tombstone(group_id, topic, partition));
        }
    }

    /// Every group by name, so that what is done to all is done in the same order everywhere.
    pub(super) fn group_ids(&self) -> Vec<Arc<str>> {
        let mut ids: Vec<_> = self.groups.keys().cloned().collect();
        ids.sort_unstable();
        ids
    }

    /// Writes tombstones for offsets of topics that are gone, as many as one batch may hold.
    pub(super) fn forget_gone(&mut self, step: &mut Step) {
        while let Some((topic, id_now)) = self.gone.pop_first() {
            self.topic_gone(&topic, id_now, step);
            if step.is_full() {
                self.gone.insert(topic, id_now);
                return step.wake(Timer::Gone, 0);
            }
        }
    }
}

/// From when on the offsets of a group are retained (KIP-211).
fn retention(group: &ClassicGroup) -> Since {
    if group.protocol_type.is_none() {
        return Since::Commit;
    }
    match group.state {
        State::Empty => group.state_since.map_or(Since::Commit, Since::Moment),
        State::Stable if group.is_consumers() && group.subscribed.is_some() => Since::Commit,
        _ => Since::Never,
    }
}

fn has_expired(committed: &Committed, since: &Since, step: &Step) -> bool {
    let from = match (committed.expire_timestamp, since) {
        (_, Since::Never) => return false,
        (Some(at), _) => return step.now >= at,
        (None, Since::Moment(moment)) => *moment,
        (None, Since::Commit) => committed.commit_timestamp,
    };
    step.now.saturating_sub(from) >= step.settings.offsets_retention_ms
}
