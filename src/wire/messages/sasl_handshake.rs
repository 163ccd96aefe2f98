//! SaslHandshake (API 17), versions 0-1. Chooses a SASL mechanism (KIP-43).
//!
//! - 0: bare SASL tokens follow. 1: SaslAuthenticate follows (KIP-152). Never flexible.

use crate::wire::message::{message, request};

message! {
    /// What SaslHandshake asks.
    SaslHandshakeRequest (0..=1) {
        mechanism: String;
    }

    /// What SaslHandshake answers.
    SaslHandshakeResponse (0..=1) {
        error_code: i16;
        mechanisms: Vec<String>;
    }
}

request!(SaslHandshake: SaslHandshakeRequest => SaslHandshakeResponse);
