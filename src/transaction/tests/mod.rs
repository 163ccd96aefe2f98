//! Tests of the transaction machine: golden scripts, random histories, and what Kafka itself wrote.

mod client;
mod fuzz;
mod kafka;
mod scripts;
mod shard;
