//! The runtime that every coordinator shares: a pure machine and the actor that drives one shard of it.

pub mod machine;
