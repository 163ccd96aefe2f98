//! Outbound connections: to other nodes, and from the tools to a cluster.
//!
//! Knows how to reach a node, to ask it and to find who leads or coordinates what. Decides nothing about Kafka's state,
//! and prints nothing.

pub mod cluster;
pub mod connection;
mod failure;
pub mod meter;
pub mod offsets;
pub mod pool;
pub mod traffic;

#[cfg(test)]
mod tests;

pub use cluster::Cluster;
pub use connection::{Connection, Settings};
pub use failure::ClientError;
pub use pool::Pool;
