//! One shard of the group coordinator: the groups whose names fall into one partition of `__consumer_offsets`.
//!
//! What is written of classic groups is a picture of them: while the shard lives, the group in memory is ahead of
//! its record and a record's return changes nothing of it; when a shard begins, the pictures are all there is.
//! Offsets live by their records alone.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tracing::{info, warn};

use super::classic::{ClassicGroup, State};
use super::consumer::group::ConsumerGroup;
use super::crowd::Crowd;
use super::foreign::{ForeignGroup, GroupKind};
use super::join::Joiner;
use super::member::metadata_bytes;
use super::offsets::{Offsets, ProducerId};
use super::records::{self, Entry};
use super::request::{GroupReply, GroupRequest, RequestContext};
use super::settings::Settings;
use super::step::Step;
use crate::coordinator::machine::{Decision, Machine, StoredRecord, Ticket};
use crate::error::ErrorCode;
use crate::metadata::Image;
use crate::metadata::configs::ResourceType;
use crate::metrics::GroupMetrics;
use crate::types::{Millis, OFFSETS_TOPIC, Offset, TopicId, Uuid};
use crate::wire::messages::heartbeat::HeartbeatResponse;
use crate::wire::messages::join_group::JoinGroupRequest;
use crate::wire::messages::leave_group::{LeaveGroupRequest, LeaveGroupResponse};
use crate::wire::messages::offset_delete::OffsetDeleteResponse;
use crate::wire::messages::sync_group::SyncGroupRequest;
use crate::wire::stored::group::{GroupKey, GroupValue};

/// What the metadata of all members of a shard may take, in bytes. Kafka has no such bound.
const METADATA_BYTES_MAX: usize = 16 << 20;
/// Metadata that are always taken, in bytes: a consumer of a hundred topics sends less.
const SMALL_METADATA_BYTES: usize = 8 << 10;

/// Where sixteen random bytes come from.
pub type Randomness = Box<dyn FnMut() -> [u8; 16] + Send>;

/// What a shard waits for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// The end of a member's session, unless it is heard of.
    Session {
        /// The group.
        group: Arc<str>,
        /// The member, or one that was asked to join again.
        member: Arc<str>,
    },
    /// The end of a member's time to give up partitions.
    Revocation {
        /// The group.
        group: Arc<str>,
        /// The member.
        member: Arc<str>,
    },
    /// The end of the time that a classic member of a consumer group has to join again.
    ClassicJoin {
        /// The group.
        group: Arc<str>,
        /// The member.
        member: Arc<str>,
    },
    /// The end of the time that a classic member of a consumer group has to fetch its assignment.
    ClassicSync {
        /// The group.
        group: Arc<str>,
        /// The member.
        member: Arc<str>,
    },
    /// The end of a group's wait for members.
    Join(Arc<str>),
    /// The end of a group's wait for members to fetch their assignments.
    Sync(Arc<str>),
    /// The next look for expired offsets.
    Expiry,
    /// The next offsets of topics that are gone.
    Gone,
}

/// A group of any protocol.
#[derive(Clone, Debug)]
pub(super) enum Group {
    Classic(Box<ClassicGroup>),
    Consumer(Box<ConsumerGroup>),
    Foreign(ForeignGroup),
}

impl Group {
    pub(super) fn kind(&self) -> GroupKind {
        match self {
            Self::Classic(_) => GroupKind::Classic,
            Self::Consumer(_) => GroupKind::Consumer,
            Self::Foreign(group) => group.kind,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Classic(group) => group.state == State::Empty,
            Self::Consumer(group) => group.members.is_empty(),
            Self::Foreign(group) => group.is_empty(),
        }
    }

    pub(super) fn state_name(&self) -> &'static str {
        match self {
            Self::Classic(group) => group.state.name(),
            Self::Consumer(group) => group.state().name(),
            Self::Foreign(group) => group.state_name(),
        }
    }
}

/// The groups of one shard, and their offsets.
pub struct GroupMachine {
    pub(super) settings: Settings,
    randomness: Randomness,
    metrics: Arc<GroupMetrics>,
    pub(super) groups: HashMap<Arc<str>, Group>,
    pub(super) offsets: Offsets,
    /// Records are read back: they are all there is to know.
    is_loading: bool,
    pub(super) image: Arc<Image>,
    /// Topics that are gone and whose offsets are not yet, with the ids of those that bear their names now.
    gone: BTreeMap<Arc<str>, Option<TopicId>>,
    crowd: Crowd,
}

impl GroupMachine {
    /// A shard that is about to be loaded, under the metadata of the moment. `randomness` makes the names of members.
    pub fn new(settings: Settings, image: Arc<Image>, randomness: Randomness) -> Self {
        Self {
            settings,
            randomness,
            metrics: Arc::default(),
            groups: HashMap::new(),
            offsets: Offsets::default(),
            is_loading: true,
            image,
            gone: BTreeMap::new(),
            crowd: Crowd::default(),
        }
    }

    /// The same shard, which counts what it does.
    pub fn counting(self, metrics: Arc<GroupMetrics>) -> Self {
        Self { metrics, ..self }
    }

    /// Counted with the other shards of the node.
    pub fn among(self, crowd: Crowd) -> Self {
        Self { crowd, ..self }
    }

    /// How many members of consumer groups the node has, as of a second ago.
    pub(super) fn count_crowd(&mut self, now: Millis) -> usize {
        let members = |group: &Group| match group {
            Group::Consumer(group) => group.members.len(),
            Group::Classic(_) | Group::Foreign(_) => 0,
        };
        self.crowd.all(now, || self.groups.values().map(members).sum())
    }

    /// Offsets make a group, if nothing else has.
    fn ensure_group(&mut self, group_id: &str, now: Millis) {
        if !self.groups.contains_key(group_id) {
            let id: Arc<str> = group_id.into();
            self.groups.insert(id.clone(), Group::Classic(Box::new(ClassicGroup::new(id, now))));
        }
    }

    fn apply_group(&mut self, group_id: &str, picture: Option<ClassicGroup>) {
        match picture {
            None => {
                if let Some(Group::Classic(_)) = self.groups.get(group_id) {
                    self.groups.remove(group_id);
                }
            }
            Some(picture) => {
                let is_known = matches!(self.groups.get(group_id), Some(Group::Classic(_)));
                if self.is_loading || !is_known {
                    self.groups.insert(picture.id.clone(), Group::Classic(Box::new(picture)));
                }
            }
        }
    }

    /// Takes in a record of a consumer group that was read back. A fresh one tells nothing new.
    fn apply_consumer(&mut self, group_id: &str, key: GroupKey, value: Option<GroupValue>) {
        if !self.is_loading {
            return;
        }
        if !matches!(self.groups.get(group_id), Some(Group::Consumer(_))) {
            // What is left of a group that has made way for another.
            if value.is_none() {
                return;
            }
            let id: Arc<str> = group_id.into();
            let group = Group::Consumer(Box::new(ConsumerGroup::new(id.clone())));
            self.groups.insert(id, group);
        }
        if let Some(Group::Consumer(group)) = self.groups.get_mut(group_id)
            && !group.replay(key, value)
        {
            self.groups.remove(group_id);
        }
    }

    fn apply_foreign(
        &mut self,
        entry: (records::RecordType, GroupKind, String),
        record: &StoredRecord,
    ) {
        let (record_type, kind, group_id) = entry;
        let group = match self.groups.get_mut(group_id.as_str()) {
            Some(Group::Foreign(group)) if group.kind == kind => group,
            // What is left of a group that has made way for another.
            Some(_) if record.value.is_none() => return,
            Some(_) | None => {
                if record.value.is_none() {
                    return;
                }
                let id: Arc<str> = group_id.as_str().into();
                let group = Group::Foreign(ForeignGroup::new(id.clone(), kind));
                self.groups.insert(id, group);
                match self.groups.get_mut(group_id.as_str()) {
                    Some(Group::Foreign(group)) => group,
                    _ => return,
                }
            }
        };
        if !group.apply(record_type, record) {
            self.groups.remove(group_id.as_str());
        }
    }

    fn join(
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

    /// A random uuid as Kafka writes them.
    pub(super) fn random_uuid(&mut self) -> String {
        loop {
            if let Some(uuid) = Uuid::from_random((self.randomness)()) {
                return uuid.to_string();
            }
        }
    }

    pub(super) fn classic(&mut self, group_id: &str) -> Option<&mut ClassicGroup> {
        match self.groups.get_mut(group_id) {
            Some(Group::Classic(group)) => Some(group),
            _ => None,
        }
    }

    fn sync(&mut self, ticket: Ticket, request: SyncGroupRequest, step: &mut Step) {
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

    fn leave(&mut self, request: &LeaveGroupRequest, step: &mut Step) -> LeaveGroupResponse {
        if request.group_id.is_empty() {
            let error_code = ErrorCode::InvalidGroupId.code();
            return LeaveGroupResponse { error_code, ..LeaveGroupResponse::default() };
        }
        if let Some(Group::Consumer(_)) = self.groups.get(request.group_id.as_str()) {
            return self.leave_consumer_group(request, step);
        }
        match self.classic(&request.group_id) {
            Some(group) => group.leave(request, step),
            None => super::request::nobody_left(request),
        }
    }

    /// Writes tombstones for offsets of topics that are gone, as many as one batch may hold.
    fn forget_gone(&mut self, step: &mut Step) {
        while let Some((topic, id_now)) = self.gone.pop_first() {
            self.topic_gone(&topic, id_now, step);
            if step.is_full() {
                self.gone.insert(topic, id_now);
                return step.wake(Timer::Gone, 0);
            }
        }
    }

    fn step(&self, now: Millis) -> Step {
        let mut settings = self.settings;
        let own = self.image.configs.value(ResourceType::TOPIC, OFFSETS_TOPIC, "max.message.bytes");
        let bytes_max = own.and_then(|own| own.trim().parse().ok());
        settings.batch_bytes_max = bytes_max.unwrap_or(settings.batch_bytes_max);
        Step::new(settings, now, self.metrics.clone())
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

impl Machine for GroupMachine {
    type Request = GroupRequest;
    type Reply = GroupReply;
    type Timer = Timer;

    fn decide(&mut self, ticket: Ticket, request: GroupRequest, now: Millis) -> Decision<Self> {
        let mut step = self.step(now);
        if request.written_bytes() > step.settings.batch_bytes_max {
            step.reply(ticket, request.refused(ErrorCode::MessageTooLarge));
            return step.out;
        }
        let reply = match request {
            GroupRequest::Join { request, context } => {
                self.join(ticket, request, context, &mut step);
                return step.out;
            }
            GroupRequest::Sync(request) => {
                self.sync(ticket, request, &mut step);
                return step.out;
            }
            GroupRequest::ConsumerHeartbeat(asked) => {
                self.consumer_heartbeat(ticket, &asked, &mut step);
                return step.out;
            }
            GroupRequest::DescribeConsumers { group_ids } => GroupReply::DescribeConsumers(
                group_ids.iter().map(|group| self.describe_consumer(group)).collect(),
            ),
            GroupRequest::CommitOffsets { request, version } => {
                self.commit_offsets(ticket, &request, version, &mut step);
                return step.out;
            }
            GroupRequest::CommitInTransaction { request, voucher } => {
                self.commit_in_transaction(ticket, &request, voucher, &mut step);
                return step.out;
            }
            GroupRequest::Heartbeat(request) => {
                let outcome = match self.classic(&request.group_id) {
                    _ if request.group_id.is_empty() => Err(ErrorCode::InvalidGroupId),
                    Some(group) => group.heartbeat(&request, &mut step),
                    None => self.beat_consumer_group(&request, &mut step),
                };
                let error_code = outcome.err().unwrap_or(ErrorCode::None).code();
                GroupReply::Heartbeat(HeartbeatResponse {
                    error_code,
                    ..HeartbeatResponse::default()
                })
            }
            GroupRequest::Leave(request) => GroupReply::Leave(self.leave(&request, &mut step)),
            GroupRequest::List(request) => GroupReply::List(self.list(&request)),
            GroupRequest::Survey => GroupReply::Survey(self.survey()),
            GroupRequest::Describe { group_ids, version } => GroupReply::Describe(
                group_ids.iter().map(|group| self.describe(group, version)).collect(),
            ),
            GroupRequest::Delete { group_ids } => GroupReply::Delete(
                group_ids.iter().map(|group| self.delete(group, &mut step)).collect(),
            ),
            GroupRequest::FetchOffsets { request, require_stable } => {
                GroupReply::FetchOffsets(self.fetch_offsets(&request, require_stable))
            }
            GroupRequest::DeleteOffsets(request) if request.group_id.is_empty() => {
                let error_code = ErrorCode::InvalidGroupId.code();
                GroupReply::DeleteOffsets(OffsetDeleteResponse {
                    error_code,
                    ..OffsetDeleteResponse::default()
                })
            }
            GroupRequest::DeleteOffsets(request) => {
                GroupReply::DeleteOffsets(self.delete_offsets(&request, &mut step))
            }
        };
        step.reply(ticket, reply);
        step.out
    }

    fn fire(&mut self, timer: Timer, now: Millis) -> Decision<Self> {
        let mut step = self.step(now);
        match &timer {
            Timer::Session { group, member } => {
                if let Some(group) = self.classic(group) {
                    group.session_ended(member, &mut step);
                } else {
                    self.consumer_timed_out(group, member, "the session timeout", &mut step);
                }
            }
            Timer::Revocation { group, member } => {
                self.revocation_timed_out(group, member, &mut step);
            }
            Timer::ClassicJoin { group, member } => {
                self.consumer_timed_out(
                    group,
                    member,
                    "it has not joined again in time",
                    &mut step,
                );
            }
            Timer::ClassicSync { group, member } => {
                self.consumer_timed_out(group, member, "it has not synced in time", &mut step);
            }
            Timer::Join(group) => {
                if let Some(group) = self.classic(group) {
                    group.join_timed_out(&mut step);
                }
            }
            Timer::Sync(group) => {
                if let Some(group) = self.classic(group) {
                    group.sync_timed_out(&mut step);
                }
            }
            Timer::Expiry => {
                self.expire(&mut step);
                let after_ms =
                    if step.is_full() { 0 } else { self.settings.retention_check_interval_ms };
                step.wake(Timer::Expiry, after_ms);
            }
            Timer::Gone => self.forget_gone(&mut step),
        }
        step.out
    }

    fn apply(&mut self, offset: Offset, timestamp: Millis, record: &StoredRecord) {
        match records::parse(record) {
            Ok(Entry::Offset { group, topic, partition, value: Some(value) }) => {
                self.ensure_group(&group, timestamp);
                self.offsets.put(&group, &topic, partition, value.at(offset));
            }
            Ok(Entry::Offset { group, topic, partition, value: None }) => {
                self.offsets.remove(&group, &topic, partition);
            }
            Ok(Entry::Group { group, picture }) => {
                self.apply_group(&group, picture.map(|picture| *picture))
            }
            Ok(Entry::Consumer { group, key, value }) => self.apply_consumer(&group, key, value),
            Ok(Entry::Foreign { record_type, kind, group }) => {
                self.apply_foreign((record_type, kind, group), record)
            }
            Ok(Entry::Unknown(record_type)) => {
                warn!(offset, record_type, "a record of an unknown type is left alone")
            }
            Err(error) => warn!(offset, %error, "a record that cannot be read is left alone"),
        }
    }

    fn apply_transactional(
        &mut self,
        offset: Offset,
        timestamp: Millis,
        producer_id: ProducerId,
        record: &StoredRecord,
    ) {
        match records::parse(record) {
            Ok(Entry::Offset { group, topic, partition, value: Some(value) }) => {
                self.ensure_group(&group, timestamp);
                self.offsets.put_pending(producer_id, &group, &topic, partition, value.at(offset));
            }
            _ => self.apply(offset, timestamp, record),
        }
    }

    fn end_transaction(&mut self, producer_id: ProducerId, is_committed: bool) {
        self.offsets.end_transaction(producer_id, is_committed);
    }

    fn append_refused(reply: &mut GroupReply, code: ErrorCode) {
        super::transactional::append_refused(reply, code);
    }

    fn loaded(&mut self, now: Millis) -> Decision<Self> {
        self.is_loading = false;
        let mut step = self.step(now);
        let size_max = self.settings.max_size;
        for group_id in self.group_ids() {
            if let Some(Group::Consumer(group)) = self.groups.get(&group_id) {
                let settings = self.settings.consumer.of_group(&self.image, &group_id);
                group.watch_all(settings, &mut step);
            }
            let Some(group) = self.classic(&group_id) else { continue };
            for member in group.members.values() {
                step.watch(&group_id, &member.id, member.session_ms());
            }
            if group.members.len() > size_max {
                info!(group = %group_id, members = group.members.len(), "a group is larger than is allowed now");
                group.prepare_rebalance("the group is over capacity", &mut step);
            }
        }
        step.wake(Timer::Expiry, self.settings.retention_check_interval_ms);
        step.out
    }

    fn image_changed(&mut self, image: &Arc<Image>, now: Millis) -> Decision<Self> {
        let mut step = self.step(now);
        let before = std::mem::replace(&mut self.image, image.clone());
        let is_gone = |topic: &&Arc<str>| {
            before
                .topics
                .id(topic)
                .is_some_and(|id_before| image.topics.id(topic) != Some(id_before))
        };
        let gone = self
            .offsets
            .topics()
            .filter(is_gone)
            .map(|topic| (topic.clone(), image.topics.id(topic)));
        self.gone.extend(gone);
        for group in self.groups.values_mut() {
            if let Group::Consumer(group) = group {
                group.volatile.is_fresh = false;
            }
        }
        self.forget_gone(&mut step);
        step.out
    }

    fn refused(request: &GroupRequest, code: ErrorCode) -> GroupReply {
        request.refused(code)
    }
}
