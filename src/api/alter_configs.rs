//! AlterConfigs (33), versions 0–2: a resource's settings replaced as a whole (KIP-133). IncrementalAlterConfigs took
//! its place; older clients still send it.

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
    let mut judged = judge_all(&config, &request);
    for (resource, judgement) in request.resources.iter().zip(&mut judged) {
        let (kind, name) = (resource.resource_type, resource.resource_name.as_str());
        if judgement.is_ok()
            && let Err(error) = config_changes::check_granted(&call, ROWS, kind, name)
        {
            *judgement = Err(error);
        }
    }
    let mut passed_on = AlterConfigsRequest { resources: Vec::new(), ..request.clone() };
    for (resource, judgement) in request.resources.iter().zip(&judged) {
        if judgement.is_ok() {
            passed_on.resources.push(resource.clone());
        }
    }
    let mut answers = Vec::new();
    let mut refusal = None;
    if !passed_on.resources.is_empty() {
        match forward::ask(&call, passed_on, None).await {
            Ok(response) => answers = response.responses,
            Err(code) => refusal = Some(ApiError::from(code)),
        }
    }
    let mut answers = answers.into_iter();
    let merge =
        |(resource, judgement): (&AlterConfigsResource, Result<(), ApiError>)| match judgement {
            Err(error) => refused(resource, &error),
            Ok(()) => match (&refusal, answers.next()) {
                (None, Some(answer)) => answer,
                (Some(error), _) => refused(resource, error),
                (None, None) => {
                    refused(resource, &invalid_request("the controller gave no answer"))
                }
            },
        };
    let responses = request.resources.iter().zip(judged).map(merge).collect();
    AlterConfigsResponse { responses, ..Default::default() }
}

fn judge_all(config: &Config, request: &AlterConfigsRequest) -> Vec<Result<(), ApiError>> {
    let id =
        |resource: &AlterConfigsResource| (resource.resource_type, resource.resource_name.clone());
    let ids: Vec<(i8, String)> = request.resources.iter().map(id).collect();
    let ids: Vec<(i8, &str)> = ids.iter().map(|(kind, name)| (*kind, name.as_str())).collect();
    let judge = |resource: &AlterConfigsResource| {
        config_changes::check_once(&ids, (resource.resource_type, &resource.resource_name))?;
        judge(config, resource)
    };
    request.resources.iter().map(judge).collect()
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
