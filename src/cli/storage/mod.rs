//! `kafka-storage`: formats log directories and tells about them, about features and versions, with Kafka's options,
//! words and exit codes. The formatting itself is `node::format`'s.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::argparse::{Parsed, Program, Stop};
use crate::clock::Clock;
use crate::config::{Config, Sources};
use crate::error::Error;
use crate::log::files::disk::Disk;
use crate::log::meta_properties::MetaProperties;
use crate::metadata::features::{
    FEATURES, Feature, FeatureLevel, METADATA_VERSION, MetadataVersion,
};
use crate::node::format::{Failure, Request, parse_voters, standalone};
use crate::types::Uuid;

const STORAGE: Program = Program {
    name: "kafka-storage",
    help: include_str!("help/storage.txt"),
    commands: &[
        ("info", include_str!("help/info.txt")),
        ("format", include_str!("help/format.txt")),
        ("version-mapping", include_str!("help/version-mapping.txt")),
        ("feature-dependencies", include_str!("help/feature-dependencies.txt")),
        ("random-uuid", include_str!("help/random-uuid.txt")),
    ],
};

/// Runs the tool with the arguments behind its name, and returns the exit code.
pub(crate) fn run(args: &[String]) -> i32 {
    let mut out = BufWriter::new(io::stdout().lock());
    run_with(args, &mut out, &mut io::stderr().lock())
}

/// As `run`, printing elsewhere.
fn run_with(args: &[String], out: &mut dyn Write, err: &mut dyn Write) -> i32 {
    let outcome = match STORAGE.parse(args) {
        Ok(parsed) => execute(&parsed, out),
        Err(Stop::Help(text)) => write!(out, "{text}").map(|()| 0).map_err(failed_write),
        Err(Stop::Wrong(wrong)) => {
            write!(err, "{}", wrong.text()).map(|()| 1).map_err(failed_write)
        }
    };
    let flushed = out.flush().map_err(failed_write);
    match outcome.and_then(|code| flushed.map(|()| code)) {
        Ok(code) => code,
        Err(failure) => {
            // There is nobody left to tell when stderr is gone too.
            let _ = writeln!(err, "{failure}");
            1
        }
    }
}

fn failed_write(error: io::Error) -> Failure {
    Failure::Other(error.into())
}

fn execute(parsed: &Parsed, out: &mut dyn Write) -> Result<i32, Failure> {
    match parsed.command {
        "info" => info(&load(parsed)?, out).map_err(failed_write),
        "format" => format(parsed, &load(parsed)?, out).map(|()| 0),
        "version-mapping" => {
            let mapping = version_mapping(parsed.value("release-version"))?;
            writeln!(out, "{mapping}").map(|()| 0).map_err(failed_write)
        }
        "feature-dependencies" => feature_dependencies(parsed, out).map(|()| 0),
        _ => writeln!(out, "{}", Uuid::random()).map(|()| 0).map_err(failed_write),
    }
}

fn load(parsed: &Parsed) -> Result<Config, Failure> {
    let path = Path::new(parsed.value("config").unwrap_or_default());
    if !path.exists() {
        let path = path.display().to_string();
        return Err(Failure::Exception("java.nio.file.NoSuchFileException", path));
    }
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let sources =
        Sources { file: Some(path), variables: variables.collect(), overrides: Vec::new() };
    let (settings, _) = sources.settings()?;
    Config::from_map(settings).map_err(|error| match error {
        Error::Config(text) => {
            Failure::Exception("org.apache.kafka.common.config.ConfigException", text)
        }
        other => other.into(),
    })
}

fn format(parsed: &Parsed, config: &Config, out: &mut dyn Write) -> Result<(), Failure> {
    let now = Clock::System.now();
    let mut request = Request::new(config, parsed.value("cluster-id").unwrap_or_default(), now);
    request.ignore_formatted = parsed.has("ignore-formatted");
    request.scram = parsed.values("add-scram").to_vec();
    if let Some(text) = parsed.value("release-version") {
        request.release_version = Some(release(text, MetadataVersion::LATEST)?);
    }
    for text in parsed.values("feature") {
        let (name, level) = name_and_level(text)?;
        request.feature_levels.insert(name, level);
    }
    let initial = parsed.value("initial-controllers");
    if !request.has_dynamic_quorum && (initial.is_some() || parsed.has("standalone")) {
        return Err(terse(
            "You cannot specify controller.quorum.voters and format the node with --initial-controllers or \
             --standalone. If you want to use dynamic quorum, please remove controller.quorum.voters and specify \
             controller.quorum.bootstrap.servers instead.",
        ));
    }
    if let Some(text) = initial {
        request.initial_voters = Some(parse_voters(text)?);
    }
    if parsed.has("standalone") {
        request.initial_voters = Some(standalone(config)?);
    }
    let chosen = parsed.has("no-initial-controllers") || request.initial_voters.is_some();
    if !chosen && config.is_controller() && request.has_dynamic_quorum {
        return Err(terse(
            "Because controller.quorum.voters is not set on this controller, you must specify one of the \
             following: --standalone, --initial-controllers, or --no-initial-controllers.",
        ));
    }
    request.run(&Disk, out)
}

fn name_and_level(text: &str) -> Result<(String, i16), Failure> {
    let Some((name, level)) = text.split_once('=') else {
        return Err(Failure::runtime(format!(
            "Can't parse feature=level string {text}: equals sign not found."
        )));
    };
    let parsed = level.trim().parse().map_err(|_| {
        Failure::runtime(format!(
            "Can't parse feature=level string {text}: unable to parse {level} as a short."
        ))
    })?;
    Ok((name.trim().to_owned(), parsed))
}

/// The metadata version of a release up to `last`.
pub(super) fn release(text: &str, last: MetadataVersion) -> Result<MetadataVersion, Failure> {
    MetadataVersion::from_name(text).filter(|version| *version <= last).ok_or_else(|| {
        let all: Vec<_> = MetadataVersion::all(last).map(MetadataVersion::name).collect();
        let all = all.join(", ");
        terse(format!("Unknown metadata.version '{text}'. Supported metadata.version are: {all}"))
    })
}

fn terse(message: impl Into<String>) -> Failure {
    Failure::Terse(message.into())
}

/// What is in the log directories; 1 where something is wrong.
fn info(config: &Config, out: &mut dyn Write) -> io::Result<i32> {
    let mut directories: BTreeSet<PathBuf> = config.log_dirs().into_iter().collect();
    directories.insert(config.metadata_log_dir());
    let (mut found, mut problems, mut first) = (Vec::new(), Vec::new(), None);
    for directory in &directories {
        let name = directory.display();
        if !directory.exists() {
            problems.push(format!("{name} does not exist"));
        } else if !directory.is_dir() {
            problems.push(format!("{name} is not a directory"));
        } else {
            found.push(name.to_string());
            match MetaProperties::read(&Disk, directory) {
                Ok(None) => problems.push(format!("{name} is not formatted.")),
                Ok(Some(properties)) => compare(directory, properties, &mut first, &mut problems),
                Err(error) => {
                    let path = directory.join("meta.properties");
                    problems.push(format!("Error loading {}: {error}", path.display()));
                }
            }
        }
    }
    list(out, ("Found log directory:", "Found log directories:"), &found)?;
    if let Some(properties) = first {
        writeln!(out, "Found metadata: {}\n", shown(&properties))?;
    }
    list(out, ("Found problem:", "Found problems:"), &problems)?;
    Ok(i32::from(!problems.is_empty()))
}

fn compare(
    directory: &Path,
    found: MetaProperties,
    first: &mut Option<MetaProperties>,
    problems: &mut Vec<String>,
) {
    let Some(first) = first else {
        *first = Some(found);
        return;
    };
    let same = MetaProperties { directory_id: first.directory_id, ..found.clone() };
    if same != *first {
        let path = directory.join("meta.properties");
        let (path, found, first) = (path.display(), shown(&found), shown(first));
        problems.push(format!(
            "Metadata for {path} was {found}, but other directories featured {first}"
        ));
    }
}

fn list(out: &mut dyn Write, (one, several): (&str, &str), lines: &[String]) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", if lines.len() == 1 { one } else { several })?;
    for line in lines {
        writeln!(out, "  {line}")?;
    }
    writeln!(out)
}

fn shown(properties: &MetaProperties) -> String {
    let mut parts = BTreeMap::from([("version", properties.version.to_string())]);
    if let Some(id) = &properties.cluster_id {
        parts.insert("cluster.id", id.clone());
    }
    if let Some(id) = properties.directory_id {
        parts.insert("directory.id", id.to_string());
    }
    if let Some(id) = properties.node_id {
        parts.insert(if properties.version == 0 { "broker.id" } else { "node.id" }, id.to_string());
    }
    let parts: Vec<_> = parts.iter().map(|(key, value)| format!("{key}={value}")).collect();
    format!("{{{}}}", parts.join(", "))
}

/// Which levels of features Kafka gives a new cluster at a version: the latest, or the one that was asked for.
pub(super) fn version_mapping(asked: Option<&str>) -> Result<String, Failure> {
    let version = match asked {
        Some(text) => release(text, MetadataVersion::LATEST_TESTING)?,
        None => MetadataVersion::LATEST,
    };
    let name = asked.unwrap_or(version.name());
    let mut lines = vec![format!("{METADATA_VERSION}={} ({name})", version.level())];
    lines.extend(
        FEATURES
            .iter()
            .map(|feature| format!("{}={}", feature.name, feature.kafka_default(version))),
    );
    Ok(lines.join("\n"))
}

/// Which levels of other features a level needs.
fn feature_dependencies(parsed: &Parsed, out: &mut dyn Write) -> Result<(), Failure> {
    for text in parsed.values("feature") {
        let lines = dependencies(text)?;
        writeln!(out, "{lines}").map_err(failed_write)?;
    }
    Ok(())
}

fn dependencies(text: &str) -> Result<String, Failure> {
    let parts: Vec<_> = text.split('=').collect();
    let &[name, level] = parts.as_slice() else {
        return Err(terse(format!(
            "Invalid feature format: {text}. Expected format: 'feature=version' (e.g. 'group.version=1')"
        )));
    };
    let (name, level) = (name.trim(), level.trim());
    let parsed: i16 = level
        .parse()
        .map_err(|_| terse(format!("Invalid version format: {level} for feature {name}")))?;
    if name == METADATA_VERSION {
        let known = MetadataVersion::all(MetadataVersion::LATEST_TESTING)
            .find(|version| version.level() == parsed);
        let Some(version) = known else {
            return Err(terse(format!("Unknown metadata.version {parsed}")));
        };
        return Ok(format!("{name}={parsed} ({version}) has no dependencies."));
    }
    let Some(feature) = Feature::find(name) else {
        return Err(terse(format!("Unknown feature: {name}")));
    };
    let Some(known) = feature.level(parsed) else {
        return Err(terse(format!("Feature level {parsed} is not supported for feature {name}")));
    };
    Ok(requirements(name, parsed, known))
}

/// What a level of a feature needs, as the tools tell it.
pub(super) fn requirements(name: &str, level: i16, known: &FeatureLevel) -> String {
    if known.dependencies.is_empty() {
        return format!("{name}={level} has no dependencies.");
    }
    let mut lines = vec![format!("{name}={level} requires:")];
    for &(needs, least) in known.dependencies {
        let version = MetadataVersion::from_level(least).filter(|_| needs == METADATA_VERSION);
        let version = version.map(|version| format!(" ({version})")).unwrap_or_default();
        lines.push(format!("    {needs}={least}{version}"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests;
