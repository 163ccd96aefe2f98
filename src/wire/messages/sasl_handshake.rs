//! SaslHandshake (API 17), versions 0-1.

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
