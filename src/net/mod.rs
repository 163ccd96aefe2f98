//! Sockets: listeners, connections, frames.
//!
//! Knows nothing of any API: a frame goes to [`crate::api`], and what comes back goes out in the order of the requests.
//!
//! # The life of a connection
//!
//! ```text
//! listener_actor   waits for room (limits) ─► accepts ─► counts by address ─► quota of new connections
//!       │ hands it to one of the threads, in turn; it stays there
//!       ▼
//! connection       reads (memory allows it) ─► frame ─► api::dispatch ─► in_flight ─► output ─► socket
//!       │
//!       ▼
//! its end          the peer goes · idle · too slow · no request of ours · acks=0 failed · shutdown
//! ```
//!
//! Read [`listener_actor`], then `connection`, which is one task and one `poll` with everything in it; `input`,
//! `frame`, `output` and `memory` are its parts. [`limits`] counts for all listeners together. [`metrics_actor`] is
//! apart: HTTP for Prometheus, with bounds of its own.
//!
//! # What must stay true
//!
//! - Answers leave in the order of the requests, whatever order they become ready in: Kafka's clients go by that.
//! - Nothing that a peer announces costs memory; only what it has sent does, in this request or one before, and of that
//!   there is a bound for all connections together, and one for each.
//! - No connection can hold up another: each step of a poll does a bounded amount, and a client that does not read its
//!   answers is not read from either.
//! - A connection holds no buffer while it is idle: ten thousand of them are then ten thousand small structs. What is
//!   put aside for the next large requests has a bound of its own, and goes with the last connection that sent one.
//! - A listener that restarts keeps its socket, so that clients in its queue are not refused; its connections end.
//!
//! TLS and SASL are not here yet: what a listener speaks is in the configuration, and anything but plain text is
//! refused at the start.

mod connection;
mod frame;
mod input;
pub mod limits;
pub mod listener_actor;
mod memory;
pub mod metrics_actor;
mod output;
