//! Consumer groups and their offsets: the machine behind one partition of `__consumer_offsets`.
//!
//! [`machine::GroupMachine`] finds the group of a request; a classic group ([`classic`]) runs the protocol of
//! JoinGroup, SyncGroup, Heartbeat and LeaveGroup by itself ([`join`], [`rebalance`], [`sync`]); [`offsets`] keeps
//! what groups have committed. A classic group lives in memory; what is written of it is its picture at the moments
//! that matter: stable with assignments, or empty. That picture is all a successor starts from.
//!
//! Never reads a clock, never waits, never touches a file or a socket.

// The membership and the states of a classic group.
pub(crate) mod classic;
// OffsetCommit, OffsetFetch and OffsetDelete.
mod commit;
// Consumer groups (KIP-848).
pub mod consumer;
// ListGroups, DescribeGroups, DeleteGroups.
mod describe;
// Offsets and groups that have outlived their use.
mod expiry;
// Groups of other protocols: kept, counted, never run here.
mod foreign;
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
// What a group coordinator is asked, and what it answers.
pub mod request;
// The settings that bear on groups.
pub mod settings;
// What one decision gathers.
mod step;
// SyncGroup, Heartbeat, LeaveGroup, and the end of sessions.
mod sync;
#[cfg(test)]
mod tests;
/// TxnOffsetCommit.
mod transactional;
