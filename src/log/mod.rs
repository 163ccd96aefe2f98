//! One partition's files, in Kafka's own directory format: no network, no actors, no clock.
//!
//! A [`Log`] has one owner, who writes; everyone else reads through the [`view::PartitionView`] that the log publishes
//! to. Readers never ask the writer, and the writer never waits for a reader. All input and output goes through
//! [`files::Files`], so that tests can run on memory and break it.
//!
//! # What lies in the directory
//!
//! ```text
//! orders-0/
//!   00000000000000000000.log         record batches, one behind the other: a segment, closed
//!   00000000000000000000.index       some batches' last offsets → where they begin in the .log
//!   00000000000000000000.timeindex   newest timestamp so far → an offset
//!   00000000000000000000.txnindex    the transactions that were aborted in it; only where there are any
//!   00000000000000004711.log  …      the active segment: the only one that grows
//!   00000000000000004711.snapshot    the producers as they were at that offset
//!   leader-epoch-checkpoint          who led from which offset on
//!   partition.metadata               the topic's id
//! ```
//!
//! Beside the partitions' directories lie four checkpoint files for all of them ([`checkpoint`]), the lock,
//! `meta.properties` and, after an orderly stop, `.kafka_cleanshutdown` ([`manager`]).
//!
//! # In which order to read
//!
//! 1. [`files`]: what a disk promises, and the memory that breaks it.
//! 2. [`segment`] with [`index`], [`txn_index`] and [`scan`]: one stretch of the log, and how a batch is found in it.
//! 3. [`view`] and [`waiters`]: what readers share.
//! 4. `writer` ([`Log`]), then what it does: [`append`], [`flush`], [`retention`], `truncate`, `replace`. Each is a
//!    file of methods of the one type.
//! 5. [`producers`]: what keeps a batch from being written twice, and how transactions begin and end.
//! 6. `recovery` and `tidy`: what is made of a directory after a crash.
//! 7. [`cleaner`]: compaction, which runs aside from the writer.
//! 8. [`manager`]: the log directories of a node.
//!
//! # The life of a batch
//!
//! [`Log::append_as_leader`] gives it an offset and the leader's epoch, both of which lie outside of its crc, and
//! writes it together with others (`group`). Indexes, epochs and producers learn of it; then the log's end is
//! published, and it can be read. A sync ([`flush::FlushTask`]) moves the recovery point past it. The owner moves the
//! high watermark, and it is committed: consumers see it, and if it belongs to a transaction, those in `read_committed`
//! do once the marker is committed too. Its segment fills up and is closed (`roll`), perhaps compacted, and in the end
//! given up by [`retention`]: renamed to `.deleted` at once, removed after `file.delete.delay.ms`.
//!
//! # The offsets of a log, and what holds between them
//!
//! ```text
//! log start ≤ last stable offset ≤ high watermark ≤ log end         recovery point ≤ log end
//! ```
//!
//! * *Log start* moves forwards only; it may lie within a segment (DeleteRecords), or be past the recovery point.
//! * *High watermark*: the owner's decision. It moves back with a truncation alone.
//! * *Last stable offset*: the first offset of the oldest transaction that is undecided, or whose marker is not
//!   committed.
//! * *Recovery point*: everything below was synced. It says where a check after a crash begins, and nothing else.
//! * Segments lie in order and never overlap; offsets may be missing within them and between them, after a compaction
//!   or where a leader's batches were not continuous.
//! * Epochs and their first offsets both grow.
//! * After an error that leaves unknown what is on the disk, the log is unusable until it is opened anew: there is one
//!   way to recover, and it is that of a crash.
//!
//! # What is missing
//!
//! Tiered storage; message formats 0 and 1, which Kafka 4 can no longer write either and converts when it reads; the
//! file of leader epochs is written with each new epoch and synced only with the next flush, since it can be made anew.

// The disk, or memory with injected faults.
pub mod files;

// What a topic's configuration says about its logs.
pub mod settings;

// Names of files and directories.
pub mod names;

// Files of `topic partition offset` lines, and how any small file is replaced as a whole.
pub mod checkpoint;

// One log directory, and what it says of itself.
pub mod log_dir;

// What the checkpoint files of a log directory say, and will say.
mod noted;

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

mod open;

// Finding offsets by time.
pub mod lookup;

// Appending as a leader: many producers' batches in one group.
pub mod append;

// Appending as a follower.
mod follow;

// Writing a group, and letting everybody see it.
mod commit;

mod recovery;

// A directory that is new: whole, or not there.
mod making;

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

pub use open::{OpenOptions, Owner};
pub use writer::Log;

#[cfg(test)]
mod tests;
