//! Tests of the transaction machine: golden scripts, random histories, and what Kafka itself wrote.

mod fuzz;
mod kafka;
mod scripts;
mod shard;
