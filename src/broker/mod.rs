//! What makes a process a broker of a cluster: its registration and heartbeats, and the publishing of new metadata.

/// Register, heartbeat, serve, shut down in good order: the decisions.
pub mod lifecycle;

#[cfg(test)]
mod tests;
