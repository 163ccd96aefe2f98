//! AlterClientQuotas (API 49), versions 0-1. Sets and removes quotas (KIP-546).
//!
//! - 1: compact and tagged (KIP-482).
//!
//! Kafka gives the parts of request and response the same names; the response's are `EntryDataResponse` here.

use crate::wire::message::{message, request};

message! {
    /// What AlterClientQuotas asks.
    AlterClientQuotasRequest (0..=1, flexible 1) {
        entries: Vec<EntryData>;
        validate_only: bool;
    }

    /// One of the `entries` of [`AlterClientQuotasRequest`].
    EntryData {
        entity: Vec<EntityData>;
        ops: Vec<OpData>;
    }

    /// One of the `entity` of [`EntryData`].
    EntityData {
        entity_type: String;
        entity_name: Option<String> = Some(String::new());
    }

    /// One of the `ops` of [`EntryData`].
    OpData {
        key: String;
        value: f64;
        remove: bool;
    }

    /// What AlterClientQuotas answers.
    AlterClientQuotasResponse (0..=1, flexible 1) {
        throttle_time_ms: i32;
        entries: Vec<EntryDataResponse>;
    }

    /// One of the `entries` of [`AlterClientQuotasResponse`].
    EntryDataResponse {
        error_code: i16;
        error_message: Option<String> = Some(String::new());
        entity: Vec<EntityData>;
    }
}

request!(AlterClientQuotas: AlterClientQuotasRequest => AlterClientQuotasResponse);
