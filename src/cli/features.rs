//! `kafka-features`: describes and changes the levels of features, with Kafka's options, words and exit codes.

use std::collections::{BTreeMap, BTreeSet};

use super::argparse::{Parsed, Program, Stop};
use super::options::Exception;
use super::storage::{release, requirements, version_mapping};
use super::tool::{self, terse};
use super::{complain, say};
use crate::client::{ClientError, Cluster};
use crate::metadata::features::{FEATURES, Feature, METADATA_VERSION, MetadataVersion};
use crate::types::NodeId;
use crate::wire::messages::api_versions::{ApiVersionsRequest, ApiVersionsResponse};
use crate::wire::messages::update_features::{FeatureUpdateKey, UpdateFeaturesRequest};

const TOOL: Program = Program {
    name: "kafka-features",
    help: include_str!("usage/features.txt"),
    commands: &[
        ("describe", include_str!("usage/features-describe.txt")),
        ("upgrade", include_str!("usage/features-upgrade.txt")),
        ("downgrade", include_str!("usage/features-downgrade.txt")),
        ("disable", include_str!("usage/features-disable.txt")),
        ("version-mapping", include_str!("usage/features-version-mapping.txt")),
        ("feature-dependencies", include_str!("usage/features-feature-dependencies.txt")),
    ],
};
const TIMEOUT_MS: i32 = 30_000;
/// Which way a level may move, by the protocol's numbers: up, down without loss, down whatever is lost.
const UPGRADE: i8 = 1;
const SAFE_DOWNGRADE: i8 = 2;
const UNSAFE_DOWNGRADE: i8 = 3;

/// The level of a feature that is wanted.
type Levels = BTreeMap<String, i16>;

/// Runs the tool. The process's exit code.
pub(super) fn run(args: &[String]) -> i32 {
    match TOOL.parse(args).and_then(|parsed| execute(&parsed)) {
        Ok(Ok(())) => 0,
        Ok(Err(thrown)) => {
            complain(&format!("{}\n", thrown.message));
            1
        }
        Err(Stop::Help(text)) => {
            say(text);
            0
        }
        Err(Stop::Wrong(wrong)) => {
            let why = wrong.message;
            complain(&format!("Command line error: {why}. Type --help for help.\n"));
            1
        }
    }
}

/// The outer error is of the command line.
fn execute(parsed: &Parsed) -> Result<Result<(), Exception>, Stop> {
    match parsed.command {
        "version-mapping" => return Ok(print_mapping(parsed)),
        "feature-dependencies" => return Ok(dependencies(parsed.values("feature"))),
        _ => {}
    }
    if !parsed.has("bootstrap-server") && !parsed.has("bootstrap-controller") {
        return Err(
            TOOL.wrong("You must specify either --bootstrap-controller or --bootstrap-server.")
        );
    }
    let node = TOOL.number::<NodeId>(parsed, "node-id", "Integer")?;
    Ok(tool::cluster_of(parsed, parsed.value("command-config")).and_then(|mut cluster| {
        tool::run(async {
            match parsed.command {
                "describe" => describe(&mut cluster, parsed, node).await,
                _ => change(&mut cluster, parsed).await,
            }
        })
    }))
}

fn print_mapping(parsed: &Parsed) -> Result<(), Exception> {
    let mapping = version_mapping(parsed.value("release-version"));
    say(&format!("{}\n", mapping.map_err(|failure| terse(failure.to_string()))?));
    Ok(())
}

fn dependencies(features: &[String]) -> Result<(), Exception> {
    for text in features {
        let (name, level) = name_and_level(text)?;
        let version = MetadataVersion::all(MetadataVersion::LATEST_TESTING);
        let line = if name == METADATA_VERSION {
            let version = version.into_iter().find(|version| version.level() == level);
            let version =
                version.ok_or_else(|| terse(format!("Unknown metadata.version {level}")))?;
            format!("{name}={level} ({version}) has no dependencies.")
        } else {
            let feature = Feature::find(&name);
            let feature = feature.ok_or_else(|| terse(format!("Unknown feature: {name}")))?;
            let known = feature.level(level);
            let missing = || terse(format!("No feature:{name} with feature level {level}"));
            requirements(&name, level, known.ok_or_else(missing)?)
        };
        say(&format!("{line}\n"));
    }
    Ok(())
}

fn name_and_level(text: &str) -> Result<(String, i16), Exception> {
    let refuse =
        |why: String| Err(terse(format!("Can't parse feature=level string {text}: {why}")));
    let Some((name, level)) = text.split_once('=') else {
        return refuse("equals sign not found.".to_owned());
    };
    let (name, level) = (name.trim(), level.trim());
    match level.parse() {
        Ok(level) => Ok((name.to_owned(), level)),
        Err(_) => refuse(format!("unable to parse {level} as a short.")),
    }
}

async fn describe(
    cluster: &mut Cluster,
    parsed: &Parsed,
    node: Option<NodeId>,
) -> Result<(), Exception> {
    let request = ApiVersionsRequest {
        client_software_name: "vltava".to_owned(),
        client_software_version: env!("CARGO_PKG_VERSION").to_owned(),
        ..Default::default()
    };
    let answer = match node {
        Some(id) => {
            let nodes = cluster.describe(parsed.has("bootstrap-controller"), true).await?.brokers;
            if !nodes.iter().any(|node| node.broker_id == id) {
                let why = "Timed out waiting for a node assignment. Call: describeFeatures";
                return Err(Exception::from(ClientError::Timeout(why.to_owned())).in_execution());
            }
            cluster.node(id).await?.ask(&request).await?
        }
        None => cluster.ask(&request).await?,
    };
    ClientError::check(answer.error_code, None)?;
    say(&table(&answer));
    Ok(())
}

fn table(answer: &ApiVersionsResponse) -> String {
    let shown = |name: &str, level: i16| match name {
        METADATA_VERSION => {
            let version = MetadataVersion::all(MetadataVersion::LATEST_TESTING)
                .find(|version| version.level() == level);
            version.map_or(format!("UNKNOWN [{level}]"), |version| version.name().to_owned())
        }
        _ => level.to_string(),
    };
    let finalized = |name: &str| {
        let found = answer.finalized_features.iter().find(|feature| feature.name == name);
        found.map_or(0, |feature| feature.max_version_level)
    };
    let epoch = match answer.finalized_features_epoch {
        -1 => "-".to_owned(),
        epoch => epoch.to_string(),
    };
    let mut supported: Vec<_> = answer.supported_features.iter().collect();
    supported.sort_by_key(|feature| feature.name.as_str());
    let line = |name: &str, min, max| {
        let (min, max) = (shown(name, min), shown(name, max));
        let level = shown(name, finalized(name));
        format!(
            "Feature: {name:<41} SupportedMinVersion: {min:<16} SupportedMaxVersion: {max:<16} \
             FinalizedVersionLevel: {level:<16} Epoch: {epoch}\n"
        )
    };
    supported.iter().map(|of| line(&of.name, of.min_version, of.max_version)).collect()
}

async fn change(cluster: &mut Cluster, parsed: &Parsed) -> Result<(), Exception> {
    let levels = wanted(parsed)?;
    let validate_only = parsed.has("dry-run");
    let upgrade_type = match parsed.command {
        "upgrade" => UPGRADE,
        _ if parsed.has("unsafe") => UNSAFE_DOWNGRADE,
        _ => SAFE_DOWNGRADE,
    };
    let update = |(name, level): (&String, &i16)| FeatureUpdateKey {
        feature: name.clone(),
        max_version_level: *level,
        upgrade_type,
        ..Default::default()
    };
    let request = UpdateFeaturesRequest {
        timeout_ms: TIMEOUT_MS,
        feature_updates: levels.iter().map(update).collect(),
        validate_only,
        ..Default::default()
    };
    let answer = cluster.ask(&request).await?;
    let whole = ClientError::check(answer.error_code, answer.error_message);
    let mut failures = BTreeMap::new();
    for name in levels.keys() {
        // From version 2 on features stand or fall together, and the answer names none of them.
        let own = answer.results.iter().find(|result| result.feature == *name);
        let own = own.map_or(Ok(()), |result| {
            ClientError::check(result.error_code, result.error_message.clone())
        });
        let error = own.err().map(|error| error.to_string());
        let error = error.or_else(|| whole.as_ref().err().map(ToString::to_string));
        failures.extend(error.map(|error| (name.clone(), error)));
    }
    report(parsed.command, &levels, &failures, validate_only)
}

fn report(
    command: &str,
    levels: &Levels,
    failures: &BTreeMap<String, String>,
    validate_only: bool,
) -> Result<(), Exception> {
    for (name, level) in levels {
        let disables = command == "disable";
        match failures.get(name) {
            Some(why) => {
                let could = if validate_only { "Can" } else { "Could" };
                let to = if disables { String::new() } else { format!(" to {level}") };
                say(&format!("{could} not {command} {name}{to}. {why}\n"));
            }
            None => {
                let was = if validate_only { "can be" } else { "was" };
                let to = if disables { String::new() } else { format!(" to {level}") };
                say(&format!("{name} {was} {command}d{to}.\n"));
            }
        }
    }
    if failures.is_empty() {
        return Ok(());
    }
    let (failed, all) = (failures.len(), levels.len());
    Err(terse(format!("{failed} out of {all} operation(s) failed.")))
}

/// The levels that a command line asks for.
fn wanted(parsed: &Parsed) -> Result<Levels, Exception> {
    let mut levels = Levels::new();
    let features = parsed.values("feature");
    let known = |text: &str| {
        let version = release(text, MetadataVersion::LATEST_TESTING);
        version.map_err(|failure| terse(failure.to_string()))
    };
    if parsed.command == "disable" {
        levels.extend(features.iter().map(|name| (name.clone(), 0)));
        let distinct: BTreeSet<_> = features.iter().collect();
        if let Some(twice) =
            distinct.iter().find(|n| features.iter().filter(|f| f == *n).count() > 1)
        {
            return Err(twice_given(twice));
        }
    } else if let Some(text) = parsed.value("release-version") {
        if !features.is_empty() || parsed.has("metadata") {
            return Err(terse("Can not specify `release-version` with other feature flags."));
        }
        let version = known(text)?;
        levels.insert(METADATA_VERSION.to_owned(), version.level());
        let all = FEATURES.iter().map(|feature| (feature.name, feature.kafka_default(version)));
        // Nobody upgrades to nothing.
        let all = all.filter(|(_, level)| *level > 0 || parsed.command != "upgrade");
        levels.extend(all.map(|(name, level)| (name.to_owned(), level)));
    } else {
        if let Some(text) = parsed.value("metadata") {
            say(" `metadata` flag is deprecated and may be removed in a future release.\n");
            levels.insert(METADATA_VERSION.to_owned(), known(text)?.level());
        }
        for text in features {
            let (name, level) = name_and_level(text)?;
            if levels.insert(name.clone(), level).is_some() {
                return Err(twice_given(&name));
            }
        }
    }
    if levels.is_empty() {
        let command = parsed.command;
        return Err(terse(format!("You must specify at least one feature to {command}")));
    }
    Ok(levels)
}

fn twice_given(name: &str) -> Exception {
    terse(format!("Feature {name} was specified more than once."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(line: &str) -> Result<Levels, String> {
        let line = format!("--bootstrap-server x {line}");
        let args: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        let parsed = TOOL.parse(&args).expect("it makes sense");
        wanted(&parsed).map_err(|thrown| thrown.message)
    }

    #[test]
    fn what_is_wanted() {
        let all = levels("upgrade --release-version 4.0").expect("a release");
        assert_eq!(all.get(METADATA_VERSION), Some(&25));
        assert_eq!((all.get("transaction.version"), all.get("share.version")), (Some(&2), None));
        assert_eq!(levels("disable --feature a"), Ok(Levels::from([("a".to_owned(), 0)])));
        assert_eq!(
            levels("upgrade --feature a=1 --feature a=2"),
            Err("Feature a was specified more than once.".to_owned())
        );
        assert_eq!(
            levels("downgrade"),
            Err("You must specify at least one feature to downgrade".to_owned())
        );
    }
}
