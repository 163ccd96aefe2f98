//! CreateDelegationToken (API 38), versions 1-3. Issues a delegation token (KIP-48).
//!
//! - 2: compact and tagged (KIP-482).
//! - 3: for somebody else (KIP-373).

use bytes::Bytes;

use crate::wire::message::{message, request};

message! {
    /// What CreateDelegationToken asks.
    CreateDelegationTokenRequest (1..=3, flexible 2) {
        [3..] owner_principal_type: Option<String> = Some(String::new());
        [3..] owner_principal_name: Option<String> = Some(String::new());
        renewers: Vec<CreatableRenewers>;
        max_lifetime_ms: i64;
    }

    /// One of the `renewers` of [`CreateDelegationTokenRequest`].
    CreatableRenewers {
        principal_type: String;
        principal_name: String;
    }

    /// What CreateDelegationToken answers.
    CreateDelegationTokenResponse (1..=3, flexible 2) {
        error_code: i16;
        principal_type: String;
        principal_name: String;
        [3..] token_requester_principal_type: String;
        [3..] token_requester_principal_name: String;
        issue_timestamp_ms: i64;
        expiry_timestamp_ms: i64;
        max_timestamp_ms: i64;
        token_id: String;
        hmac: Bytes;
        throttle_time_ms: i32;
    }
}

request!(CreateDelegationToken: CreateDelegationTokenRequest => CreateDelegationTokenResponse);
