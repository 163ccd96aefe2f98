//! Fetch (1), versions 4–18.
//!
//! Reads go to the partitions' views and never to their actors: no hop. When there is less than `min_bytes`, the
//! request waits on the views until they grow or `max_wait_ms` is over. Records are not copied: the answer is a head
//! and pieces of files. v7 sessions (KIP-227); v12 diverging epochs (KIP-595) and leader hints; v13 topic ids
//! (KIP-516); v16 endpoints.
//!
//! One fetch, in order:
//!
//! 1. The session (or the request alone) says which partitions are read: `FetchSessions::begin`.
//! 2. A client that owes for what it was sent before gets an answer without partitions, and `throttle_time_ms`.
//! 3. [`fetch_read::gather`] reads, or waits and reads again. `min_bytes` are enough, and so is any error, and any
//!    partition that the reader's log has parted from: what the client must know does not wait.
//! 4. What is sent is charged to the client.
//! 5. `FetchSessions::finish` says which partitions the answer names: with a session only those that have news.
//! 6. [`fetch_answer::build`] makes the frame.
//!
//! Errors of the whole are the session's: FETCH_SESSION_ID_NOT_FOUND, INVALID_FETCH_SESSION_EPOCH and
//! FETCH_SESSION_TOPIC_ID_ERROR, upon which a client begins a session anew. A partition's are UNKNOWN_TOPIC_ID,
//! UNKNOWN_TOPIC_OR_PARTITION, TOPIC_AUTHORIZATION_FAILED, NOT_LEADER_OR_FOLLOWER and FENCED_LEADER_EPOCH (both with
//! the leader of now), UNKNOWN_LEADER_EPOCH, OFFSET_OUT_OF_RANGE (the client resets, as `auto.offset.reset` says), and
//! KAFKA_STORAGE_ERROR.
//!
//! Other than Kafka's: no replica but the leader is ever recommended (KIP-392), since partitions have one replica; and
//! the quota of followers is not asked.

use std::time::Duration;

use super::answer::{Answer, Pending};
use super::context::Call;
use super::fetch_answer;
use super::fetch_read::{self, Limits, Read};
use super::fetch_session::{Plan, SessionRequest, TopicRef, Wanted};
use super::table::decode;
use super::{Refusal, frame};
use crate::error::ErrorCode;
use crate::quota::Kind;
use crate::types::{Millis, NONE};
use crate::wire::codec::Reader;
use crate::wire::messages::fetch::{FetchRequest, FetchResponse};

/// Starts a fetch request.
pub(crate) fn handle(call: Call, reader: Reader) -> Result<Pending, Refusal> {
    let request: FetchRequest = decode(&call, reader)?;
    Ok(Box::pin(async move {
        let session = session_request(&call, &request);
        let now = call.context.clock.now();
        // The epoch of the session moves here, before anything is read: the same request, sent again, is found out.
        let (wanted, forgotten) = (wanted(&call, &request), forgotten(&call, &request));
        let begun = call.context.fetch_sessions.lock().begin(session, wanted, &forgotten, now);
        match begun {
            Ok(plan) => serve(&call, &request, session, plan).await,
            Err(code) => refuse(&call, code),
        }
    }))
}

async fn serve(call: &Call, request: &FetchRequest, session: SessionRequest, plan: Plan) -> Answer {
    let limits = limits(call, request);
    if !limits.from_follower
        && let Some(throttle_ms) = owed(call)
    {
        return nothing_yet(call, &plan, throttle_ms);
    }
    let reads = fetch_read::gather(call, &plan.wanted, &limits).await;
    if !limits.from_follower {
        charge(call, &reads);
    }
    reads.iter().for_each(Read::count);
    let outcomes: Vec<_> = reads.iter().map(Read::outcome).collect();
    let now = call.context.clock.now();
    let (session_id, told) =
        call.context.fetch_sessions.lock().finish(&plan, session, &outcomes, now);
    fetch_answer::build(call, session_id, &plan.wanted, reads, &told)
}

/// For how long the client is silent, where what it was sent before, or the time that took, is beyond its quota: it
/// gets nothing until then.
fn owed(call: &Call) -> Option<Millis> {
    let (quotas, now) = (&call.context.quotas, call.context.clock.now());
    let kinds = [Kind::Fetch, Kind::Request];
    let owed = kinds.map(|kind| (kind, quotas.owed(kind, call.who(), now)));
    let (kind, throttle_ms) = owed.into_iter().max_by_key(|(_, throttle_ms)| *throttle_ms)?;
    call.silence(kind, throttle_ms);
    (throttle_ms > 0).then_some(throttle_ms)
}

/// Holds what is sent, and the time that it took, against the client's quotas; it waits for that when it asks for more.
fn charge(call: &Call, reads: &[Read]) {
    let (quotas, now) = (&call.context.quotas, call.context.clock.now());
    if quotas.enabled(Kind::Fetch) {
        let bytes: usize = reads.iter().map(Read::bytes).sum();
        quotas.record(Kind::Fetch, call.who(), bytes as f64, now);
    }
    if let Some(meter) = &call.meter {
        quotas.record(Kind::Request, call.who(), meter.percent(), now);
    }
}

/// The answer to a client that is to be silent: no partitions, and the session as it was.
fn nothing_yet(call: &Call, plan: &Plan, throttle_ms: Millis) -> Answer {
    let response = FetchResponse {
        throttle_time_ms: i32::try_from(throttle_ms).unwrap_or(i32::MAX),
        session_id: plan.session_id(),
        ..Default::default()
    };
    frame::<FetchRequest>(call.head(), &response)
}

fn refuse(call: &Call, code: ErrorCode) -> Answer {
    let response = FetchResponse { error_code: code.code(), ..Default::default() };
    frame::<FetchRequest>(call.head(), &response)
}

fn session_request(call: &Call, request: &FetchRequest) -> SessionRequest {
    let (id, epoch) =
        if call.version >= 7 { (request.session_id, request.session_epoch) } else { (0, -1) };
    SessionRequest {
        id,
        epoch,
        uses_ids: call.version >= 13,
        from_follower: replica_id(call, request) >= 0,
    }
}

/// The follower that asks, or −1.
fn replica_id(call: &Call, request: &FetchRequest) -> i32 {
    if call.version >= 15 { request.replica_state.replica_id } else { request.replica_id }
}

fn limits(call: &Call, request: &FetchRequest) -> Limits {
    let from_follower = replica_id(call, request) >= 0;
    // Nobody is sent more at once than a window of its quota brings, or a reader would be mute for minutes at a time.
    let mut max_bytes = usize::try_from(request.max_bytes)
        .unwrap_or(0)
        .min(usize::try_from(call.context.config.load().fetch_max_bytes()).unwrap_or(0));
    if !from_follower && let Some(burst) = call.context.quotas.burst(Kind::Fetch, call.who()) {
        max_bytes = max_bytes.min(burst as usize);
    }
    Limits {
        max_bytes,
        min_bytes: usize::try_from(request.min_bytes).unwrap_or(0).min(max_bytes),
        max_wait: Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0)),
        read_committed: request.isolation_level == 1,
        from_follower,
    }
}

fn wanted(call: &Call, request: &FetchRequest) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    for topic in &request.topics {
        let reference = topic_ref(call, &topic.topic_id, &topic.topic);
        wanted.extend(topic.partitions.iter().map(|partition| Wanted {
            topic: reference.clone(),
            partition: partition.partition,
            fetch_offset: partition.fetch_offset,
            max_bytes: partition.partition_max_bytes,
            leader_epoch: if call.version >= 9 { partition.current_leader_epoch } else { NONE },
            last_fetched_epoch: if call.version >= 12 {
                partition.last_fetched_epoch
            } else {
                NONE
            },
            log_start_offset: partition.log_start_offset,
        }));
    }
    wanted
}

fn forgotten(call: &Call, request: &FetchRequest) -> Vec<(TopicRef, i32)> {
    let mut forgotten = Vec::new();
    for topic in &request.forgotten_topics_data {
        let reference = topic_ref(call, &topic.topic_id, &topic.topic);
        forgotten.extend(topic.partitions.iter().map(|partition| (reference.clone(), *partition)));
    }
    forgotten
}

fn topic_ref(call: &Call, id: &crate::types::Uuid, name: &str) -> TopicRef {
    if call.version >= 13 { TopicRef::Id(*id) } else { TopicRef::Name(name.to_owned()) }
}
