//! What is kept in logs and files rather than sent: records of the internal topics and of the metadata log, control
//! records, the consumer protocol. Schemas and their frames only.

pub mod consumer_protocol;
pub mod group;
pub mod metadata;
pub mod principal;
pub mod producer_snapshot;
pub mod raft;
pub mod remote_log;
pub mod share;
pub mod transaction;
