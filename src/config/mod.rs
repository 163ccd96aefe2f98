//! `server.properties` to a checked [`Config`], a topic's settings to a [`LogConfig`], and the table of every key.
//!
//! Nothing below reads a clock, opens a socket or looks up a name. Only `source.rs` and `providers.rs` read files.
//!
//! # From a file to a `Config`
//!
//! ```text
//! server.properties ─ properties ┐
//! KAFKA_…, VLTAVA_… ─ environment ┼─► source: the later over the earlier ─► providers: ${file:…} and its like
//! --override key=value ───────────┘                                                │ originals
//! the metadata's dynamic settings ────────────────────────────────────► server: overlay over originals
//!                                                                                  │ value: each by its key
//!                                                                                  ▼
//!                                        check: what joins several ─► Config: never changes, made anew for a change
//! ```
//!
//! Read [`keys`] first: one table with each key's type, default, bounds, and whether it may change while a node runs;
//! everything else is driven by it. Then `value` (one value), `server` ([`Config`]), `accessors` (a typed method for
//! each key that is used, held against the table while compiling), `check`. For what changes at run time: [`dynamic`]
//! judges a change before it is a record, [`describe`] tells what holds and why; [`LogConfig`] is a topic's.
//!
//! # What must stay true
//!
//! - A file that Kafka 4.3 takes is taken, with the same meaning, or refused with the reason why we cannot do it: a
//!   setting that would be passed over in silence is told of at the start.
//! - Messages are Kafka's, word for word, also in their order: the first mistake that is told is the one Kafka tells.
//! - A dynamic setting that is stored was judged, but perhaps by another version or by Kafka: one that does not hold is
//!   left out with a warning, and never keeps a node from starting.
//! - What a password says never leaves this folder in any text.

mod accessors;
mod check;
pub mod describe;
pub mod dynamic;
mod environment;
pub mod keys;
mod listener;
mod log_config;
mod properties;
mod providers;
mod server;
mod source;
#[cfg(test)]
mod testing;
mod value;

pub use listener::{Listener, SecurityProtocol, Voter};
pub use log_config::{Compression, LogConfig, TimestampType, validate_topic_values};
pub use properties::parse_properties;
pub use server::{Config, Overlay, Roles};
pub use source::Sources;
pub use value::{Value, java_double, parse_duration, parse_list};
