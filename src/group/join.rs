//! JoinGroup: who may come in, under which name, and whether the others must be called together for it.
//!
//! From version 4 a newcomer is first given a name and comes again with it (KIP-394), so that a client that lost
//! the answer does not leave a dead member behind. A static member (KIP-345) takes the place it had, and its old
//! self is fenced.
//!
//! | the client | is told |
//! |---|---|
//! | newcomer, version 4 or later | `MEMBER_ID_REQUIRED` and a name to come back with |
//! | newcomer before that, or static | nothing yet: waits until the generation begins |
//! | member, unchanged, the generation has begun | the same answer again: the first was lost |
//! | member, changed; or the leader of a stable group | waits: everybody is called together |
//! | static, back without its name | its old place under a new name; the others notice nothing if the protocol stays
//! (KIP-814) |
//! | somebody whose group is full | `GROUP_MAX_SIZE_REACHED` |

use std::sync::Arc;

use bytes::Bytes;
use tracing::warn;

use super::classic::{ClassicGroup, State};
use super::machine::{Group, GroupMachine};
use super::member::{Member, keep, metadata_bytes, rebalance_timeout_ms};
use super::records;
use super::request::{GroupReply, RequestContext};
use super::step::Step;
use crate::coordinator::machine::Ticket;
use crate::error::ErrorCode;
use crate::types::Millis;
use crate::wire::messages::join_group::{JoinGroupRequest, JoinGroupResponse};

/// What the metadata of all members of a shard may take, in bytes. Kafka has no such bound.
const METADATA_BYTES_MAX: usize = 16 << 20;
/// Metadata that are always taken, in bytes: a consumer of a hundred topics sends less.
const SMALL_METADATA_BYTES: usize = 8 << 10;

/// One JoinGroup under way.
pub(super) struct Joiner {
    pub(super) ticket: Ticket,
    pub(super) request: JoinGroupRequest,
    pub(super) context: RequestContext,
    /// The name it gets if it needs one.
    pub(super) new_id: Arc<str>,
}

impl Joiner {
    fn timeouts_ms(&self) -> (i32, i32) {
        (rebalance_timeout_ms(&self.request, self.context.version), self.request.session_timeout_ms)
    }

    fn reason(&self) -> &str {
        self.request.reason.as_deref().filter(|reason| !reason.is_empty()).unwrap_or("not provided")
    }
}

impl GroupMachine {
    pub(super) fn join(
        &mut self,
        ticket: Ticket,
        request: JoinGroupRequest,
        context: RequestContext,
        step: &mut Step,
    ) {
        let session_ms = request.session_timeout_ms;
        if request.group_id.is_empty() {
            return step.refuse_join(ticket, &request.member_id, ErrorCode::InvalidGroupId);
        }
        if !is_writable(&request, &context) {
            return step.refuse_join(ticket, &request.member_id, ErrorCode::UnknownServerError);
        }
        if session_ms < self.settings.session_timeout_ms_min
            || session_ms > self.settings.session_timeout_ms_max
        {
            return step.refuse_join(ticket, &request.member_id, ErrorCode::InvalidSessionTimeout);
        }
        if !self.has_room_for(&request) {
            warn!(group = request.group_id, "a member is refused: its metadata are too large");
            return step.refuse_join(ticket, &request.member_id, ErrorCode::GroupMaxSizeReached);
        }
        let is_new = match self.groups.get(request.group_id.as_str()) {
            Some(Group::Classic(_)) => false,
            Some(Group::Consumer(group)) if !group.members.is_empty() => {
                return self.join_consumer_group(ticket, &request, &context, step);
            }
            Some(Group::Foreign(group)) if !group.may_become_classic() => {
                return step.refuse_join(ticket, "", ErrorCode::InconsistentGroupProtocol);
            }
            Some(_) | None if !request.member_id.is_empty() => {
                return step.refuse_join(ticket, &request.member_id, ErrorCode::UnknownMemberId);
            }
            Some(_) | None => true,
        };
        if is_new {
            self.found(&request.group_id, step);
        }
        let new_id = self.name_member(&request, &context);
        let Some(group) = self.classic(&request.group_id) else { return };
        group.join(Joiner { ticket, request, context, new_id }, step);
    }

    /// Whether a member's metadata may be kept. Small ones always may: that they stay few is for `group.max.size`.
    fn has_room_for(&self, request: &JoinGroupRequest) -> bool {
        let bytes = metadata_bytes(&request.protocols);
        if bytes <= SMALL_METADATA_BYTES {
            return true;
        }
        let held = self.groups.values().map(|group| match group {
            Group::Classic(group) => group.metadata_bytes,
            Group::Consumer(_) | Group::Foreign(_) => 0,
        });
        held.sum::<usize>() + bytes <= METADATA_BYTES_MAX
    }

    /// Makes a group, and writes its first picture so that it is not forgotten. An empty group of another protocol
    /// gives way.
    fn found(&mut self, group_id: &str, step: &mut Step) {
        self.bury(group_id, step);
        let id: Arc<str> = group_id.into();
        let group = ClassicGroup::new(id.clone(), step.now);
        step.record(records::group(&group));
        self.groups.insert(id, Group::Classic(Box::new(group)));
    }

    /// `client-<random uuid>`, or `instance-<random uuid>`.
    fn name_member(&mut self, request: &JoinGroupRequest, context: &RequestContext) -> Arc<str> {
        if !request.member_id.is_empty() {
            return "".into();
        }
        let mut bytes = (self.randomness)();
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let prefix = request.group_instance_id.as_deref().unwrap_or(&context.client_id);
        let (a, b, c, d, e) = (&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
        format!("{prefix}-{a}-{b}-{c}-{d}-{e}").into()
    }
}

/// Whether a member as this would fit into a record.
fn is_writable(request: &JoinGroupRequest, context: &RequestContext) -> bool {
    let names = [request.group_instance_id.as_deref().unwrap_or_default(), &context.client_id];
    records::is_writable(&request.group_id)
        && records::is_writable(&request.protocol_type)
        && request.protocols.iter().all(|protocol| records::is_writable(&protocol.name))
        && names.into_iter().all(records::is_nameable)
}

impl ClassicGroup {
    /// A client joins, or joins again.
    pub(super) fn join(&mut self, joiner: Joiner, step: &mut Step) {
        let member_id = &joiner.request.member_id;
        if !self.accepts(member_id, step.settings.max_size) {
            self.dismiss(&joiner.request.member_id, step);
            step.refuse_join(joiner.ticket, "", ErrorCode::GroupMaxSizeReached);
        } else if !self.supports(&joiner.request.protocol_type, &joiner.request.protocols) {
            step.refuse_join(joiner.ticket, member_id, ErrorCode::InconsistentGroupProtocol);
        } else if !member_id.is_empty() {
            self.join_known(joiner, step);
        } else if let Some(instance) = joiner.request.group_instance_id.clone() {
            match self.instances.get(instance.as_str()).cloned() {
                Some(old) => self.replace_static(&old, joiner, step),
                None => self.admit(joiner.new_id.clone(), joiner, step),
            }
        } else if joiner.context.version >= 4 {
            self.pending_joins.insert(joiner.new_id.clone());
            step.watch(&self.id, &joiner.new_id, Millis::from(joiner.request.session_timeout_ms));
            step.refuse_join(joiner.ticket, &joiner.new_id, ErrorCode::MemberIdRequired);
        } else {
            self.admit(joiner.new_id.clone(), joiner, step);
        }
    }

    /// Whether there is room. While rebalancing it counts who has come so far, so that those who come last are left
    /// out.
    fn accepts(&self, member_id: &str, size_max: usize) -> bool {
        let member = self.members.get(member_id);
        match self.state {
            State::Empty => true,
            State::PreparingRebalance => {
                member.is_some_and(|member| member.joining.is_some()) || self.joining < size_max
            }
            State::CompletingRebalance | State::Stable => {
                member.is_some() || self.members.len() < size_max
            }
        }
    }

    /// A client that already has a name.
    fn join_known(&mut self, joiner: Joiner, step: &mut Step) {
        let member_id = joiner.request.member_id.as_str();
        let instance_id = joiner.request.group_instance_id.as_deref();
        if let Some(name) = self.pending_joins.get(member_id).cloned() {
            // Only dynamic members are asked to come back.
            match instance_id {
                None => self.admit(name, joiner, step),
                Some(_) => {
                    step.refuse_join(joiner.ticket, member_id, ErrorCode::UnknownServerError)
                }
            }
            return;
        }
        if let Err(code) = self.check_member(member_id, instance_id) {
            return step.refuse_join(joiner.ticket, member_id, code);
        }
        let unchanged = self
            .members
            .get(member_id)
            .is_some_and(|member| member.matches(&joiner.request.protocols));
        match self.state {
            State::PreparingRebalance => self.rejoin(joiner, step),
            // The answer to its JoinGroup may have been lost.
            State::CompletingRebalance if unchanged => self.answer_current(&joiner, step),
            // The leader may know of changes that its metadata does not show, such as new partitions.
            State::Stable if unchanged && !self.is_leader(member_id) => {
                self.answer_current(&joiner, step)
            }
            State::CompletingRebalance | State::Stable => self.rejoin(joiner, step),
            State::Empty => step.refuse_join(joiner.ticket, member_id, ErrorCode::UnknownMemberId),
        }
    }

    fn answer_current(&self, joiner: &Joiner, step: &mut Step) {
        let reply = self.join_reply(&joiner.request.member_id);
        step.reply(joiner.ticket, GroupReply::Join(reply));
    }

    /// What a member is told of the current generation; its leader also learns of the others, while they still wait
    /// for it.
    pub(super) fn join_reply(&self, member_id: &str) -> JoinGroupResponse {
        let is_leader = self.is_leader(member_id) && self.state == State::CompletingRebalance;
        JoinGroupResponse {
            generation_id: self.generation,
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol.clone(),
            leader: self.leader.as_deref().unwrap_or_default().into(),
            member_id: member_id.into(),
            members: if is_leader { self.for_leader() } else { Vec::new() },
            ..JoinGroupResponse::default()
        }
    }

    /// A member joins again, perhaps changed; the others must come together.
    fn rejoin(&mut self, joiner: Joiner, step: &mut Step) {
        let request = &joiner.request;
        let timeouts_ms = joiner.timeouts_ms();
        let before =
            self.update(&request.member_id, &request.protocols, timeouts_ms, Some(joiner.ticket));
        if let Some(ticket) = before {
            step.refuse_join(ticket, &request.member_id, ErrorCode::RebalanceInProgress);
        }
        self.rebalance_or_complete(joiner.reason(), step);
    }

    /// Takes in a new member.
    fn admit(&mut self, name: Arc<str>, joiner: Joiner, step: &mut Step) {
        let request = &joiner.request;
        let (rebalance_timeout_ms, session_timeout_ms) = joiner.timeouts_ms();
        if self.state == State::PreparingRebalance && self.previous == Some(State::Empty) {
            self.new_member_added = true;
        }
        let member = Member {
            id: name.clone(),
            instance_id: request.group_instance_id.as_deref().map(Into::into),
            client_id: joiner.context.client_id.clone(),
            client_host: joiner.context.client_host.clone(),
            rebalance_timeout_ms,
            session_timeout_ms,
            protocols: keep(&request.protocols),
            assignment: Bytes::new(),
            joining: Some(joiner.ticket),
            syncing: None,
            is_new: true,
        };
        self.add(member, &request.protocol_type);
        // It does not know its name yet and cannot send heartbeats; but a client that gave up would come back as
        // another, and the group would fill with the dead.
        step.watch(&self.id, &name, step.settings.new_member_join_timeout_ms);
        self.rebalance_or_complete(joiner.reason(), step);
    }

    /// A static member comes back without its name: it takes its old place under a new one, and the old one is
    /// fenced.
    fn replace_static(&mut self, old: &Arc<str>, joiner: Joiner, step: &mut Step) {
        let leader_before = self.leader.clone();
        let name = joiner.new_id.clone();
        self.tell(old, ErrorCode::FencedInstanceId, step);
        if let Some((joining, syncing)) = self.rename(old, &name) {
            if let Some(ticket) = joining {
                step.refuse_join(ticket, old, ErrorCode::FencedInstanceId);
            }
            if let Some(ticket) = syncing {
                step.refuse_sync(ticket, ErrorCode::FencedInstanceId);
            }
        }
        step.unwatch(&self.id, old);
        step.watch(&self.id, &name, Millis::from(joiner.request.session_timeout_ms));
        self.update(&name, &joiner.request.protocols, joiner.timeouts_ms(), Some(joiner.ticket));
        match self.state {
            State::Stable if self.protocol.is_some() && self.select_protocol() == self.protocol => {
                self.take_joining(&name);
                self.resume_static(&name, leader_before.as_deref(), &joiner, step);
            }
            State::Stable => self.rebalance_or_complete(joiner.reason(), step),
            // The leader may already be at work on an assignment for the old name.
            State::CompletingRebalance => self.prepare_rebalance(joiner.reason(), step),
            State::PreparingRebalance | State::Empty => self.maybe_complete_join(step),
        }
    }

    /// Nothing changes for the others: the new name is written down and the member goes on with what it had
    /// (KIP-814).
    fn resume_static(
        &self,
        name: &str,
        leader_before: Option<&str>,
        joiner: &Joiner,
        step: &mut Step,
    ) {
        step.record(records::group(self));
        let mut reply = self.join_reply(name);
        if joiner.context.version >= 9 {
            reply.skip_assignment = self.is_leader(name);
            if reply.skip_assignment {
                reply.members = self.for_leader();
            }
        } else {
            // An older client that found itself leading would make a new assignment: it sees its old self lead.
            reply.leader = leader_before.unwrap_or_default().into();
        }
        step.reply(joiner.ticket, GroupReply::Join(reply));
    }
}
