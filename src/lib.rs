//! Vltava: a Kafka-compatible streaming platform in one binary.
//!
//! The order of the modules below *is* the layering: a module may use only modules above it.
//! `tests/it/tidy.rs` holds that.

// Identifiers and the few values that everything shares.
pub mod types;

// The protocol's error codes, and our own errors.
pub mod error;

// The only reader of real time.
pub mod clock;

// Chance that follows from a seed.
pub mod random;

// Regular expressions of clients.
mod re2;

// Log levels under the names of Kafka's loggers.
pub mod logging;

// Bytes to values and back: messages, record batches, compression. No state, no input or output.
pub mod wire;

// `server.properties` to a checked `Config`, and the table of every key.
pub mod config;

// Counters, gauges and their text exposition.
pub mod metrics;

// What the tests of several folders share.
#[cfg(test)]
mod testing;

// Panics planted by tests.
#[cfg(test)]
mod faults;

// Actors that restart their children. No Kafka words in here.
pub mod supervision;

// Outbound connections: to other nodes, and from the tools to a cluster.
pub mod client;

// One partition's files: no network, no actors.
pub mod log;

// The cluster as records, as an immutable image, and as the difference between two.
pub mod metadata;

// Principals and ACLs: decisions only.
pub mod security;

// Quotas of clients: rates, bounds, and how long who is over one must be silent.
pub mod quota;

// Metrics that clients push, and to whom.
pub mod telemetry;

// The metadata quorum.
pub mod raft;

// One replica of one partition, and the parent of them all.
pub mod partition;

// The runtime that every coordinator shares.
pub mod coordinator;

// Consumer groups and their offsets.
pub mod group;

// Transactions: who holds a transactional id, and how its transactions end.
pub mod transaction;

// The active controller.
pub mod controller;

// Registration, heartbeats, and the publishing of new metadata.
pub mod broker;

// One file per Kafka API, and the one table of them.
pub mod api;

// Sockets: listeners, connections, frames.
pub mod net;

// The supervision tree, roles, formatting, shutdown.
pub mod node;

// The command line: the server's own commands and Kafka's tools.
pub mod cli;
