//! What a partition is asked to append, and what it answers. Values only.
//!
//! There is no request in here and no connection: producers, coordinators that write to their own partitions, and
//! `WriteTxnMarkers` all come this way, told apart by [`Origin`] alone.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::error::ApiError;
pub use crate::log::append::Appended;
pub use crate::log::producers::{Beginning, Origin, Voucher};
use crate::types::{LeaderEpoch, NONE};

/// Batches to append, checked already.
#[derive(Debug)]
pub struct Append {
    /// Whole record batches; their offsets and leader epochs are set when they are written.
    pub records: Bytes,
    /// Who appends.
    pub origin: Origin,
    /// The leader epoch that the sender believes in; −1 for none.
    pub leader_epoch: LeaderEpoch,
    /// Why a transaction may begin with it.
    pub voucher: Voucher,
    /// The transaction version of a request that brings markers; else 0.
    pub transaction_version: i16,
    /// How to ask the coordinator, if a transaction begins with it.
    pub transaction: Option<Box<Transactional>>,
    /// Where the answer goes; it may be dropped by who does not want one.
    pub reply: oneshot::Sender<AppendResult>,
}

/// Where an append has landed, or why it did not.
pub type AppendResult = Result<Appended, ApiError>;

/// The answer of a transaction's coordinator, once there is one.
pub type Verified = Pin<Box<dyn Future<Output = Result<(), ApiError>>>>;

/// Asks the coordinator whether it knows that the transaction has this partition.
pub type Verify = Box<dyn FnOnce() -> Verified + Send>;

/// A batch of a transaction.
pub struct Transactional {
    /// The transaction that may begin with it.
    pub beginning: Beginning,
    /// Asks its coordinator; only called if it does begin.
    pub verify: Verify,
}

impl fmt::Debug for Transactional {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.beginning.fmt(f)
    }
}

impl Append {
    /// An append by a producer.
    pub fn from_client(records: Bytes, reply: oneshot::Sender<AppendResult>) -> Self {
        Self {
            records,
            origin: Origin::Client,
            leader_epoch: NONE,
            voucher: Voucher::None,
            transaction_version: 0,
            transaction: None,
            reply,
        }
    }

    /// An append by a coordinator to its own partition.
    pub fn from_coordinator(records: Bytes, reply: oneshot::Sender<AppendResult>) -> Self {
        Self { origin: Origin::Coordinator, ..Self::from_client(records, reply) }
    }

    /// Answers with an error.
    pub(super) fn refuse(self, error: impl Into<ApiError>) {
        // The one who asked may have gone, which is no news to anybody.
        let _ = self.reply.send(Err(error.into()));
    }
}
