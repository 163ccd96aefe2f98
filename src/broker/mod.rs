//! What makes a process a broker of a cluster: its registration and heartbeats, and the publishing of new metadata.
//!
//! # In which order to read
//!
//! 1. [`lifecycle`], which is pure, and [`lifecycle_actor`], which drives it: from the first registration to the last
//!    heartbeat. [`channel`] is the way to the controller, in this process or another.
//! 2. [`publisher_actor`]: from the committed log to the image that everybody sees. [`settings`] and [`snapshots`] are
//!    what it decides by.
//! 3. [`registrar`] and [`assignments_actor`]: what a controller and a broker with several log directories tell
//!    besides.
//!
//! # How a broker comes to serve
//!
//! ```text
//! NotRunning
//!     ▼
//! Starting                    registers, and reads the log up to its own registration
//!     ▼
//! Recovery                    caught up: its partitions are started
//!     ▼
//! Running                     unfenced: listeners begin to accept
//!     ▼
//! PendingControlledShutdown   its leaderships move away
//!     ▼
//! ShuttingDown                it may stop
//! ```
//!
//! Kafka's `BrokerLifecycleManager`. The order is what clients rely on: whoever can connect to a broker finds it with
//! all its partitions, and nobody is sent to one that is going.
//!
//! # What must stay true
//!
//! * Settings take effect before the image that brings them is shown.
//! * Partitions are told of an image before coordinators, and both before the lifecycle, which says that the broker is
//!   ready.
//! * Everybody sees images in order; who was slow gets one for all that it missed, never one twice.

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
