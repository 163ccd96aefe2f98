//! What IncrementalAlterConfigs and AlterConfigs share: a node judges changes of its own settings itself, and passes
//! the rest on to the controller.
//!
//! As Kafka's ConfigAdminManager: a broker's settings can only be judged by that broker, since the file that they lie
//! over is its own; log levels are changed here and never travel. All else is the controller's to judge. So a request
//! with several resources is taken apart, and the answers put together again in its order:
//!
//! ```text
//! resources ─► judge_all ─► refused here    ─────────────────────────────►─┐
//!                       ├─► done here (log levels)  ─────────────────────►─┤─► answers, in the request's order
//!                       └─► nothing against it ─► controller, all at once ─┘
//! ```

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::context::{Call, Context};
use super::permissions::Ask;
use crate::broker::settings;
use crate::config::Config;
use crate::config::dynamic::{self, Operation, Settings};
use crate::error::{ApiError, ErrorCode};
use crate::logging;
use crate::metadata::Image;
use crate::metadata::configs::ResourceType;
use crate::types::NodeId;

/// This node's configuration with what the metadata of this moment sets for it, be it in force already or not.
pub(super) fn current_config(context: &Context, image: &Image) -> Arc<Config> {
    let config = context.config.load_full();
    match settings::overlaid(&config, &image.configs) {
        Some(changed) => Arc::new(changed),
        None => config,
    }
}

pub(super) fn invalid_request(why: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::InvalidRequest, why)
}

/// What both requests know a resource by: its type and its name.
type Id<'a> = (i8, &'a str);

/// Judges every resource by itself, once it is known to be named once; then asks whether who calls may touch it.
/// `rows` are for the cluster, topics, and groups, in this order. Of `asked_first`,
/// who may not touch it is told that before all else.
pub(super) fn judge_all<'a, R>(
    call: &Call,
    rows: [&Ask; 3],
    resources: &'a [R],
    id: impl Fn(&'a R) -> Id<'a>,
    asked_first: Option<ResourceType>,
    judge: impl Fn(&R) -> Result<(), ApiError>,
) -> Vec<Result<(), ApiError>> {
    let mut named: HashMap<Id<'_>, usize> = HashMap::new();
    for resource in resources {
        *named.entry(id(resource)).or_default() += 1;
    }
    let judge = |resource: &'a R| {
        let judgement = check_once(&named, id(resource)).and_then(|()| judge(resource));
        let is_asked_first = asked_first == Some(ResourceType(id(resource).0));
        match judgement {
            Err(error) if !is_asked_first => Err(error),
            judgement => check_granted(call, rows, id(resource)).and(judgement),
        }
    };
    resources.iter().map(judge).collect()
}

/// Passes on the resources that nothing was found against and that this node has not answered itself. The answers of
/// all, in the order of the request.
pub(super) async fn pass_on<R: Clone, A>(
    resources: &[R],
    judged: Vec<Result<Option<A>, ApiError>>,
    ask: impl AsyncFnOnce(Vec<R>) -> Result<Vec<A>, ErrorCode>,
) -> Vec<Result<A, ApiError>> {
    let waits = |(_, judgement): &(&R, &Result<Option<A>, ApiError>)| matches!(judgement, Ok(None));
    // The controller answers in the order in which it was asked, so its answers fall into the gaps.
    let passed_on: Vec<R> =
        resources.iter().zip(&judged).filter(waits).map(|(r, _)| r.clone()).collect();
    let answers = if passed_on.is_empty() { Ok(Vec::new()) } else { ask(passed_on).await };
    let (answers, refusal) = match answers {
        Ok(answers) => (answers, invalid_request("the controller gave no answer")),
        Err(code) => (Vec::new(), ApiError::from(code)),
    };
    let mut answers = answers.into_iter();
    let settle = |judgement| match judgement {
        Ok(Some(answer)) => Ok(answer),
        Ok(None) => answers.next().ok_or_else(|| refusal.clone()),
        Err(error) => Err(error),
    };
    judged.into_iter().map(settle).collect()
}

/// Refuses settings that who calls may not touch. `rows` are for the cluster, topics, and groups, in this order.
pub(super) fn check_granted(
    call: &Call,
    rows: [&Ask; 3],
    (kind, name): Id<'_>,
) -> Result<(), ApiError> {
    let [cluster, topic, group] = rows;
    let granted = match ResourceType(kind) {
        ResourceType::TOPIC => call.check(topic, name),
        ResourceType::GROUP => call.check(group, name),
        _ => call.check_cluster(cluster),
    };
    granted.map_err(|code| ApiError::new(code, code.message()))
}

/// One change of one key, as both requests have it.
pub(super) struct Change<'a> {
    pub(super) name: &'a str,
    pub(super) operation: Operation,
    pub(super) value: Option<&'a str>,
}

/// Refuses a resource that is named more than once.
fn check_once(named: &HashMap<Id<'_>, usize>, resource: Id<'_>) -> Result<(), ApiError> {
    match named.get(&resource) {
        None | Some(1) => Ok(()),
        Some(_) => Err(invalid_request("Each resource must appear at most once.")),
    }
}

/// Refuses keys that appear twice, and those of `changes` (key, and whether it lacks a value that it needs) that lack
/// a value.
pub(super) fn check_changes(changes: &[(&str, bool)]) -> Result<(), ApiError> {
    let mut seen = BTreeSet::new();
    if !changes.iter().all(|(name, _)| seen.insert(name)) {
        return Err(invalid_request("Error due to duplicate config keys"));
    }
    let missing: Vec<&str> =
        changes.iter().filter(|(_, is_missing)| *is_missing).map(|(name, _)| *name).collect();
    if !missing.is_empty() {
        return Err(invalid_request(format!(
            "Null value not supported for : {}",
            missing.join(", ")
        )));
    }
    Ok(())
}

/// Refuses to speak for another node.
pub(super) fn check_node(config: &Config, name: &str) -> Result<(), ApiError> {
    let own = config.node_id();
    match name.parse::<NodeId>() {
        Ok(id) if id == own => Ok(()),
        Ok(_) => Err(invalid_request(format!(
            "Unexpected broker id, expected {own}, but received {name}"
        ))),
        Err(_) => Err(invalid_request(format!("Node id must be an integer, but it is: {name}"))),
    }
}

/// Judges what the changes make of this broker's settings, or with no name, of all brokers'.
pub(super) fn judge_broker(
    config: &Config,
    image: &Image,
    name: &str,
    changes: &[Change<'_>],
) -> Result<(), ApiError> {
    if !name.is_empty() {
        check_node(config, name)?;
    }
    let current = image.configs.get(ResourceType::BROKER, name);
    let mut after: Settings = current.map(|settings| (**settings).clone()).unwrap_or_default();
    for change in changes {
        let key = change.name;
        if matches!(change.operation, Operation::Append | Operation::Subtract) {
            check_list(key, change.operation)?;
        }
        let default = dynamic::default_list(dynamic::Owner::Broker, key);
        let value = change.value.unwrap_or_default();
        match change.operation.apply(after.get(key).map(String::as_str), default, value) {
            Some(value) => drop(after.insert(key.to_owned(), value)),
            None => drop(after.remove(key)),
        }
    }
    dynamic::validate_broker(config, &after, !name.is_empty())
}

fn check_list(key: &str, operation: Operation) -> Result<(), ApiError> {
    if dynamic::is_list(dynamic::Owner::Broker, key) {
        return Ok(());
    }
    let why = match crate::config::keys::find(crate::config::keys::BROKER, key) {
        None => format!("Unknown config name: {key}"),
        Some(_) => {
            format!(
                "Config value {} is not allowed for config key: {key}",
                operation.name().to_lowercase()
            )
        }
    };
    Err(ApiError::new(ErrorCode::InvalidConfig, why))
}

/// Judges changes of this node's log levels.
pub(super) fn judge_loggers(
    config: &Config,
    name: &str,
    changes: &[Change<'_>],
) -> Result<(), ApiError> {
    let own = config.node_id();
    match name.parse::<NodeId>() {
        Ok(id) if id != own => {
            return Err(invalid_request(format!(
                "Unexpected node id. Expected {own}, but received {id}"
            )));
        }
        _ => check_node(config, name)?,
    }
    let known = logging::levels();
    for change in changes {
        dynamic::validate_logger(&known, change.name, change.operation, change.value)?;
    }
    Ok(())
}
