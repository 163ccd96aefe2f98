//! `kafka-client-metrics`: subscriptions to clients' metrics (KIP-714), with Kafka's options, words and exit codes.

use super::options::{Exception, Given, Stop, Usage};
use super::{complain, say, tool};
use crate::client::{ClientError, Cluster};
use crate::types::Uuid;
use crate::wire::messages::describe_configs::{
    DescribeConfigsRequest, DescribeConfigsResource, DescribeConfigsResourceResult,
};
use crate::wire::messages::incremental_alter_configs::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequest,
};
use crate::wire::messages::list_config_resources::ListConfigResourcesRequest;

const USAGE: Usage = Usage::new(include_str!("usage/client-metrics.txt"));
const LOGGER: &str = "org.apache.kafka.tools.ClientMetricsCommand";
/// The number of the kind of resource.
const CLIENT_METRICS: i8 = 16;
const SET: i8 = 0;
const DELETE: i8 = 1;
/// Options, and the settings that they are for, in the order of Java's map.
const SETTINGS: [(&str, &str); 3] =
    [("interval", "interval.ms"), ("match", "match"), ("metrics", "metrics")];

/// Runs the tool. The process's exit code.
pub(super) fn run(args: &[String]) -> i32 {
    let given = match options(args) {
        Ok(given) => given,
        Err(stop) => {
            return tool::stopped(stop, &USAGE, |thrown| {
                complain(&format!("{}\n{}\n", thrown.message, thrown.trace()));
                1
            });
        }
    };
    let work = async {
        let mut cluster = tool::admin_cluster(&given, "bootstrap-server")?;
        match () {
            () if given.has("alter") => alter(&mut cluster, &given).await,
            () if given.has("describe") => describe(&mut cluster, &given).await,
            () if given.has("delete") => delete(&mut cluster, &given).await,
            () => list(&mut cluster).await,
        }
    };
    match tool::run(work) {
        Ok(()) => 0,
        Err(thrown) => {
            let says = &thrown.message;
            say(&format!("Error while executing client metrics command : {says}\n"));
            tool::log_error(&thrown.trace(), LOGGER);
            1
        }
    }
}

fn options(args: &[String]) -> Result<Given, Stop> {
    let given = USAGE.parse_some(args)?;
    let actions = ["alter", "delete", "describe", "list"];
    if actions.iter().filter(|action| given.has(action)).count() != 1 {
        return Err(Stop::Usage(
            "Command must include exactly one action: --alter, --delete, --describe or --list."
                .to_owned(),
        ));
    }
    let wrong = |why: &str| Err(Stop::Throw(Exception::illegal_argument(why)));
    if !given.has("bootstrap-server") {
        return wrong("--bootstrap-server must be specified.");
    }
    let others = ["generate-name", "interval", "match", "metrics"];
    given.exclude("delete", &others)?;
    given.exclude("describe", &others)?;
    given.exclude("list", &["name", "generate-name", "interval", "match", "metrics"])?;
    if given.has("alter") && given.has("name") == given.has("generate-name") {
        return wrong("One of --name or --generate-name must be specified with --alter.");
    }
    if given.has("delete") && !given.has("name") {
        return wrong("A client metrics resource name must be specified with --delete.");
    }
    Ok(given)
}

async fn alter(cluster: &mut Cluster, given: &Given) -> Result<(), Exception> {
    let name = match given.value("name")? {
        Some(name) => name.to_owned(),
        None => Uuid::random().to_string(),
    };
    let mut configs = Vec::new();
    for (option, setting) in SETTINGS {
        if given.has(option) {
            configs.push(change(setting, &given.values(option).join(",")));
        }
    }
    send(cluster, &name, configs).await?;
    say(&format!("Altered client metrics config for {name}.\n"));
    Ok(())
}

/// Sets a value; nothing deletes it.
fn change(name: &str, value: &str) -> AlterableConfig {
    AlterableConfig {
        name: name.to_owned(),
        config_operation: if value.is_empty() { DELETE } else { SET },
        value: Some(value.to_owned()),
        ..Default::default()
    }
}

async fn send(
    cluster: &mut Cluster,
    name: &str,
    configs: Vec<AlterableConfig>,
) -> Result<(), Exception> {
    let resource = AlterConfigsResource {
        resource_type: CLIENT_METRICS,
        resource_name: name.to_owned(),
        configs,
        ..Default::default()
    };
    let request =
        IncrementalAlterConfigsRequest { resources: vec![resource], ..Default::default() };
    for result in cluster.ask(&request).await?.responses {
        ClientError::check(result.error_code, result.error_message)?;
    }
    Ok(())
}

async fn delete(cluster: &mut Cluster, given: &Given) -> Result<(), Exception> {
    let name = given.value("name")?.unwrap_or_default().to_owned();
    let known = settings(cluster, &name).await?;
    let configs = known.iter().map(|config| change(&config.name, "")).collect();
    send(cluster, &name, configs).await?;
    say(&format!("Deleted client metrics config for {name}.\n"));
    Ok(())
}

async fn describe(cluster: &mut Cluster, given: &Given) -> Result<(), Exception> {
    let known = names(cluster).await?;
    let wanted = match given.value("name")? {
        Some(name) if !known.iter().any(|known| known == name) => {
            say(&format!(
                "The client metric resource {name} doesn't exist and doesn't have dynamic config.\n"
            ));
            return Ok(());
        }
        Some(name) => vec![name.to_owned()],
        None => known,
    };
    for name in wanted {
        let mut text = format!("Client metrics configs for {name} are:\n");
        for config in settings(cluster, &name).await? {
            let value = config.value.unwrap_or_else(|| "null".to_owned());
            text.push_str(&format!("  {}={value}\n", config.name));
        }
        say(&text);
    }
    Ok(())
}

async fn list(cluster: &mut Cluster) -> Result<(), Exception> {
    let names = names(cluster).await?;
    say(&format!("{}\n", names.join("\n")));
    Ok(())
}

async fn names(cluster: &mut Cluster) -> Result<Vec<String>, Exception> {
    let request =
        ListConfigResourcesRequest { resource_types: vec![CLIENT_METRICS], ..Default::default() };
    let answer = cluster.ask(&request).await?;
    ClientError::check(answer.error_code, None)?;
    Ok(answer.config_resources.into_iter().map(|resource| resource.resource_name).collect())
}

async fn settings(
    cluster: &mut Cluster,
    name: &str,
) -> Result<Vec<DescribeConfigsResourceResult>, Exception> {
    let resource = DescribeConfigsResource {
        resource_type: CLIENT_METRICS,
        resource_name: name.to_owned(),
        configuration_keys: None,
        ..Default::default()
    };
    let request = DescribeConfigsRequest { resources: vec![resource], ..Default::default() };
    let mut configs = Vec::new();
    for result in cluster.ask(&request).await?.results {
        ClientError::check(result.error_code, result.error_message)?;
        configs.extend(result.configs);
    }
    configs.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(configs)
}
