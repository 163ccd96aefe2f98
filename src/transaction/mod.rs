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

// AddPartitionsToTxn and AddOffsetsToTxn, and whether a partition is part of a transaction.
mod add;
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
mod pattern;
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
