//! A member's way from what it has to what it is to have: first it gives up, then it is given what is free.
//!
//! Kafka's `CurrentAssignmentBuilder`. Pure: one member's state, its target, and who owns what go in, the next state
//! comes out. Whether a member has given up what it must is known by what it says that it owns; one that says nothing
//! may still own all.

use std::collections::BTreeSet;

use super::member::{Current, MemberState, Owned, Target};
use crate::error::{ApiError, ErrorCode};
use crate::types::{PartitionId, TopicId};
use crate::wire::messages::consumer_group_heartbeat::TopicPartitions;

/// What bears on the next step of one member.
pub(crate) struct Reconciler<'a> {
    /// How far it has come.
    pub(crate) current: &'a Current,
    /// The epoch of the target assignment.
    pub(crate) target_epoch: i32,
    /// What it is to have.
    pub(crate) target: &'a Target,
    /// Whether its subscription has just changed.
    pub(crate) has_subscription_changed: bool,
    /// The topics it subscribes to now.
    pub(crate) subscribed: &'a BTreeSet<TopicId>,
    /// Whether somebody has a partition, or has yet to give it up.
    pub(crate) is_owned: &'a dyn Fn(TopicId, PartitionId) -> bool,
    /// What the member says that it has; none if it says nothing.
    pub(crate) owned: Option<&'a [TopicPartitions]>,
}

impl Reconciler<'_> {
    /// The member's next step; what it was where it cannot move.
    ///
    /// # Errors
    /// `FENCED_MEMBER_EPOCH` where its state is not known.
    pub(crate) fn step(&self) -> Result<Current, ApiError> {
        let current = self.current;
        Ok(match current.state {
            MemberState::Stable if current.epoch != self.target_epoch => self.next(current.epoch),
            MemberState::UnrevokedPartitions if !self.owns_any(&current.revoking) => {
                self.next(current.epoch)
            }
            MemberState::UnreleasedPartitions => self.next(current.epoch),
            MemberState::Stable | MemberState::UnrevokedPartitions => {
                if self.has_subscription_changed {
                    self.drop_unsubscribed()
                } else {
                    current.clone()
                }
            }
            MemberState::Unknown if self.owned.is_some_and(<[_]>::is_empty) => {
                self.next(self.target_epoch)
            }
            MemberState::Unknown => {
                return Err(ApiError::new(
                    ErrorCode::FencedMemberEpoch,
                    "The consumer group member is in a unknown state. The member must abandon all its partitions and rejoin.",
                ));
            }
        })
    }

    /// Whether the member still has some of `partitions`. One who says nothing may.
    fn owns_any(&self, partitions: &Owned) -> bool {
        let Some(owned) = self.owned else { return true };
        owned.iter().any(|topic| {
            let given_up = partitions.get(&topic.topic_id);
            given_up.is_some_and(|held| topic.partitions.iter().any(|p| held.contains_key(p)))
        })
    }

    fn moved(&self, epoch: i32, state: MemberState, assigned: Owned, revoking: Owned) -> Current {
        let previous_epoch = self.current.epoch;
        Current { epoch, previous_epoch, state, assigned, revoking }
    }

    /// Partitions of topics that it no longer subscribes to are taken at once, before there is a new assignment.
    fn drop_unsubscribed(&self) -> Current {
        let (assigned, gone): (Owned, Owned) = self
            .current
            .assigned
            .clone()
            .into_iter()
            .partition(|(topic, _)| self.subscribed.contains(topic));
        if gone.is_empty() {
            return self.current.clone();
        }
        let mut revoking = self.current.revoking.clone();
        for (topic, partitions) in gone {
            revoking.entry(topic).or_default().extend(partitions);
        }
        let epoch = self.current.epoch;
        if self.owns_any(&revoking) {
            self.moved(epoch, MemberState::UnrevokedPartitions, assigned, revoking)
        } else {
            // It does not have them any more: nothing is left to wait for.
            let revoking = self.current.revoking.clone();
            self.moved(epoch, self.current.state, assigned, revoking)
        }
    }

    fn next(&self, epoch: i32) -> Current {
        let mut assigned = Owned::new();
        let mut revoking = Owned::new();
        let mut pending: Vec<(TopicId, PartitionId)> = Vec::new();
        let mut waits = false;
        let is_wanted = |topic: &TopicId, partition: &PartitionId| {
            self.subscribed.contains(topic)
                && self.target.get(topic).is_some_and(|wanted| wanted.contains(partition))
        };
        for (topic, partitions) in &self.current.assigned {
            for (partition, since) in partitions {
                let kept = is_wanted(topic, partition);
                let into = if kept { &mut assigned } else { &mut revoking };
                into.entry(*topic).or_default().insert(*partition, *since);
            }
        }
        for (topic, partitions) in self.target {
            if !self.subscribed.contains(topic) {
                continue;
            }
            for partition in partitions {
                if assigned.get(topic).is_some_and(|held| held.contains_key(partition)) {
                    continue;
                }
                if (self.is_owned)(*topic, *partition) {
                    waits = true;
                } else {
                    pending.push((*topic, *partition));
                }
            }
        }
        // Its epoch stays: until it has given up, what it commits is under the assignment that it had.
        if !revoking.is_empty() && self.owns_any(&revoking) {
            return self.moved(epoch, MemberState::UnrevokedPartitions, assigned, revoking);
        }
        for (topic, partition) in pending {
            assigned.entry(topic).or_default().insert(partition, self.target_epoch);
        }
        let state = if waits { MemberState::UnreleasedPartitions } else { MemberState::Stable };
        self.moved(self.target_epoch, state, assigned, Owned::new())
    }
}
