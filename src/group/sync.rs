//! SyncGroup, LeaveGroup, and the end of sessions.
//!
//! The leader's assignments become a record before anyone is given one; the answers leave when it is committed. A
//! member that fetches again in a stable group, as one whose answer was lost does, is given what it has.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use tracing::{info, warn};

use super::classic::{ClassicGroup, State};
use super::machine::{Group, GroupMachine, Timer};
use super::records;
use super::request::{GroupReply, nobody_left};
use super::step::Step;
use crate::coordinator::machine::Ticket;
use crate::error::ErrorCode;
use crate::types::Millis;
use crate::wire::messages::leave_group::{
    LeaveGroupRequest, LeaveGroupResponse, MemberIdentity, MemberResponse,
};
use crate::wire::messages::sync_group::{SyncGroupRequest, SyncGroupResponse};

/// Who waits in SyncGroup: its ticket, member, session timeout, and share.
type Waiting = (Ticket, Arc<str>, Millis, Bytes);

impl GroupMachine {
    pub(super) fn sync(&mut self, ticket: Ticket, request: SyncGroupRequest, step: &mut Step) {
        if request.group_id.is_empty() {
            return step.refuse_sync(ticket, ErrorCode::InvalidGroupId);
        }
        if let Some(Group::Consumer(_)) = self.groups.get(request.group_id.as_str()) {
            return self.sync_consumer_group(ticket, &request, step);
        }
        match self.classic(&request.group_id) {
            Some(group) if group.state != State::Empty => group.sync(ticket, request, step),
            _ => step.refuse_sync(ticket, ErrorCode::UnknownMemberId),
        }
    }

    pub(super) fn leave(
        &mut self,
        request: &LeaveGroupRequest,
        step: &mut Step,
    ) -> LeaveGroupResponse {
        if request.group_id.is_empty() {
            let error_code = ErrorCode::InvalidGroupId.code();
            return LeaveGroupResponse { error_code, ..LeaveGroupResponse::default() };
        }
        if let Some(Group::Consumer(_)) = self.groups.get(request.group_id.as_str()) {
            return self.leave_consumer_group(request, step);
        }
        match self.classic(&request.group_id) {
            Some(group) => group.leave(request, step),
            None => nobody_left(request),
        }
    }
}

impl ClassicGroup {
    /// A member fetches its assignment; the leader brings all of them.
    pub(super) fn sync(&mut self, ticket: Ticket, request: SyncGroupRequest, step: &mut Step) {
        if let Err(code) = self.check_sync(&request) {
            return step.refuse_sync(ticket, code);
        }
        match self.state {
            State::Empty => step.refuse_sync(ticket, ErrorCode::UnknownMemberId),
            State::PreparingRebalance => step.refuse_sync(ticket, ErrorCode::RebalanceInProgress),
            State::CompletingRebalance => {
                self.has_synced(&request.member_id, step);
                let member = self
                    .members
                    .get_mut(request.member_id.as_str())
                    .expect("check_sync has seen the member");
                // Its client has given the earlier request up; the ticket must still be answered, once.
                if let Some(earlier) = member.syncing.replace(ticket) {
                    step.refuse_sync(earlier, ErrorCode::RebalanceInProgress);
                }
                if self.is_leader(&request.member_id) {
                    self.assign(request, step);
                }
            }
            State::Stable => {
                self.has_synced(&request.member_id, step);
                let assignment = self
                    .members
                    .get(request.member_id.as_str())
                    .map(|member| member.assignment.clone());
                let reply = self.sync_reply(assignment.unwrap_or_default());
                step.reply(ticket, reply);
            }
        }
    }

    fn check_sync(&self, request: &SyncGroupRequest) -> Result<(), ErrorCode> {
        self.check_member(&request.member_id, request.group_instance_id.as_deref())?;
        // Before version 5 neither is said (KIP-559), and what is not said is not held against anybody.
        let differs = |asked: &Option<String>, ours: &Option<String>| match (asked, ours) {
            (Some(asked), Some(ours)) => asked != ours,
            _ => false,
        };
        if request.generation_id != self.generation {
            Err(ErrorCode::IllegalGeneration)
        } else if differs(&request.protocol_type, &self.protocol_type)
            || differs(&request.protocol_name, &self.protocol)
        {
            Err(ErrorCode::InconsistentGroupProtocol)
        } else {
            Ok(())
        }
    }

    fn has_synced(&mut self, member_id: &str, step: &mut Step) {
        self.pending_syncs.remove(member_id);
        if self.pending_syncs.is_empty() {
            step.cancel(Timer::Sync(self.id.clone()));
        }
    }

    /// The leader has spoken: every member has its share, or none; all who wait for theirs get it once it is written.
    fn assign(&mut self, request: SyncGroupRequest, step: &mut Step) {
        info!(group = %self.id, generation = self.generation, members = self.members.len(), "assignments received");
        let mut shares: HashMap<String, Bytes> = request
            .assignments
            .into_iter()
            .map(|share| (share.member_id, Bytes::copy_from_slice(&share.assignment)))
            .collect();
        let mut waiting = Vec::new();
        for member in self.members.values_mut() {
            // Whom the leader has not named is a member all the same, with nothing to do; strangers are passed over.
            member.assignment = shares.remove(member.id.as_ref()).unwrap_or_default();
            if let Some(ticket) = member.syncing.take() {
                waiting.push((
                    ticket,
                    member.id.clone(),
                    member.session_ms(),
                    member.assignment.clone(),
                ));
            }
        }
        // As it will be found by a successor, which knows of stable and empty groups alone.
        let record = records::group(self);
        if !step.has_room_for(&record) {
            return self.unassign(waiting, step);
        }
        step.record(record);
        self.transition(State::Stable, step.now);
        step.metrics.completed_rebalances.add(1);
        debug_assert!(
            self.members.values().all(|member| member.syncing.is_none()),
            "{}: somebody still waits",
            self.id
        );
        for (ticket, member, session_ms, assignment) in waiting {
            let reply = self.sync_reply(assignment);
            step.reply(ticket, reply);
            // A session that ended while its member waited was let pass.
            step.watch(&self.id, &member, session_ms);
        }
    }

    /// The assignments are larger than a batch may be: nobody gets any, as in Kafka, and the members come together
    /// again.
    fn unassign(&mut self, waiting: Vec<Waiting>, step: &mut Step) {
        warn!(group = %self.id, generation = self.generation, "the assignments are too large to be written down");
        for member in self.members.values_mut() {
            member.assignment.clear();
        }
        for (ticket, member, session_ms, _) in waiting {
            step.refuse_sync(ticket, ErrorCode::UnknownServerError);
            step.watch(&self.id, &member, session_ms);
        }
        self.prepare_rebalance("the assignments are too large", step);
    }

    fn sync_reply(&self, assignment: Bytes) -> GroupReply {
        GroupReply::Sync(SyncGroupResponse {
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol.clone(),
            assignment,
            ..SyncGroupResponse::default()
        })
    }

    /// The time to fetch assignments is over: who has not is out, and the others come together again.
    pub(super) fn sync_timed_out(&mut self, step: &mut Step) {
        if !matches!(self.state, State::CompletingRebalance | State::Stable)
            || self.pending_syncs.is_empty()
        {
            return;
        }
        let gone: Vec<Arc<str>> = self.pending_syncs.iter().cloned().collect();
        for member in &gone {
            self.dismiss(member, step);
        }
        self.prepare_rebalance("members have not synced in time", step);
    }

    /// A member has been silent for too long.
    pub(super) fn session_ended(&mut self, member_id: &str, step: &mut Step) {
        if self.pending_joins.contains(member_id) {
            self.remove(member_id);
        } else {
            match self.members.get(member_id) {
                Some(member) if !member.is_excused() => {}
                _ => return,
            }
            info!(group = %self.id, member = member_id, "a member's session has ended");
            self.dismiss(member_id, step);
            if self.state != State::PreparingRebalance {
                return self.rebalance_or_complete("a member's session has ended", step);
            }
        }
        // It may have been the last that the others waited for.
        if self.state == State::PreparingRebalance && self.has_all_joined() {
            self.complete_join(step);
        }
    }

    /// Members leave, or are removed by their instance ids.
    pub(super) fn leave(
        &mut self,
        request: &LeaveGroupRequest,
        step: &mut Step,
    ) -> LeaveGroupResponse {
        let mut response = LeaveGroupResponse::default();
        let mut has_left = false;
        for identity in &request.members {
            let code = self.leave_one(identity, step).err().unwrap_or(ErrorCode::None);
            has_left |= code == ErrorCode::None;
            response.members.push(MemberResponse {
                member_id: identity.member_id.clone(),
                group_instance_id: identity.group_instance_id.clone(),
                error_code: code.code(),
                ..MemberResponse::default()
            });
        }
        if has_left && self.state != State::Empty {
            self.rebalance_or_complete("members have left", step);
        }
        response
    }

    fn leave_one(&mut self, identity: &MemberIdentity, step: &mut Step) -> Result<(), ErrorCode> {
        let instance_id = identity.group_instance_id.as_deref();
        let member_id: Arc<str> = if identity.member_id.is_empty() {
            let named = instance_id.and_then(|instance| self.instances.get(instance));
            named.cloned().ok_or(ErrorCode::UnknownMemberId)?
        } else if let Some(pending) = self.pending_joins.get(identity.member_id.as_str()).cloned() {
            // It was given a name and has not come back with it: nobody's rebalance hangs on it.
            self.remove(&pending);
            step.unwatch(&self.id, &pending);
            return Ok(());
        } else {
            self.check_member(&identity.member_id, instance_id)?;
            identity.member_id.as_str().into()
        };
        let reason = identity.reason.as_deref().unwrap_or("not provided");
        info!(group = %self.id, member = %member_id, reason, "a member leaves");
        self.dismiss(&member_id, step);
        Ok(())
    }
}
