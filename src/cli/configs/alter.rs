//! `--alter`: settings added and deleted, one by one (KIP-339).

use super::options::{Kind, Options};
use super::{ask, describe, users};
use crate::cli::options::Exception;
use crate::cli::say;
use crate::cli::tool::{self, Properties};
use crate::client::{ClientError, Cluster};
use crate::error::ErrorCode;
use crate::wire::messages::incremental_alter_configs::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequest,
};

const SET: i8 = 0;
const DELETE: i8 = 1;

/// `--alter`.
pub(super) async fn alter(cluster: &mut Cluster, options: &Options) -> Result<(), Exception> {
    let given = &options.given;
    let kind = options.kind;
    let entity = options.entity.clone().unwrap_or_default();
    let mut added = match given.value("add-config-file")? {
        Some(path) => tool::properties_of(path)?,
        None => Vec::new(),
    };
    check_keys(&added)?;
    if let Some(text) = given.value("add-config")? {
        added.extend(parse(text)?);
    }
    let deleted: Vec<_> = given
        .values("delete-config")
        .into_iter()
        .flat_map(|names| names.split(','))
        .map(|name| name.trim().to_owned())
        .collect();
    let Some(resource_type) = kind.resource_type() else {
        users::alter(cluster, options, &added, &deleted).await?;
        completed(kind, &entity);
        return Ok(());
    };
    if kind == Kind::BrokerLoggers {
        let names = added.iter().map(|(name, _)| name).chain(&deleted);
        check_loggers(cluster, options, &entity, names).await?;
    }
    let resource = AlterConfigsResource {
        resource_type,
        resource_name: entity.clone(),
        configs: operations(added, deleted),
        ..Default::default()
    };
    let request =
        IncrementalAlterConfigsRequest { resources: vec![resource], ..Default::default() };
    let answer = ask(cluster, options, &entity, &request).await.map_err(without_node)?;
    for result in answer.responses {
        let done = ClientError::check(result.error_code, result.error_message);
        done.map_err(|error| Exception::from(error).in_execution())?;
    }
    completed(kind, &entity);
    Ok(())
}

fn operations(added: Properties, deleted: Vec<String>) -> Vec<AlterableConfig> {
    let set = added.into_iter().map(|(name, value)| AlterableConfig {
        name,
        config_operation: SET,
        value: Some(value),
        ..Default::default()
    });
    let delete = deleted.into_iter().map(|name| AlterableConfig {
        name,
        config_operation: DELETE,
        value: Some(String::new()),
        ..Default::default()
    });
    set.chain(delete).collect()
}

/// Kafka's tool looks for a node that is not there until its time is over.
fn without_node(thrown: Exception) -> Exception {
    if !thrown.class.ends_with(".BrokerNotAvailableException") {
        return thrown;
    }
    Exception::new(
        &tool::exception_class(ErrorCode::RequestTimedOut),
        "Timed out waiting for a node assignment. Call: incrementalAlterConfigs",
    )
    .in_execution()
}

fn completed(kind: Kind, entity: &str) {
    say(&match entity.is_empty() {
        true => format!("Completed updating default config for {} in the cluster.\n", kind.name()),
        false => format!("Completed updating config for {} {entity}.\n", kind.one()),
    });
}

/// Keys of a file are looked at before they are sent.
fn check_keys(added: &Properties) -> Result<(), Exception> {
    let legal = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    match added.iter().find(|(name, _)| !name.chars().all(legal)) {
        Some((name, _)) => Err(Exception::illegal_argument(format!(
            "Invalid character found for config key: {name}"
        ))),
        None => Ok(()),
    }
}

async fn check_loggers<'a>(
    cluster: &mut Cluster,
    options: &Options,
    entity: &str,
    names: impl Iterator<Item = &'a String>,
) -> Result<(), Exception> {
    let known = describe::settings(cluster, options, entity).await?;
    let unknown: Vec<_> = names
        .filter(|name| !known.iter().any(|config| config.name == **name))
        .map(String::as_str)
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let names = unknown.join(",");
    Err(Exception::illegal_argument(format!("Invalid broker logger(s): {names}")))
}

/// `a=b,c=[d,e]`: commas within brackets belong to the value, brackets do not.
fn parse(text: &str) -> Result<Properties, Exception> {
    let mut parts = vec![String::new()];
    let mut depth = 0_i32;
    for letter in text.chars() {
        match letter {
            '[' => depth += 1,
            ']' => depth -= 1,
            ',' if depth <= 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
    }
    let mut properties = Properties::new();
    for part in parts {
        let Some((name, value)) = part.split_once('=') else {
            return Err(Exception::illegal_argument(
                "requirement failed: Invalid entity config: all configs to be added must be in the format \"key=val\" or \"key=[val1,val2]\" to group values which contain commas.",
            ));
        };
        let value = value.replace(['[', ']'], "");
        properties.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    Ok(properties)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_with_lists() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            parse("a=1,b=[x,y],c="),
            Ok(vec![pair("a", "1"), pair("b", "x,y"), pair("c", "")])
        );
        assert!(parse("a").is_err());
    }
}
