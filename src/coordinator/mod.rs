//! The runtime that every coordinator shares: a pure machine, and the actor that drives one shard of it.

pub mod actor;
mod loading;
pub mod machine;
pub mod manager_actor;
pub mod shards;
#[cfg(test)]
pub(crate) mod testing;
pub mod transactional;
