//! Sockets: listeners, connections, frames.
//!
//! Knows nothing of any API: a frame goes to [`crate::api`], and what comes back goes out in the order of the requests.

mod connection;
mod frame;
pub mod limits;
pub mod listener_actor;
mod memory;
pub mod metrics_actor;
mod output;
