//! Classic members of a consumer group: JoinGroup, SyncGroup, Heartbeat and LeaveGroup, led through the same epochs as
//! the others. A member's epoch is its generation; when its group has a later one, it is sent to join again.
//!
//! What makes the two fit: nobody leads in such a group, so JoinGroup tells of no other members, and SyncGroup's
//! assignments are ignored where a client sends any: the coordinator's count. Each step of `reconcile` that a new
//! member takes with a heartbeat, a classic one takes with a JoinGroup.

use std::collections::HashSet;
use std::sync::Arc;

use tracing::info;

use super::embedded;
use super::group::ConsumerGroup;
use super::heartbeat::Surroundings;
use super::member::{ClassicProtocol, Member, MemberState, Subscription};
use super::regex::TopicFilter;
use crate::coordinator::machine::Ticket;
use crate::error::ErrorCode;
use crate::group::classic::CONSUMER;
use crate::group::machine::{Group, GroupMachine, Timer};
use crate::group::member::{keep, rebalance_timeout_ms};
use crate::group::request::{GroupReply, RequestContext};
use crate::group::step::Step;
use crate::types::Millis;
use crate::wire::messages::heartbeat::HeartbeatRequest;
use crate::wire::messages::join_group::{JoinGroupRequest, JoinGroupResponse};
use crate::wire::messages::leave_group::{
    LeaveGroupRequest, LeaveGroupResponse, MemberIdentity, MemberResponse,
};
use crate::wire::messages::sync_group::{SyncGroupRequest, SyncGroupResponse};

impl GroupMachine {
    /// A client joins a consumer group by the classic protocol.
    pub(in crate::group) fn join_consumer_group(
        &mut self,
        ticket: Ticket,
        request: &JoinGroupRequest,
        context: &RequestContext,
        step: &mut Step,
    ) {
        let random_id = self.random_uuid();
        let image = self.image.clone();
        let settings = step.settings.consumer.of_group(&image, &request.group_id);
        let around = Surroundings { image: &image, settings };
        let Some(Group::Consumer(group)) = self.groups.get_mut(request.group_id.as_str()) else {
            return step.refuse_join(ticket, &request.member_id, ErrorCode::UnknownMemberId);
        };
        match group.join_classic(request, context, &random_id, around, step) {
            Ok(response) => {
                let is_downgrade = step.settings.consumer.migration.may_downgrade
                    && group.members.values().all(Member::is_classic);
                step.reply(ticket, GroupReply::Join(response));
                if is_downgrade {
                    self.downgrade(&request.group_id, &[], step);
                }
            }
            Err((code, member_id)) => step.refuse_join(ticket, &member_id, code),
        }
    }

    /// A classic member of a consumer group fetches its assignment.
    pub(in crate::group) fn sync_consumer_group(
        &mut self,
        ticket: Ticket,
        request: &SyncGroupRequest,
        step: &mut Step,
    ) {
        let image = self.image.clone();
        let Some(Group::Consumer(group)) = self.groups.get_mut(request.group_id.as_str()) else {
            return step.refuse_sync(ticket, ErrorCode::UnknownMemberId);
        };
        let member = match group.check_sync(request, step) {
            Ok(member) => member,
            Err(code) => return step.refuse_sync(ticket, code),
        };
        let spoken = member.subscription.classic.clone();
        let metadata = spoken.as_ref().and_then(|spoken| spoken.protocols.first());
        let metadata = metadata.map(|(_, metadata)| metadata.clone()).unwrap_or_default();
        let target = embedded::target_of(&member.current.assigned);
        let assignment = embedded::write_assignment(&target, &metadata, &image);
        step.cancel(Timer::ClassicSync { group: group.id.clone(), member: member.id.clone() });
        step.watch(&group.id, &member.id, session_ms(&member));
        let response = SyncGroupResponse {
            protocol_type: request.protocol_type.clone(),
            protocol_name: request.protocol_name.clone(),
            assignment,
            ..SyncGroupResponse::default()
        };
        step.reply(ticket, GroupReply::Sync(response));
    }

    /// A classic member of a consumer group is alive.
    pub(in crate::group) fn beat_consumer_group(
        &mut self,
        request: &HeartbeatRequest,
        step: &mut Step,
    ) -> Result<(), ErrorCode> {
        let Some(Group::Consumer(group)) = self.groups.get_mut(request.group_id.as_str()) else {
            return Err(ErrorCode::UnknownMemberId);
        };
        let instance_id = request.group_instance_id.as_deref();
        let member = group.classic_member(&request.member_id, instance_id)?.clone();
        if member.current.epoch != request.generation_id {
            return Err(ErrorCode::IllegalGeneration);
        }
        step.watch(&group.id, &member.id, session_ms(&member));
        let must_rejoin = member.current.epoch < group.epoch
            || match member.current.state {
                // What it gives up it says with its next JoinGroup.
                MemberState::UnrevokedPartitions => true,
                // It would join in vain before something is free.
                MemberState::UnreleasedPartitions => !group.waits_for_others(&member),
                _ => false,
            };
        if must_rejoin {
            group.call(&member, step);
            return Err(ErrorCode::RebalanceInProgress);
        }
        Ok(())
    }

    /// Members leave a consumer group, or are taken out of it, whatever they speak. All go at once: one change for the
    /// others, and one that is named twice goes once.
    pub(in crate::group) fn leave_consumer_group(
        &mut self,
        request: &LeaveGroupRequest,
        step: &mut Step,
    ) -> LeaveGroupResponse {
        let group_id = &request.group_id;
        let mut response = LeaveGroupResponse::default();
        let mut gone: Vec<Arc<str>> = Vec::new();
        for identity in &request.members {
            let found = match self.groups.get(group_id.as_str()) {
                Some(Group::Consumer(group)) => group.leaver(identity),
                _ => Err(ErrorCode::UnknownMemberId),
            };
            response.members.push(MemberResponse {
                member_id: identity.member_id.clone(),
                group_instance_id: identity.group_instance_id.clone(),
                error_code: found.as_ref().err().map_or(0, |code| code.code()),
                ..MemberResponse::default()
            });
            if let Ok(member_id) = found {
                let reason = identity.reason.as_deref().unwrap_or("not provided");
                info!(group = %group_id, member = %member_id, reason, "a member leaves");
                gone.push(member_id);
            }
        }
        gone.sort_unstable();
        gone.dedup();
        let image = self.image.clone();
        let settings = step.settings.consumer.of_group(&image, group_id);
        self.fence(group_id, &gone, Surroundings { image: &image, settings }, step);
        response
    }
}

fn session_ms(member: &Member) -> Millis {
    member.subscription.classic.as_ref().map_or(0, |spoken| Millis::from(spoken.session_timeout_ms))
}

impl ConsumerGroup {
    fn classic_member(
        &self,
        member_id: &str,
        instance_id: Option<&str>,
    ) -> Result<&Member, ErrorCode> {
        let member = match instance_id {
            None => self.members.get(member_id),
            Some(instance) => match self.static_member(instance) {
                Some(known) if known.id.as_ref() != member_id => {
                    return Err(ErrorCode::FencedInstanceId);
                }
                known => known,
            },
        };
        member.filter(|member| member.is_classic()).ok_or(ErrorCode::UnknownMemberId)
    }

    fn leaver(&self, identity: &MemberIdentity) -> Result<Arc<str>, ErrorCode> {
        let member_id = identity.member_id.as_str();
        let member = match identity.group_instance_id.as_deref() {
            None => self.members.get(member_id),
            Some(instance) => self.static_member(instance),
        };
        let id = member.ok_or(ErrorCode::UnknownMemberId)?.id.clone();
        // Tools take out static members by their instance alone.
        let is_named = identity.group_instance_id.is_none() || !member_id.is_empty();
        if is_named && id.as_ref() != member_id { Err(ErrorCode::FencedInstanceId) } else { Ok(id) }
    }

    /// Whether all that a member waits for is still with others.
    fn waits_for_others(&self, member: &Member) -> bool {
        let has = |topic, partition| {
            member.current.assigned.get(topic).is_some_and(|held| held.contains_key(partition))
        };
        self.target(&member.id).is_some_and(|target| {
            target.iter().any(|(topic, partitions)| {
                partitions.iter().any(|id| !has(topic, id) && self.is_owned(*topic, *id))
            })
        })
    }

    /// Gives a member time to join again. Being told twice does not make it longer.
    fn call(&mut self, member: &Member, step: &mut Step) {
        if self.volatile.called.insert(member.id.clone()) {
            let after_ms = Millis::from(member.subscription.rebalance_timeout_ms);
            let timer = Timer::ClassicJoin { group: self.id.clone(), member: member.id.clone() };
            step.wake(timer, after_ms);
        }
    }

    fn check_sync(
        &mut self,
        request: &SyncGroupRequest,
        step: &mut Step,
    ) -> Result<Member, ErrorCode> {
        let instance_id = request.group_instance_id.as_deref();
        let member = self.classic_member(&request.member_id, instance_id)?.clone();
        if member.current.epoch != request.generation_id {
            return Err(ErrorCode::IllegalGeneration);
        }
        let spoken = member.subscription.classic.as_ref();
        let protocol = spoken.and_then(|spoken| spoken.protocols.first()).map(|(name, _)| name);
        let is_other_type = request.protocol_type.as_deref().is_some_and(|kind| kind != CONSUMER);
        let is_other_name =
            request.protocol_name.as_ref().is_some_and(|name| Some(name) != protocol);
        if is_other_type || is_other_name {
            return Err(ErrorCode::InconsistentGroupProtocol);
        }
        // Who has something to give up must first be told what it keeps.
        if self.epoch > member.current.epoch
            && member.current.state != MemberState::UnrevokedPartitions
        {
            self.call(&member, step);
            return Err(ErrorCode::RebalanceInProgress);
        }
        Ok(member)
    }

    /// Whether the classic members, with one more that follows these protocols, have one in common.
    fn supports(&self, request: &JoinGroupRequest) -> bool {
        let spoken = || self.members.values().filter_map(|m| m.subscription.classic.as_ref());
        let mut common: HashSet<&str> =
            request.protocols.iter().map(|protocol| protocol.name.as_str()).collect();
        for classic in spoken() {
            let names: HashSet<&str> =
                classic.protocols.iter().map(|(name, _)| name.as_str()).collect();
            common.retain(|name| names.contains(name));
        }
        request.protocol_type == CONSUMER && !common.is_empty()
    }

    fn join_classic(
        &mut self,
        request: &JoinGroupRequest,
        context: &RequestContext,
        random_id: &str,
        around: Surroundings<'_>,
        step: &mut Step,
    ) -> Result<JoinGroupResponse, (ErrorCode, String)> {
        let is_unnamed = request.member_id.is_empty();
        let member_id: Arc<str> = if is_unnamed { random_id } else { &request.member_id }.into();
        let refuse = |code| (code, request.member_id.clone());
        self.check_room(&member_id, around.settings.size_max)
            .map_err(|error| (error.code, String::new()))?;
        if !self.supports(request) {
            return Err(refuse(ErrorCode::InconsistentGroupProtocol));
        }
        let instance_id = request.group_instance_id.as_deref();
        if is_unnamed && context.version >= 4 && instance_id.is_none() {
            return Err((ErrorCode::MemberIdRequired, member_id.as_ref().into()));
        }
        let first = request.protocols.first().map(|protocol| protocol.metadata.clone());
        let wanted = embedded::subscription(&first.unwrap_or_default())
            .map_err(|_| refuse(ErrorCode::UnknownServerError))?;
        let replaced = match instance_id.map(|instance| (instance, self.static_member(instance))) {
            Some((_, Some(old))) if is_unnamed => Some(old.id.clone()),
            Some((_, None)) if !is_unnamed => return Err(refuse(ErrorCode::UnknownMemberId)),
            Some((_, Some(old))) if old.id != member_id => {
                return Err(refuse(ErrorCode::FencedInstanceId));
            }
            _ => None,
        };
        if let Some(old) = replaced {
            self.replace(&old, &member_id, step);
        }
        let before = self.members.get(&member_id).cloned();
        let before = before.unwrap_or_else(|| Member::new(member_id.clone()));
        let said = said(&before.subscription, request, context, &wanted);
        // Classic members subscribe by names alone: the filter is for expressions.
        let changed = self.subscribe_anew(&before, said, &TopicFilter::default(), around, step);
        self.assign_if_due(around, step);
        let owned = embedded::owned(&wanted, around.image);
        self.reconcile(&member_id, changed, Some(&owned), around, step)
            .map_err(|error| refuse(error.code))?;
        self.volatile.called.remove(&member_id);
        step.cancel(Timer::ClassicJoin { group: self.id.clone(), member: member_id.clone() });
        step.watch(&self.id, &member_id, Millis::from(request.session_timeout_ms));
        // Until it fetches what it has been given here, others may be waiting for what it is to give up.
        let sync = Timer::ClassicSync { group: self.id.clone(), member: member_id.clone() };
        let timeout_ms = rebalance_timeout_ms(request, context.version);
        step.wake(sync, Millis::from(timeout_ms));
        Ok(JoinGroupResponse {
            member_id: member_id.as_ref().into(),
            generation_id: self.members.get(&member_id).map_or(-1, |member| member.current.epoch),
            protocol_type: Some(CONSUMER.into()),
            protocol_name: request.protocols.first().map(|protocol| protocol.name.clone()),
            ..JoinGroupResponse::default()
        })
    }
}

fn said(
    before: &Arc<Subscription>,
    request: &JoinGroupRequest,
    context: &RequestContext,
    wanted: &crate::wire::stored::consumer_protocol::ConsumerProtocolSubscription,
) -> Arc<Subscription> {
    let protocols = keep(&request.protocols).into_iter();
    let mut said = before.as_ref().clone();
    if let Some(instance) = &request.group_instance_id {
        said.instance_id = Some(instance.as_str().into());
    }
    if wanted.rack_id.is_some() {
        said.rack_id.clone_from(&wanted.rack_id);
    }
    said.rebalance_timeout_ms = rebalance_timeout_ms(request, context.version);
    said.topics = wanted.topics.iter().cloned().collect();
    said.client_id.clone_from(&context.client_id);
    said.client_host.clone_from(&context.client_host);
    said.classic = Some(ClassicProtocol {
        session_timeout_ms: request.session_timeout_ms,
        protocols: protocols.map(|protocol| (protocol.name, protocol.metadata)).collect(),
    });
    if said == **before { before.clone() } else { Arc::new(said) }
}
