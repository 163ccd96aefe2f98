//! The runtime that every coordinator shares: a pure machine, and the actor that drives one shard of it.
//!
//! # In which order to read
//!
//! 1. [`machine`]: the trait. Groups and transactions are two implementations of it.
//! 2. [`actor`]: the shard, which is one machine and one partition; `loading` is how it begins, [`transactional`] what
//!    differs when a record is part of a producer's transaction.
//! 3. [`shards`]: how a request finds its shard. [`manager_actor`]: which shards are here.
//!
//! # The life of a request
//!
//! ```text
//! key ──hash──▶ shard ──▶ decide ──▶ records ──▶ append ──▶ committed ──▶ answers, in the order of the log
//!                                        ╰──▶ apply, at once        what has no records waits behind those before
//! ```
//!
//! Kafka's `CoordinatorRuntime` keeps every state twice, as it is and as it is committed, to go back when an append
//! fails. Here nobody goes back: records are applied at once, answers wait, and when an append fails the shard dies
//! with all that was not committed. Its successor replays the partition. So what a client was told is always in the
//! log, and there is one way to come by a state.
//!
//! # What must stay true
//!
//! * The machine's state is what replaying the partition gives, but for what it says is never written.
//! * A shard is the only writer of its partition: an append that lands at another offset than foreseen ends it.
//! * Answers leave in the order of the log, and none before its records are committed.
//! * A machine that panics takes one shard with it, not the node.

pub mod actor;
mod loading;
pub mod machine;
pub mod manager_actor;
pub mod shards;
#[cfg(test)]
pub(crate) mod testing;
pub mod transactional;
