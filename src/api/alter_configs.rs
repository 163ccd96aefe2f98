//! AlterConfigs (33), versions 0–2: a resource's settings replaced as a whole (KIP-133). IncrementalAlterConfigs took
//! its place; older clients still send it.
//!
//! What is not named goes back to its default, which is why nobody should use it: two clients that change different
//! keys undo each other.

use super::config_changes::{self, invalid_request};
use super::context::Call;
use super::forward;
use super::permissions;
use crate::config::Config;
use crate::config::dynamic::{self, Settings};
use crate::error::ApiError;
use crate::metadata::configs::ResourceType;
use crate::wire::messages::alter_configs::{
    AlterConfigsRequest, AlterConfigsResource, AlterConfigsResourceResponse, AlterConfigsResponse,
};

/// What is asked where settings of the cluster, of a topic, and of a group are to change.
const ROWS: [&permissions::Ask; 3] = [
    &permissions::ALTER_CONFIGS,
    &permissions::ALTER_TOPIC_CONFIGS,
    &permissions::ALTER_GROUP_CONFIGS,
];

pub(crate) async fn handle(call: Call, request: AlterConfigsRequest) -> AlterConfigsResponse {
    let config = config_changes::current_config(&call.context, &call.context.image());
    let resources = &request.resources;
    let judged = config_changes::judge_all(&call, ROWS, resources, id, None, |resource| {
        judge(&config, resource)
    });
    let judged = judged.into_iter().map(|judgement| judgement.map(|()| None)).collect();
    let ask = async |resources| {
        let passed_on = AlterConfigsRequest { resources, ..request.clone() };
        Ok(forward::ask(&call, passed_on, None).await?.responses)
    };
    let answers = config_changes::pass_on(resources, judged, ask).await;
    let merge = |(resource, answer): (&_, Result<_, _>)| {
        answer.unwrap_or_else(|error| refused(resource, &error))
    };
    let responses = resources.iter().zip(answers).map(merge).collect();
    AlterConfigsResponse { responses, ..Default::default() }
}

fn id(resource: &AlterConfigsResource) -> (i8, &str) {
    (resource.resource_type, &resource.resource_name)
}

fn judge(config: &Config, resource: &AlterConfigsResource) -> Result<(), ApiError> {
    let change = |(name, value): (&'_ str, Option<&'_ str>)| {
        (name.to_owned(), value.unwrap_or_default().to_owned())
    };
    let pairs =
        || resource.configs.iter().map(|change| (change.name.as_str(), change.value.as_deref()));
    let changes: Vec<_> = pairs().map(|(name, value)| (name, value.is_none())).collect();
    config_changes::check_changes(&changes)?;
    let name = resource.resource_name.as_str();
    match ResourceType(resource.resource_type) {
        ResourceType::BROKER => {
            if !name.is_empty() {
                config_changes::check_node(config, name)?;
            }
            let settings: Settings = pairs().map(change).collect();
            dynamic::validate_broker(config, &settings, !name.is_empty())
        }
        ResourceType::TOPIC | ResourceType::CLIENT_METRICS | ResourceType::GROUP => Ok(()),
        ResourceType(other) => Err(invalid_request(format!("Unknown resource type {other}"))),
    }
}

fn refused(resource: &AlterConfigsResource, error: &ApiError) -> AlterConfigsResourceResponse {
    AlterConfigsResourceResponse {
        error_code: error.code.code(),
        error_message: Some(error.text().to_owned()),
        resource_type: resource.resource_type,
        resource_name: resource.resource_name.clone(),
        ..Default::default()
    }
}
