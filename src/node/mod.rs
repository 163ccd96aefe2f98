//! The supervision tree, roles, formatting, shutdown.

/// Makes log directories ready for their first start.
pub mod format;
pub mod tree;

use crate::config::Config;
use crate::error::Error;

/// A node that serves.
#[derive(Debug)]
pub struct Running {
    broker_address: String,
}

impl Running {
    /// Where clients reach it: `host:port`.
    pub fn broker_address(&self) -> &str {
        &self.broker_address
    }
}

/// Runs a node until it is told to stop, or cannot go on.
pub fn run(_config: Config, _ready: impl FnOnce(&Running) + 'static) -> Result<(), Error> {
    Err(Error::Config("not built yet".to_owned()))
}
