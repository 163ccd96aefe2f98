//! What makes a process a broker of a cluster: its registration and heartbeats, and the publishing of new metadata.

// Which log directory has which replica, for the controller to know.
pub mod assignments_actor;

// The way to the active controller.
pub mod channel;

// Register, heartbeat, serve, shut down in good order: the decisions.
pub mod lifecycle;

// What drives that.
pub mod lifecycle_actor;

// New images, and who is told of them.
pub mod publisher_actor;

// When a controller makes itself known.
pub mod registrar;

// What drives that.
pub mod registrar_actor;

// When a snapshot of the metadata is due.
pub mod snapshots;

// Dynamic settings of brokers.
pub mod settings;

#[cfg(test)]
mod tests;
