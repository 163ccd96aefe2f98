//! Consumer groups (KIP-848): members heartbeat, the coordinator assigns, each member is led to its share by itself.
//!
//! [`heartbeat`] is the way of one request through a [`group`]: subscribe, bump the group's epoch, compute the target
//! assignment ([`assign`], [`uniform`], [`range`]), reconcile the member with it ([`reconcile`]). Every step changes
//! the group in memory and writes the record that says so ([`records`]); a successor replays those and stands where its
//! predecessor stood. While a shard lives, a record's return changes nothing.
//!
//! Never reads a clock, never waits, never touches a file or a socket.
//!
//! # In which order to read
//!
//! 1. `member` and `group`: who is in a group and what it has; every change is one method that changes memory and
//!    writes the record.
//! 2. [`heartbeat`], with `checks`: the one request of this protocol, from top to bottom; `subscription`: what it says
//!    of topics, and what the group's epoch makes of it.
//! 3. `target`: when and by whom the members' shares are computed; [`assign`], `range`, `uniform`, `uniform_mixed` are
//!    the assignors.
//! 4. `reconcile`: how a member comes from what it has to what it is to have, while the others do the same.
//! 5. `classic_members`, `migrate` and `embedded`: members that speak the old protocol in a group of the new one.
//! 6. [`regex`], `hash`, `offsets`, `describe`, `records`.
//!
//! # Three epochs
//!
//! ```text
//! group epoch        somebody came, went or subscribed otherwise, or topics changed: everything is to be assigned anew
//!   ≥ assignment epoch   the group epoch that the target assignment was made for
//!     ≥ member epoch       the assignment epoch that the member has got to, once it has given up what it must
//! ```
//!
//! The group is *Assigning* while the first two differ, *Reconciling* while a member is behind, *Stable* when all three
//! are one.
//!
//! # The states of a member
//!
//! ```text
//!                 target has changed, and it has what it must give up
//!   ┌────────┐ ───────────────────────────────────────────────▶ ┌─────────────────────┐
//!   │ Stable │                                                  │ UnrevokedPartitions │ ── rebalance timeout ──▶
//!   fenced
//!   └────────┘ ◀──────────╮                                     └─────────────────────┘
//!       │                 │ what it waits for is free                │ it says that it has given it up:
//!       │ nothing to give │                                          │ it is at the assignment's epoch
//!       │ up, but some of ╰──────── ┌──────────────────────┐ ◀───────╯
//!       ╰ its share is with others ▶│ UnreleasedPartitions │
//!                                   └──────────────────────┘
//! ```
//!
//! # What must stay true
//!
//! * A partition has one owner: it is given to nobody while another has it or has yet to give it up.
//! * Nobody waits for a member that has nothing to do with a change: there is no barrier.
//! * All of a heartbeat that may be refused is refused before anything is written.
//! * Replaying a group's records gives the group, but for what is volatile: when sessions end, who was told to join
//!   again.
//!
//! # What differs from Kafka
//!
//! A member is asked to come back within 50 to 500 ms while something is under way; regular expressions are resolved
//! within the heartbeat that brings them, not on another thread.

// What assignors are asked and what they answer, in the orders that Kafka's collections have.
pub mod assign;
// What a heartbeat may be refused for.
mod checks;
// Classic members of a consumer group.
mod classic_members;
// ConsumerGroupDescribe.
mod describe;
// The consumers' protocol inside the classic one.
mod embedded;
// The state of one group.
pub(crate) mod group;
// The hash by which changes of topics are noticed.
pub(crate) mod hash;
// ConsumerGroupHeartbeat.
pub mod heartbeat;
// One member.
pub(crate) mod member;
// From the classic protocol to this one, and back.
mod migrate;
// OffsetCommit and OffsetFetch: who may.
mod offsets;
// The assignor `range`.
mod range;
// A member's way from what it has to what it is to have.
pub(crate) mod reconcile;
// Keys and values of consumer groups.
pub(crate) mod records;
// Subscriptions by regular expression.
pub mod regex;
// What members subscribe to, and the group's epoch.
mod subscription;
// What the members are to have.
mod target;
// The assignor `uniform` where all members subscribe to the same topics.
mod uniform;
// The assignor `uniform` where they do not.
mod uniform_mixed;
