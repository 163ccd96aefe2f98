//! Consumer groups and their offsets: the machine behind one partition of `__consumer_offsets`.
//!
//! [`machine::GroupMachine`] finds the group of a request; a classic group ([`classic`]) runs the protocol of
//! JoinGroup, SyncGroup, Heartbeat and LeaveGroup by itself ([`join`], [`rebalance`], [`sync`], [`heartbeat`]);
//! [`offsets`] keeps what groups have committed. A classic group lives in memory; what is written of it is its picture
//! at the moments that matter: stable with assignments, or empty. That picture is all a successor starts from.
//!
//! Never reads a clock, never waits, never touches a file or a socket.
//!
//! # In which order to read
//!
//! 1. [`request`]: everything a shard can be asked, and what it answers.
//! 2. [`machine`]: which group a request is for; `replay`, what becomes of records that come back. `step` is what a
//!    decision gathers on its way.
//! 3. A classic group: [`classic`] (who is in it, and its states) and `member`; then what moves it: `join`,
//!    `rebalance`, `sync`, `heartbeat`.
//! 4. [`offsets`], with `commit` and `transactional`, which write them, and `expiry`, which forgets them.
//! 5. [`consumer`]: groups of KIP-848, a chapter of its own.
//! 6. `records`: what all of them look like in `__consumer_offsets`. `foreign`: what Kafka wrote of protocols that are
//!    not run here.
//!
//! # The states of a classic group
//!
//! ```text
//!            somebody joins                 all have come, or their time is over
//!   ┌───────┐ ───────────▶ ┌────────────────────┐ ───────────▶ ┌─────────────────────┐
//!   │ Empty │              │ PreparingRebalance │              │ CompletingRebalance │
//!   └───────┘ ◀─────────── └────────────────────┘ ◀─────────── └─────────────────────┘
//!       nobody has come          ▲     ▲ someone came, went, or did not sync  │ the leader's SyncGroup
//!                                │     ╰──────────────────────────────────┐   ▼
//!                                │  someone came, went, changed         ┌────────┐
//!                                ╰───────────────────────────────────── │ Stable │
//!                                                                       └────────┘
//! ```
//!
//! Who waits where: in PreparingRebalance members wait in JoinGroup, in CompletingRebalance all but the leader wait in
//! SyncGroup; both are answered together; while it is Stable, heartbeats may wait for the next rebalance. Three timers
//! end the waits: `Join` (the longest rebalance timeout of a member; for the first generation
//! `group.initial.rebalance.delay.ms`, prolonged while more come), `Sync` (the same timeout), and each member's
//! `Session`.
//!
//! # What must stay true
//!
//! * A member's ticket (who waits for its answer) is in one place, and is answered once: with what it asked for, or
//!   with the error that sends it to join again.
//! * A generation's number only grows; whoever names another is told `ILLEGAL_GENERATION` and changes nothing.
//! * Assignments are given out when the record that holds them is committed: a successor of the shard knows every
//!   assignment that a member has seen.
//! * Offsets change by their records alone, in the order of the log, so that memory and log never differ.
//! * A member is watched by exactly one `Session` timer, but while it waits for the others.

// The membership and the states of a classic group.
pub(crate) mod classic;
// OffsetCommit, OffsetFetch and OffsetDelete.
mod commit;
// Consumer groups (KIP-848).
pub mod consumer;
// How many members a node has in all.
pub mod crowd;
// ListGroups, DescribeGroups, DeleteGroups.
mod describe;
// Offsets and groups that have outlived their use.
mod expiry;
// Groups of other protocols: kept, counted, never run here.
mod foreign;
// Heartbeats of classic members, which may wait for news.
mod heartbeat;
// JoinGroup.
mod join;
// One shard of the group coordinator.
pub mod machine;
// One member of a classic group.
mod member;
// Committed offsets, and those of open transactions.
pub(crate) mod offsets;
// The way from one generation to the next.
mod rebalance;
// Keys and values of `__consumer_offsets`.
mod records;
// What records say, read back.
mod replay;
// What a group coordinator is asked, and what it answers.
pub mod request;
// The settings that bear on groups.
pub mod settings;
// What one decision gathers.
mod step;
// SyncGroup, LeaveGroup, and the end of sessions.
mod sync;
#[cfg(test)]
mod tests;
// TxnOffsetCommit.
mod transactional;
