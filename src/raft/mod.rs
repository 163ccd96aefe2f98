//! The metadata quorum (KRaft, KIP-595): one replicated log that every node's picture of the cluster comes from.
//!
//! The pure part is [`machine::Machine`]: `step(event, now)` gives [`step::Effect`]s. A node is [`machine::Role`]
//! `Unattached` (knows an epoch, follows nobody), `Follower` (fetches from a leader, as a voter or as an observer),
//! `Leader`, or `Resigned` (led, and must not again in this epoch). The set of [`voters::VoterSet`] is written in the
//! log itself (KIP-853) or fixed in the configuration. Whom a node voted for and follows is its [`quorum_state`],
//! written before anything is sent that rests on it.
//!
//! The actor does what the effects say, over [`crate::log::Log`]: whatever proposals wait while one sync is under way
//! are appended and synced together. Everyone else holds a [`quorum_actor::Quorum`], which survives restarts of the
//! actor.
//!
//! # Caveats
//! A single voter elects itself; several voters and the changing of the set are not built yet.
//!
//! # In which order to read
//!
//! 1. [`voters`] and [`shape`]: who takes part, and the outline of a log (where it begins and ends, which epoch begins
//!    where), which is all that a decision needs.
//! 2. [`step`]: what can happen to a node, and what it can be told to do: the whole interface of the machine on one
//!    page.
//! 3. [`machine`], `following` for its other half, and [`leader`] for what only a leader knows.
//! 4. [`store`]: the files; [`batch`], [`control`] and [`quorum_state`] are their contents.
//! 5. [`actor`]: events in, effects out, files and timers in between; `core` is what it holds while the files are open,
//!    `serve_actor` and [`follow_actor`] are its two sides to other nodes.
//! 6. [`quorum_actor`] and [`events`]: what the rest of the process sees of all this; `subscriber` is how it is told.
//!
//! # The roles
//!
//! ```text
//!                     a leader is heard of                        stop
//!   ┌───────────────┐ ───────────────────▶ ┌──────────┐ ────────────────▶ ┌──────────┐
//!   │  Unattached   │                      │ Follower │                   │ Resigned │
//!   └───────────────┘ ◀─────────────────── └──────────┘     ┌────────┐    └──────────┘
//!      │ the only voter, at the start    it falls silent    │ Leader │ ──────▲   stop
//!      ╰──────────────────────────────────────────────────▶ └────────┘
//! ```
//!
//! # The life of a record
//!
//! The controller proposes it ([`Quorum::propose`]) in the epoch that it believes it leads, at the offset that it
//! believes to be next: if either is wrong the whole decision was made on a state that is not, and is refused. The
//! machine gives it its offset; the actor encodes it and gathers what else waits; one write and one sync later the
//! machine is told ([`step::Event::Synced`]), moves the high watermark, and the proposal is answered. In the same order
//! every subscriber is told of the committed batch: the controller itself, which applies it to its own state only now,
//! and the broker's publisher, which makes images of it.
//!
//! # What must stay true
//!
//! * The epoch never goes back; what was committed stays so; both are asserted after each step.
//! * Nothing of an earlier epoch is committed before a record of the leader's own is (Raft, section 5.4.2): hence the
//!   leader's change is the first record of each epoch.
//! * Subscribers see each committed record once, in order, without a gap, from the offset where the state that they
//!   were given ends.
//! * What a snapshot covers was committed and synced before; the log goes only as far as a snapshot covers it.
//! * A sole voter that starts leads in a *new* epoch, even if it led the last: it may have lost records that it had not
//!   synced, and nobody may take the two logs for one.

// Who votes.
pub mod voters;

// Whom a node follows and voted for: Kafka's `quorum-state` file.
pub mod quorum_state;

// What a leader knows of those who fetch from it.
pub mod leader;

// Where the log begins, ends, and which epoch wrote what.
pub mod shape;

// Events in, effects out.
pub mod step;

// The decisions.
mod following;
pub mod machine;

// What those who follow the metadata are told.
pub mod events;

// Leader changes and voters, as records.
pub mod control;

// Batches of the metadata log.
pub mod batch;

mod snapshot_copy;

// The files.
pub mod store;

// Those who follow the committed log, each at its pace.
mod subscriber;

// What the actor holds while its files are open.
mod core;

// The actor.
pub mod actor;

// What it asks of other nodes.
pub mod follow_actor;

// What it answers to other nodes.
mod serve_actor;

// The handle on it.
pub mod quorum_actor;

pub use quorum_actor::{MAILBOX, Quorum};

#[cfg(test)]
mod actor_tests;
#[cfg(test)]
mod tests;
