//! RenewDelegationToken (API 39), versions 1-2. Prolongs a delegation token (KIP-48).
//!
//! - 2: compact and tagged (KIP-482).

use bytes::Bytes;

use crate::wire::message::{message, request};

message! {
    /// What RenewDelegationToken asks.
    RenewDelegationTokenRequest (1..=2, flexible 2) {
        hmac: Bytes;
        renew_period_ms: i64;
    }

    /// What RenewDelegationToken answers.
    RenewDelegationTokenResponse (1..=2, flexible 2) {
        error_code: i16;
        expiry_timestamp_ms: i64;
        throttle_time_ms: i32;
    }
}

request!(RenewDelegationToken: RenewDelegationTokenRequest => RenewDelegationTokenResponse);
