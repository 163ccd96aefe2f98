//! AlterPartitionReassignments (45), versions 0-1: begins and cancels moves of replicas between brokers (KIP-455).
//!
//! v1 can forbid changes of the replication factor (KIP-860).

use super::context::Call;
use super::{forward, permissions};
use crate::error::ApiError;
use crate::wire::messages::alter_partition_reassignments::{
    AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse,
};

pub(crate) async fn handle(
    call: Call,
    request: AlterPartitionReassignmentsRequest,
) -> AlterPartitionReassignmentsResponse {
    let timeout_ms = Some(request.timeout_ms);
    let answer = match call.check_whole(&permissions::ALTER_REASSIGNMENTS) {
        Ok(()) => forward::ask(&call, request, timeout_ms).await.map_err(ApiError::from),
        Err(error) => Err(error),
    };
    answer.unwrap_or_else(|error| AlterPartitionReassignmentsResponse {
        error_code: error.code.code(),
        error_message: Some(error.text().to_owned()),
        ..Default::default()
    })
}
