//! `--describe`: the settings of one entity or of all of a kind, with where they come from.

use super::options::{Kind, Options};
use super::{ask, users};
use crate::cli::options::Exception;
use crate::cli::say;
use crate::client::{ClientError, Cluster};
use crate::wire::messages::describe_configs::{
    DescribeConfigsRequest, DescribeConfigsResource, DescribeConfigsResourceResult,
};
use crate::wire::messages::list_config_resources::ListConfigResourcesRequest;
use crate::wire::messages::list_groups::ListGroupsRequest;

/// Where settings come from, by DescribeConfigs's number.
const SOURCES: [&str; 9] = [
    "UNKNOWN",
    "DYNAMIC_TOPIC_CONFIG",
    "DYNAMIC_BROKER_CONFIG",
    "DYNAMIC_DEFAULT_BROKER_CONFIG",
    "STATIC_BROKER_CONFIG",
    "DEFAULT_CONFIG",
    "DYNAMIC_BROKER_LOGGER_CONFIG",
    "DYNAMIC_CLIENT_METRICS_CONFIG",
    "DYNAMIC_GROUP_CONFIG",
];

/// `--describe`.
pub(super) async fn describe(cluster: &mut Cluster, options: &Options) -> Result<(), Exception> {
    let kind = options.kind;
    if kind.resource_type().is_none() {
        return users::describe(cluster, options).await;
    }
    let existing =
        if options.by_controller() { None } else { Some(entities(cluster, kind).await?) };
    let entities = match (&options.entity, existing) {
        (Some(name), Some(existing)) if !name.is_empty() && !existing.contains(name) => {
            say(&format!(
                "The {} '{name}' doesn't exist and doesn't have dynamic config.\n",
                kind.one()
            ));
            return Ok(());
        }
        (Some(name), _) => vec![name.clone()],
        (None, Some(mut existing)) => {
            if kind == Kind::Brokers {
                existing.push(String::new());
            }
            existing
        }
        (None, None) => vec![String::new()],
    };
    let all = options.given.has("all");
    for entity in entities {
        let which = if all { "All" } else { "Dynamic" };
        let mut text = match entity.is_empty() {
            true => format!("Default configs for {} in the cluster are:\n", kind.name()),
            false => format!("{which} configs for {} {entity} are:\n", kind.one()),
        };
        let source = kind.source(entity.is_empty()).filter(|_| !all);
        for config in settings(cluster, options, &entity).await? {
            if source.is_none_or(|source| source == config.config_source) {
                text.push_str(&line(&config));
            }
        }
        say(&text);
    }
    Ok(())
}

/// The settings of an entity, by name.
pub(super) async fn settings(
    cluster: &mut Cluster,
    options: &Options,
    entity: &str,
) -> Result<Vec<DescribeConfigsResourceResult>, Exception> {
    let resource = DescribeConfigsResource {
        resource_type: options.kind.resource_type().unwrap_or_default(),
        resource_name: entity.to_owned(),
        configuration_keys: None,
        ..Default::default()
    };
    let request = DescribeConfigsRequest {
        resources: vec![resource],
        include_synonyms: true,
        ..Default::default()
    };
    let answer = ask(cluster, options, entity, &request).await?;
    let mut configs = Vec::new();
    for result in answer.results {
        let found = ClientError::check(result.error_code, result.error_message);
        found.map_err(|error| Exception::from(error).in_execution())?;
        configs.extend(result.configs);
    }
    configs.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(configs)
}

/// The entities of a kind that are there or have settings.
async fn entities(cluster: &mut Cluster, kind: Kind) -> Result<Vec<String>, Exception> {
    let mut names: Vec<String> = match kind {
        Kind::Topics => {
            let answer = cluster.metadata(None, true).await?;
            answer.topics.into_iter().filter_map(|topic| topic.name).collect()
        }
        Kind::Brokers | Kind::BrokerLoggers => {
            cluster.metadata(Some(&[]), false).await?;
            cluster.nodes().map(|node| node.id.to_string()).collect()
        }
        _ => {
            let request = ListConfigResourcesRequest {
                resource_types: kind.resource_type().into_iter().collect(),
                ..Default::default()
            };
            let answer = cluster.ask(&request).await?;
            ClientError::check(answer.error_code, None)?;
            answer.config_resources.into_iter().map(|resource| resource.resource_name).collect()
        }
    };
    if kind == Kind::Groups {
        let answer = cluster.ask(&ListGroupsRequest::default()).await?;
        names.extend(answer.groups.into_iter().map(|group| group.group_id));
    }
    names.sort();
    names.dedup();
    Ok(names)
}

fn line(config: &DescribeConfigsResourceResult) -> String {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
    let synonyms = config.synonyms.iter().map(|synonym| {
        let source = usize::try_from(synonym.source).ok().and_then(|source| SOURCES.get(source));
        let source = source.copied().unwrap_or("UNKNOWN");
        format!("{source}:{}={}", synonym.name, value(&synonym.value))
    });
    format!(
        "  {}={} sensitive={} synonyms={{{}}}\n",
        config.name,
        value(&config.value),
        config.is_sensitive,
        synonyms.collect::<Vec<_>>().join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::messages::describe_configs::DescribeConfigsSynonym;

    #[test]
    fn a_settings_line() {
        let synonym = |name: &str, value: &str, source| DescribeConfigsSynonym {
            name: name.to_owned(),
            value: Some(value.to_owned()),
            source,
            ..Default::default()
        };
        let config = DescribeConfigsResourceResult {
            name: "retention.bytes".to_owned(),
            value: Some("7".to_owned()),
            synonyms: vec![
                synonym("retention.bytes", "7", 1),
                synonym("log.retention.bytes", "-1", 5),
            ],
            ..Default::default()
        };
        assert_eq!(
            line(&config),
            "  retention.bytes=7 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.bytes=7, DEFAULT_CONFIG:log.retention.bytes=-1}\n"
        );
    }
}
