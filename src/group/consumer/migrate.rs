//! Groups that change their protocol: upward when a member comes that speaks the new one, downward when the last one
//! that does has gone. `group.consumer.migration.policy` says which is allowed.
//!
//! Upward nobody stops: each member keeps what it has, at an epoch that is the old generation. Downward is a rebalance,
//! since classic members cannot be told of a new share otherwise. Both are one batch of records: the old group's
//! tombstones and the new one's records, so that a successor finds the one or the other.

use std::sync::Arc;

use bytes::Bytes;
use tracing::info;

use super::checks::not_found;
use super::embedded;
use super::group::ConsumerGroup;
use super::member::{ClassicProtocol, Current, MemberState, Subscription};
use crate::error::{ApiError, ErrorCode};
use crate::group::classic::{CONSUMER, ClassicGroup, State};
use crate::group::machine::{Group, GroupMachine, Timer};
use crate::group::member::Member as ClassicMember;
use crate::group::records;
use crate::group::settings::ConsumerSettings;
use crate::group::step::Step;
use crate::metadata::Image;
use crate::wire::messages::join_group::JoinGroupRequestProtocol;
use crate::wire::stored::consumer_protocol::ConsumerProtocolSubscription;

impl GroupMachine {
    /// Sees to it that a consumer group of this name is there, if one may be.
    pub(super) fn ensure_consumer_group(
        &mut self,
        group_id: &str,
        is_joining: bool,
        step: &mut Step,
    ) -> Result<(), ApiError> {
        let id: Arc<str> = group_id.into();
        let made = match self.groups.get_mut(group_id) {
            Some(Group::Consumer(_)) => return Ok(()),
            None if is_joining => ConsumerGroup::new(id.clone()),
            None => return Err(not_found(format!("Consumer group {group_id} not found."))),
            Some(Group::Classic(group)) if is_joining && group.state == State::Empty => {
                info!(group = group_id, "an empty classic group becomes a consumer group");
                step.record(records::group_tombstone(group_id));
                ConsumerGroup::new(id.clone())
            }
            Some(Group::Classic(group)) if is_joining => {
                check_upgrade(group, &step.settings.consumer)?;
                let made = upgraded(group, &self.image, step)?;
                info!(group = group_id, "a classic group becomes a consumer group");
                made
            }
            Some(_) => {
                return Err(not_found(format!("Group {group_id} is not a consumer group.")));
            }
        };
        self.groups.insert(id, Group::Consumer(Box::new(made)));
        Ok(())
    }

    /// Turns a consumer group into a classic one where, without these members, only classic ones are left. False
    /// where it stays as it is. They are sorted.
    pub(super) fn downgrade_without(
        &mut self,
        group_id: &str,
        members: &[Arc<str>],
        step: &mut Step,
    ) -> bool {
        let Some(Group::Consumer(group)) = self.groups.get(group_id) else { return false };
        let mut others =
            group.members.values().filter(|other| members.binary_search(&other.id).is_err());
        let left = group.members.len().saturating_sub(members.len());
        // The last that goes leaves an empty group, which need not be turned into anything.
        let is_possible = left > 0
            && others.all(super::member::Member::is_classic)
            && step.settings.consumer.migration.may_downgrade
            && left <= step.settings.max_size;
        if !is_possible {
            return false;
        }
        self.downgrade(group_id, members, step);
        if let Some(group) = self.classic(group_id) {
            group.prepare_rebalance("the group has become a classic one", step);
        }
        true
    }

    /// Turns a consumer group of classic members into a classic group, without some of them.
    pub(super) fn downgrade(&mut self, group_id: &str, without: &[Arc<str>], step: &mut Step) {
        let image = self.image.clone();
        let Some(Group::Consumer(group)) = self.groups.get(group_id) else { return };
        info!(group = group_id, "a consumer group becomes a classic group");
        group.tombstones(&mut step.out.records);
        for member in group.members.keys() {
            step.cancel_all(&group.id, member);
        }
        let classic = downgraded(group, without, &image, step);
        step.record(records::group(&classic));
        for member in classic.members.values() {
            step.watch(&classic.id, &member.id, member.session_ms());
        }
        self.groups.insert(classic.id.clone(), Group::Classic(Box::new(classic)));
    }
}

fn check_upgrade(group: &ClassicGroup, settings: &ConsumerSettings) -> Result<(), ApiError> {
    let why = if !settings.migration.may_upgrade {
        "online upgrade is disabled"
    } else if !group.is_consumers() {
        "the group does not use the consumer embedded protocol"
    } else if group.members.len() > settings.size_max {
        "the group size exceeds the consumer group maximum size"
    } else {
        return Ok(());
    };
    Err(refused(group, &format!("because {why}.")))
}

fn refused(group: &ClassicGroup, why: &str) -> ApiError {
    not_found(format!("Cannot upgrade classic group {} to consumer group {why}", group.id))
}

/// Makes a consumer group of a classic one: everybody is settled with what it had. Who waits is sent to join again.
fn upgraded(
    classic: &mut ClassicGroup,
    image: &Image,
    step: &mut Step,
) -> Result<ConsumerGroup, ApiError> {
    let protocol = classic.protocol.clone().unwrap_or_default();
    let generation = classic.generation;
    let malformed = |_| refused(classic, "because the embedded consumer protocol is malformed.");
    let mut members = Vec::new();
    for member in classic.members.values() {
        let metadata = metadata_of(member, &protocol);
        let wanted = embedded::subscription(&metadata).map_err(malformed)?;
        let assigned =
            embedded::assignment(&member.assignment, generation, image).map_err(malformed)?;
        if wanted.user_data.as_ref().is_some_and(|data| !data.is_empty()) && protocol.is_empty() {
            return Err(refused(
                classic,
                "because an unsupported custom assignor is in use. Please refer to the documentation or switch to a \
                 default assignor before re-attempting the upgrade.",
            ));
        }
        members.push((member.id.clone(), subscription_of(member, wanted), assigned));
    }
    // From here on nothing is refused: up to here the classic group is as it was.
    release(classic, step);
    let mut group = ConsumerGroup::new(classic.id.clone());
    let out = &mut step.out.records;
    out.push(records::group_tombstone(&classic.id));
    for (id, said, _) in &members {
        group.write_member(id, Arc::new(said.clone()), out);
    }
    group.write_epoch(generation, 0, out);
    for (id, _, assigned) in &members {
        group.write_target(id, embedded::target_of(assigned), out);
    }
    group.write_target_epoch(generation, 0, out);
    for (id, _, assigned) in members {
        let current = Current {
            epoch: generation,
            previous_epoch: generation,
            state: MemberState::Stable,
            assigned,
            ..Current::default()
        };
        group.write_current(&id, current, out);
    }
    debug_assert_eq!(group.members.len(), classic.members.len(), "{}: somebody is lost", group.id);
    Ok(group)
}

/// What a member of a classic group is taken to have said in a heartbeat.
fn subscription_of(member: &ClassicMember, wanted: ConsumerProtocolSubscription) -> Subscription {
    let protocols = member.protocols.iter();
    Subscription {
        instance_id: member.instance_id.clone(),
        rack_id: wanted.rack_id,
        client_id: member.client_id.clone(),
        client_host: member.client_host.clone(),
        topics: wanted.topics.into_iter().collect(),
        regex: String::new(),
        rebalance_timeout_ms: member.rebalance_timeout_ms,
        assignor: None,
        classic: Some(ClassicProtocol {
            session_timeout_ms: member.session_timeout_ms,
            protocols: protocols
                .map(|protocol| (protocol.name.clone(), protocol.metadata.clone()))
                .collect(),
        }),
    }
}

/// A member's metadata. A group that is being made for the first time has no protocol yet: then those it likes best.
fn metadata_of(member: &ClassicMember, protocol: &str) -> Bytes {
    let metadata = member.metadata(protocol);
    if !metadata.is_empty() {
        return metadata;
    }
    member.protocols.first().map_or_else(Bytes::new, |first| first.metadata.clone())
}

/// Answers all who wait, and begins everybody's session.
fn release(classic: &mut ClassicGroup, step: &mut Step) {
    // Timers of the old protocol would find a group that does not know them.
    step.cancel(Timer::Join(classic.id.clone()));
    step.cancel(Timer::Sync(classic.id.clone()));
    for pending in &classic.pending_joins {
        step.unwatch(&classic.id, pending);
    }
    classic.tell_all(step);
    for member in classic.members.values_mut() {
        if let Some(ticket) = member.joining.take() {
            step.refuse_join(ticket, &member.id, ErrorCode::RebalanceInProgress);
        }
        if let Some(ticket) = member.syncing.take() {
            step.refuse_sync(ticket, ErrorCode::RebalanceInProgress);
        }
        step.watch(&classic.id, &member.id, member.session_ms());
    }
}

fn downgraded(
    group: &ConsumerGroup,
    without: &[Arc<str>],
    image: &Image,
    step: &Step,
) -> ClassicGroup {
    let mut classic = ClassicGroup::new(group.id.clone(), step.now);
    // What its record will say of it. Who calls begins a rebalance, in a generation after this one.
    classic.state = State::Stable;
    classic.generation = group.epoch;
    for member in group.members.values().filter(|member| without.binary_search(&member.id).is_err())
    {
        let Some(spoken) = &member.subscription.classic else { continue };
        let protocol = |(name, metadata): &(String, Bytes)| JoinGroupRequestProtocol {
            name: name.clone(),
            metadata: metadata.clone(),
            ..JoinGroupRequestProtocol::default()
        };
        let member = ClassicMember {
            id: member.id.clone(),
            instance_id: member.subscription.instance_id.clone(),
            client_id: member.subscription.client_id.clone(),
            client_host: member.subscription.client_host.clone(),
            rebalance_timeout_ms: member.subscription.rebalance_timeout_ms,
            session_timeout_ms: spoken.session_timeout_ms,
            protocols: spoken.protocols.iter().map(protocol).collect(),
            assignment: Bytes::new(),
            joining: None,
            syncing: None,
            is_new: false,
        };
        classic.add(member, CONSUMER);
    }
    classic.protocol = classic.select_protocol();
    classic.subscribed = classic.subscriptions();
    let protocol = classic.protocol.clone().unwrap_or_default();
    for member in classic.members.values_mut() {
        let target = group.target(&member.id).cloned().unwrap_or_default();
        let metadata = member.metadata(&protocol);
        member.assignment = embedded::write_assignment(&target, &metadata, image);
    }
    classic
}
