//! Makes log directories ready for their first start, as Kafka's storage tool does: `meta.properties`, the records that
//! a cluster begins with, and the voters of a dynamic quorum. Never touches a directory that is already formatted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::error::Error;
use crate::log::files::Files;
use crate::log::files::disk::Disk;
use crate::log::meta_properties::MetaProperties;
use crate::metadata::features::{
    self, FEATURES, Feature, KRAFT_VERSION, METADATA_VERSION, MetadataVersion,
};
use crate::metadata::snapshot::{self, Contents, SnapshotId, SnapshotWriter};
use crate::metadata::{bootstrap, records};
use crate::types::{METADATA_TOPIC, Millis, Uuid};
use crate::wire::stored::metadata::MetadataRecord;

mod scram;
mod voters;

pub use voters::{InitialVoter, parse as parse_voters, standalone};

/// Why nothing was formatted, in the words and with the class that Kafka's tool tells.
#[derive(Debug)]
pub enum Failure {
    /// Said as it is.
    Terse(String),
    /// What is an uncaught exception of Kafka's tool: its class, its message.
    Exception(&'static str, String),
    /// The system refused.
    Other(Error),
}

impl Failure {
    /// An `IllegalArgumentException`.
    pub fn illegal_argument(message: impl AsRef<str>) -> Self {
        Self::Exception("java.lang.IllegalArgumentException", message.as_ref().to_owned())
    }

    /// A `RuntimeException`.
    pub fn runtime(message: impl Into<String>) -> Self {
        Self::Exception("java.lang.RuntimeException", message.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Terse(message) => f.write_str(message),
            Self::Exception(class, message) => {
                write!(f, "Exception in thread \"main\" {class}: {message}")
            }
            Self::Other(error) => error.fmt(f),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// What to format, and with what.
#[derive(Clone, Debug)]
pub struct Request {
    /// The cluster's id.
    pub cluster_id: String,
    /// This node's id.
    pub node_id: i32,
    /// Every log directory, the metadata log's among them.
    pub directories: BTreeSet<PathBuf>,
    /// The directory of the metadata log.
    pub metadata_directory: PathBuf,
    /// The first of `controller.listener.names`.
    pub controller_listener_name: String,
    /// Whether the quorum's voters are records rather than configuration.
    pub has_dynamic_quorum: bool,
    /// The voters that a dynamic quorum begins with; none where they are unknown to this node.
    pub initial_voters: Option<Vec<InitialVoter>>,
    /// `--release-version`.
    pub release_version: Option<MetadataVersion>,
    /// `--feature`.
    pub feature_levels: BTreeMap<String, i16>,
    /// `--add-scram`.
    pub scram: Vec<String>,
    /// Whether formatted directories are passed over rather than an error.
    pub ignore_formatted: bool,
    /// What time it is.
    pub now: Millis,
}

impl Request {
    /// What a node of this configuration needs, nothing chosen.
    pub fn new(config: &Config, cluster_id: impl Into<String>, now: Millis) -> Self {
        let metadata_directory = config.metadata_log_dir();
        let mut directories: BTreeSet<_> = config.log_dirs().into_iter().collect();
        directories.insert(metadata_directory.clone());
        Self {
            cluster_id: cluster_id.into(),
            node_id: config.node_id(),
            directories,
            metadata_directory,
            controller_listener_name: config.controller_listener_name(),
            has_dynamic_quorum: config.controller_quorum_voters().is_empty(),
            initial_voters: None,
            release_version: None,
            feature_levels: BTreeMap::new(),
            scram: Vec::new(),
            ignore_formatted: false,
            now,
        }
    }

    /// Formats, and tells on `out` what it does.
    pub fn run(&self, files: &dyn Files, out: &mut dyn Write) -> Result<(), Failure> {
        let version = self.effective_version()?;
        let levels = self.effective_levels(version)?;
        let mut records = bootstrap::feature_records(&levels);
        if !self.scram.is_empty() {
            if !version.is_scram_supported() {
                let message = "SCRAM is only supported in metadata.version 3.5-IV2 or later.";
                return Err(Failure::Terse(message.into()));
            }
            for argument in &self.scram {
                records.push(scram::record(argument)?);
            }
        }
        let empty = self.empty_directories(files)?;
        if empty.is_empty() {
            say(out, "All of the log directories are already formatted.")?;
            return Ok(());
        }
        say(out, &format!("Bootstrap metadata: {}", bootstrap_text(&records, version)))?;
        let bytes = bootstrap::encode(&records, version, self.now)?;
        for directory in empty {
            self.format_directory(files, directory, &bytes, (version, &levels), out)?;
        }
        Ok(())
    }

    fn effective_version(&self) -> Result<MetadataVersion, Failure> {
        match (self.feature_levels.get(METADATA_VERSION), self.release_version) {
            (Some(_), Some(_)) => Err(Failure::Terse(
                "Use --release-version instead of --feature metadata.version=X to avoid ambiguity."
                    .into(),
            )),
            (Some(&level), None) => match MetadataVersion::from_level(level) {
                Some(version) => Ok(version),
                None if level == MetadataVersion::LATEST_TESTING.level() => {
                    let version = MetadataVersion::LATEST_TESTING;
                    Err(Failure::Terse(format!("metadata.version {version} is not yet stable.")))
                }
                None => Err(Failure::illegal_argument(format!(
                    "No MetadataVersion with feature level {level}. Valid feature levels are from {} to {}.",
                    MetadataVersion::MINIMUM.level(),
                    MetadataVersion::LATEST_TESTING.level()
                ))),
            },
            (None, release) => Ok(release.unwrap_or(MetadataVersion::LATEST)),
        }
    }

    /// The level of every feature: as asked, or the default.
    fn effective_levels(&self, version: MetadataVersion) -> Result<BTreeMap<String, i16>, Failure> {
        let mut levels = bootstrap::default_levels(version);
        for (name, &level) in &self.feature_levels {
            if name != METADATA_VERSION && Feature::find(name).is_none() {
                let mut known = FEATURES.each_ref().map(|feature| feature.name);
                known.sort_unstable();
                let known = known.join(", ");
                return Err(Failure::Terse(format!(
                    "Unsupported feature: {name}. Supported features are: {known}"
                )));
            }
            levels.insert(name.clone(), level);
        }
        levels.insert(METADATA_VERSION.into(), version.level());
        levels.insert(KRAFT_VERSION.into(), self.kraft_version()?);
        for (name, &level) in levels.iter().filter(|(name, _)| *name != METADATA_VERSION) {
            check_level(name, level, &levels)?;
        }
        Ok(levels)
    }

    fn kraft_version(&self) -> Result<i16, Failure> {
        const FLAGS: &str = "one of the flags --standalone, --initial-controllers, or --no-initial-controllers is used";
        let dynamic = self.has_dynamic_quorum;
        match self.feature_levels.get(KRAFT_VERSION) {
            Some(&level) if level == 0 && dynamic => Err(Failure::Terse(format!(
                "Cannot set kraft.version to {level} if controller.quorum.voters is empty and {FLAGS}. \
                 For dynamic controllers support, try removing the --feature flag for kraft.version."
            ))),
            Some(&level) if level != 0 && !dynamic => Err(Failure::Terse(format!(
                "Cannot set kraft.version to {level} unless controller.quorum.voters is empty and {FLAGS}. \
                 For dynamic controllers support, try using one of --standalone, --initial-controllers, or \
                 --no-initial-controllers and removing controller.quorum.voters."
            ))),
            Some(&level) => Ok(level),
            None => Ok(i16::from(dynamic)),
        }
    }

    /// The directories that are not formatted. Error: one that belongs to another cluster or node, or that is formatted
    /// where none may be.
    fn empty_directories(&self, files: &dyn Files) -> Result<Vec<&Path>, Failure> {
        let mut empty = Vec::new();
        let mut first = None;
        for directory in &self.directories {
            let Ok(found) = MetaProperties::read(files, directory) else {
                let path = directory.display();
                return Err(Failure::Terse(format!(
                    "I/O error trying to read log directory {path}."
                )));
            };
            match found {
                Some(found) => {
                    self.verify(directory, &found)?;
                    first.get_or_insert(directory);
                }
                None => empty.push(directory.as_path()),
            }
        }
        match first {
            Some(first) if !self.ignore_formatted => Err(Failure::Terse(format!(
                "Log directory {} is already formatted. Use --ignore-formatted to ignore this directory and \
                 format the others.",
                first.display()
            ))),
            _ => Ok(empty),
        }
    }

    fn verify(&self, directory: &Path, found: &MetaProperties) -> Result<(), Failure> {
        let path = directory.join("meta.properties");
        let (path, expected) = (path.display(), &self.cluster_id);
        if let Some(read) = found.cluster_id.as_ref().filter(|read| *read != expected) {
            return Err(Failure::runtime(format!(
                "Invalid cluster.id in: {path}. Expected {expected}, but read {read}"
            )));
        }
        if let Some(read) = found.node_id.filter(|&read| read != self.node_id) {
            return Err(Failure::runtime(format!(
                "Stored node id {read} doesn't match previous node id {} in {path}. If you moved your data, make \
                 sure your configured node id matches. If you intend to create a new node, you should remove all \
                 data in your data directories.",
                self.node_id
            )));
        }
        Ok(())
    }

    /// `meta.properties` comes last: a directory that has it has all of it.
    fn format_directory(
        &self,
        files: &dyn Files,
        directory: &Path,
        bootstrap_bytes: &[u8],
        (version, levels): (MetadataVersion, &BTreeMap<String, i16>),
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        let is_metadata = directory == self.metadata_directory;
        let voters = self.initial_voters.as_deref().filter(|_| is_metadata);
        let me = voters.and_then(|voters| voters.iter().find(|voter| voter.id == self.node_id));
        let what = match (is_metadata, voters, me) {
            (false, ..) => "data directory",
            (true, None, _) => "metadata directory",
            (true, Some(_), None) => "dynamic metadata directory",
            (true, Some(_), Some(_)) => "dynamic metadata voter directory",
        };
        say(
            out,
            &format!("Formatting {what} {} with metadata.version {version}.", directory.display()),
        )?;
        files.create_dir(directory).map_err(Error::io(directory.display()))?;
        bootstrap::write(files, directory, bootstrap_bytes)?;
        if let Some(voters) = voters {
            self.write_voters(files, directory, voters, levels)?;
        }
        let properties = MetaProperties {
            version: 1,
            cluster_id: Some(self.cluster_id.clone()),
            node_id: Some(self.node_id),
            directory_id: Some(me.map_or_else(Uuid::random, |me| me.directory_id)),
        };
        properties.write(files, directory)?;
        Ok(())
    }

    fn write_voters(
        &self,
        files: &dyn Files,
        directory: &Path,
        voters: &[InitialVoter],
        levels: &BTreeMap<String, i16>,
    ) -> Result<(), Failure> {
        let log = directory.join(format!("{METADATA_TOPIC}-0"));
        files.create_dir(&log).map_err(Error::io(log.display()))?;
        let contents = Contents {
            last_contained_log_timestamp: self.now,
            kraft_version: levels.get(KRAFT_VERSION).copied().unwrap_or(0),
            voters: Some(voters::record(voters, &self.controller_listener_name)),
        };
        let bytes = SnapshotWriter::new(SnapshotId::BOOTSTRAP, &contents, self.now).finish();
        snapshot::write(files, &log, SnapshotId::BOOTSTRAP, &bytes)?;
        Ok(())
    }
}

/// Whether `name` may be at `level` in a cluster at `levels`, and whether this build has it.
fn check_level(name: &str, level: i16, levels: &BTreeMap<String, i16>) -> Result<(), Failure> {
    let Some(known) = Feature::find(name).and_then(|feature| feature.level(level)) else {
        return Err(Failure::illegal_argument(format!(
            "No feature:{name} with feature level {level}"
        )));
    };
    if let Some(&(needs, least)) = known
        .dependencies
        .iter()
        .find(|(needs, least)| levels.get(*needs).is_none_or(|level| level < least))
    {
        return Err(Failure::illegal_argument(format!(
            "{name} could not be set to {level} because it depends on {needs} level {least}"
        )));
    }
    match features::supported(name) {
        Some(range) if range.contains(level) => Ok(()),
        range => {
            let max = range.map_or(0, |range| range.max);
            Err(Failure::Terse(format!(
                "This release of Vltava has {name} up to level {max}, not {level}."
            )))
        }
    }
}

fn say(out: &mut dyn Write, line: &str) -> Result<(), Failure> {
    writeln!(out, "{line}").map_err(|error| Failure::Other(error.into()))
}

/// As Kafka's `BootstrapMetadata` shows itself.
fn bootstrap_text(all: &[MetadataRecord], version: MetadataVersion) -> String {
    let text = |record: &MetadataRecord| {
        let at = records::record_version(record, version);
        let body = match record {
            MetadataRecord::FeatureLevel(record) => {
                format!(
                    "FeatureLevelRecord(name='{}', featureLevel={})",
                    record.name, record.feature_level
                )
            }
            MetadataRecord::UserScramCredential(record) => format!(
                "UserScramCredentialRecord(name='{}', mechanism={}, salt={}, storedKey={}, serverKey={}, \
                 iterations={})",
                record.name,
                record.mechanism,
                java_bytes(&record.salt),
                java_bytes(&record.stored_key),
                java_bytes(&record.server_key),
                record.iterations
            ),
            other => format!("{other:?}"),
        };
        format!("ApiMessageAndVersion({body} at version {at})")
    };
    let texts: Vec<_> = all.iter().map(text).collect();
    let (texts, level) = (texts.join(", "), version.level());
    format!(
        "BootstrapMetadata(records=[{texts}], metadataVersionLevel={level}, source=format command)"
    )
}

/// As Java prints an array of its signed bytes.
fn java_bytes(bytes: &[u8]) -> String {
    format!("{:?}", bytes.iter().map(|&byte| byte.cast_signed()).collect::<Vec<_>>())
}

/// Formats what is not yet formatted of a node's directories, saying nothing: for a new cluster of one where none of
/// them is, else for the cluster that the others belong to. Returns the cluster's id: `cluster_id`, or what is found,
/// or a new one.
pub fn format_if_new(
    config: &Config,
    cluster_id: Option<&str>,
    now: Millis,
) -> Result<String, Failure> {
    let mut found = None;
    let mut request = Request::new(config, "", now);
    for directory in &request.directories {
        found = found
            .or(MetaProperties::read(&Disk, directory)?
                .and_then(|properties| properties.cluster_id));
    }
    let id = cluster_id.map(str::to_owned).or_else(|| found.clone());
    request.cluster_id = id.unwrap_or_else(|| Uuid::random().to_string());
    request.ignore_formatted = true;
    if found.is_none() && request.has_dynamic_quorum && config.is_controller() {
        request.initial_voters = Some(standalone(config)?);
    }
    request.run(&Disk, &mut std::io::sink())?;
    Ok(request.cluster_id)
}

#[cfg(test)]
mod tests;
