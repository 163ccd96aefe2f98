//! Transactions: the machine behind one partition of `__transaction_state` (KIP-98, KIP-360, KIP-890).
//!
//! [`machine::TransactionMachine`] keeps what is known of each transactional id ([`state`]) and decides by it:
//! who may use the id ([`init`]), what the transaction holds ([`add`]), how it ends ([`end`]). An end is written first,
//! as `PrepareCommit` or `PrepareAbort`, and is irrevocable from then on; [`marker_actor`] has the markers written to
//! every partition, and tells the machine, which writes `CompleteCommit` or `CompleteAbort`.
//!
//! The seam for those who write to partitions: [`request::TransactionRequest::AddPartitions`], asked of
//! `Context::transactions` with the transactional id as the key, answers an error for each partition. With
//! `verify_only` it changes nothing and answers `TRANSACTION_ABORTABLE` for a partition that the transaction does not
//! hold; without, it adds the partitions. `client_version` is 2 for clients that leave adding to us (Produce from
//! version 12, TxnOffsetCommit from 5), else 0.
//!
//! Never reads a clock, never waits, never touches a file or a socket; only the marker sender is an actor.
//!
//! # In which order to read
//!
//! 1. [`state`]: all that is known of one transactional id, and its states.
//! 2. [`request`], then [`machine`]: what can be asked, and what is kept in memory beside the ids.
//! 3. `init`, `add`, `end`: the life of a producer, one file each. `markers` is the machine's side of what follows.
//! 4. [`marker_actor`]: the only part that talks to others.
//! 5. [`list`]; `records`; [`settings`].
//!
//! # The states of a transactional id
//!
//! ```text
//!                    AddPartitions                EndTxn(commit)                  all partitions have their markers
//!   ┌───────┐      ┌─────────┐             ┌───────────────┐            ┌────────────────┐
//!   │ Empty │ ───▶ │ Ongoing │ ──────────▶ │ PrepareCommit │ ─────────▶ │ CompleteCommit │
//!   └───────┘      └─────────┘ ──────╮     └───────────────┘            └────────────────┘
//!     ▲   │            ▲             │     ┌───────────────┐            ┌────────────────┐
//!     │   │            │             ╰───▶ │ PrepareAbort  │ ─────────▶ │ CompleteAbort  │
//!     │   │            │                   └───────────────┘            └────────────────┘
//!     │   ╰── EndTxn(abort), version 2 ───────▲  EndTxn(abort), the timeout, another producer of the same id
//!     ╰── InitProducerId ── either of the Complete ── AddPartitions ──▶ Ongoing
//! ```
//!
//! # Who may do what
//!
//! A producer names its id and epoch. One with an older epoch is a zombie and told so (`PRODUCER_FENCED`,
//! `INVALID_PRODUCER_EPOCH` before that existed). InitProducerId raises the epoch, and with it fences whoever had the
//! id; from transaction version 2 on every end raises it too, so that a batch or an end which is late belongs to no
//! transaction at all (KIP-890). When the epochs are used up (32,766) the id is exchanged for a fresh one, which comes
//! from the controller: the machine asks for it by its answer ([`request::TransactionReply::NeedsProducerId`]) and is
//! asked once more.
//!
//! # What must stay true
//!
//! * Once an end is decided in a record, nothing turns it: a prepared commit becomes a complete one, however often it
//!   takes.
//! * An epoch of one producer id never goes back.
//! * A producer is told that its transaction has ended when that is decided and committed; the markers follow. What it
//!   does next waits for them (`CONCURRENT_TRANSACTIONS`, which clients retry).
//! * Everything but the epoch before the latest rise is in the records.
//!
//! # What is missing
//!
//! Two-phase commit by outside coordinators (KIP-939): its timeouts are understood, its requests are not served.

// AddPartitionsToTxn and AddOffsetsToTxn, and whether a partition is part of a transaction.
mod add;
// To whom markers go, and what the answers mean.
mod addressing;
// EndTxn, and ends that nobody asked for.
mod end;
// InitProducerId.
mod init;
// ListTransactions and DescribeTransactions.
pub mod list;
// One shard of the transaction coordinator.
pub mod machine;
// Has markers written.
pub mod marker_actor;
// Ends that are decided and not yet written everywhere.
mod markers;
// Patterns of transactional ids.
// Keys and values of `__transaction_state`.
mod records;
// What a transaction coordinator is asked, and what it answers.
pub mod request;
// The settings that bear on transactions.
pub mod settings;
// What is known of one transactional id.
pub mod state;
#[cfg(test)]
mod tests;
