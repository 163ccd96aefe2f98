//! DeleteAcls (31), versions 1–3: takes away the access control entries that filters match (KIP-140, KIP-290).
//!
//! The answer names, for each filter, the entries that it took away. SECURITY_DISABLED where nothing judges requests.

use super::answer::Pending;
use super::context::Call;
use super::table::{decode, run};
use super::{Refusal, forward, permissions};
use crate::error::ErrorCode;
use crate::wire::codec::Reader;
use crate::wire::messages::delete_acls::{
    DeleteAclsFilter, DeleteAclsFilterResult, DeleteAclsRequest, DeleteAclsResponse,
};

/// Starts the request. One that has a number which no version gives a meaning to ends the connection.
pub(crate) fn handle(call: Call, reader: Reader) -> Result<Pending, Refusal> {
    let request: DeleteAclsRequest = decode(&call, reader)?;
    let is_unset = |one: &DeleteAclsFilter| {
        [one.resource_type_filter, one.pattern_type_filter, one.operation, one.permission_type]
            .contains(&0)
    };
    if request.filters.iter().any(is_unset) {
        return Err(Refusal::Nonsense("Filters contain UNKNOWN elements"));
    }
    Ok(run(call, request, delete))
}

async fn delete(call: Call, request: DeleteAclsRequest) -> DeleteAclsResponse {
    if let Err(error) = call.check_whole(&permissions::DELETE_ACLS) {
        return refused(&request, error.code, error.text());
    }
    if !call.is_guarded() {
        let why = "No Authorizer is configured.";
        return refused(&request, ErrorCode::SecurityDisabled, why);
    }
    match forward::ask(&call, request.clone(), None).await {
        Ok(response) => response,
        Err(code) => refused(&request, code, code.message()),
    }
}

fn refused(request: &DeleteAclsRequest, code: ErrorCode, message: &str) -> DeleteAclsResponse {
    let result = DeleteAclsFilterResult {
        error_code: code.code(),
        error_message: Some(message.to_owned()),
        ..Default::default()
    };
    DeleteAclsResponse { filter_results: vec![result; request.filters.len()], ..Default::default() }
}
