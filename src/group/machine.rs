//! One shard of the group coordinator: the groups whose names fall into one partition of `__consumer_offsets`.
//!
//! What is written of classic groups is a picture of them: while the shard lives, the group in memory is ahead of
//! its record and a record's return changes nothing of it; when a shard begins, the pictures are all there is.
//! Offsets live by their records alone.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tracing::info;

use super::classic::{ClassicGroup, State};
use super::consumer::group::ConsumerGroup;
use super::crowd::Crowd;
use super::foreign::{ForeignGroup, GroupKind};
use super::offsets::{Offsets, ProducerId};
use super::request::{GroupReply, GroupRequest};
use super::settings::Settings;
use super::step::Step;
use crate::coordinator::machine::{Decision, Machine, StoredRecord, Ticket};
use crate::error::ErrorCode;
use crate::metadata::Image;
use crate::metadata::configs::ResourceType;
use crate::metrics::GroupMetrics;
use crate::types::{Millis, OFFSETS_TOPIC, Offset, TopicId, Uuid};
use crate::wire::messages::offset_delete::OffsetDeleteResponse;

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
    pub(super) randomness: Randomness,
    metrics: Arc<GroupMetrics>,
    pub(super) groups: HashMap<Arc<str>, Group>,
    pub(super) offsets: Offsets,
    /// Records are read back: they are all there is to know.
    pub(super) is_loading: bool,
    pub(super) image: Arc<Image>,
    /// Topics that are gone and whose offsets are not yet, with the ids of those that bear their names now.
    pub(super) gone: BTreeMap<Arc<str>, Option<TopicId>>,
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

    fn step(&self, now: Millis) -> Step {
        let mut settings = self.settings;
        let own = self.image.configs.value(ResourceType::TOPIC, OFFSETS_TOPIC, "max.message.bytes");
        let bytes_max = own.and_then(|own| own.trim().parse().ok());
        settings.batch_bytes_max = bytes_max.unwrap_or(settings.batch_bytes_max);
        Step::new(settings, now, self.metrics.clone())
    }
}

impl Machine for GroupMachine {
    type Request = GroupRequest;
    type Reply = GroupReply;
    type Timer = Timer;

    fn decide(&mut self, ticket: Ticket, request: GroupRequest, now: Millis) -> Decision<Self> {
        let mut step = self.step(now);
        // Before anything is changed: what no batch could hold would have to be undone.
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
                self.heartbeat(ticket, &request, false, &mut step);
                return step.out;
            }
            GroupRequest::AwaitNews(request) => {
                self.heartbeat(ticket, &request, true, &mut step);
                return step.out;
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
        self.replay(offset, timestamp, record);
    }

    fn apply_transactional(
        &mut self,
        offset: Offset,
        timestamp: Millis,
        producer_id: ProducerId,
        record: &StoredRecord,
    ) {
        self.replay_transactional(offset, timestamp, producer_id, record);
    }

    fn end_transaction(&mut self, producer_id: ProducerId, is_committed: bool) {
        self.offsets.end_transaction(producer_id, is_committed);
    }

    fn append_refused(reply: &mut GroupReply, code: ErrorCode) {
        super::transactional::append_refused(reply, code);
    }

    fn loaded(&mut self, now: Millis) -> Decision<Self> {
        self.is_loading = false;
        // Sessions are not in records: everybody is given the whole of one, from now.
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
        // By id: a topic that was deleted and made anew bears the name of one whose offsets mean nothing any more.
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
                // Whether any of its topics is among those that changed is found out by its next heartbeat.
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
