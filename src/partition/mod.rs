//! One replica of one partition, and the parent of them all.
//!
//! A partition is an actor that writes, and a view that readers share. The bytes of a produce request reach the actor
//! in one message; those of a fetch never meet it.
//!
//! # In which order to read
//!
//! 1. [`replica`]: what the rest of the node sees of a partition: a view to read from, an address to send to, whether
//!    it leads. [`table`] has all of them.
//! 2. `actor`: the writer. [`append`] is what it is asked, `inbox` where that lies until it is taken, `verifying` what
//!    of it must wait for a transaction's coordinator.
//! 3. [`manager_actor`]: metadata in, replicas out; `places` says in which log directory.
//! 4. What walks over all partitions: [`upkeep_actor`] (retention, syncs, checkpoints; `upkeep` says when),
//!    [`cleaner_actor`] (compaction; `cleaner` says which), [`mover_actor`] (from one log directory to another;
//!    [`future`] is the copy).
//!
//! # The life of a replica
//!
//! ```text
//!             image names this node                first message that needs it
//!  (nothing) ────────▶ made, let go ─▶ at rest ─────────────────────────────────▶ open
//!                                       ▲  actor without files                    │ │
//!                                       ╰──────────── log fails: actor dies, ─────╯ │ Stop: closed, noted
//!                                                     its successor recovers        ▼
//!  offline ◀── more than 3 times a minute                                        closed
//!  (nothing) ◀── image names it no more: renamed, removed after file.delete.delay.ms
//! ```
//!
//! # What must stay true
//!
//! * A log has one owner at a time. Whoever needs it borrows it within the actor's own turn (`WithLog`), or takes it
//!   away while the mailbox waits (`Exchange`).
//! * What one connection sends to one partition is appended in that order, also around the opening of a log and a wait
//!   for a coordinator.
//! * An append is answered when consumers may see it: at once, or after the sync that `flush.messages` or `flush.ms`
//!   asks for; and nothing overtakes one that waits for a sync.
//! * The leader that the metadata names is asked for before each append, not when the request came.
//! * Nothing here waits for the disk on a thread that serves others.
//!
//! # What is missing
//!
//! Followers. The node is the only replica in sync of all that it leads, so what is written is committed, `acks=all` is
//! `acks=1`, and the high watermark is the log's end. Their place is `PartitionActor::publish`.

mod actor;
pub mod append;
pub mod future;
mod inbox;
pub mod manager_actor;
pub mod mover_actor;
mod opening;
mod places;
pub mod replica;
pub mod settings;
pub mod table;
mod throttle;
mod verifying;

mod cleaner;

// What compacts the logs.
pub mod cleaner_actor;

mod upkeep;

// What keeps the logs in order.
pub mod upkeep_actor;

#[cfg(test)]
mod tests;
