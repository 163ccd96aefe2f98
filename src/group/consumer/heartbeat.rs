//! ConsumerGroupHeartbeat: a member comes, stays, changes its mind or goes, and learns what it is to have.
//!
//! Everything that may be refused is refused before anything is changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tracing::{debug, info};

use super::checks::{check, check_epoch, check_fenced, not_found};
use super::group::{ConsumerGroup, partitions};
use super::member::{Current, LEFT_FOR_A_WHILE, Member, MemberState, Target};
use super::reconcile::Reconciler;
use super::regex::{self, TopicFilter};
use super::subscription::updated;
use crate::coordinator::machine::Ticket;
use crate::error::{ApiError, ErrorCode};
use crate::group::machine::{Group, GroupMachine, Timer};
use crate::group::request::{GroupReply, RequestContext};
use crate::group::settings::ConsumerSettings;
use crate::group::step::Step;
use crate::metadata::Image;
use crate::types::{Millis, TopicId};
use crate::wire::messages::consumer_group_heartbeat::{
    Assignment, ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, TopicPartitions,
};

/// How long after a change members hurry, in milliseconds: one change seldom comes alone.
const RESTLESS_MS: Millis = 1_000;

/// A heartbeat with what matters of its surroundings.
#[derive(Clone, Debug, Default)]
pub struct ConsumerHeartbeat {
    /// The request.
    pub request: ConsumerGroupHeartbeatRequest,
    /// Whence it comes.
    pub context: RequestContext,
    /// The topics that the member may know of.
    pub filter: TopicFilter,
}

/// What a group is decided under.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'a> {
    pub(super) image: &'a Image,
    pub(super) settings: ConsumerSettings,
}

/// Whom a heartbeat comes from.
enum Whom {
    Known,
    New,
    /// A static member that takes the place of its earlier self.
    Replaces(Arc<str>),
}

impl GroupMachine {
    /// Answers one heartbeat.
    pub(in crate::group) fn consumer_heartbeat(
        &mut self,
        ticket: Ticket,
        asked: &ConsumerHeartbeat,
        step: &mut Step,
    ) {
        let response = match check(&asked.request, asked.context.version, &step.settings.consumer) {
            Err(error) => Err(error),
            Ok(()) if asked.request.member_epoch < 0 => self.consumer_leave(&asked.request, step),
            Ok(()) => self.consumer_stay(asked, step),
        };
        let response = response.unwrap_or_else(|error| ConsumerGroupHeartbeatResponse {
            error_code: error.code.code(),
            error_message: Some(error.text().into()),
            ..ConsumerGroupHeartbeatResponse::default()
        });
        step.reply(ticket, GroupReply::ConsumerHeartbeat(response));
    }

    fn consumer_stay(
        &mut self,
        asked: &ConsumerHeartbeat,
        step: &mut Step,
    ) -> Result<ConsumerGroupHeartbeatResponse, ApiError> {
        let request = &asked.request;
        let is_joining = request.member_epoch == 0;
        // First of all: a heartbeat with an expression that cannot be compiled must not make a group.
        if let Some(regex) = &request.subscribed_topic_regex
            && !regex.is_empty()
            && self.is_new_regex(&request.group_id, regex)
        {
            regex::compile(regex)?;
        }
        self.ensure_consumer_group(&request.group_id, is_joining, step)?;
        let random_id =
            if request.member_id.is_empty() { self.random_uuid() } else { String::new() };
        let crowd = self.count_crowd(step.now);
        let image = self.image.clone();
        let settings = step.settings.consumer.of_group(&image, &request.group_id).among(crowd);
        let around = Surroundings { image: &image, settings };
        let Some(Group::Consumer(group)) = self.groups.get_mut(request.group_id.as_str()) else {
            return Err(ErrorCode::UnknownServerError.into());
        };
        let response = group.heartbeat(asked, &random_id, around, step);
        // It was made for this member alone, and nothing of it was written.
        if response.is_err() && group.epoch == 0 && group.members.is_empty() {
            self.groups.remove(request.group_id.as_str());
        }
        response
    }

    fn is_new_regex(&self, group_id: &str, regex: &str) -> bool {
        match self.groups.get(group_id) {
            Some(Group::Consumer(group)) => !group.regexes.contains_key(regex),
            _ => true,
        }
    }

    fn consumer_leave(
        &mut self,
        request: &ConsumerGroupHeartbeatRequest,
        step: &mut Step,
    ) -> Result<ConsumerGroupHeartbeatResponse, ApiError> {
        let group_id = &request.group_id;
        let image = self.image.clone();
        let settings = step.settings.consumer.of_group(&image, group_id);
        let around = Surroundings { image: &image, settings };
        let group = match self.groups.get_mut(group_id.as_str()) {
            Some(Group::Consumer(group)) => group,
            Some(_) => {
                return Err(not_found(format!("Group {group_id} is not a consumer group.")));
            }
            None => return Err(not_found(format!("Group {group_id} not found."))),
        };
        let member_id = match &request.instance_id {
            None => group.known(&request.member_id)?.id.clone(),
            Some(instance) => {
                let member = group.known_instance(instance)?;
                check_fenced(member, &request.member_id, instance)?;
                member.id.clone()
            }
        };
        info!(group = %group_id, member = %member_id, epoch = request.member_epoch, "a member leaves");
        // A static member that leaves for a while keeps its share: the others are not disturbed by its restart.
        if request.instance_id.is_some() && request.member_epoch == LEFT_FOR_A_WHILE {
            let current = group.known(&member_id)?.current.clone();
            let left = Current { epoch: LEFT_FOR_A_WHILE, revoking: BTreeMap::new(), ..current };
            group.write_current(&member_id, left, &mut step.out.records);
        } else {
            self.fence(group_id, std::slice::from_ref(&member_id), around, step);
            if let Some(Group::Consumer(group)) = self.groups.get_mut(group_id.as_str()) {
                // Of the last nobody is left to wait for another.
                if group.members.is_empty() {
                    group.volatile.assigned();
                } else {
                    group.volatile.left(step.now);
                }
            }
        }
        Ok(ConsumerGroupHeartbeatResponse {
            member_id: Some(member_id.as_ref().into()),
            member_epoch: request.member_epoch,
            ..ConsumerGroupHeartbeatResponse::default()
        })
    }

    /// Members are out, whatever the reason.
    pub(super) fn fence(
        &mut self,
        group_id: &str,
        members: &[Arc<str>],
        around: Surroundings<'_>,
        step: &mut Step,
    ) {
        if members.is_empty() || self.downgrade_without(group_id, members, step) {
            return;
        }
        if let Some(Group::Consumer(group)) = self.groups.get_mut(group_id) {
            group.fence(members, around, step);
        }
    }

    /// A member's session has ended, or it has not given up partitions in time.
    pub(in crate::group) fn consumer_timed_out(
        &mut self,
        group_id: &str,
        member_id: &Arc<str>,
        why: &str,
        step: &mut Step,
    ) {
        let Some(Group::Consumer(group)) = self.groups.get(group_id) else { return };
        if !group.members.contains_key(member_id) {
            return;
        }
        info!(group = group_id, member = %member_id, why, "a member is fenced");
        let image = self.image.clone();
        let settings = step.settings.consumer.of_group(&image, group_id);
        let member = std::slice::from_ref(member_id);
        self.fence(group_id, member, Surroundings { image: &image, settings }, step);
    }

    /// A member has had its time to give up partitions.
    pub(in crate::group) fn revocation_timed_out(
        &mut self,
        group_id: &str,
        member_id: &Arc<str>,
        step: &mut Step,
    ) {
        let Some(Group::Consumer(group)) = self.groups.get(group_id) else { return };
        let is_late = |member: &Member| member.current.state == MemberState::UnrevokedPartitions;
        if group.members.get(member_id).is_some_and(is_late) {
            self.consumer_timed_out(group_id, member_id, "the rebalance timeout", step);
        }
    }
}

impl ConsumerGroup {
    pub(super) fn known(&self, member_id: &str) -> Result<&Member, ApiError> {
        self.members.get(member_id).ok_or_else(|| {
            let text = format!("Member {member_id} is not a member of group {}.", self.id);
            ApiError::new(ErrorCode::UnknownMemberId, text)
        })
    }

    fn known_instance(&self, instance: &str) -> Result<&Member, ApiError> {
        self.static_member(instance).ok_or_else(|| {
            let text = format!("Instance id {instance} is unknown.");
            ApiError::new(ErrorCode::UnknownMemberId, text)
        })
    }

    /// # Errors
    /// `GROUP_MAX_SIZE_REACHED` where there is no room for one more.
    pub(super) fn check_room(&self, member_id: &str, size_max: usize) -> Result<(), ApiError> {
        if self.members.len() < size_max || self.members.contains_key(member_id) {
            return Ok(());
        }
        Err(ApiError::new(
            ErrorCode::GroupMaxSizeReached,
            format!("The consumer group has reached its maximum capacity of {size_max} members."),
        ))
    }

    /// Which member this is, and whether it is in step. Errors: `UNKNOWN_MEMBER_ID`, `FENCED_MEMBER_EPOCH`,
    /// `FENCED_INSTANCE_ID`, `UNRELEASED_INSTANCE_ID`.
    fn whom(&self, request: &ConsumerGroupHeartbeatRequest) -> Result<Whom, ApiError> {
        let is_joining = request.member_epoch == 0;
        let owned = request.topic_partitions.as_deref();
        let member_id = request.member_id.as_str();
        let Some(instance) = &request.instance_id else {
            return match self.members.get(member_id) {
                None if is_joining => Ok(Whom::New),
                None => self.known(member_id).map(|_| Whom::Known),
                Some(member) => {
                    check_epoch(member, request.member_epoch, owned).map(|()| Whom::Known)
                }
            };
        };
        if !is_joining {
            let member = self.known_instance(instance)?;
            check_fenced(member, member_id, instance)?;
            return check_epoch(member, request.member_epoch, owned).map(|()| Whom::Known);
        }
        match self.static_member(instance) {
            None if self.members.contains_key(member_id) => Ok(Whom::Known),
            None => Ok(Whom::New),
            // Its first answer was lost.
            Some(member) if member.id.as_ref() == member_id => Ok(Whom::Known),
            Some(member) if member.is_classic() || member.current.epoch == LEFT_FOR_A_WHILE => {
                Ok(Whom::Replaces(member.id.clone()))
            }
            Some(member) => Err(ApiError::new(
                ErrorCode::UnreleasedInstanceId,
                format!(
                    "Static member {member_id} with instance id {instance} cannot join the group because the instance \
                     id is owned by {} member.",
                    member.id
                ),
            )),
        }
    }

    fn heartbeat(
        &mut self,
        asked: &ConsumerHeartbeat,
        random_id: &str,
        around: Surroundings<'_>,
        step: &mut Step,
    ) -> Result<ConsumerGroupHeartbeatResponse, ApiError> {
        let request = &asked.request;
        self.check_room(&request.member_id, around.settings.size_max)?;
        let whom = self.whom(request)?;
        let member_id: Arc<str> =
            if request.member_id.is_empty() { random_id } else { &request.member_id }.into();
        match whom {
            Whom::Known => {}
            Whom::New => debug!(group = %self.id, member = %member_id, "a member joins"),
            Whom::Replaces(old) => self.replace(&old, &member_id, step),
        }
        // From here on nothing is refused but a member whose state nobody knows.
        let before = self.members.get(&member_id).cloned();
        let before = before.unwrap_or_else(|| Member::new(member_id.clone()));
        let said = updated(&before.subscription, request, &asked.context);
        let changed = self.subscribe_anew(&before, said, &asked.filter, around, step);
        self.assign_if_due(around, step);
        self.reconcile(&member_id, changed, request.topic_partitions.as_deref(), around, step)?;
        step.watch(&self.id, &member_id, around.settings.session_timeout_ms);
        let member = self.known(&member_id)?;
        // A member that joins or says all of itself, as one does that has lost an answer, is told all it has; the
        // others only what has changed.
        let is_full = request.member_epoch == 0
            || request.rebalance_timeout_ms != -1
                && (request.subscribed_topic_names.is_some()
                    || request.subscribed_topic_regex.is_some())
                && request.topic_partitions.is_some();
        let has_changed = member.current.assigned != before.current.assigned;
        Ok(ConsumerGroupHeartbeatResponse {
            member_id: Some(member_id.as_ref().into()),
            member_epoch: member.current.epoch,
            heartbeat_interval_ms: self.interval_ms(member, around.settings, step.now),
            assignment: (is_full || has_changed).then(|| answer(member)),
            ..ConsumerGroupHeartbeatResponse::default()
        })
    }

    /// Members with a change before them, or a change around them, come back soon; the others as the settings have it.
    fn interval_ms(&self, member: &Member, settings: ConsumerSettings, now: Millis) -> i32 {
        const SOON_MS: (i32, i32) = (50, 500);
        let is_settled =
            self.epoch == self.assignment_epoch && member.is_reconciled_to(self.assignment_epoch);
        let is_quiet = now.saturating_sub(self.volatile.changed_at) >= RESTLESS_MS;
        if is_settled && is_quiet {
            return settings.heartbeat_interval_ms;
        }
        // Four heartbeats a millisecond are what a busy coordinator has time for.
        let fair = i32::try_from(self.members.len() / 4).unwrap_or(i32::MAX);
        fair.clamp(SOON_MS.0, SOON_MS.1).min(settings.heartbeat_interval_ms)
    }

    /// A static member takes the place of its earlier self.
    pub(super) fn replace(&mut self, old: &Arc<str>, new: &Arc<str>, step: &mut Step) {
        let Some(member) = self.members.get(old).cloned() else { return };
        let target = self.target(old).cloned().unwrap_or_default();
        info!(group = %self.id, old = %old, new = %new, "a static member takes its place again");
        let out = &mut step.out.records;
        let resolved = self.resolved.clone();
        self.write_removal(old, out);
        // In the order of what rests on what; with its predecessor went expressions that were its alone.
        self.write_member(new, member.subscription.clone(), out);
        for (expression, resolved) in resolved {
            if !self.resolved.contains_key(&expression) {
                self.write_regex(&expression, Some(resolved), out);
            }
        }
        self.write_target(new, target, out);
        let current = Current { epoch: 0, previous_epoch: 0, ..member.current };
        self.write_current(new, current, out);
        step.cancel_all(&self.id, old);
    }

    /// Members are out: the others are assigned what they had.
    fn fence(&mut self, members: &[Arc<str>], around: Surroundings<'_>, step: &mut Step) {
        for member_id in members {
            self.write_removal(member_id, &mut step.out.records);
            self.volatile.called.remove(member_id);
            step.cancel_all(&self.id, member_id);
        }
        self.bump_if(true, around, step);
    }

    /// After loading: everyone's session begins, and everyone's time to give up partitions.
    pub(in crate::group) fn watch_all(&self, settings: ConsumerSettings, step: &mut Step) {
        for (member_id, member) in &self.members {
            let classic = member.subscription.classic.as_ref();
            let session_ms = classic.map(|classic| Millis::from(classic.session_timeout_ms));
            step.watch(&self.id, member_id, session_ms.unwrap_or(settings.session_timeout_ms));
            if member.current.state == MemberState::UnrevokedPartitions && classic.is_none() {
                let timer = Timer::Revocation { group: self.id.clone(), member: member_id.clone() };
                step.wake(timer, Millis::from(member.subscription.rebalance_timeout_ms));
            }
        }
    }

    /// Leads a member one step towards what it is to have.
    pub(super) fn reconcile(
        &mut self,
        member_id: &Arc<str>,
        has_subscription_changed: bool,
        owned: Option<&[TopicPartitions]>,
        around: Surroundings<'_>,
        step: &mut Step,
    ) -> Result<(), ApiError> {
        let member = self.known(member_id)?;
        if !has_subscription_changed && member.is_reconciled_to(self.assignment_epoch) {
            return Ok(());
        }
        let empty = Target::new();
        let subscribed: BTreeSet<TopicId> = self
            .topics_of(&member.subscription)
            .filter_map(|name| around.image.topics.id(name))
            .collect();
        let next = Reconciler {
            current: &member.current,
            target_epoch: self.assignment_epoch,
            target: self.target(member_id).unwrap_or(&empty),
            has_subscription_changed,
            subscribed: &subscribed,
            is_owned: &|topic, partition| self.is_owned(topic, partition),
            owned,
        }
        .step()?;
        if next == member.current {
            return Ok(());
        }
        debug_assert!(
            partitions(&next.assigned)
                .all(|(topic, id)| { member.current.has(topic, id) || !self.is_owned(topic, id) }),
            "{}: {member_id} is given what another has",
            self.id
        );
        if !member.is_classic() {
            let timer = Timer::Revocation { group: self.id.clone(), member: member_id.clone() };
            match next.state {
                MemberState::UnrevokedPartitions => {
                    step.wake(timer, Millis::from(member.subscription.rebalance_timeout_ms));
                }
                _ => step.cancel(timer),
            }
        }
        self.write_current(member_id, next, &mut step.out.records);
        Ok(())
    }
}

fn answer(member: &Member) -> Assignment {
    let topic = |(topic_id, partitions): (&TopicId, &BTreeMap<i32, i32>)| TopicPartitions {
        topic_id: *topic_id,
        partitions: partitions.keys().copied().collect(),
        ..TopicPartitions::default()
    };
    Assignment {
        topic_partitions: member.current.assigned.iter().map(topic).collect(),
        ..Assignment::default()
    }
}
