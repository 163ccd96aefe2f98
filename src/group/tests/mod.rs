//! Tests of the group machine: golden scripts, a random history, and what Kafka itself wrote.

mod consumer;
mod fuzz;
mod kafka;
mod replies;
mod scripts;
mod shard;
mod sizes;
mod transactional;
