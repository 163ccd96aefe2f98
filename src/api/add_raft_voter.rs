//! AddRaftVoter (80), versions 0-1: a controller more that votes in the metadata quorum (KIP-853).
//!
//! Caveat: a quorum of one voter stays one; the request is refused with the reason.

use super::context::Call;
use super::permissions;
use super::quorum::has_dynamic_voters;
use crate::error::{ApiError, ErrorCode};
use crate::wire::messages::add_raft_voter::{AddRaftVoterRequest, AddRaftVoterResponse};

pub(crate) async fn handle(call: Call, request: AddRaftVoterRequest) -> AddRaftVoterResponse {
    let refusal = refusal(&call, &request);
    AddRaftVoterResponse {
        error_code: refusal.code.code(),
        error_message: Some(refusal.text().to_owned()),
        ..Default::default()
    }
}

fn refusal(call: &Call, request: &AddRaftVoterRequest) -> ApiError {
    if let Err(error) = call.check_whole(&permissions::ADD_RAFT_VOTER) {
        return error;
    }
    if !has_dynamic_voters(call) {
        let why = "Cluster doesn't support adding voter because the kraft.version feature is 0";
        return ApiError::new(ErrorCode::UnsupportedVersion, why);
    }
    let id = request.voter_id;
    match call.context.quorum.voters().iter().any(|voter| voter.key.id == id) {
        true => {
            let why = format!("The voter id {id} is already part of the set of voters.");
            ApiError::new(ErrorCode::DuplicateVoter, why)
        }
        false => {
            let why = "This node's quorum has one voter, and cannot take in another yet";
            ApiError::new(ErrorCode::UnsupportedVersion, why)
        }
    }
}
