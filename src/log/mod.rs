//! One partition's files, in Kafka's own directory format: no network, no actors, no clock.
//!
//! A [`Log`] has one owner, who writes; everyone else reads through the [`view::PartitionView`] that the log
//! publishes to. Readers never ask the writer, and the writer never waits for a reader. All input and output goes
//! through [`files::Files`], so that tests can run on memory and break it.

// The disk, or memory with injected faults.
pub mod files;

// What a topic's configuration says about its logs.
pub mod settings;

// Names of files and directories.
pub mod names;

// Files of `topic partition offset` lines, and how any small file is replaced as a whole.
pub mod checkpoint;

// `partition.metadata`: the id of the topic that a directory belongs to.
pub mod partition_metadata;

// `meta.properties`: whose directory this is.
pub mod meta_properties;

// Who led when: `leader-epoch-checkpoint`.
pub mod epochs;

// Offsets to positions, and timestamps to offsets.
pub mod index;

// Aborted transactions of a segment.
pub mod txn_index;

// Batches found in a file, one after the other.
pub mod scan;

// One stretch of the log and its indexes.
pub mod segment;

mod verify;

// What is open and loaded, kept within bounds.
pub mod cache;

// Idempotence and transactions: what each producer did last.
pub mod producers;

// Who waits for a partition to grow.
pub mod waiters;

// What readers share.
pub mod view;

mod writer;

// Finding offsets by time.
pub mod lookup;

// Appending: group commit by the leader, raw bytes by a follower.
pub mod append;

mod recovery;

mod group;

mod tidy;

// Making a log durable.
pub mod flush;

mod truncate;

// Deleting from the front: by time, by size, by request.
pub mod retention;

// Compaction: what to keep of a log, and the files that hold no more than that.
pub mod cleaner;

mod replace;

// Several log directories: locks, checkpoints, what is in them.
pub mod manager;

pub use writer::{Log, OpenOptions};

#[cfg(test)]
mod tests;
