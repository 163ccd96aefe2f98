//! Consumer groups (KIP-848): members heartbeat, the coordinator assigns, each member is led to its share by itself.
//!
//! [`heartbeat`] is the way of one request through a [`group`]: subscribe, bump the group's epoch, compute the target
//! assignment ([`assign`], [`uniform`], [`range`]), reconcile the member with it ([`reconcile`]). Every step changes
//! the group in memory and writes the record that says so ([`records`]); a successor replays those and stands where its
//! predecessor stood. While a shard lives, a record's return changes nothing.
//!
//! Never reads a clock, never waits, never touches a file or a socket.

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
// What the members are to have.
mod target;
// The assignor `uniform` where all members subscribe to the same topics.
mod uniform;
// The assignor `uniform` where they do not.
mod uniform_mixed;
