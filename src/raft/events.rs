//! What the quorum tells those who follow the metadata: the committed log, in order. Only values.
//!
//! A subscriber that misses one event could not go on; so each is sent until it is taken, and one that was down begins
//! with [`QuorumEvent::Loaded`] again.

use std::sync::Arc;

use crate::metadata::Image;
use crate::types::{LeaderEpoch, Millis, NodeId, Offset};
use crate::wire::stored::metadata::MetadataRecord;

/// A record of metadata with the version it is written in.
pub type VersionedRecord = (MetadataRecord, i16);

/// One committed batch of the metadata log.
#[derive(Clone, Debug, PartialEq)]
pub struct CommittedBatch {
    /// The first offset.
    pub first: Offset,
    /// The last offset.
    pub last: Offset,
    /// The epoch of the leader that wrote it.
    pub epoch: LeaderEpoch,
    /// When it was written.
    pub timestamp: Millis,
    /// Its size in the log, in bytes.
    pub bytes: usize,
    /// Its records, one per offset; none for a batch of the quorum's own (control records).
    pub records: Vec<MetadataRecord>,
}

/// News of the metadata log, in its order.
#[derive(Clone, Debug)]
pub enum QuorumEvent {
    /// Start over from this state.
    Loaded {
        /// The state; it says itself up to which offset it reaches.
        image: Arc<Image>,
        /// How many bytes of the log no snapshot covers.
        log_bytes: u64,
    },
    /// This was committed next.
    Committed(Arc<CommittedBatch>),
    /// This node leads in this epoch; everything before this offset is committed and was told, and the next record
    /// proposed will have it.
    Leading(LeaderEpoch, Offset),
    /// This node does not lead; whoever does, if anyone is known.
    Following(Option<NodeId>),
}
