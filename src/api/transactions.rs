//! What the transaction coordinator needs of the rest of the node: the way of its markers to the partitions' leaders, and
//! producer ids. Decides nothing.

use super::context::Context;
use super::write_txn_markers;
use crate::error::ErrorCode;
use crate::types::NodeId;
use crate::wire::messages::write_txn_markers::{WriteTxnMarkersRequest, WriteTxnMarkersResponse};

/// Has markers written by the broker `leader`.
///
/// # Errors
/// What is to be tried again: the leader is not reached.
pub async fn send_markers(
    context: &Context,
    leader: NodeId,
    request: WriteTxnMarkersRequest,
) -> Result<WriteTxnMarkersResponse, ErrorCode> {
    if leader == context.node_id {
        return Ok(write_txn_markers::write(context, request).await);
    }
    // Markers for other nodes come with followers of partitions.
    Err(ErrorCode::NotLeaderOrFollower)
}

/// A producer id that nobody has had.
///
/// # Errors
/// What is to be tried again: the controller gives none.
pub async fn fresh_producer_id(context: &Context) -> Result<i64, ErrorCode> {
    context.producer_ids.next(context).await
}
