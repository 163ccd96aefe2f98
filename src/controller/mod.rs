//! The active controller: what happens to topics, partitions and brokers, decided in one place and written to the
//! quorum's log.
//!
//! `machine` decides and applies, purely; the files named for what they decide (`create_topics`, `brokers`,
//! `elections` …) are its parts. `actor` drives it over the quorum. `requests` is what it is asked.
//!
//! # In which order to read
//!
//! 1. `requests`: everything that the controller is asked, and what a decision is: records, and an answer.
//! 2. `machine`: where a request goes, and how a record is taken in; `lookups` is what its parts ask of the state,
//!    `index` what is kept beside it to find things quickly.
//! 3. `elections`: every change of a partition is built there, and its rules hold everywhere. `leaders`,
//!    `alter_partition`, `reassign` and `directories` ask for such changes.
//! 4. `registration`, `brokers` and `heartbeats`: who is let in, and who is alive.
//! 5. `create_topics` (with `placement`, `names`, `topic_configs`, `internal_topics`), `topics`, `configs`, `features`,
//!    `acls`, `quotas`, `scram`, `producer_ids`: one kind of request each.
//! 6. `actor`, with `activation`, `timers` and `batches`: how all this is driven; `handle_actor` is the way to it.
//!
//! # The life of a change
//!
//! ```text
//! request ──▶ decide (on the latest applied state) ──▶ records ──▶ apply, at once ──▶ propose to the quorum
//!                          ╰──▶ the answer, held back until the records, and all before them, are committed
//! ```
//!
//! Kafka's `QuorumController` does the same, with timelines to go back in where a proposal fails. Here the machine is
//! thrown away instead: the quorum tells the next life the committed state, and everyone who waited is told
//! `NOT_CONTROLLER`.
//!
//! # The life of a broker, as the controller sees it
//!
//! ```text
//!              registers                   has read the metadata up to there, and wants in
//!  (unknown) ───────────▶ fenced ──────────────────────────────────────────────────────▶ unfenced
//!                           ▲  ▲          silent for broker.session.timeout.ms             │   │ wants to stop
//!                           │  ╰───────────────────────────────────────────────────────────╯   ▼
//!                           │  leads nothing, and all others have read that        controlled shutdown
//!                           ╰────────────────────────────────────────────────────────────────  │
//!                              (told to stop: the session ends at once)          ◀──────────────╯
//! ```
//!
//! # What must stay true
//!
//! * A record changes the state in `apply` alone, the same way whether it is fresh, replayed or another controller's.
//! * A partition's leader is in sync, or there is none; in-sync replicas are replicas; nobody is both in sync and
//!   merely eligible.
//! * A broker's epoch is the offset of its registration: unique, and growing from life to life.
//! * A producer id is given to one block, a block to one broker, once.
//! * The same requests, times and seed give the same records.
//!
//! # What is missing
//!
//! Voters beyond one and their changes (`raft`), delegation tokens, `kraft.version` changes, unsafe downgrades of
//! metadata (Kafka refuses them too).

pub mod actor;
pub mod handle_actor;
pub mod internal_topics;
pub mod machine;
pub mod names;
pub mod placement;
pub mod requests;

mod acls;
mod activation;
mod alter_partition;
mod batches;
mod brokers;
mod changes;
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
mod registration;
mod scram;
mod timers;
mod topic_configs;
mod topics;

#[cfg(test)]
mod tests;
