//! DescribeDelegationToken (API 41), versions 1-3. Delegation tokens by owner (KIP-48).
//!
//! - 2: compact and tagged (KIP-482).
//! - 3: who asked for it (KIP-373).

use bytes::Bytes;

use crate::wire::message::{message, request};

message! {
    /// What DescribeDelegationToken asks.
    DescribeDelegationTokenRequest (1..=3, flexible 2) {
        owners: Option<Vec<DescribeDelegationTokenOwner>> = Some(Vec::new());
    }

    /// One of the `owners` of [`DescribeDelegationTokenRequest`].
    DescribeDelegationTokenOwner {
        principal_type: String;
        principal_name: String;
    }

    /// What DescribeDelegationToken answers.
    DescribeDelegationTokenResponse (1..=3, flexible 2) {
        error_code: i16;
        tokens: Vec<DescribedDelegationToken>;
        throttle_time_ms: i32;
    }

    /// One of the `tokens` of [`DescribeDelegationTokenResponse`].
    DescribedDelegationToken {
        principal_type: String;
        principal_name: String;
        [3..] token_requester_principal_type: String;
        [3..] token_requester_principal_name: String;
        issue_timestamp: i64;
        expiry_timestamp: i64;
        max_timestamp: i64;
        token_id: String;
        hmac: Bytes;
        renewers: Vec<DescribedDelegationTokenRenewer>;
    }

    /// One of the `renewers` of [`DescribedDelegationToken`].
    DescribedDelegationTokenRenewer {
        principal_type: String;
        principal_name: String;
    }
}

request!(DescribeDelegationToken: DescribeDelegationTokenRequest => DescribeDelegationTokenResponse);
