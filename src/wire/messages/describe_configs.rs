//! DescribeConfigs (API 32), versions 1-4. Settings of topics, brokers, groups (KIP-133).
//!
//! - 1: synonyms and where a value comes from (KIP-226).
//! - 3: type and documentation (KIP-569).
//! - 4: compact and tagged (KIP-482).

use crate::wire::message::{message, request};

message! {
    /// What DescribeConfigs asks.
    DescribeConfigsRequest (1..=4, flexible 4) {
        resources: Vec<DescribeConfigsResource>;
        include_synonyms: bool;
        [3..] include_documentation: bool;
    }

    /// One of the `resources` of [`DescribeConfigsRequest`].
    DescribeConfigsResource {
        resource_type: i8;
        resource_name: String;
        configuration_keys: Option<Vec<String>> = Some(Vec::new());
    }

    /// What DescribeConfigs answers.
    DescribeConfigsResponse (1..=4, flexible 4) {
        throttle_time_ms: i32;
        results: Vec<DescribeConfigsResult>;
    }

    /// One of the `results` of [`DescribeConfigsResponse`].
    DescribeConfigsResult {
        error_code: i16;
        error_message: Option<String> = Some(String::new());
        resource_type: i8;
        resource_name: String;
        configs: Vec<DescribeConfigsResourceResult>;
    }

    /// One of the `configs` of [`DescribeConfigsResult`].
    DescribeConfigsResourceResult {
        name: String;
        value: Option<String> = Some(String::new());
        read_only: bool;
        config_source: i8 = -1;
        is_sensitive: bool;
        synonyms: Vec<DescribeConfigsSynonym>;
        [3.., ignorable] config_type: i8;
        [3.., ignorable] documentation: Option<String> = Some(String::new());
    }

    /// One of the `synonyms` of [`DescribeConfigsResourceResult`].
    DescribeConfigsSynonym {
        name: String;
        value: Option<String> = Some(String::new());
        source: i8;
    }
}

request!(DescribeConfigs: DescribeConfigsRequest => DescribeConfigsResponse);
