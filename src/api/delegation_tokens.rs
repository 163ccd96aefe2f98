//! CreateDelegationToken (38), RenewDelegationToken (39), ExpireDelegationToken (40), DescribeDelegationToken (41):
//! tokens to log in with (KIP-48, KIP-373).
//!
//! Kafka refuses all of them to clients that have not proved who they are, and here nobody can yet.

use super::context::Call;
use crate::error::ErrorCode;
use crate::wire::messages::create_delegation_token::{
    CreateDelegationTokenRequest, CreateDelegationTokenResponse,
};
use crate::wire::messages::describe_delegation_token::{
    DescribeDelegationTokenRequest, DescribeDelegationTokenResponse,
};
use crate::wire::messages::expire_delegation_token::{
    ExpireDelegationTokenRequest, ExpireDelegationTokenResponse,
};
use crate::wire::messages::renew_delegation_token::{
    RenewDelegationTokenRequest, RenewDelegationTokenResponse,
};

/// What a client is told that has not proved who it is.
const NOT_ALLOWED: i16 = ErrorCode::DelegationTokenRequestNotAllowed as i16;

/// Issues a token.
pub(crate) async fn create(
    call: Call,
    request: CreateDelegationTokenRequest,
) -> CreateDelegationTokenResponse {
    let principal = call.session.principal.as_str();
    let (kind, name) = principal.split_once(':').unwrap_or(("User", principal));
    let (kind, name) = (kind.to_owned(), name.to_owned());
    let named = |text: Option<String>| text.filter(|text| !text.is_empty());
    let owner = named(request.owner_principal_type).zip(named(request.owner_principal_name));
    let (owner_type, owner_name) = owner.unwrap_or_else(|| (kind.clone(), name.clone()));
    let mut response = CreateDelegationTokenResponse {
        error_code: NOT_ALLOWED,
        principal_type: owner_type,
        principal_name: owner_name,
        issue_timestamp_ms: -1,
        expiry_timestamp_ms: -1,
        max_timestamp_ms: -1,
        ..Default::default()
    };
    if call.version >= 3 {
        (response.token_requester_principal_type, response.token_requester_principal_name) =
            (kind, name);
    }
    response
}

/// Prolongs a token.
pub(crate) async fn renew(_: Call, _: RenewDelegationTokenRequest) -> RenewDelegationTokenResponse {
    RenewDelegationTokenResponse {
        error_code: NOT_ALLOWED,
        expiry_timestamp_ms: -1,
        ..Default::default()
    }
}

/// Ends a token.
pub(crate) async fn expire(
    _: Call,
    _: ExpireDelegationTokenRequest,
) -> ExpireDelegationTokenResponse {
    ExpireDelegationTokenResponse {
        error_code: NOT_ALLOWED,
        expiry_timestamp_ms: -1,
        ..Default::default()
    }
}

/// Tells of tokens.
pub(crate) async fn describe(
    _: Call,
    _: DescribeDelegationTokenRequest,
) -> DescribeDelegationTokenResponse {
    DescribeDelegationTokenResponse { error_code: NOT_ALLOWED, ..Default::default() }
}
