//! What a coordinator is: a pure machine that decides on requests, and applies what its decisions wrote.
//!
//! A shard is one partition of an internal topic and one [`Machine`]. The shard's actor feeds the machine requests,
//! timers and news of the metadata, appends the records of each [`Decision`] to the partition as one batch, applies
//! them, and holds the replies back until the high watermark has passed them. Replaying the partition applies the same
//! records, so loading and working share one path.
//!
//! A machine never reads a clock, never waits, and never touches a file or a socket.
//!
//! What a machine may rely on: requests come one at a time; the records of a decision are applied before the next
//! request; time does not go back by more than clocks do. What it must give: the same records, applied in the same
//! order to a fresh machine, make the same state.

use std::sync::Arc;

use bytes::Bytes;

use crate::error::ErrorCode;
use crate::metadata::Image;
use crate::partition::append::Voucher;
use crate::types::{Millis, Offset};

/// Stands for the one who waits for the answer to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// A record to append, or one read back: the bytes of its key and value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// The key with its type in front.
    pub key: Bytes,
    /// The value with its version in front; none is a tombstone.
    pub value: Option<Bytes>,
}

impl StoredRecord {
    /// What it takes in a batch at most, but for what packing saves.
    pub fn bytes(&self) -> usize {
        const AROUND_LEN: usize = 32;
        self.key.len() + self.value.as_ref().map_or(0, Bytes::len) + AROUND_LEN
    }
}

/// What a machine wants done: append, then answer, and wake me then.
#[derive(Debug)]
pub struct Decision<M: Machine> {
    /// Appended as one batch: all or none survive a crash.
    pub records: Vec<StoredRecord>,
    /// Sent once the records above, and all before them, are committed. An answer need not be to the request at hand:
    /// the joining of the last member answers all who waited.
    pub replies: Vec<(Ticket, M::Reply)>,
    /// Timers to set; a later time for the same key replaces the earlier, none cancels it.
    pub timers: Vec<(M::Timer, Option<Millis>)>,
    /// The transaction that the records are part of. They are applied once the partition has taken them, which it may
    /// refuse to: then [`Machine::append_refused`] changes the replies.
    pub transaction: Option<Transaction>,
}

/// The transaction of a producer.
#[derive(Clone, Copy, Debug)]
pub struct Transaction {
    /// Whose it is.
    pub producer_id: i64,
    /// The producer's epoch.
    pub producer_epoch: i16,
    /// Why it may begin with these records.
    pub voucher: Voucher,
}

impl<M: Machine> Default for Decision<M> {
    fn default() -> Self {
        Self { records: Vec::new(), replies: Vec::new(), timers: Vec::new(), transaction: None }
    }
}

impl<M: Machine> Decision<M> {
    /// A decision that answers one request and writes nothing.
    pub fn reply(ticket: Ticket, reply: M::Reply) -> Self {
        Self { replies: vec![(ticket, reply)], ..Self::default() }
    }
}

/// Makes an empty machine, given the metadata of the moment.
pub type MakeMachine<M> = Arc<dyn Fn(&Arc<Image>) -> M + Send + Sync>;

/// One coordinator's state, for one partition of its topic.
pub trait Machine: Sized + Unpin + 'static {
    /// What it is asked.
    type Request: Send + Unpin + 'static;
    /// What it answers.
    type Reply: Send + Unpin + 'static;
    /// What names a timer.
    type Timer: Ord + Clone + Send + Unpin + 'static;

    /// Decides on a request. State that is written in records changes only in [`Machine::apply`], which is called with
    /// each record of the decision before anything else is; state that is never written may change here.
    fn decide(&mut self, ticket: Ticket, request: Self::Request, now: Millis) -> Decision<Self>;

    /// A timer has come due.
    fn fire(&mut self, timer: Self::Timer, now: Millis) -> Decision<Self>;

    /// Takes in one record, fresh from a decision or read back while loading. `timestamp` is the record's, in
    /// milliseconds.
    fn apply(&mut self, offset: Offset, timestamp: Millis, record: &StoredRecord);

    /// Takes in one record of a transaction, which counts only once [`Machine::end_transaction`] says so. Machines
    /// without transactions need not care.
    fn apply_transactional(
        &mut self,
        offset: Offset,
        timestamp: Millis,
        producer_id: i64,
        record: &StoredRecord,
    ) {
        let _ = producer_id;
        self.apply(offset, timestamp, record);
    }

    /// The transaction of a producer has ended: its records count, or they never were.
    fn end_transaction(&mut self, producer_id: i64, is_committed: bool) {
        let _ = (producer_id, is_committed);
    }

    /// The partition has refused the records of a transaction: makes `reply` say so.
    fn append_refused(reply: &mut Self::Reply, code: ErrorCode) {
        let _ = (reply, code);
    }

    /// All records are read; timers may be set. Called once, before the first request.
    fn loaded(&mut self, now: Millis) -> Decision<Self>;

    /// The cluster's metadata has changed.
    fn image_changed(&mut self, image: &Arc<Image>, now: Millis) -> Decision<Self>;

    /// The answer to a request that could not be carried out: the shard is loading, gone, or failed to append.
    fn refused(request: &Self::Request, code: ErrorCode) -> Self::Reply;
}
