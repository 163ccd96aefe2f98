//! ElectLeaders (43), versions 0-2: preferred leaders (KIP-183), since v1 also unclean ones (KIP-460).

use super::context::Call;
use super::forward;
use super::permissions;
use crate::error::ErrorCode;
use crate::wire::messages::elect_leaders::{
    ElectLeadersRequest, ElectLeadersResponse, PartitionResult, ReplicaElectionResult,
};

pub(crate) async fn handle(call: Call, request: ElectLeadersRequest) -> ElectLeadersResponse {
    if let Err(code) = call.check_cluster(&permissions::ELECT_LEADERS) {
        return refused(request, code);
    }
    let timeout_ms = Some(request.timeout_ms);
    let mut response = match forward::ask(&call, request.clone(), timeout_ms).await {
        Ok(response) => response,
        Err(code) => refused(request, code),
    };
    if call.version < 1 {
        // Version 0 has no error of the whole; each partition has its own.
        response.error_code = ErrorCode::None.code();
    }
    response
}

fn refused(request: ElectLeadersRequest, code: ErrorCode) -> ElectLeadersResponse {
    let result = |partition_id| PartitionResult {
        partition_id,
        error_code: code.code(),
        error_message: Some(code.message().to_owned()),
        ..Default::default()
    };
    let results =
        request.topic_partitions.into_iter().flatten().map(|topic| ReplicaElectionResult {
            topic: topic.topic,
            partition_result: topic.partitions.into_iter().map(result).collect(),
            ..Default::default()
        });
    ElectLeadersResponse {
        error_code: code.code(),
        replica_election_results: results.collect(),
        ..Default::default()
    }
}
