//! DescribeClientQuotas (API 48), versions 0-1. Quotas that match a filter (KIP-546).
//!
//! - 1: compact and tagged (KIP-482).

use crate::wire::message::{message, request};

message! {
    /// What DescribeClientQuotas asks.
    DescribeClientQuotasRequest (0..=1, flexible 1) {
        components: Vec<ComponentData>;
        strict: bool;
    }

    /// One of the `components` of [`DescribeClientQuotasRequest`].
    ComponentData {
        entity_type: String;
        match_type: i8;
        r#match: Option<String> = Some(String::new());
    }

    /// What DescribeClientQuotas answers.
    DescribeClientQuotasResponse (0..=1, flexible 1) {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<String> = Some(String::new());
        entries: Option<Vec<EntryData>> = Some(Vec::new());
    }

    /// One of the `entries` of [`DescribeClientQuotasResponse`].
    EntryData {
        entity: Vec<EntityData>;
        values: Vec<ValueData>;
    }

    /// One of the `entity` of [`EntryData`].
    EntityData {
        entity_type: String;
        entity_name: Option<String> = Some(String::new());
    }

    /// One of the `values` of [`EntryData`].
    ValueData {
        key: String;
        value: f64;
    }
}

request!(DescribeClientQuotas: DescribeClientQuotasRequest => DescribeClientQuotasResponse);
