//! SaslAuthenticate (API 36), versions 0-2. One token of a SASL exchange (KIP-152).
//!
//! - 1: for how long it holds (KIP-368).
//! - 2: compact and tagged (KIP-482).

use bytes::Bytes;

use crate::wire::message::{message, request};

message! {
    /// What SaslAuthenticate asks.
    SaslAuthenticateRequest (0..=2, flexible 2) {
        auth_bytes: Bytes;
    }

    /// What SaslAuthenticate answers.
    SaslAuthenticateResponse (0..=2, flexible 2) {
        error_code: i16;
        error_message: Option<String> = Some(String::new());
        auth_bytes: Bytes;
        [1.., ignorable] session_lifetime_ms: i64;
    }
}

request!(SaslAuthenticate: SaslAuthenticateRequest => SaslAuthenticateResponse);
