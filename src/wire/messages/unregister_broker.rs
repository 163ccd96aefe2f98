//! UnregisterBroker (API 64), version 0. Forgets a broker (KIP-631).

use crate::wire::message::{message, request};

message! {
    /// What UnregisterBroker asks.
    UnregisterBrokerRequest (0..=0, flexible 0) {
        broker_id: i32;
    }

    /// What UnregisterBroker answers.
    UnregisterBrokerResponse (0..=0, flexible 0) {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<String> = Some(String::new());
    }
}

request!(UnregisterBroker: UnregisterBrokerRequest => UnregisterBrokerResponse);
