//! AlterClientQuotas (49), versions 0–1: sets and removes quotas (KIP-546).
//!
//! Errors of an entity: INVALID_REQUEST (no such type, key or value, or named twice). Quotas hold on a broker when it
//! has read their records.

use super::context::Call;
use super::{forward, permissions};
use crate::error::ApiError;
use crate::wire::messages::alter_client_quotas::{
    AlterClientQuotasRequest, AlterClientQuotasResponse, EntryData, EntryDataResponse,
};

pub(crate) async fn handle(
    call: Call,
    request: AlterClientQuotasRequest,
) -> AlterClientQuotasResponse {
    if let Err(error) = call.check_whole(&permissions::ALTER_QUOTAS) {
        return refused(request, &error);
    }
    match forward::ask(&call, request.clone(), None).await {
        Ok(response) => response,
        Err(code) => refused(request, &ApiError::new(code, code.message())),
    }
}

fn refused(request: AlterClientQuotasRequest, error: &ApiError) -> AlterClientQuotasResponse {
    let entry = |entry: EntryData| EntryDataResponse {
        error_code: error.code.code(),
        error_message: Some(error.text().to_owned()),
        entity: entry.entity,
        ..Default::default()
    };
    AlterClientQuotasResponse {
        entries: request.entries.into_iter().map(entry).collect(),
        ..Default::default()
    }
}
