//! AlterPartition (56), versions 2-3: a leader proposes its in-sync set (KIP-497); v3 names lives of brokers (KIP-903).
//!
//! Served for brokers that Kafka runs; here nothing proposes one, as partitions have one replica. FENCED_LEADER_EPOCH,
//! INVALID_UPDATE_VERSION (the proposal is made from an older state), INELIGIBLE_REPLICA, NEW_LEADER_ELECTED.

use super::context::Call;
use super::forward;
use super::permissions;
use crate::wire::messages::alter_partition::{AlterPartitionRequest, AlterPartitionResponse};

pub(crate) async fn handle(call: Call, request: AlterPartitionRequest) -> AlterPartitionResponse {
    let answer = match call.check_cluster(&permissions::ALTER_PARTITION) {
        Ok(()) => forward::ask(&call, request, None).await,
        Err(code) => Err(code),
    };
    answer.unwrap_or_else(|code| AlterPartitionResponse {
        error_code: code.code(),
        ..Default::default()
    })
}
