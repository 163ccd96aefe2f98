//! CreateAcls (30), versions 1–3: makes access control entries (KIP-140, KIP-290).
//!
//! SECURITY_DISABLED where nothing judges requests. An entry that is there already is success. What the entries say is
//! checked by the controller, each by itself; they are judged by when a broker has read their records.

use super::answer::Pending;
use super::context::Call;
use super::table::{decode, run};
use super::{Refusal, forward, permissions};
use crate::error::ErrorCode;
use crate::security::vocabulary::{Operation, PatternType, PermissionType, ResourceType};
use crate::wire::codec::Reader;
use crate::wire::messages::create_acls::{
    AclCreation, AclCreationResult, CreateAclsRequest, CreateAclsResponse,
};

/// Starts the request. One that has a number which no version gives a meaning to ends the connection.
pub(crate) fn handle(call: Call, reader: Reader) -> Result<Pending, Refusal> {
    let request: CreateAclsRequest = decode(&call, reader)?;
    let is_unset = |one: &AclCreation| {
        [one.resource_type, one.resource_pattern_type, one.operation, one.permission_type]
            .contains(&0)
    };
    if request.creations.iter().any(is_unset) {
        return Err(Refusal::Nonsense("CreatableAcls contain unknown elements"));
    }
    Ok(run(call, request, create))
}

async fn create(call: Call, request: CreateAclsRequest) -> CreateAclsResponse {
    if let Err(error) = call.check_whole(&permissions::CREATE_ACLS) {
        return refused(&request, error.code, Some(error.text()));
    }
    if !call.is_guarded() {
        let why = "No Authorizer is configured.";
        return refused(&request, ErrorCode::SecurityDisabled, Some(why));
    }
    if request.creations.iter().any(is_pattern_of_many) {
        // Kafka cannot even think such an entry, and gives up the whole request.
        return refused(&request, ErrorCode::UnknownServerError, None);
    }
    match forward::ask(&call, request.clone(), None).await {
        Ok(response) => response,
        Err(code) => refused(&request, code, Some(code.message())),
    }
}

/// Whether a filter's word stands where an entry must say one thing.
fn is_pattern_of_many(one: &AclCreation) -> bool {
    let (any, all) = (PatternType::Any.code(), PatternType::Match.code());
    one.resource_type == ResourceType::Any.code()
        || [any, all].contains(&one.resource_pattern_type)
        || one.operation == Operation::Any.code()
        || one.permission_type == PermissionType::Any.code()
}

fn refused(
    request: &CreateAclsRequest,
    code: ErrorCode,
    message: Option<&str>,
) -> CreateAclsResponse {
    let result = AclCreationResult {
        error_code: code.code(),
        error_message: message.map(str::to_owned),
        ..Default::default()
    };
    CreateAclsResponse { results: vec![result; request.creations.len()], ..Default::default() }
}
