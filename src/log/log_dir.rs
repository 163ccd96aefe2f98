//! One log directory: taken hold of, and what it says of itself and of the stop before this life.
//!
//! Its marker of a clean stop is removed at once and durably, so that a crash from here on is known for one.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use super::files::watched::Failures;
use super::files::{File, Files, remove_if_there};
use super::meta_properties::MetaProperties;
use super::noted::Noted;
use crate::error::Error;

/// Says that the last stop was clean.
pub const CLEAN_SHUTDOWN: &str = ".kafka_cleanshutdown";
/// Keeps other processes out.
pub const LOCK: &str = ".lock";

/// One log directory.
#[derive(Debug)]
pub struct LogDir {
    pub(super) path: PathBuf,
    properties: Option<MetaProperties>,
    pub(super) clean_shutdown: bool,
    /// From the marker of the clean stop: a registration that names it tells the controller that nothing was lost
    /// (KIP-966).
    previous_broker_epoch: Option<i64>,
    /// Where it is among the directories.
    at: usize,
    failures: Arc<Failures>,
    pub(super) noted: Mutex<Noted>,
    /// Held while a checkpoint file is written.
    pub(super) writing: Mutex<()>,
    /// Held for the life of the process; none of a directory that could not be opened.
    _lock: Option<Arc<dyn File>>,
}

impl LogDir {
    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it says of itself; none if it is not formatted.
    pub const fn properties(&self) -> Option<&MetaProperties> {
        self.properties.as_ref()
    }

    /// Whether the last stop was clean.
    pub const fn had_clean_shutdown(&self) -> bool {
        self.clean_shutdown
    }

    /// The broker epoch of the life that stopped cleanly.
    pub const fn previous_broker_epoch(&self) -> Option<i64> {
        self.previous_broker_epoch
    }

    /// Whether it has failed.
    pub fn is_offline(&self) -> bool {
        self.failures.has_failed(self.at)
    }

    /// Gives it up after an input or output error, until the next start.
    pub fn set_offline(&self, why: &dyn std::fmt::Display) {
        self.failures.fail(self.at, why);
    }
}

/// Takes hold of the directory `path`, the one at that place of all, creating it where it is not there.
pub(super) fn open(
    files: &dyn Files,
    path: &Path,
    (at, failures): (usize, &Arc<Failures>),
) -> Result<LogDir, Error> {
    files.create_dir(path).map_err(Error::io(path.display()))?;
    let lock = files.lock(&path.join(LOCK)).map_err(Error::io(path.display()))?;
    let lock = lock.ok_or_else(|| {
        Error::Config(format!(
            "Failed to acquire lock on file .lock in {}. Another process is using this directory.",
            path.display()
        ))
    })?;
    let marker = path.join(CLEAN_SHUTDOWN);
    let clean = match files.read(&marker) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(Error::io(marker.display())(error)),
    };
    let noted = Noted::read(files, path)?;
    let properties = MetaProperties::read(files, path)?;
    // From here on, any stop but a clean one is unclean.
    if clean.is_some() {
        remove_if_there(files, &marker)
            .and_then(|()| files.fsync_dir(path))
            .map_err(Error::io(marker.display()))?;
    }
    Ok(LogDir {
        path: path.to_owned(),
        properties,
        clean_shutdown: clean.is_some(),
        previous_broker_epoch: clean.as_deref().and_then(broker_epoch),
        at,
        failures: failures.clone(),
        noted: Mutex::new(noted),
        writing: Mutex::default(),
        _lock: Some(lock),
    })
}

/// A directory that could not be opened.
pub(super) fn offline(path: &Path, (at, failures): (usize, &Arc<Failures>)) -> LogDir {
    LogDir {
        path: path.to_owned(),
        properties: None,
        clean_shutdown: false,
        previous_broker_epoch: None,
        at,
        failures: failures.clone(),
        noted: Mutex::default(),
        writing: Mutex::default(),
        _lock: None,
    }
}

fn broker_epoch(bytes: &[u8]) -> Option<i64> {
    let json: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    json.get("brokerEpoch")?.as_i64().filter(|epoch| *epoch >= 0)
}
