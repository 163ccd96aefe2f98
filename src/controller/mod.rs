//! The active controller: what happens to topics, partitions and brokers, decided in one place and written to the
//! quorum's log.
//!
//! `machine` decides and applies, purely; the files named for what they decide (`create_topics`, `brokers`,
//! `elections` …) are its parts. `actor` drives it over the quorum. `requests` is what it is asked.

pub mod actor;
pub mod internal_topics;
pub mod machine;
pub mod names;
pub mod placement;
pub mod requests;

mod acls;
mod activation;
mod alter_partition;
mod brokers;
mod configs;
mod create_topics;
mod directories;
mod elections;
mod features;
mod heartbeats;
mod index;
mod leaders;
mod lookups;
mod producer_ids;
mod quotas;
mod reassign;
mod scram;
mod timers;
mod topic_configs;
mod topics;

#[cfg(test)]
mod tests;
