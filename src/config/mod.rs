//! `server.properties` to a checked [`Config`], a topic's settings to a [`LogConfig`], and the table of every key.
//!
//! Nothing below reads a clock, opens a socket or looks up a name. Only `source.rs` and `providers.rs` read files.

mod accessors;
mod check;
pub mod describe;
pub mod dynamic;
mod environment;
pub mod keys;
mod listener;
mod log_config;
mod properties;
mod providers;
mod server;
mod source;
#[cfg(test)]
mod testing;
mod value;

pub use listener::{Listener, SecurityProtocol, Voter};
pub use log_config::{Compression, LogConfig, TimestampType, validate_topic_values};
pub use properties::parse_properties;
pub use server::{Config, Overlay, Roles};
pub use source::Sources;
pub use value::{Value, java_double, parse_duration, parse_list};
