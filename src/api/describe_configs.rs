//! DescribeConfigs (32), versions 1–4: settings with their sources and synonyms (KIP-226), types and documentation
//! (KIP-569).
//!
//! A broker describes itself and nobody else; of topics, groups and client metrics subscriptions it tells what the
//! cluster's metadata and its own file make of them.
//!
//! Errors of a resource: INVALID_REQUEST (another broker, or an empty name), UNKNOWN_TOPIC_OR_PARTITION,
//! INVALID_TOPIC_EXCEPTION. Values of passwords are never told, only that there is one. Which keys are told of a topic,
//! of a group and of a broker is the same table that judges changes: `config::describe`.

use super::config_changes::{check_granted, current_config};
use super::context::Call;
use super::permissions;
use crate::config::Config;
use crate::config::describe::{self, Entry};
use crate::config::dynamic::Settings;
use crate::config::keys::Kind;
use crate::controller::names;
use crate::error::{ApiError, ErrorCode};
use crate::logging;
use crate::metadata::Image;
use crate::metadata::configs::ResourceType;
use crate::types::NodeId;
use crate::wire::messages::describe_configs::{
    DescribeConfigsRequest, DescribeConfigsResource, DescribeConfigsResourceResult,
    DescribeConfigsResponse, DescribeConfigsResult, DescribeConfigsSynonym,
};

pub(crate) async fn handle(call: Call, request: DescribeConfigsRequest) -> DescribeConfigsResponse {
    let image = call.context.image();
    let config = current_config(&call.context, &image);
    let mut request = request;
    let denied = take_denied(&call, &mut request);
    let mut response = answer(&View { config: &config, image: &image }, &request);
    response.results.extend(denied);
    response
}

/// Takes out the resources whose settings who calls may not see, with what is told of each.
fn take_denied(call: &Call, request: &mut DescribeConfigsRequest) -> Vec<DescribeConfigsResult> {
    // A kind of resource that nobody knows spoils the whole request.
    let known = |resource: &DescribeConfigsResource| {
        ResourceType(resource.resource_type).name() != "UNKNOWN"
    };
    if !call.is_guarded() || !request.resources.iter().all(known) {
        return Vec::new();
    }
    const ROWS: [&permissions::Ask; 3] = [
        &permissions::DESCRIBE_CONFIGS,
        &permissions::DESCRIBE_TOPIC_CONFIGS,
        &permissions::DESCRIBE_GROUP_CONFIGS,
    ];
    let mut denied = Vec::new();
    request.resources.retain(|resource| {
        let (resource_type, name) = (resource.resource_type, resource.resource_name.as_str());
        let granted = check_granted(call, ROWS, (resource_type, name));
        if let Err(error) = &granted {
            denied.push(DescribeConfigsResult {
                error_code: error.code.code(),
                error_message: error.message.clone(),
                resource_type,
                resource_name: name.to_owned(),
                ..Default::default()
            });
        }
        granted.is_ok()
    });
    denied
}

/// What there is to describe.
struct View<'a> {
    config: &'a Config,
    image: &'a Image,
}

fn answer(view: &View<'_>, request: &DescribeConfigsRequest) -> DescribeConfigsResponse {
    // A kind of resource that nobody knows spoils the whole request.
    let known = |resource: &DescribeConfigsResource| {
        ResourceType(resource.resource_type).name() != "UNKNOWN"
    };
    let sane = request.resources.iter().all(known);
    let describe = |resource: &DescribeConfigsResource| {
        let entries = match sane {
            true => view.entries(ResourceType(resource.resource_type), &resource.resource_name),
            false => {
                Err(ApiError::new(ErrorCode::InvalidRequest, ErrorCode::InvalidRequest.message()))
            }
        };
        let mut result = DescribeConfigsResult {
            resource_type: resource.resource_type,
            resource_name: resource.resource_name.clone(),
            ..Default::default()
        };
        match entries {
            Ok(entries) => {
                let wanted = resource.configuration_keys.as_deref().unwrap_or_default();
                let is_wanted = |entry: &Entry| wanted.is_empty() || wanted.contains(&entry.name);
                let chosen = entries.into_iter().filter(is_wanted);
                result.configs = chosen.map(|entry| shown(entry, request)).collect();
            }
            Err(error) => {
                result.error_code = error.code.code();
                result.error_message = Some(error.message.unwrap_or_default());
            }
        }
        result
    };
    let results = request.resources.iter().map(describe).collect();
    DescribeConfigsResponse { results, ..Default::default() }
}

impl View<'_> {
    fn entries(&self, kind: ResourceType, name: &str) -> Result<Vec<Entry>, ApiError> {
        let none = Settings::new();
        let settings = self.image.configs.get(kind, name).map_or(&none, |settings| settings);
        let named = |what: &str| match name.is_empty() {
            true => Err(invalid_request(format!("{what} must not be empty"))),
            false => Ok(()),
        };
        match kind {
            ResourceType::TOPIC => {
                names::validate(name)?;
                self.image.topics.by_name(name).ok_or(ErrorCode::UnknownTopicOrPartition)?;
                Ok(describe::describe_topic(self.config, settings))
            }
            ResourceType::BROKER if name.is_empty() => {
                Ok(describe::describe_broker_default(self.config))
            }
            ResourceType::BROKER => {
                self.check_node(name, " or empty string,")?;
                Ok(describe::describe_broker(self.config))
            }
            ResourceType::BROKER_LOGGER => {
                named("Broker id")?;
                self.check_node(name, "")?;
                Ok(describe::describe_loggers(&logging::levels()))
            }
            ResourceType::CLIENT_METRICS => {
                named("Client metrics subscription name")?;
                Ok(describe::describe_client_metrics(settings))
            }
            _ => {
                named("Group name")?;
                Ok(describe::describe_group(self.config, settings))
            }
        }
    }

    fn check_node(&self, name: &str, or: &str) -> Result<(), ApiError> {
        let own = self.config.node_id();
        match name.parse::<NodeId>() {
            Ok(id) if id == own => Ok(()),
            Ok(_) => Err(invalid_request(format!(
                "Unexpected broker id, expected {own}{or} but received {name}"
            ))),
            Err(_) => {
                Err(invalid_request(format!("Broker id must be an integer, but it is: {name}")))
            }
        }
    }
}

fn invalid_request(why: String) -> ApiError {
    ApiError::new(ErrorCode::InvalidRequest, why)
}

fn shown(entry: Entry, request: &DescribeConfigsRequest) -> DescribeConfigsResourceResult {
    let synonyms = match request.include_synonyms {
        true => entry.synonyms,
        false => Vec::new(),
    };
    let synonym = |synonym: describe::Synonym| DescribeConfigsSynonym {
        name: synonym.name,
        value: synonym.value,
        source: synonym.source.code(),
        ..Default::default()
    };
    DescribeConfigsResourceResult {
        name: entry.name,
        value: entry.value,
        read_only: entry.read_only,
        config_source: entry.source.code(),
        is_sensitive: entry.sensitive,
        synonyms: synonyms.into_iter().map(synonym).collect(),
        config_type: entry.kind.map_or(0, Kind::code),
        documentation: entry
            .documentation
            // Kafka has none for loggers, and always says so.
            .filter(|text| request.include_documentation || text.is_empty())
            .map(str::to_owned),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(kind: ResourceType, name: &str, keys: Option<&[&str]>) -> DescribeConfigsResult {
        let config = Config::combined([("super.users", "User:admin")]);
        let resource = DescribeConfigsResource {
            resource_type: kind.0,
            resource_name: name.to_owned(),
            configuration_keys: keys.map(|keys| keys.iter().map(|key| (*key).to_owned()).collect()),
            ..Default::default()
        };
        let request = DescribeConfigsRequest {
            resources: vec![resource],
            include_synonyms: true,
            include_documentation: true,
            ..Default::default()
        };
        let view = View { config: &config, image: &Image::default() };
        answer(&view, &request).results.pop().expect("a result")
    }

    #[test]
    fn a_broker_describes_itself() {
        let all = ask(ResourceType::BROKER, "1", None);
        assert!((all.error_code, all.configs.len()) == (0, 341), "{}", all.configs.len());
        let some =
            ask(ResourceType::BROKER, "1", Some(&["num.io.threads", "super.users", "no.such"]));
        let [threads, users] = &some.configs[..] else {
            panic!("two were asked for: {:?}", some.configs)
        };
        assert_eq!(
            (threads.value.as_deref(), threads.config_type, threads.config_source),
            (Some("8"), 3, 5)
        );
        assert!(!threads.read_only && threads.documentation.is_some());
        assert_eq!(
            (users.value.as_deref(), users.is_sensitive, users.config_source),
            (None, true, 4)
        );
    }

    #[test]
    fn what_cannot_be_described() {
        for (kind, name, says) in [
            (
                ResourceType::BROKER,
                "9",
                "Unexpected broker id, expected 1 or empty string, but received 9",
            ),
            (ResourceType::BROKER, "abc", "Broker id must be an integer, but it is: abc"),
            (ResourceType::BROKER_LOGGER, "", "Broker id must not be empty"),
            (ResourceType::BROKER_LOGGER, "9", "Unexpected broker id, expected 1 but received 9"),
            (ResourceType::GROUP, "", "Group name must not be empty"),
            (
                ResourceType::CLIENT_METRICS,
                "",
                "Client metrics subscription name must not be empty",
            ),
            (ResourceType(77), "x", ErrorCode::InvalidRequest.message()),
        ] {
            let result = ask(kind, name, None);
            assert_eq!((result.error_code, result.error_message.as_deref()), (42, Some(says)));
        }
        let result = ask(ResourceType::TOPIC, "none", None);
        assert_eq!((result.error_code, result.error_message.as_deref()), (3, Some("")));
        assert_eq!(ask(ResourceType::TOPIC, "a/b", None).error_code, 17);
    }
}
