//! One replica of one partition, and the parent of them all.
//!
//! A partition is an actor that writes, and a view that readers share. The bytes of a produce request reach the actor
//! in one message; those of a fetch never meet it.

mod actor;
pub mod append;
pub mod future;
pub mod manager_actor;
pub mod mover_actor;
pub mod replica;
pub mod settings;
pub mod table;
mod throttle;
mod verifying;

mod cleaner;

// What compacts the logs.
pub mod cleaner_actor;

mod upkeep;

// What keeps the logs in order.
pub mod upkeep_actor;

#[cfg(test)]
mod tests;
