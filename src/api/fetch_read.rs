//! Reading what a fetch asks for: from the views, in the request's order, until its bytes are full; or waiting for
//! more.
//!
//! `max_bytes` bounds the whole answer and `partition_max_bytes` each partition, but the first batch that is found is
//! sent whatever its size (KIP-74): a reader whose bounds are smaller than a batch would else never get past it.
//! Batches are never cut.
//!
//! How far a reader may see is one offset of the view, and the one that it waits for:
//!
//! ```text
//! a consumer                  the high watermark
//! one of committed records    the last stable offset: before the first transaction that is still open
//! a follower                  the end of the log
//! ```

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use super::context::Call;
use super::deadline;
use super::fetch_session::{Outcome, TopicRef, Wanted};
use super::permissions;
use crate::error::{Error, ErrorCode};
use crate::log::view::{PartitionView, RecordsSlice};
use crate::log::waiters::{Guard, Wake, Watch};
use crate::metrics::TopicCounts;
use crate::partition::replica::Replica;
use crate::types::{TopicIdPartition, Uuid};
use crate::wire::messages::fetch::{
    AbortedTransaction, EpochEndOffset, LeaderIdAndEpoch, PartitionData,
};

/// What bounds one fetch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Of the answer, in bytes: the least of what the client, the node and a quota allow.
    pub(super) max_bytes: usize,
    /// As many bytes are waited for; 0 never waits.
    pub(super) min_bytes: usize,
    /// For so long at most.
    pub(super) max_wait: Duration,
    /// Whether records of transactions that are open are kept back, and aborted ones told of.
    pub(super) read_committed: bool,
    /// Whether a replica reads.
    pub(super) from_follower: bool,
}

impl Limits {
    /// Which end of the log this reader reads up to.
    fn watch(&self) -> Watch {
        match (self.from_follower, self.read_committed) {
            (true, _) => Watch::LogEnd,
            (_, true) => Watch::LastStable,
            _ => Watch::HighWatermark,
        }
    }
}

/// What was found for one partition.
pub(super) struct Read {
    /// What the answer says of the partition, without its records.
    data: PartitionData,
    /// The records: places in files, not bytes.
    slices: Vec<RecordsSlice>,
    /// Where to wait for more; none where nothing can be waited for.
    view: Option<Arc<PartitionView>>,
    /// Where the fetch is counted; none for a failure that clients see to by themselves.
    traffic: Option<Arc<TopicCounts>>,
}

impl Read {
    /// What tests say was found.
    #[cfg(test)]
    pub(super) const fn of(data: PartitionData, slices: Vec<RecordsSlice>) -> Self {
        Self { data, slices, view: None, traffic: None }
    }

    fn failed(partition: i32, code: ErrorCode) -> Self {
        let data = PartitionData {
            partition_index: partition,
            error_code: code.code(),
            high_watermark: -1,
            ..Default::default()
        };
        Self { data, slices: Vec::new(), view: None, traffic: None }
    }

    /// The size of the records.
    pub(super) fn bytes(&self) -> usize {
        self.slices.iter().map(|slice| slice.len).sum()
    }

    /// Whether waiting would change nothing: the client must be told.
    fn is_urgent(&self) -> bool {
        self.data.error_code != 0 || self.data.diverging_epoch.end_offset >= 0
    }

    pub(super) fn outcome(&self) -> Outcome {
        Outcome {
            error: self.is_urgent(),
            records_bytes: self.bytes(),
            high_watermark: self.data.high_watermark,
            log_start_offset: self.data.log_start_offset,
        }
    }

    /// Counts it, once it is what the client gets.
    pub(super) fn count(&self) {
        match &self.traffic {
            Some(traffic) if self.data.error_code == 0 => traffic.fetched(self.bytes()),
            Some(traffic) => traffic.fetch_failed(),
            None => {}
        }
    }

    pub(super) fn into_parts(self) -> (PartitionData, Vec<RecordsSlice>) {
        (self.data, self.slices)
    }
}

/// Reads all partitions; waits while there is too little and time is left.
///
/// Each round reads everything anew: what has been deleted or truncated meanwhile, or who leads, is judged as it is
/// now. A round in which nothing has grown costs a look at each view.
pub(super) async fn gather(call: &Call, wanted: &[Wanted], limits: &Limits) -> Vec<Read> {
    let deadline = tokio::time::Instant::now() + limits.max_wait;
    let refused = refused(call, wanted, limits.from_follower);
    loop {
        let reads = read_all(call, wanted, &refused, limits).await;
        let bytes: usize = reads.iter().map(Read::bytes).sum();
        let enough =
            bytes >= limits.min_bytes || wanted.is_empty() || reads.iter().any(Read::is_urgent);
        if enough || limits.max_wait.is_zero() {
            return reads;
        }
        let grown = deadline::until(deadline, grown(wanted, &reads, limits.watch())).await;
        if grown.is_none() {
            return reads;
        }
    }
}

/// Ready when one of the partitions has more than was read of it.
///
/// The order is what makes it sound: park first, then look again. Were it the other way, what is appended in between
/// would wake nobody.
async fn grown(wanted: &[Wanted], reads: &[Read], watch: Watch) {
    let waits: Vec<_> = wanted
        .iter()
        .zip(reads)
        .filter_map(|(wanted, read)| Some((read.view.as_ref()?, wanted, read)))
        .map(|(view, wanted, read)| {
            (view, view.offset(watch).min(seen_until(wanted, read, view, watch)))
        })
        .collect();
    let mut guards: Vec<Guard> = Vec::new();
    let mut parked_for: Option<Waker> = None;
    poll_fn(|cx| {
        // A guard that is no longer parked was woken: its partition has moved.
        if guards.iter().any(|guard| !guard.is_parked()) {
            return Poll::Ready(());
        }
        if parked_for.as_ref().is_none_or(|waker| !waker.will_wake(cx.waker())) {
            let park = |(view, beyond): &(&Arc<PartitionView>, i64)| {
                view.waiters().park(watch, *beyond, Wake::Task(cx.waker().clone()))
            };
            guards = waits.iter().map(park).collect();
            parked_for = Some(cx.waker().clone());
        }
        // What has come between the read and the parking would else be missed.
        if waits.iter().any(|(view, beyond)| view.offset(watch) > *beyond) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

/// The offset that the reader has seen the log up to.
fn seen_until(wanted: &Wanted, read: &Read, view: &PartitionView, watch: Watch) -> i64 {
    match watch {
        Watch::LogEnd => {
            wanted.fetch_offset.max(if read.slices.is_empty() { 0 } else { view.log_end_offset() })
        }
        Watch::HighWatermark => read.data.high_watermark,
        Watch::LastStable => read.data.last_stable_offset,
    }
}

/// Which partitions who calls may not read: none at all where nobody judges. Asked once for each topic, however long
/// the request waits.
fn refused(call: &Call, wanted: &[Wanted], from_follower: bool) -> Vec<bool> {
    if !call.is_guarded() {
        return Vec::new();
    }
    if from_follower {
        return vec![!call.may_cluster(&permissions::FETCH_AS_FOLLOWER); wanted.len()];
    }
    let image = call.context.image();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let name = |wanted: &'_ Wanted| match &wanted.topic {
        TopicRef::Name(name) => Some(name.as_str().into()),
        TopicRef::Id(id) => image.topics.name(*id).map(|name| Arc::<str>::from(&**name)),
    };
    let names: Vec<Option<Arc<str>>> = wanted.iter().map(name).collect();
    for name in names.iter().flatten() {
        *counts.entry(name).or_default() += 1;
    }
    let granted: BTreeMap<&str, bool> = counts
        .iter()
        .map(|(name, count)| (*name, call.may_all(&permissions::FETCH, name, *count)))
        .collect();
    // What is not known is not refused: it gets an error of its own.
    let is_refused = |name: &Option<Arc<str>>| {
        name.as_deref().is_some_and(|name| granted.get(name) == Some(&false))
    };
    names.iter().map(is_refused).collect()
}

async fn read_all(call: &Call, wanted: &[Wanted], refused: &[bool], limits: &Limits) -> Vec<Read> {
    let mut reads = Vec::with_capacity(wanted.len());
    let mut left = limits.max_bytes;
    let mut none_yet = true;
    for (at, partition) in wanted.iter().enumerate() {
        let found = match refused.get(at) {
            Some(true) => Err(permissions::FETCH.error),
            _ => find(call, partition),
        };
        let read = match found {
            Ok(replica) => read(&replica, partition, limits, left, none_yet).await,
            Err(code) => Read::failed(partition.partition, code),
        };
        none_yet &= read.slices.is_empty();
        left = left.saturating_sub(read.bytes());
        reads.push(read);
    }
    reads
}

fn find(call: &Call, wanted: &Wanted) -> Result<Arc<Replica>, ErrorCode> {
    let (topic_id, unknown) = match &wanted.topic {
        TopicRef::Id(id) => (*id, ErrorCode::UnknownTopicId),
        TopicRef::Name(name) => (
            call.context.image().topics.id(name).unwrap_or(Uuid::ZERO),
            ErrorCode::UnknownTopicOrPartition,
        ),
    };
    let id = TopicIdPartition { topic_id, partition: wanted.partition };
    call.context.replica(&id).map_err(|code| match code {
        ErrorCode::UnknownTopicOrPartition
            if call.context.image().topics.by_id(topic_id).is_none() =>
        {
            unknown
        }
        code => code,
    })
}

async fn read(
    replica: &Replica,
    wanted: &Wanted,
    limits: &Limits,
    left: usize,
    min_one: bool,
) -> Read {
    match try_read(replica, wanted, limits, left, min_one).await {
        Ok(read) => read,
        Err(code) => {
            let mut read = Read::failed(wanted.partition, code);
            // What clients find out by themselves is no failure, as Kafka counts.
            if matches!(code, ErrorCode::CorruptMessage | ErrorCode::UnknownServerError) {
                read.traffic = Some(replica.traffic().clone());
            }
            if matches!(code, ErrorCode::NotLeaderOrFollower | ErrorCode::FencedLeaderEpoch) {
                let (leader_id, leader_epoch) = (replica.leader(), replica.leader_epoch());
                read.data.current_leader =
                    LeaderIdAndEpoch { leader_id, leader_epoch, ..Default::default() };
            }
            read
        }
    }
}

/// Reads one partition: judges who leads, then where the logs part, then the offset, as Kafka's `readRecords` does.
async fn try_read(
    replica: &Replica,
    wanted: &Wanted,
    limits: &Limits,
    left: usize,
    min_one: bool,
) -> Result<Read, ErrorCode> {
    replica.check_leader(wanted.leader_epoch)?;
    let view = match replica.open_view() {
        Some(view) => view,
        None => replica.view().await?,
    };
    let mut data = PartitionData {
        partition_index: wanted.partition,
        high_watermark: view.high_watermark(),
        last_stable_offset: view.last_stable_offset(),
        log_start_offset: view.log_start_offset(),
        ..Default::default()
    };
    if let Some(diverging) = diverging(wanted, &view)? {
        data.diverging_epoch = diverging;
        let traffic = Some(replica.traffic().clone());
        return Ok(Read { data, slices: Vec::new(), view: Some(view), traffic });
    }
    let up_to = view.offset(limits.watch());
    let max_bytes = usize::try_from(wanted.max_bytes).unwrap_or(0).min(left);
    let (from, committed) = (wanted.fetch_offset, limits.read_committed);
    let read = move |view: &PartitionView| {
        let found = view.read(from, max_bytes, min_one, up_to)?;
        let aborted = match committed && !found.slices.is_empty() {
            true => view.aborted_transactions(from, found.next_offset)?,
            false => Vec::new(),
        };
        Ok((found, aborted))
    };
    // What must be checked before its first read is read through for that: not here, where thousands of others wait.
    let found = if view.is_cold(from) {
        let view = view.clone();
        let reading = tokio::task::spawn_blocking(move || read(&view));
        reading.await.map_err(|_| ErrorCode::UnknownServerError)?
    } else {
        read(&view)
    };
    let (found, aborted) = found.map_err(|error: Error| told(replica, &error))?;
    data.aborted_transactions =
        committed.then(|| aborted.iter().map(aborted_transaction).collect());
    let traffic = Some(replica.traffic().clone());
    Ok(Read { data, slices: found.slices, view: Some(view), traffic })
}

fn aborted_transaction(aborted: &crate::log::txn_index::AbortedTxn) -> AbortedTransaction {
    AbortedTransaction {
        producer_id: aborted.producer_id,
        first_offset: aborted.first_offset,
        ..Default::default()
    }
}

/// An offset that is out of range is the client's affair; anything else is ours, and is logged.
fn told(replica: &Replica, error: &Error) -> ErrorCode {
    let code = error.code();
    if code != ErrorCode::OffsetOutOfRange {
        tracing::error!(partition = %replica.name, %error, "the log cannot be read");
    }
    code
}

/// Where a follower's log and ours part, if they do (KIP-595).
fn diverging(wanted: &Wanted, view: &PartitionView) -> Result<Option<EpochEndOffset>, ErrorCode> {
    if !wanted.has_last_fetched_epoch() {
        return Ok(None);
    }
    let Some((epoch, end_offset)) = view.end_offset_for_epoch(wanted.last_fetched_epoch) else {
        return Err(ErrorCode::OffsetOutOfRange);
    };
    let parted = epoch < wanted.last_fetched_epoch || end_offset < wanted.fetch_offset;
    Ok(parted.then(|| EpochEndOffset { epoch, end_offset, ..Default::default() }))
}
