//! RemoveRaftVoter (81), version 0: a controller less that votes in the metadata quorum (KIP-853).
//!
//! Caveat: a quorum of one voter cannot lose it, so every request is refused with the reason.

use super::context::Call;
use super::permissions;
use super::quorum::has_dynamic_voters;
use crate::error::{ApiError, ErrorCode};
use crate::raft::voters::ReplicaKey;
use crate::wire::messages::remove_raft_voter::{RemoveRaftVoterRequest, RemoveRaftVoterResponse};

pub(crate) async fn handle(call: Call, request: RemoveRaftVoterRequest) -> RemoveRaftVoterResponse {
    let refusal = refusal(&call, &request);
    RemoveRaftVoterResponse {
        error_code: refusal.code.code(),
        error_message: Some(refusal.text().to_owned()),
        ..Default::default()
    }
}

fn refusal(call: &Call, request: &RemoveRaftVoterRequest) -> ApiError {
    if let Err(error) = call.check_whole(&permissions::REMOVE_RAFT_VOTER) {
        return error;
    }
    if !has_dynamic_voters(call) {
        let why = "Cluster doesn't support removing voter because the kraft.version feature is 0";
        return ApiError::new(ErrorCode::UnsupportedVersion, why);
    }
    let key = ReplicaKey { id: request.voter_id, directory_id: request.voter_directory_id };
    let is_voter = call.context.quorum.voters().iter().any(|voter| voter.key == key);
    let name = format!("{} with directory id {}", key.id, key.directory_id);
    match is_voter {
        true => {
            let why = format!("Cannot remove voter {name}: it is the only one");
            ApiError::new(ErrorCode::InvalidRequest, why)
        }
        false => {
            let why = format!("Cannot remove voter {name}: it is not in the set of voters");
            ApiError::new(ErrorCode::VoterNotFound, why)
        }
    }
}
