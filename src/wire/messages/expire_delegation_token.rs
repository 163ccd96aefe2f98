//! ExpireDelegationToken (API 40), versions 1-2. Ends a delegation token, or sets when it ends (KIP-48).
//!
//! - 2: compact and tagged (KIP-482).

use bytes::Bytes;

use crate::wire::message::{message, request};

message! {
    /// What ExpireDelegationToken asks.
    ExpireDelegationTokenRequest (1..=2, flexible 2) {
        hmac: Bytes;
        expiry_time_period_ms: i64;
    }

    /// What ExpireDelegationToken answers.
    ExpireDelegationTokenResponse (1..=2, flexible 2) {
        error_code: i16;
        expiry_timestamp_ms: i64;
        throttle_time_ms: i32;
    }
}

request!(ExpireDelegationToken: ExpireDelegationTokenRequest => ExpireDelegationTokenResponse);
