//! What a partition is asked to append, and what it answers. Values only.

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::error::{ApiError, ErrorCode};
pub use crate::log::append::Appended;
pub use crate::log::producers::Origin;
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
    /// Where the answer goes; it may be dropped by who does not want one.
    pub reply: oneshot::Sender<AppendResult>,
}

/// Where an append has landed, or why it did not.
pub type AppendResult = Result<Appended, ApiError>;

impl Append {
    /// An append by a producer.
    pub fn from_client(records: Bytes, reply: oneshot::Sender<AppendResult>) -> Self {
        Self { records, origin: Origin::Client, leader_epoch: NONE, reply }
    }

    /// An append by a coordinator to its own partition.
    pub fn from_coordinator(records: Bytes, reply: oneshot::Sender<AppendResult>) -> Self {
        Self { records, origin: Origin::Coordinator, leader_epoch: NONE, reply }
    }

    /// Answers with an error.
    pub(super) fn refuse(self, code: ErrorCode) {
        // The one who asked may have gone, which is no news to anybody.
        let _ = self.reply.send(Err(code.into()));
    }
}
