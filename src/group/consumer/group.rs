//! The state of one consumer group. Every change goes through here: it is made in memory and written, or read back and
//! made again by the same code.
//!
//! Never decides what is to change.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::member::{Current, Member, Owned, Subscription, Target};
use super::records;
use super::regex::Resolved;
use crate::coordinator::machine::StoredRecord;
use crate::types::{Millis, PartitionId, TopicId};
use crate::wire::stored::group::{GroupKey, GroupValue};

/// Where a consumer group stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// No members.
    Empty,
    /// The target assignment is of an earlier epoch.
    Assigning,
    /// Members are on their way.
    Reconciling,
    /// Everyone has what it is to have.
    Stable,
}

impl State {
    /// Kafka's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::Assigning => "Assigning",
            Self::Reconciling => "Reconciling",
            Self::Stable => "Stable",
        }
    }
}

/// A consumer group.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ConsumerGroup {
    pub(crate) id: Arc<str>,
    /// Goes up whenever the group is to be assigned anew.
    pub(crate) epoch: i32,
    /// Of the topics it reads ([`super::hash`]).
    pub(crate) metadata_hash: i64,
    /// The epoch that the target assignment is made for.
    pub(crate) assignment_epoch: i32,
    /// When it was made; 0 where that is not known.
    pub(crate) assignment_timestamp: Millis,
    pub(crate) members: BTreeMap<Arc<str>, Member>,
    /// The names of static members, by instance.
    pub(crate) instances: BTreeMap<Arc<str>, Arc<str>>,
    targets: BTreeMap<Arc<str>, Target>,
    /// Who has a partition, or has yet to give it up.
    owners: BTreeMap<(TopicId, PartitionId), Arc<str>>,
    /// How many members subscribe to a topic by its name.
    pub(crate) topics: BTreeMap<String, usize>,
    /// How many members subscribe by an expression.
    pub(crate) regexes: BTreeMap<String, usize>,
    /// What expressions stand for.
    pub(crate) resolved: BTreeMap<String, Resolved>,
    /// Kafka before 4.1 wrote down the topics' partitions.
    has_partition_metadata: bool,
    /// What is in memory alone.
    pub(crate) volatile: Volatile,
}

/// What is not written of a group, and begins anew with every coordinator.
#[derive(Clone, Default)]
pub(crate) struct Volatile {
    /// Topics may have changed since the hash was taken.
    pub(crate) is_fresh: bool,
    /// When the group last changed its epoch.
    pub(crate) changed_at: Millis,
    /// Classic members that were told to join again.
    pub(crate) called: BTreeSet<Arc<str>>,
    /// When the first and the last member left that what is assigned still counts on.
    leaving: Option<(Millis, Millis)>,
}

/// How long a small group waits for others to leave before it is assigned anew, in milliseconds.
const LULL_MS: Millis = 60;

impl Volatile {
    /// A member has left of its own accord.
    pub(super) fn left(&mut self, now: Millis) {
        let first = self.leaving.map_or(now, |(first, _)| first);
        self.leaving = Some((first, now));
    }

    /// Whether more members may be about to leave. Clients that stop do so one after the other; each assignment between
    /// them would give the last of them partitions that they are about to give back. Large groups do not wait.
    pub(super) fn is_emptying(&self, members: usize, now: Millis) -> bool {
        let lull_ms = LULL_MS - Millis::try_from(members / 2).unwrap_or(LULL_MS).min(LULL_MS);
        self.leaving.is_some_and(|(first, last)| {
            now.saturating_sub(last) < lull_ms && now.saturating_sub(first) < 5 * lull_ms
        })
    }

    /// All who have left are taken into account.
    pub(super) fn assigned(&mut self) {
        self.leaving = None;
    }
}

impl fmt::Debug for Volatile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Volatile")
    }
}

impl PartialEq for Volatile {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl ConsumerGroup {
    /// A group without members.
    pub(crate) fn new(id: Arc<str>) -> Self {
        Self {
            id,
            epoch: 0,
            metadata_hash: 0,
            assignment_epoch: 0,
            assignment_timestamp: 0,
            members: BTreeMap::new(),
            instances: BTreeMap::new(),
            targets: BTreeMap::new(),
            owners: BTreeMap::new(),
            topics: BTreeMap::new(),
            regexes: BTreeMap::new(),
            resolved: BTreeMap::new(),
            has_partition_metadata: false,
            volatile: Volatile::default(),
        }
    }

    /// Where it stands.
    pub(crate) fn state(&self) -> State {
        let is_settled = |member: &Member| member.is_reconciled_to(self.assignment_epoch);
        if self.members.is_empty() {
            State::Empty
        } else if self.epoch > self.assignment_epoch {
            State::Assigning
        } else if self.members.values().all(is_settled) {
            State::Stable
        } else {
            State::Reconciling
        }
    }

    /// What a member is to have. A static member that comes back has what its instance was to have.
    pub(crate) fn target(&self, member_id: &str) -> Option<&Target> {
        self.targets.get(member_id)
    }

    /// Whether somebody has a partition, or has yet to give it up.
    pub(crate) fn is_owned(&self, topic: TopicId, partition: PartitionId) -> bool {
        self.owners.contains_key(&(topic, partition))
    }

    /// Whether members consume the topic.
    pub(crate) fn is_subscribed(&self, topic: &str) -> bool {
        self.topics.contains_key(topic) || self.resolved.values().any(|r| r.topics.contains(topic))
    }

    /// Every topic that members consume.
    pub(crate) fn subscribed(&self) -> BTreeSet<&str> {
        let by_regex = self.resolved.values().flat_map(|resolved| &resolved.topics);
        self.topics.keys().chain(by_regex).map(String::as_str).collect()
    }

    /// Whether all members subscribe to the same topics, as Kafka sees it.
    pub(crate) fn is_homogeneous(&self) -> bool {
        let members = self.members.len();
        match self.regexes.values().next() {
            None => self.topics.values().all(|count| *count == members),
            Some(count) => *count == members && self.regexes.len() == 1 && self.topics.is_empty(),
        }
    }

    /// The member of an instance.
    pub(crate) fn static_member(&self, instance_id: &str) -> Option<&Member> {
        self.members.get(self.instances.get(instance_id)?)
    }

    // Changes: written, and made.

    pub(crate) fn write_epoch(&mut self, epoch: i32, hash: i64, out: &mut Vec<StoredRecord>) {
        if self.has_partition_metadata {
            out.push(records::partition_metadata_tombstone(&self.id));
            self.has_partition_metadata = false;
        }
        out.push(records::epoch(&self.id, epoch, hash));
        debug_assert!(epoch >= self.epoch, "{}: epoch {epoch} after {}", self.id, self.epoch);
        self.epoch = epoch;
        self.metadata_hash = hash;
    }

    pub(crate) fn write_member(
        &mut self,
        member_id: &Arc<str>,
        said: Arc<Subscription>,
        out: &mut Vec<StoredRecord>,
    ) {
        self.subscribe(member_id, said);
        if let Some(member) = self.members.get(member_id) {
            out.push(records::member(&self.id, member));
        }
    }

    pub(crate) fn write_target_epoch(
        &mut self,
        epoch: i32,
        now: Millis,
        out: &mut Vec<StoredRecord>,
    ) {
        out.push(records::target_epoch(&self.id, epoch, now));
        debug_assert!(
            epoch <= self.epoch,
            "{}: an assignment of epoch {epoch} in {}",
            self.id,
            self.epoch
        );
        self.assignment_epoch = epoch;
        self.assignment_timestamp = now;
    }

    pub(crate) fn write_target(
        &mut self,
        member_id: &Arc<str>,
        target: Target,
        out: &mut Vec<StoredRecord>,
    ) {
        out.push(records::target(&self.id, member_id, &target));
        self.targets.insert(member_id.clone(), target);
    }

    pub(crate) fn write_current(
        &mut self,
        member_id: &Arc<str>,
        current: Current,
        out: &mut Vec<StoredRecord>,
    ) {
        out.push(records::current(&self.id, member_id, &current));
        self.move_to(member_id, current);
    }

    pub(crate) fn write_regex(
        &mut self,
        expression: &str,
        resolved: Option<Resolved>,
        out: &mut Vec<StoredRecord>,
    ) {
        match resolved {
            Some(resolved) => {
                out.push(records::regex(&self.id, expression, &resolved));
                self.resolved.insert(expression.into(), resolved);
            }
            None => {
                out.push(records::regex_tombstone(&self.id, expression));
                self.resolved.remove(expression);
            }
        }
    }

    /// Forgets a member, and expressions that were its alone.
    pub(crate) fn write_removal(&mut self, member_id: &str, out: &mut Vec<StoredRecord>) {
        out.push(records::current_tombstone(&self.id, member_id));
        out.push(records::target_tombstone(&self.id, member_id));
        out.push(records::member_tombstone(&self.id, member_id));
        self.remove(member_id);
        self.write_unused_regexes(out);
    }

    /// Forgets expressions that nobody subscribes by.
    pub(crate) fn write_unused_regexes(&mut self, out: &mut Vec<StoredRecord>) {
        let is_unused = |name: &&String| !self.regexes.contains_key(*name);
        let unused: Vec<String> = self.resolved.keys().filter(is_unused).cloned().collect();
        for expression in unused {
            self.write_regex(&expression, None, out);
        }
    }

    /// What forgets the whole group: the details before what they are details of.
    pub(crate) fn tombstones(&self, out: &mut Vec<StoredRecord>) {
        for member in self.members.keys() {
            out.push(records::current_tombstone(&self.id, member));
        }
        for member in self.targets.keys() {
            out.push(records::target_tombstone(&self.id, member));
        }
        out.push(records::target_epoch_tombstone(&self.id));
        for member in self.members.keys() {
            out.push(records::member_tombstone(&self.id, member));
        }
        for expression in self.resolved.keys() {
            out.push(records::regex_tombstone(&self.id, expression));
        }
        if self.has_partition_metadata {
            out.push(records::partition_metadata_tombstone(&self.id));
        }
        out.push(records::epoch_tombstone(&self.id));
    }

    // Changes: made.

    /// Takes in what a member says of itself; who is not known becomes a member.
    fn subscribe(&mut self, member_id: &Arc<str>, said: Arc<Subscription>) {
        let mut member =
            self.members.remove(member_id).unwrap_or_else(|| Member::new(member_id.clone()));
        self.count(&member.subscription, false);
        self.forget_instance(&member);
        self.count(&said, true);
        if let Some(instance) = &said.instance_id {
            self.instances.insert(instance.clone(), member_id.clone());
        }
        member.subscription = said;
        self.members.insert(member_id.clone(), member);
    }

    fn forget_instance(&mut self, member: &Member) {
        if let Some(instance) = &member.subscription.instance_id
            && self.instances.get(instance) == Some(&member.id)
        {
            self.instances.remove(instance);
        }
    }

    fn count(&mut self, said: &Subscription, is_more: bool) {
        let regex = Some(&said.regex).filter(|regex| !regex.is_empty());
        for name in &said.topics {
            recount(&mut self.topics, name, is_more);
        }
        if let Some(name) = regex {
            recount(&mut self.regexes, name, is_more);
        }
    }

    fn move_to(&mut self, member_id: &Arc<str>, current: Current) {
        let before = match self.members.get_mut(member_id) {
            Some(member) => std::mem::replace(&mut member.current, current.clone()),
            None => {
                // Kafka writes the member first; a log that was compacted may not have it so.
                let member = Member { current: current.clone(), ..Member::new(member_id.clone()) };
                self.members.insert(member_id.clone(), member);
                Current::default()
            }
        };
        self.release(member_id, &before);
        for partition in partitions(&current.assigned).chain(partitions(&current.revoking)) {
            self.owners.insert(partition, member_id.clone());
        }
    }

    fn release(&mut self, member_id: &str, current: &Current) {
        for partition in partitions(&current.assigned).chain(partitions(&current.revoking)) {
            if self.owners.get(&partition).is_some_and(|owner| owner.as_ref() == member_id) {
                self.owners.remove(&partition);
            }
        }
    }

    fn remove(&mut self, member_id: &str) {
        self.targets.remove(member_id);
        if let Some(member) = self.members.remove(member_id) {
            self.release(member_id, &member.current);
            self.count(&member.subscription, false);
            self.forget_instance(&member);
        }
    }

    /// Makes the change that a record tells of. False when the group itself is forgotten.
    pub(crate) fn replay(&mut self, key: GroupKey, value: Option<GroupValue>) -> bool {
        match (key, value) {
            (
                GroupKey::ConsumerGroupMetadata(_),
                Some(GroupValue::ConsumerGroupMetadata(value)),
            ) => (self.epoch, self.metadata_hash) = (value.epoch, value.metadata_hash),
            (GroupKey::ConsumerGroupMetadata(_), None) => return false,
            (GroupKey::ConsumerGroupPartitionMetadata(_), value) => {
                self.has_partition_metadata = value.is_some();
            }
            (
                GroupKey::ConsumerGroupTargetAssignmentMetadata(_),
                Some(GroupValue::ConsumerGroupTargetAssignmentMetadata(value)),
            ) => {
                self.assignment_epoch = value.assignment_epoch;
                self.assignment_timestamp = value.assignment_timestamp;
            }
            (GroupKey::ConsumerGroupTargetAssignmentMetadata(_), None) => {
                self.assignment_epoch = -1
            }
            (
                GroupKey::ConsumerGroupRegularExpression(key),
                Some(GroupValue::ConsumerGroupRegularExpression(value)),
            ) => {
                let resolved = Resolved {
                    topics: value.topics.into_iter().collect(),
                    version: value.version,
                    timestamp: value.timestamp,
                };
                self.resolved.insert(key.regular_expression, resolved);
            }
            (GroupKey::ConsumerGroupRegularExpression(key), None) => {
                self.resolved.remove(&key.regular_expression);
            }
            (key, value) => self.replay_member(key, value),
        }
        true
    }

    fn replay_member(&mut self, key: GroupKey, value: Option<GroupValue>) {
        match (key, value) {
            (
                GroupKey::ConsumerGroupMemberMetadata(key),
                Some(GroupValue::ConsumerGroupMemberMetadata(value)),
            ) => {
                let said = Arc::new(records::read_member(value));
                self.subscribe(&key.member_id.into(), said);
            }
            (GroupKey::ConsumerGroupMemberMetadata(key), None) => self.remove(&key.member_id),
            (
                GroupKey::ConsumerGroupTargetAssignmentMember(key),
                Some(GroupValue::ConsumerGroupTargetAssignmentMember(value)),
            ) => {
                self.targets.insert(key.member_id.into(), records::read_target(value));
            }
            (GroupKey::ConsumerGroupTargetAssignmentMember(key), None) => {
                self.targets.remove(key.member_id.as_str());
            }
            (
                GroupKey::ConsumerGroupCurrentMemberAssignment(key),
                Some(GroupValue::ConsumerGroupCurrentMemberAssignment(value)),
            ) => self.move_to(&key.member_id.into(), records::read_current(value)),
            (GroupKey::ConsumerGroupCurrentMemberAssignment(key), None)
                if self.members.contains_key(key.member_id.as_str()) =>
            {
                self.move_to(&key.member_id.into(), Current::default());
            }
            _ => {}
        }
    }
}

fn recount(counts: &mut BTreeMap<String, usize>, name: &str, is_more: bool) {
    match counts.get_mut(name) {
        Some(count) if is_more => *count += 1,
        Some(count) if *count > 1 => *count -= 1,
        Some(_) => {
            counts.remove(name);
        }
        None if is_more => {
            counts.insert(name.into(), 1);
        }
        None => {}
    }
}

/// Every partition of an assignment.
pub(crate) fn partitions(owned: &Owned) -> impl Iterator<Item = (TopicId, PartitionId)> {
    owned.iter().flat_map(|(topic, partitions)| partitions.keys().map(|id| (*topic, *id)))
}
