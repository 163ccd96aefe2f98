//! AlterUserScramCredentials (51), version 0: sets and removes SCRAM credentials (KIP-554).
//!
//! Keys come salted and hashed: nobody sends a password. Errors of a user: UNACCEPTABLE_CREDENTIAL (too few or too many
//! iterations, no name), UNSUPPORTED_SASL_MECHANISM, RESOURCE_NOT_FOUND, DUPLICATE_RESOURCE.

use super::context::Call;
use super::{forward, permissions};
use crate::error::ApiError;
use crate::wire::messages::alter_user_scram_credentials::{
    AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse,
    AlterUserScramCredentialsResult,
};

pub(crate) async fn handle(
    call: Call,
    request: AlterUserScramCredentialsRequest,
) -> AlterUserScramCredentialsResponse {
    if let Err(error) = call.check_whole(&permissions::ALTER_SCRAM) {
        return refused(&request, &error);
    }
    match forward::ask(&call, request.clone(), None).await {
        Ok(response) => response,
        Err(code) => refused(&request, &ApiError::new(code, code.message())),
    }
}

fn refused(
    request: &AlterUserScramCredentialsRequest,
    error: &ApiError,
) -> AlterUserScramCredentialsResponse {
    let deleted = request.deletions.iter().map(|deletion| &deletion.name);
    let mut users: Vec<_> =
        deleted.chain(request.upsertions.iter().map(|upsertion| &upsertion.name)).collect();
    users.sort_unstable();
    users.dedup();
    let result = |user: &String| AlterUserScramCredentialsResult {
        user: user.clone(),
        error_code: error.code.code(),
        error_message: Some(error.text().to_owned()),
        ..Default::default()
    };
    AlterUserScramCredentialsResponse {
        results: users.into_iter().map(result).collect(),
        ..Default::default()
    }
}
