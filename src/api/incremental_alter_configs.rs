//! IncrementalAlterConfigs (44), versions 0–1: set, delete, append and subtract (KIP-339).
//!
//! This node judges changes of brokers' settings, the controller judges the others and writes them all.
//!
//! INVALID_REQUEST: a key twice, no value where one is needed, or a resource that is another node's or unknown.
//! INVALID_CONFIG: a value or a key that cannot be, or one that cannot be changed while the node runs. A resource's
//! changes are made all or none.

use super::config_changes::{self, Change, invalid_request};
use super::context::Call;
use super::forward;
use super::permissions;
use crate::config::Config;
use crate::config::dynamic::Operation;
use crate::error::ApiError;
use crate::logging;
use crate::metadata::Image;
use crate::metadata::configs::ResourceType;
use crate::wire::messages::incremental_alter_configs::{
    AlterConfigsResource, AlterConfigsResourceResponse, AlterableConfig,
    IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
};

/// What is asked where settings of the cluster, of a topic, and of a group are to change.
const ROWS: [&permissions::Ask; 3] = [
    &permissions::INCREMENT_CONFIGS,
    &permissions::INCREMENT_TOPIC_CONFIGS,
    &permissions::INCREMENT_GROUP_CONFIGS,
];

pub(crate) async fn handle(
    call: Call,
    request: IncrementalAlterConfigsRequest,
) -> IncrementalAlterConfigsResponse {
    let image = call.context.image();
    let config = config_changes::current_config(&call.context, &image);
    let resources = &request.resources;
    let judge = |resource: &_| judge(&config, &image, resource);
    let judged = config_changes::judge_all(
        &call,
        ROWS,
        resources,
        id,
        Some(ResourceType::BROKER_LOGGER),
        judge,
    );
    let answer_loggers = |(resource, judgement): (&_, Result<(), _>)| {
        judgement.map(|()| is_logger(resource).then(|| done(resource, request.validate_only)))
    };
    let judged = resources.iter().zip(judged).map(answer_loggers).collect();
    let ask = async |resources| {
        let passed_on = IncrementalAlterConfigsRequest { resources, ..request.clone() };
        Ok(forward::ask(&call, passed_on, None).await?.responses)
    };
    let answers = config_changes::pass_on(resources, judged, ask).await;
    let merge = |(resource, answer): (&_, Result<_, _>)| {
        answer.unwrap_or_else(|error| refused(resource, &error))
    };
    let responses = resources.iter().zip(answers).map(merge).collect();
    IncrementalAlterConfigsResponse { responses, ..Default::default() }
}

fn id(resource: &AlterConfigsResource) -> (i8, &str) {
    (resource.resource_type, &resource.resource_name)
}

fn is_logger(resource: &AlterConfigsResource) -> bool {
    ResourceType(resource.resource_type) == ResourceType::BROKER_LOGGER
}

/// Log levels are this node's own: they hold until it stops, and nobody else hears of them.
fn change_levels(resource: &AlterConfigsResource) {
    let change = |change: &'_ AlterableConfig| {
        let is_set = Operation::from_code(change.config_operation) == Some(Operation::Set);
        (change.name.clone(), change.value.clone().filter(|_| is_set))
    };
    let changes: Vec<_> = resource.configs.iter().map(change).collect();
    logging::change(changes.iter().map(|(name, level)| (name.as_str(), level.as_deref())));
}

fn done(resource: &AlterConfigsResource, validate_only: bool) -> AlterConfigsResourceResponse {
    if !validate_only {
        change_levels(resource);
    }
    AlterConfigsResourceResponse {
        error_message: None,
        resource_type: resource.resource_type,
        resource_name: resource.resource_name.clone(),
        ..Default::default()
    }
}

/// What this node has to say to a resource before the controller sees it.
fn judge(config: &Config, image: &Image, resource: &AlterConfigsResource) -> Result<(), ApiError> {
    let named: Vec<_> = resource
        .configs
        .iter()
        .map(|change| {
            let is_missing = change.value.is_none()
                && Operation::from_code(change.config_operation) != Some(Operation::Delete);
            (change.name.as_str(), is_missing)
        })
        .collect();
    config_changes::check_changes(&named)?;
    let mut changes = Vec::with_capacity(resource.configs.len());
    for change in &resource.configs {
        let operation = Operation::from_code(change.config_operation).ok_or_else(|| {
            invalid_request(format!("Unknown operations type {}", change.config_operation))
        })?;
        changes.push(Change { name: &change.name, operation, value: change.value.as_deref() });
    }
    let name = resource.resource_name.as_str();
    match ResourceType(resource.resource_type) {
        ResourceType::BROKER_LOGGER => config_changes::judge_loggers(config, name, &changes),
        ResourceType::BROKER => config_changes::judge_broker(config, image, name, &changes),
        ResourceType::TOPIC | ResourceType::CLIENT_METRICS | ResourceType::GROUP => Ok(()),
        ResourceType(other) => Err(invalid_request(format!("Unknown resource type {other}"))),
    }
}

fn refused(resource: &AlterConfigsResource, error: &ApiError) -> AlterConfigsResourceResponse {
    // Who may not touch log levels is told so without words.
    let silent = ResourceType(resource.resource_type) == ResourceType::BROKER_LOGGER
        && error.code == permissions::INCREMENT_CONFIGS.error;
    AlterConfigsResourceResponse {
        error_code: error.code.code(),
        error_message: (!silent).then(|| error.text().to_owned()),
        resource_type: resource.resource_type,
        resource_name: resource.resource_name.clone(),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: i8, name: &str, key: &str, operation: i8, value: Option<&str>) -> String {
        let config = Config::combined([]);
        let change = AlterableConfig {
            name: key.to_owned(),
            config_operation: operation,
            value: value.map(str::to_owned),
            ..Default::default()
        };
        let resource = AlterConfigsResource {
            resource_type: kind,
            resource_name: name.to_owned(),
            configs: vec![change],
            ..Default::default()
        };
        judge(&config, &Image::default(), &resource)
            .map_or_else(|error| error.to_string(), |()| "ok".to_owned())
    }

    #[test]
    fn a_node_judges_what_is_its_own() {
        for (kind, name, key, operation, value, says) in [
            (4, "1", "num.io.threads", 0, Some("9"), "ok"),
            (4, "", "num.io.threads", 0, Some("9"), "ok"),
            (4, "1", "log.dirs", 1, None, "ok"),
            (
                4,
                "1",
                "log.dirs",
                0,
                Some("/x"),
                "INVALID_REQUEST: Cannot update these configs dynamically: [log.dirs]",
            ),
            (
                4,
                "9",
                "num.io.threads",
                0,
                Some("9"),
                "INVALID_REQUEST: Unexpected broker id, expected 1, but received 9",
            ),
            (
                4,
                "abc",
                "num.io.threads",
                0,
                Some("9"),
                "INVALID_REQUEST: Node id must be an integer, but it is: abc",
            ),
            (4, "1", "log.cleanup.policy", 2, Some("compact"), "ok"),
            (
                4,
                "1",
                "num.io.threads",
                2,
                Some("1"),
                "INVALID_CONFIG: Config value append is not allowed for config key: num.io.threads",
            ),
            (
                4,
                "1",
                "no.such.key",
                2,
                Some("1"),
                "INVALID_CONFIG: Unknown config name: no.such.key",
            ),
            (4, "1", "no.such.key", 0, Some("1"), "ok"),
            (2, "t", "retention.ms", 0, Some("x"), "ok"),
            (
                2,
                "t",
                "retention.ms",
                0,
                None,
                "INVALID_REQUEST: Null value not supported for : retention.ms",
            ),
            (2, "t", "retention.ms", 9, Some("1"), "INVALID_REQUEST: Unknown operations type 9"),
            (99, "t", "retention.ms", 0, Some("1"), "INVALID_REQUEST: Unknown resource type 99"),
            (8, "1", "no.such", 0, Some("INFO"), "INVALID_CONFIG: Logger no.such does not exist!"),
        ] {
            assert_eq!(told(kind, name, key, operation, value), says);
        }
    }
}
