//! ElectLeaders (43), versions 0-2: preferred leaders (KIP-183), since v1 also unclean ones (KIP-460).
//!
//! ELECTION_NOT_NEEDED of a partition: it is led as it should be. PREFERRED_LEADER_NOT_AVAILABLE
//! and ELIGIBLE_LEADERS_NOT_AVAILABLE: nobody may lead it who is alive. Unclean: somebody who is not in sync may, and
//! what only others have is lost.

use super::context::Call;
use super::forward;
use super::permissions;
use crate::error::{ApiError, ErrorCode};
use crate::wire::messages::elect_leaders::{
    ElectLeadersRequest, ElectLeadersResponse, PartitionResult, ReplicaElectionResult,
};

pub(crate) async fn handle(call: Call, request: ElectLeadersRequest) -> ElectLeadersResponse {
    if let Err(error) = call.check_whole(&permissions::ELECT_LEADERS) {
        return refused(&call, request, &error);
    }
    let timeout_ms = Some(request.timeout_ms);
    let mut response = match forward::ask(&call, request.clone(), timeout_ms).await {
        Ok(response) => response,
        Err(code) => refused(&call, request, &code.into()),
    };
    if call.version < 1 {
        // Version 0 has no error of the whole; each partition has its own.
        response.error_code = ErrorCode::None.code();
    }
    response
}

fn refused(call: &Call, request: ElectLeadersRequest, error: &ApiError) -> ElectLeadersResponse {
    // Version 0 has no room for an error of the whole.
    let whole = if call.version >= 1 { error.code } else { ErrorCode::None };
    let result = |partition_id| PartitionResult {
        partition_id,
        error_code: error.code.code(),
        error_message: Some(error.text().to_owned()),
        ..Default::default()
    };
    let results =
        request.topic_partitions.into_iter().flatten().map(|topic| ReplicaElectionResult {
            topic: topic.topic,
            partition_result: topic.partitions.into_iter().map(result).collect(),
            ..Default::default()
        });
    ElectLeadersResponse {
        error_code: whole.code(),
        replica_election_results: results.collect(),
        ..Default::default()
    }
}
