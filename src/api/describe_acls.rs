//! DescribeAcls (29), versions 1–3: the access control entries that a filter matches, from this node's metadata
//! (KIP-140, KIP-290).
//!
//! SECURITY_DISABLED where nothing judges requests. Nothing is paged: all that match are in one answer.

use std::collections::BTreeMap;

use super::answer::Pending;
use super::context::Call;
use super::table::{decode, run};
use super::{Refusal, permissions};
use crate::error::ErrorCode;
use crate::metadata::acls::{Acl, AclsImage};
use crate::security::filter::AclFilter;
use crate::security::vocabulary::{Operation, PatternType, PermissionType, ResourceType};
use crate::wire::codec::Reader;
use crate::wire::messages::describe_acls::{
    AclDescription, DescribeAclsRequest, DescribeAclsResource, DescribeAclsResponse,
};

/// Starts the request. One that has a number which no version gives a meaning to ends the connection.
pub(crate) fn handle(call: Call, reader: Reader) -> Result<Pending, Refusal> {
    let request: DescribeAclsRequest = decode(&call, reader)?;
    let numbers = [
        request.resource_type_filter,
        request.pattern_type_filter,
        request.operation,
        request.permission_type,
    ];
    if numbers.contains(&0) {
        return Err(Refusal::Nonsense("DescribeAclsRequest contains UNKNOWN elements"));
    }
    Ok(run(call, request, describe))
}

async fn describe(call: Call, request: DescribeAclsRequest) -> DescribeAclsResponse {
    if let Err(error) = call.check_whole(&permissions::DESCRIBE_ACLS) {
        return refused(error.code, error.text());
    }
    if !call.is_guarded() {
        let why = "No Authorizer is configured on the broker";
        return refused(ErrorCode::SecurityDisabled, why);
    }
    // Of what nobody knows there are no entries.
    let resources = filter(request).map(|filter| matching(&call.context.image().acls, &filter));
    DescribeAclsResponse { resources: resources.unwrap_or_default(), ..Default::default() }
}

fn refused(code: ErrorCode, message: &str) -> DescribeAclsResponse {
    DescribeAclsResponse {
        error_code: code.code(),
        error_message: Some(message.to_owned()),
        ..Default::default()
    }
}

fn filter(request: DescribeAclsRequest) -> Option<AclFilter> {
    Some(AclFilter {
        resource_type: ResourceType::from_code(request.resource_type_filter)?,
        name: request.resource_name_filter,
        pattern_type: PatternType::from_code(request.pattern_type_filter)?,
        principal: request.principal_filter,
        host: request.host_filter,
        operation: Operation::from_code(request.operation)?,
        permission_type: PermissionType::from_code(request.permission_type)?,
    })
}

/// The entries that are meant, by resource.
fn matching(acls: &AclsImage, filter: &AclFilter) -> Vec<DescribeAclsResource> {
    let mut found: BTreeMap<(i8, &str, i8), Vec<&Acl>> = BTreeMap::new();
    for acl in acls.by_id().values().filter(|acl| filter.matches(acl)) {
        let resource = (acl.resource_type, acl.resource_name.as_str(), acl.pattern_type);
        found.entry(resource).or_default().push(acl);
    }
    let entry = |acl: &Acl| AclDescription {
        principal: acl.principal.clone(),
        host: acl.host.clone(),
        operation: acl.operation,
        permission_type: acl.permission_type,
        ..Default::default()
    };
    let resource =
        |((resource_type, name, pattern_type), mut acls): ((i8, &str, i8), Vec<&Acl>)| {
            acls.sort_unstable();
            DescribeAclsResource {
                resource_type,
                resource_name: name.to_owned(),
                pattern_type,
                acls: acls.into_iter().map(entry).collect(),
                ..Default::default()
            }
        };
    found.into_iter().map(resource).collect()
}
