//! AlterPartitionReassignments (45), versions 0-1: begins and cancels moves of replicas between brokers (KIP-455).
//!
//! v1 can forbid changes of the replication factor (KIP-860).

use super::context::Call;
use super::forward;
use crate::wire::messages::alter_partition_reassignments::{
    AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse,
};

pub(crate) async fn handle(
    call: Call,
    request: AlterPartitionReassignmentsRequest,
) -> AlterPartitionReassignmentsResponse {
    let timeout_ms = Some(request.timeout_ms);
    let answer = forward::ask(&call, request, timeout_ms).await;
    answer.unwrap_or_else(|code| AlterPartitionReassignmentsResponse {
        error_code: code.code(),
        error_message: Some(code.message().to_owned()),
        ..Default::default()
    })
}
