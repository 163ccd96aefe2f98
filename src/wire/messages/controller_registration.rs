//! ControllerRegistration (API 70), version 0. A controller reports to the active one (KIP-919).

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What ControllerRegistration asks.
    ControllerRegistrationRequest (0..=0, flexible 0) {
        controller_id: i32;
        incarnation_id: Uuid;
        zk_migration_ready: bool;
        listeners: Vec<Listener>;
        features: Vec<Feature>;
    }

    /// One of the `listeners` of [`ControllerRegistrationRequest`].
    Listener {
        name: String;
        host: String;
        port: u16;
        security_protocol: i16;
    }

    /// One of the `features` of [`ControllerRegistrationRequest`].
    Feature {
        name: String;
        min_supported_version: i16;
        max_supported_version: i16;
    }

    /// What ControllerRegistration answers.
    ControllerRegistrationResponse (0..=0, flexible 0) {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<String> = Some(String::new());
    }
}

request!(ControllerRegistration: ControllerRegistrationRequest => ControllerRegistrationResponse);
