//! Access control entries: which are made and which go (KIP-140, KIP-290). Whether who asks may change any is the API's
//! question, not asked here.
//!
//! An entry is known by its fields; its id is the controller's own, and only the records name it. Making one that is
//! there writes nothing.

use std::collections::BTreeSet;

use crate::controller::machine::Machine;
use crate::controller::requests::{Decision, code_and_message};
use crate::error::{ApiError, ErrorCode};
use crate::metadata::acls::Acl;
use crate::metadata::records::acl_record;
use crate::raft::events::VersionedRecord;
use crate::security::filter::AclFilter;
use crate::security::vocabulary::{
    CLUSTER_NAME, Operation, PatternType, PermissionType, ResourceType,
};
use crate::types::Uuid;
use crate::wire::messages::create_acls::{
    AclCreation, AclCreationResult, CreateAclsRequest, CreateAclsResponse,
};
use crate::wire::messages::delete_acls::{
    DeleteAclsFilter, DeleteAclsFilterResult, DeleteAclsMatchingAcl, DeleteAclsRequest,
    DeleteAclsResponse,
};
use crate::wire::stored::metadata::{MetadataRecord, RemoveAccessControlEntryRecord};

/// The most entries that one request may make, or take away.
const RECORDS_MAX: usize = 10_000;

impl Machine {
    /// Makes entries; each stands or falls by itself. One that is there already is well.
    pub(crate) fn create_acls(
        &mut self,
        request: &CreateAclsRequest,
    ) -> Decision<CreateAclsResponse> {
        let mut records: Vec<VersionedRecord> = Vec::new();
        let mut made: Vec<Acl> = Vec::new();
        let mut results = Vec::with_capacity(request.creations.len());
        for creation in &request.creations {
            let verdict = validate(creation);
            results.push(result(&verdict));
            let Ok(acl) = verdict else { continue };
            // One more than may be made decides that none is; the rest is only judged, since each is answered.
            let is_enough = made.len() > RECORDS_MAX;
            if is_enough || self.image().acls.contains(&acl) || made.contains(&acl) {
                continue;
            }
            records
                .push((MetadataRecord::AccessControlEntry(acl_record(self.new_acl_id(), &acl)), 0));
            made.push(acl);
        }
        if records.len() > RECORDS_MAX {
            let why = "Unable to perform excessively large batch operation.";
            let refusal = result(&Err(ApiError::new(ErrorCode::PolicyViolation, why)));
            let results = vec![refusal; request.creations.len()];
            return Decision::reply(CreateAclsResponse { results, ..Default::default() });
        }
        Decision::atomic(records, CreateAclsResponse { results, ..Default::default() })
    }

    /// Takes away the entries that filters match, all or none: too many, and every filter is refused.
    pub(crate) fn delete_acls(
        &mut self,
        request: &DeleteAclsRequest,
    ) -> Decision<DeleteAclsResponse> {
        let mut gone = BTreeSet::new();
        let mut filter_results = Vec::with_capacity(request.filters.len());
        for filter in &request.filters {
            let matched = parse(filter).map(|filter| self.matching(&filter, &mut gone));
            if gone.len() > RECORDS_MAX {
                let why = format!(
                    "Cannot remove more than {RECORDS_MAX} acls in a single delete operation."
                );
                let refusal = deleted(Err(invalid(why)));
                let filter_results = vec![refusal; request.filters.len()];
                return Decision::reply(DeleteAclsResponse {
                    filter_results,
                    ..Default::default()
                });
            }
            filter_results.push(deleted(matched));
        }
        let remove = |id| {
            let record = RemoveAccessControlEntryRecord { id, ..Default::default() };
            (MetadataRecord::RemoveAccessControlEntry(record), 0)
        };
        let records = gone.into_iter().map(remove).collect();
        Decision::atomic(records, DeleteAclsResponse { filter_results, ..Default::default() })
    }

    /// The entries that a filter matches, their ids among those that go.
    fn matching(
        &self,
        filter: &AclFilter,
        gone: &mut BTreeSet<Uuid>,
    ) -> Vec<DeleteAclsMatchingAcl> {
        let found = self.image().acls.by_id().iter().filter(|(_, acl)| filter.matches(acl));
        let mut matched = Vec::new();
        for (id, acl) in found {
            matched.push(shown(acl));
            gone.insert(*id);
            // No answer will name them, so there is no need to look for more.
            if gone.len() > RECORDS_MAX {
                break;
            }
        }
        matched
    }

    /// An id that no entry has.
    fn new_acl_id(&mut self) -> Uuid {
        loop {
            let id = Uuid::from_random(self.random.bytes());
            if let Some(id) = id.filter(|id| !self.image().acls.by_id().contains_key(id)) {
                return id;
            }
        }
    }
}

fn invalid(why: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::InvalidRequest, why)
}

fn deleted(matched: Result<Vec<DeleteAclsMatchingAcl>, ApiError>) -> DeleteAclsFilterResult {
    let (error_code, error_message) =
        code_and_message(&matched.as_ref().map(|_| ()).map_err(Clone::clone));
    DeleteAclsFilterResult {
        error_code,
        error_message,
        matching_acls: matched.unwrap_or_default(),
        ..Default::default()
    }
}

fn result(verdict: &Result<Acl, ApiError>) -> AclCreationResult {
    match verdict {
        Ok(_) => AclCreationResult::default(),
        Err(error) => AclCreationResult {
            error_code: error.code.code(),
            error_message: error.message.clone(),
            ..Default::default()
        },
    }
}

/// Kafka's checks, in its order. An entry that could never be asked about is refused: `ANY` and `MATCH` are words of
/// filters alone.
fn validate(creation: &AclCreation) -> Result<Acl, ApiError> {
    let name = creation.resource_name.as_str();
    if creation.resource_type == ResourceType::Cluster.code() && name != CLUSTER_NAME {
        return Err(invalid(format!(
            "The only valid name for the CLUSTER resource is {CLUSTER_NAME}"
        )));
    }
    if name.is_empty() {
        return Err(invalid("Invalid empty resource name"));
    }
    match ResourceType::from_code(creation.resource_type) {
        Some(kind) if kind != ResourceType::Any => {}
        kind => return Err(bad("resourceType", kind.map(ResourceType::name))),
    }
    match PatternType::from_code(creation.resource_pattern_type) {
        Some(PatternType::Literal | PatternType::Prefixed) => {}
        pattern => return Err(bad("patternType", pattern.map(PatternType::name))),
    }
    match Operation::from_code(creation.operation) {
        Some(operation) if operation != Operation::Any => {}
        operation => return Err(bad("operation", operation.map(Operation::name))),
    }
    match PermissionType::from_code(creation.permission_type) {
        Some(PermissionType::Deny | PermissionType::Allow) => {}
        permission => return Err(bad("permissionType", permission.map(PermissionType::name))),
    }
    let principal = creation.principal.as_str();
    if !principal.contains(':') {
        return Err(invalid(format!(
            "Could not parse principal from `{principal}` (no colon is present separating the principal type from the \
             principal name)"
        )));
    }
    Ok(Acl {
        resource_type: creation.resource_type,
        resource_name: name.to_owned(),
        pattern_type: creation.resource_pattern_type,
        principal: principal.to_owned(),
        host: creation.host.clone(),
        operation: creation.operation,
        permission_type: creation.permission_type,
    })
}

fn bad(what: &str, value: Option<&str>) -> ApiError {
    invalid(format!("Invalid {what} {}", value.unwrap_or("UNKNOWN")))
}

fn parse(filter: &DeleteAclsFilter) -> Result<AclFilter, ApiError> {
    let unknown_pattern = || invalid("Unknown patternFilter.");
    let unknown_entry = || invalid("Unknown entryFilter.");
    let resource_type =
        ResourceType::from_code(filter.resource_type_filter).ok_or_else(unknown_pattern)?;
    let pattern_type =
        PatternType::from_code(filter.pattern_type_filter).ok_or_else(unknown_pattern)?;
    Ok(AclFilter {
        resource_type,
        name: filter.resource_name_filter.clone(),
        pattern_type,
        principal: filter.principal_filter.clone(),
        host: filter.host_filter.clone(),
        operation: Operation::from_code(filter.operation).ok_or_else(unknown_entry)?,
        permission_type: PermissionType::from_code(filter.permission_type)
            .ok_or_else(unknown_entry)?,
    })
}

fn shown(acl: &Acl) -> DeleteAclsMatchingAcl {
    DeleteAclsMatchingAcl {
        error_code: ErrorCode::None.code(),
        error_message: None,
        resource_type: acl.resource_type,
        resource_name: acl.resource_name.clone(),
        pattern_type: acl.pattern_type,
        principal: acl.principal.clone(),
        host: acl.host.clone(),
        operation: acl.operation,
        permission_type: acl.permission_type,
        ..Default::default()
    }
}
