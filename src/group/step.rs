//! What one decision gathers on its way through the group's parts: records, replies, timers.
//!
//! Parts of a group write into one step, and only the whole leaves: a decision's replies wait for its records, so it
//! does not matter which of the two a part noted first.

use std::sync::Arc;

use bytes::Bytes;

use super::machine::{GroupMachine, Timer};
use super::request::GroupReply;
use super::settings::Settings;
use crate::coordinator::machine::{Decision, StoredRecord, Ticket};
use crate::error::ErrorCode;
use crate::metrics::GroupMetrics;
use crate::types::Millis;
use crate::wire::messages::heartbeat::HeartbeatResponse;
use crate::wire::messages::join_group::JoinGroupResponse;
use crate::wire::messages::sync_group::SyncGroupResponse;

/// What a batch takes beside its records.
const BATCH_HEADER_BYTES: usize = 61;

/// One decision in the making, and the time it is made at.
pub(super) struct Step {
    /// The broker's settings.
    pub(super) settings: Settings,
    /// Now.
    pub(super) now: Millis,
    /// What is counted.
    pub(super) metrics: Arc<GroupMetrics>,
    /// What the records that were noted take.
    bytes: usize,
    /// What is to be done.
    pub(super) out: Decision<GroupMachine>,
}

impl Step {
    pub(super) fn new(settings: Settings, now: Millis, metrics: Arc<GroupMetrics>) -> Self {
        Self { settings, now, metrics, bytes: 0, out: Decision::default() }
    }

    pub(super) fn reply(&mut self, ticket: Ticket, reply: GroupReply) {
        self.out.replies.push((ticket, reply));
    }

    /// Whether there are as many records as one batch should hold; what is left to do can wait for the next.
    pub(super) fn is_full(&self) -> bool {
        const RECORDS_MAX: usize = 4_096;
        let records = self.out.records.len();
        records >= RECORDS_MAX || records > 0 && self.bytes >= self.settings.batch_bytes_max / 2
    }

    /// Whether the records are more than a batch holds. Who finds it so goes back to where they were not.
    pub(super) fn is_too_large(&self) -> bool {
        self.bytes + BATCH_HEADER_BYTES > self.settings.batch_bytes_max
    }

    /// Takes back all records but the first so many.
    pub(super) fn go_back_to(&mut self, records: usize) {
        let gone: usize = self.out.records.drain(records..).map(|record| record.bytes()).sum();
        self.bytes = self.bytes.saturating_sub(gone);
    }

    /// Whether a record, and with it the batch, is small enough to be written.
    pub(super) fn has_room_for(&self, record: &StoredRecord) -> bool {
        let bytes: usize = self.out.records.iter().chain([record]).map(StoredRecord::bytes).sum();
        bytes + BATCH_HEADER_BYTES <= self.settings.batch_bytes_max
    }

    pub(super) fn record(&mut self, record: StoredRecord) {
        self.bytes += record.bytes();
        self.out.records.push(record);
    }

    /// Sets a timer that comes due in `after_ms`.
    pub(super) fn wake(&mut self, timer: Timer, after_ms: Millis) {
        self.out.timers.push((timer, Some(self.now.saturating_add(after_ms.max(0)))));
    }

    pub(super) fn cancel(&mut self, timer: Timer) {
        self.out.timers.push((timer, None));
    }

    /// Sets when a member's session ends unless it is heard of.
    pub(super) fn watch(&mut self, group: &Arc<str>, member: &Arc<str>, after_ms: Millis) {
        self.wake(Timer::Session { group: group.clone(), member: member.clone() }, after_ms);
    }

    /// Ends the watch over a member's session.
    pub(super) fn unwatch(&mut self, group: &Arc<str>, member: &Arc<str>) {
        self.cancel(Timer::Session { group: group.clone(), member: member.clone() });
    }

    /// Ends all watches over a member of a consumer group.
    pub(super) fn cancel_all(&mut self, group: &Arc<str>, member: &Arc<str>) {
        self.unwatch(group, member);
        self.cancel(Timer::Revocation { group: group.clone(), member: member.clone() });
        self.cancel(Timer::ClassicJoin { group: group.clone(), member: member.clone() });
        self.cancel(Timer::ClassicSync { group: group.clone(), member: member.clone() });
    }

    /// Answers a JoinGroup with an error; `member_id` is what the client is to call itself from now on.
    pub(super) fn refuse_join(&mut self, ticket: Ticket, member_id: &str, code: ErrorCode) {
        let reply = JoinGroupResponse {
            error_code: code.code(),
            generation_id: -1,
            member_id: member_id.into(),
            ..JoinGroupResponse::default()
        };
        self.reply(ticket, GroupReply::Join(reply));
    }

    /// Answers a heartbeat.
    pub(super) fn answer_heartbeat(&mut self, ticket: Ticket, code: ErrorCode) {
        let error_code = code.code();
        let reply = HeartbeatResponse { error_code, ..HeartbeatResponse::default() };
        self.reply(ticket, GroupReply::Heartbeat(reply));
    }

    /// Answers a SyncGroup with an error.
    pub(super) fn refuse_sync(&mut self, ticket: Ticket, code: ErrorCode) {
        let reply = SyncGroupResponse {
            error_code: code.code(),
            assignment: Bytes::new(),
            ..SyncGroupResponse::default()
        };
        self.reply(ticket, GroupReply::Sync(reply));
    }
}
