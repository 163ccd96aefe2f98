//! One file per Kafka API, and the one table of them.
//!
//! A handler authorises, translates, asks whoever owns the state, and translates back; it keeps no state of its own.
//! The connection hands a frame to [`dispatch`] and gets back an answer that may still be under way.

pub mod answer;
pub mod authorize;
pub mod context;
pub mod table;

mod add_offsets_to_txn;
mod add_partitions_to_txn;
mod add_raft_voter;
mod allocate_producer_ids;
mod alter_client_quotas;
mod alter_configs;
mod alter_partition;
mod alter_partition_reassignments;
mod alter_replica_log_dirs;
mod alter_user_scram_credentials;
mod api_versions;
mod assign_replicas_to_dirs;
mod auto_create;
mod begin_quorum_epoch;
mod broker_heartbeat;
mod broker_registration;
mod config_changes;
mod consumer_group_describe;
mod consumer_group_heartbeat;
mod controller_registration;
mod create_acls;
mod create_partitions;
mod create_topics;
mod deadline;
mod delegation_tokens;
mod delete_acls;
mod delete_groups;
mod delete_records;
mod delete_topics;
mod describe_acls;
mod describe_client_quotas;
mod describe_cluster;
mod describe_configs;
mod describe_groups;
mod describe_log_dirs;
mod describe_producers;
mod describe_quorum;
mod describe_topic_partitions;
mod describe_transactions;
mod describe_user_scram_credentials;
mod elect_leaders;
mod end_quorum_epoch;
mod end_txn;
mod envelope;
mod fetch;
mod fetch_answer;
mod fetch_quorum;
mod fetch_read;
pub(crate) mod fetch_session;
mod fetch_snapshot;
mod find_coordinator;
mod forward;
mod get_telemetry_subscriptions;
mod heartbeat;
mod incremental_alter_configs;
mod init_producer_id;
mod join_group;
mod leave_group;
mod list_config_resources;
mod list_groups;
mod list_offsets;
mod list_partition_reassignments;
mod list_transactions;
mod metadata;
mod offset_commit;
mod offset_delete;
mod offset_fetch;
mod offset_for_leader_epoch;
mod peers;
mod permissions;
mod produce;
pub(crate) mod producer_ids;
mod push_telemetry;
mod quorum;
mod remove_raft_voter;
mod sync_group;
pub(crate) mod throttle;
pub mod transactions;
mod txn_offset_commit;
mod unregister_broker;
mod update_features;
mod verification;
mod vote;
mod write_txn_markers;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use bytes::{Bytes, BytesMut};
use tokio::time::Instant;

use crate::metrics::{ApiSlot, Metrics};
use crate::quota::Kind;
use crate::wire::api_key::ApiKey;
use crate::wire::codec::{DecodeError, EncodeError, Reader, Writer};
use crate::wire::header::{RequestHeader, ResponseHeader};
use crate::wire::message::{Message, Request};
use answer::{Answer, Outgoing, Pending};
use context::{Call, Context, Head, ListenerKind, Session};
use throttle::Meter;

/// Why a frame cannot be answered; the connection is closed, as Kafka does.
#[derive(Debug)]
pub enum Refusal {
    /// No such API, or not on this listener, or not in this version.
    Unsupported {
        /// The number of the API, as the frame has it.
        api_key: i16,
        /// The version, as the frame has it.
        version: i16,
    },
    /// The bytes are no such request.
    Malformed(DecodeError),
    /// The request has numbers that mean nothing; Kafka's words for it.
    Nonsense(&'static str),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unsupported { api_key, version } => {
                write!(f, "API {api_key} version {version} is not served here")
            }
            Self::Malformed(error) => write!(f, "the bytes are no such request: {error}"),
            Self::Nonsense(why) => f.write_str(why),
        }
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        Self::Malformed(error)
    }
}

/// Whether the frame that begins with these bytes may be started before those ahead of it are answered.
pub fn is_pipelined(frame: &[u8]) -> bool {
    frame.starts_with(&(ApiKey::Produce as i16).to_be_bytes())
}

/// Starts the request in `frame`.
pub fn dispatch(
    context: &Arc<Context>,
    session: &Arc<Session>,
    frame: Bytes,
) -> Result<Measured, Refusal> {
    let Some(&[k0, k1, v0, v1]) = frame.first_chunk::<4>() else {
        return Err(Refusal::Malformed(DecodeError::Truncated));
    };
    let (api_key, version) = (i16::from_be_bytes([k0, k1]), i16::from_be_bytes([v0, v1]));
    let row = ApiKey::from_code(api_key).and_then(|key| table::find(key, session.kind));
    let Some(row) = row else { return Err(Refusal::Unsupported { api_key, version }) };
    let supported = row.key.versions().contains(&version);
    if !supported && row.key != ApiKey::ApiVersions {
        return Err(Refusal::Unsupported { api_key, version });
    }
    let mut reader = Reader::new(frame);
    let header = RequestHeader::decode(
        &mut reader,
        if supported { row.key.request_header_version(version) } else { 1 },
    )?;
    #[cfg(test)]
    crate::faults::pass("request", header.client_id.as_deref().unwrap_or_default());
    let meter = context.quotas.enabled(Kind::Request).then(Arc::<Meter>::default);
    let call = Call {
        context: context.clone(),
        session: session.clone(),
        version,
        correlation_id: header.correlation_id,
        client_id: header.client_id,
        meter: meter.clone(),
    };
    let slot = ApiSlot::new(api_key, row.key.name(), session.kind == ListenerKind::Controller);
    context.metrics.requests.request(slot, version);
    let (metrics, began) = (context.metrics.clone(), Instant::now());
    let answer = (row.serve)(call, reader)?;
    if let Some(meter) = &meter {
        meter.leave();
    }
    Ok(Measured { answer, slot, metrics, began, waited_from_us: None, meter })
}

/// An answer that may still have to wait, and how long it takes.
pub struct Measured {
    answer: Pending,
    slot: ApiSlot,
    metrics: Arc<Metrics>,
    began: Instant,
    /// When it first had to wait, since it began.
    waited_from_us: Option<u64>,
    meter: Option<Arc<Meter>>,
}

impl Future for Measured {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Answer> {
        let polled = match self.meter.clone() {
            None => self.answer.as_mut().poll(cx),
            Some(meter) => {
                meter.enter();
                let polled = self.answer.as_mut().poll(cx);
                meter.leave();
                polled
            }
        };
        if polled.is_pending() && self.waited_from_us.is_some() {
            return Poll::Pending;
        }
        let took_us = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let Poll::Ready(answer) = polled else {
            self.waited_from_us = Some(took_us);
            return Poll::Pending;
        };
        self.metrics.requests.answered(self.slot, took_us, self.waited_from_us);
        Poll::Ready(answer)
    }
}

/// The frame of `response`, its length in front.
pub(crate) fn frame<R: Request>(head: Head, response: &R::Response) -> Answer {
    match encode::<R>(head, response) {
        Ok(bytes) => Answer::Frame(Outgoing::from(bytes)),
        Err(error) => {
            // A response that its own version cannot hold is our mistake; the client must not wait for it.
            tracing::error!(api = R::NAME, version = head.version, %error, "response cannot be encoded");
            Answer::Close
        }
    }
}

fn encode<R: Request>(head: Head, response: &R::Response) -> Result<BytesMut, EncodeError> {
    let mut writer = begin_frame::<R>(head)?;
    response.encode(&mut writer, head.version)?;
    Ok(end_frame(writer.into_buffer(), 0))
}

/// A frame with room for its length, and the response's header.
pub(crate) fn begin_frame<R: Request>(head: Head) -> Result<Writer, EncodeError> {
    let mut writer = Writer::with_capacity(256);
    writer.put(&[0; 4]);
    let header = ResponseHeader { correlation_id: head.correlation_id, ..Default::default() };
    header.encode(&mut writer, R::KEY.response_header_version(head.version))?;
    Ok(writer)
}

/// Puts the length in front: that of `frame` and of `more_bytes` that follow it in other pieces.
pub(crate) fn end_frame(mut frame: BytesMut, more_bytes: usize) -> BytesMut {
    let length = (frame.len() - 4 + more_bytes) as u32;
    frame[..4].copy_from_slice(&length.to_be_bytes());
    frame
}
