//! One file per Kafka API, and the one table of them.
//!
//! A handler authorises, translates, asks whoever owns the state, and translates back; it keeps no state of its own.
//! The connection hands a frame to [`dispatch`] and gets back an answer that may still be under way.
//!
//! # The way of one request
//!
//! ```text
//! net::connection   a frame without its length; one connection's are begun in order
//!      │
//!   dispatch        the row of the table by API and listener, the version, the header   ─► Refusal: closed
//!      │
//!   Row::serve      the body; then the handler, with a Call: who asks, and the node's parts   ─► Refusal: closed
//!      │
//!   handler         permissions ─► what the request says of itself ─► whoever owns the state:
//!      │              the image        Metadata, FindCoordinator, most Describe… and List…
//!      │              a view           Fetch, ListOffsets, OffsetForLeaderEpoch: no hop to an actor
//!      │              a partition      Produce, DeleteRecords, WriteTxnMarkers
//!      │              a shard          groups and transactions, by the hash of their id
//!      │              the quorum       Vote, Fetch of the metadata log, DescribeQuorum
//!      │              the controller   what changes the cluster: through `forward`
//!   Pending         polled by the connection until it is ready; `Measured` takes the time
//!      │
//!   Answer          a frame, nothing (acks=0), or the end of the connection
//! ```
//!
//! # In which order to read
//!
//! [`table`] and [`context`], then [`answer`]; `permissions` with [`authorize`], and `throttle`, which every handler
//! meets. Of the APIs themselves `produce` and `fetch` (with `fetch_session`, `fetch_read` and `fetch_answer`) are the
//! ones that are paid for by the record; the others follow three patterns: `metadata` (answered from the image),
//! `join_group` (put to a shard), `create_topics` with `forward` (put to the controller). [`transactions`] and
//! `verification` are what the APIs of transactions share.
//!
//! # What must stay true
//!
//! - A handler runs on its connection's thread, with thousands of others: it never blocks, and what may have to wait
//!   for a disk goes to the blocking pool.
//! - Permissions are asked before anything is told, so that a refusal does not show whether there is such a thing.
//! - The image may be another after every `await`. What must agree with itself comes from one look at it.
//! - Whatever a request names gets an answer of its own, be it an error: clients wait for each.
//! - The bytes of a request can never panic. What is not a request ends the connection, as in Kafka; what is one, but
//!   makes no sense, gets an error.
//! - An error says what Kafka's says, since it decides what a client does next: to ask again, to refresh its metadata
//!   first, or to give up.
//!
//! # What is not here
//!
//! SaslHandshake and SaslAuthenticate (every client is anonymous yet), the APIs of share and of streams groups, and
//! those of replicas that follow a partition's leader.

pub mod answer;
pub mod authorize;
pub mod context;
pub mod measured;
pub mod patience;
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
mod join_answer;
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
mod produce_answer;
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

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tokio::time::Instant;

use crate::metrics::ApiSlot;
use crate::quota::Kind;
use crate::wire::api_key::ApiKey;
use crate::wire::codec::{DecodeError, EncodeError, Reader, Writer};
use crate::wire::header::{RequestHeader, ResponseHeader};
use crate::wire::message::{Message, Request};
use answer::{Answer, Outgoing};
use context::{Call, Context, Head, ListenerKind, Session};
use measured::Measured;
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
///
/// Produce only: its effects take place in the order in which it is handed to its partitions, not in that in which it
/// is answered, and a producer with five requests under way would else wait for each flush of the disk by itself.
pub fn is_pipelined(frame: &[u8]) -> bool {
    frame.starts_with(&(ApiKey::Produce as i16).to_be_bytes())
}

/// Starts the request in `frame`, which came at `began`.
pub fn dispatch(
    context: &Arc<Context>,
    session: &Arc<Session>,
    frame: Bytes,
    began: Instant,
) -> Result<Measured, Refusal> {
    // These four bytes lead every header of every version; which header follows depends on them.
    let Some(&[k0, k1, v0, v1]) = frame.first_chunk::<4>() else {
        return Err(Refusal::Malformed(DecodeError::Truncated));
    };
    let (api_key, version) = (i16::from_be_bytes([k0, k1]), i16::from_be_bytes([v0, v1]));
    let row = ApiKey::from_code(api_key).and_then(|key| table::find(key, session.kind));
    let Some(row) = row else { return Err(Refusal::Unsupported { api_key, version }) };
    // ApiVersions is answered whatever its version, or a client that is newer than we could never begin. Its header
    // may be a later one than 1, but begins like it, and nothing behind that is read then.
    let supported = row.key.versions().contains(&version);
    if !supported && row.key != ApiKey::ApiVersions {
        return Err(Refusal::Unsupported { api_key, version });
    }
    let mut reader = Reader::new(frame);
    let header_version = if supported { row.key.request_header_version(version) } else { 1 };
    let known_as = |client_id: &[u8]| session.known_as(client_id);
    let (correlation_id, client_id) = RequestHeader::open(&mut reader, header_version, known_as)?;
    #[cfg(test)]
    crate::faults::pass("request", client_id.as_deref().unwrap_or_default());
    // The clock is read for each poll, so this is only done where somebody pays by the time.
    let meter = context.quotas.enabled(Kind::Request).then(Arc::<Meter>::default);
    let call = Call {
        context: context.clone(),
        session: session.clone(),
        version,
        correlation_id,
        client_id,
        meter: meter.clone(),
    };
    let slot = ApiSlot::new(api_key, row.key.name(), session.kind == ListenerKind::Controller);
    context.metrics.requests.request(slot, version);
    let answer = (row.serve)(call, reader)?;
    if let Some(meter) = &meter {
        meter.leave();
    }
    Ok(Measured::new(answer, slot, began, meter))
}

/// The frame of `response`, its length in front.
pub(crate) fn frame<R: Request>(head: Head, response: &R::Response) -> Answer {
    framed::<R>(head, encode::<R>(head, response))
}

/// The frame of a response to an `R`, or what is left to do where it could not be written.
pub(crate) fn framed<R: Request>(head: Head, written: Result<BytesMut, EncodeError>) -> Answer {
    match written {
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
