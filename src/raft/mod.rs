//! The metadata quorum (KRaft, KIP-595): one replicated log that every node's picture of the cluster comes from.
//!
//! The pure part is [`machine::Machine`]: `step(event, now)` gives [`step::Effect`]s. A node is [`machine::Role`]
//! `Unattached` (knows an epoch, follows nobody), `Follower` (fetches from a leader, as a voter or as an observer),
//! `Leader`, or `Resigned` (led, and must not again in this epoch). The set of [`voters::VoterSet`] is written in the
//! log itself (KIP-853) or fixed in the configuration. Whom a node voted for and follows is its [`quorum_state`],
//! written before anything is sent that rests on it.
//!
//! The actor does what the effects say, over [`crate::log::Log`]: whatever proposals wait while one sync is under way
//! are appended and synced together. Everyone else holds a [`quorum_actor::Quorum`], which survives restarts of the
//! actor.
//!
//! # Caveats
//! A single voter elects itself; several voters and the changing of the set are not built yet.

// Who votes.
pub mod voters;

// Whom a node follows and voted for: Kafka's `quorum-state` file.
pub mod quorum_state;

// What a leader knows of those who fetch from it.
pub mod leader;

// Where the log begins, ends, and which epoch wrote what.
pub mod shape;

// Events in, effects out.
pub mod step;

// The decisions.
pub mod machine;

// What those who follow the metadata are told.
pub mod events;

// Leader changes and voters, as records.
pub mod control;

// Batches of the metadata log.
pub mod batch;

mod snapshot_copy;

// The files.
pub mod store;

// Those who follow the committed log, each at its pace.
mod subscriber;

// The actor.
pub mod actor;

// What it asks of other nodes.
pub mod follow_actor;

// What it answers to other nodes.
mod serve_actor;

// The handle on it.
pub mod quorum_actor;

pub use quorum_actor::{MAILBOX, Quorum};

#[cfg(test)]
mod actor_tests;
#[cfg(test)]
mod tests;
