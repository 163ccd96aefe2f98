//! BrokerRegistration (API 62), versions 0-4. A broker reports to the controller at its start (KIP-631).
//!
//! - 1: whether it comes from ZooKeeper (KIP-866).
//! - 2: its disks (KIP-858).
//! - 3: its epoch before, after a clean shutdown (KIP-966).
//! - 4: features may begin at level 0 (KIP-1022).

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What BrokerRegistration asks.
    BrokerRegistrationRequest (0..=4, flexible 0) {
        broker_id: i32;
        cluster_id: String;
        incarnation_id: Uuid;
        listeners: Vec<Listener>;
        features: Vec<Feature>;
        rack: Option<String> = Some(String::new());
        [1..] is_migrating_zk_broker: bool;
        [2.., ignorable] log_dirs: Vec<Uuid>;
        [3.., ignorable] previous_broker_epoch: i64 = -1;
    }

    /// One of the `listeners` of [`BrokerRegistrationRequest`].
    Listener {
        name: String;
        host: String;
        port: u16;
        security_protocol: i16;
    }

    /// One of the `features` of [`BrokerRegistrationRequest`].
    Feature {
        name: String;
        min_supported_version: i16;
        max_supported_version: i16;
    }

    /// What BrokerRegistration answers.
    BrokerRegistrationResponse (0..=4, flexible 0) {
        throttle_time_ms: i32;
        error_code: i16;
        broker_epoch: i64 = -1;
    }
}

request!(BrokerRegistration: BrokerRegistrationRequest => BrokerRegistrationResponse);
