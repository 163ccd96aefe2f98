//! The target assignment of a consumer group: by which assignor, of what, and when. Never leads a member to it.
//!
//! It is computed within the heartbeat that finds it due, from the previous target (not from what members have), so
//! that partitions move as little as possible even where a rebalance overtakes another.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tracing::info;

use super::assign::{Assignor, Spec, SpecMember, java_order, java_set_of_names};
use super::group::ConsumerGroup;
use super::heartbeat::Surroundings;
use super::member::{Member, Subscription, Target};
use crate::group::step::Step;
use crate::metadata::Image;
use crate::types::TopicId;

impl ConsumerGroup {
    /// Computes the target assignment of the present epoch, unless the last is too young.
    pub(super) fn assign_if_due(&mut self, around: Surroundings<'_>, step: &mut Step) {
        if self.epoch <= self.assignment_epoch {
            return;
        }
        let interval_ms = around.settings.assignment_interval_for(self.members.len());
        let last = self.assignment_timestamp;
        // The group is between two epochs for so long: whoever beats after it has it computed.
        if last != 0 && interval_ms != 0 && step.now < last.saturating_add(interval_ms) {
            return;
        }
        let is_own = around.settings.is_assignment_interval_own;
        if !is_own && self.volatile.is_emptying(self.members.len(), step.now) {
            return;
        }
        let assignor = self.preferred_assignor(around.settings.assignor());
        let empty = Target::new();
        let spec = self.spec(around.image, &empty);
        let ids: Vec<Arc<str>> = spec.members.iter().map(|member| member.id.into()).collect();
        let targets = assignor.assign(&spec);
        for (member_id, target) in ids.iter().zip(targets) {
            if self.target(member_id) != Some(&target) {
                self.write_target(member_id, target, &mut step.out.records);
            }
        }
        self.write_target_epoch(self.epoch, step.now, &mut step.out.records);
        self.volatile.assigned();
        info!(
            group = %self.id, epoch = self.epoch, members = ids.len(), assignor = assignor.name(),
            "a new target assignment"
        );
    }

    /// The name of the assignor that most members prefer.
    pub(super) fn assignor_name(&self) -> Option<&'static str> {
        self.voted_assignor().map(Assignor::name)
    }

    fn preferred_assignor(&self, default: Assignor) -> Assignor {
        self.voted_assignor().unwrap_or(default)
    }

    fn voted_assignor(&self) -> Option<Assignor> {
        let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
        for name in
            self.members.values().filter_map(|member| member.subscription.assignor.as_deref())
        {
            *votes.entry(name).or_default() += 1;
        }
        // `max_by_key` gives the last of equals, so the first by name wins.
        let most = votes.iter().rev().max_by_key(|(_, count)| **count);
        most.and_then(|(name, _)| Assignor::find(name))
    }

    /// The names of all topics that a member subscribes to.
    pub(super) fn topics_of<'a>(
        &'a self,
        said: &'a Subscription,
    ) -> impl Iterator<Item = &'a String> {
        let resolved = self.resolved.get(&said.regex).into_iter();
        said.topics.iter().chain(resolved.flat_map(|resolved| &resolved.topics))
    }

    fn spec<'a>(&'a self, image: &Image, empty: &'a Target) -> Spec<'a> {
        let mut partitions = HashMap::new();
        let mut known: HashMap<&str, Option<TopicId>> = HashMap::new();
        for name in self.subscribed() {
            let topic = image.topics.by_name(name);
            known.insert(name, topic.map(|topic| topic.id));
            if let Some(topic) = topic {
                let count = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
                partitions.insert(topic.id, count);
            }
        }
        let member = |member: &'a Member| {
            let mut seen = BTreeSet::new();
            let topics: Vec<TopicId> = java_set_of_names(self.topics_of(&member.subscription))
                .into_iter()
                .filter_map(|name| known.get(name).copied().flatten())
                .filter(|topic| seen.insert(*topic))
                .collect();
            SpecMember {
                id: &member.id,
                instance_id: member.subscription.instance_id.as_deref(),
                topics,
                current: self.target(&member.id).unwrap_or(empty),
            }
        };
        let mut members: Vec<SpecMember<'a>> = self.members.values().map(member).collect();
        java_order(&mut members);
        Spec { members, is_homogeneous: self.is_homogeneous(), partitions }
    }
}
