//! Outbound connections: to other nodes, and from the tools to a cluster.
//!
//! Knows how to reach a node, to ask it and to find who leads or coordinates what. Decides nothing about Kafka's state,
//! and prints nothing.
//!
//! [`Connection`] is one socket: it numbers requests, and gives each answer to who asked. [`Pool`] is for nodes: one
//! connection to each address, opened again when lost, no retries. [`Cluster`] is for tools: it knows nodes, leaders
//! and coordinators from metadata, and tries again what may go well a moment later. [`offsets`] is what several tools
//! ask.
//!
//! What must stay true: an answer goes to the request with its correlation id or to nobody; whoever waits hears of the
//! loss of the connection at once; and the memory of an answer grows with what has come, never with what is announced.
//! The producer and the consumer of the tools are not here: they have rules of their own (`cli`).

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
