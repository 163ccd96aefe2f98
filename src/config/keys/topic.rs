//! The settings of one topic.
//!
//! A table and nothing else: `name: type = default, allowed values, importance, how it may change, documentation`.

use super::Validator::*;
use super::{Key, keys};

/// The settings of one topic. By name.
pub static TOPIC: &[Key] = keys! {
    "cleanup.policy": List = "delete", ListOf(&["compact", "delete"]), Medium, ClusterWide,
        "What happens to old segments: delete, compact, both, or nothing at all.";
    "compression.gzip.level": Int = "-1", GzipLevel, Medium, ClusterWide,
        "Level of gzip where the broker compresses. -1 is the codec's own choice.";
    "compression.lz4.level": Int = "9", Between(1, 17), Medium, ClusterWide,
        "Level of LZ4 where the broker compresses.";
    "compression.type": String = "producer", OneOf(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]), Medium, ClusterWide,
        "Codec in which batches are stored. \"producer\" keeps what the producer chose.";
    "compression.zstd.level": Int = "3", Between(-131_072, 22), Medium, ClusterWide,
        "Level of Zstandard where the broker compresses.";
    "delete.retention.ms": Long = "86400000", AtLeast(0), Medium, ClusterWide,
        "How long tombstones stay in a compacted topic.";
    "file.delete.delay.ms": Long = "60000", AtLeast(0), Medium, ClusterWide,
        "How long the file of a deleted segment stays for those who still read it.";
    "flush.messages": Long = "9223372036854775807", AtLeast(1), Medium, ClusterWide,
        "Messages that may be lost with the machine's power: the log is synced after so many.";
    "flush.ms": Long = "9223372036854775807", AtLeast(0), Medium, ClusterWide,
        "Time within which messages may be lost with the machine's power: the log is synced after so long.";
    "follower.replication.throttled.replicas": List = "", Throttled, Medium, ClusterWide,
        "Replicas whose followers are throttled, as partition:broker entries, or *.";
    "index.interval.bytes": Int = "4096", AtLeast(0), Medium, ClusterWide,
        "Bytes of the log between two entries of its index.";
    "internal.segment.bytes": Int = null, Any, Internal, ClusterWide,
        "Size of segments below the usual minimum. For tests.";
    "leader.replication.throttled.replicas": List = "", Throttled, Medium, ClusterWide,
        "Replicas whose leaders are throttled, as partition:broker entries, or *.";
    "local.retention.bytes": Long = "-2", AtLeast(-2), Medium, ClusterWide,
        "Bytes of a partition that stay local with remote storage. -2 means retention.bytes.";
    "local.retention.ms": Long = "-2", AtLeast(-2), Medium, ClusterWide,
        "How long records stay local with remote storage. -2 means retention.ms.";
    "max.compaction.lag.ms": Long = "9223372036854775807", AtLeast(1), Medium, ClusterWide,
        "How long a record may go uncompacted at most.";
    "max.message.bytes": Int = "1048588", AtLeast(0), Medium, ClusterWide,
        "Largest batch of records, after compression.";
    "message.timestamp.after.max.ms": Long = "3600000", AtLeast(0), Medium, ClusterWide,
        "How far a record's timestamp may lie in the future.";
    "message.timestamp.before.max.ms": Long = "9223372036854775807", AtLeast(0), Medium, ClusterWide,
        "How far a record's timestamp may lie in the past.";
    "message.timestamp.type": String = "CreateTime", OneOf(&["CreateTime", "LogAppendTime"]), Medium, ClusterWide,
        "Whose clock a record's timestamp is: the producer's or the broker's.";
    "min.cleanable.dirty.ratio": Double = "0.5", BetweenFloats(0.0, 1.0), Medium, ClusterWide,
        "Share of a log that must be uncompacted before it is compacted.";
    "min.compaction.lag.ms": Long = "0", AtLeast(0), Medium, ClusterWide,
        "How long a record stays uncompacted at least.";
    "min.insync.replicas": Int = "1", AtLeast(1), Medium, ClusterWide,
        "Copies that must have a record before a producer with acks=all is answered.";
    "preallocate": Boolean = "false", Any, Medium, ClusterWide,
        "Whether the file of a new segment gets its full size at once.";
    "remote.log.copy.disable": Boolean = "false", Any, Medium, ClusterWide,
        "Whether no more segments go to remote storage.";
    "remote.log.delete.on.disable": Boolean = "false", Any, Medium, ClusterWide,
        "Whether what lies in remote storage is deleted when remote storage is given up.";
    "remote.storage.enable": Boolean = "false", Any, Medium, ClusterWide,
        "Whether old segments go to remote storage.";
    "retention.bytes": Long = "-1", Any, Medium, ClusterWide,
        "Bytes of a partition that are kept. -1 means all.";
    "retention.ms": Long = "604800000", AtLeast(-1), Medium, ClusterWide,
        "How long records are kept. -1 means for ever.";
    "segment.bytes": Int = "1073741824", AtLeast(1_048_576), Medium, ClusterWide,
        "Size at which a segment is closed.";
    "segment.index.bytes": Int = "10485760", AtLeast(4), Medium, ClusterWide,
        "Largest index of a segment.";
    "segment.jitter.ms": Long = "0", AtLeast(0), Medium, ClusterWide,
        "By how much segments may be closed earlier, at random.";
    "segment.ms": Long = "604800000", AtLeast(1), Medium, ClusterWide,
        "Age at which a segment is closed.";
    "unclean.leader.election.enable": Boolean = "false", Any, Medium, ClusterWide,
        "Whether a replica that is not in sync may lead when no other can. Records may be lost.";
};

/// A broker key that a topic falls back to, and the unit it counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicSynonym {
    /// The broker's key.
    pub name: &'static str,
    /// What its number counts.
    pub unit: Unit,
}

/// How a broker's value becomes a topic's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// It is the same.
    Same,
    /// Minutes become milliseconds.
    Minutes,
    /// Hours become milliseconds.
    Hours,
}

/// The broker keys that a topic's key falls back to, the winner first.
pub fn topic_synonyms(name: &str) -> &'static [TopicSynonym] {
    const fn same(name: &'static str) -> TopicSynonym {
        TopicSynonym { name, unit: Unit::Same }
    }
    const fn hours(name: &'static str) -> TopicSynonym {
        TopicSynonym { name, unit: Unit::Hours }
    }
    const MINUTES: TopicSynonym =
        TopicSynonym { name: "log.retention.minutes", unit: Unit::Minutes };
    match name {
        "cleanup.policy" => const { &[same("log.cleanup.policy")] },
        "compression.gzip.level" => const { &[same("compression.gzip.level")] },
        "compression.lz4.level" => const { &[same("compression.lz4.level")] },
        "compression.type" => const { &[same("compression.type")] },
        "compression.zstd.level" => const { &[same("compression.zstd.level")] },
        "delete.retention.ms" => const { &[same("log.cleaner.delete.retention.ms")] },
        "file.delete.delay.ms" => const { &[same("log.segment.delete.delay.ms")] },
        "flush.messages" => const { &[same("log.flush.interval.messages")] },
        "flush.ms" => {
            const { &[same("log.flush.interval.ms"), same("log.flush.scheduler.interval.ms")] }
        }
        "index.interval.bytes" => const { &[same("log.index.interval.bytes")] },
        "local.retention.bytes" => const { &[same("log.local.retention.bytes")] },
        "local.retention.ms" => const { &[same("log.local.retention.ms")] },
        "max.compaction.lag.ms" => const { &[same("log.cleaner.max.compaction.lag.ms")] },
        "max.message.bytes" => const { &[same("message.max.bytes")] },
        "message.timestamp.after.max.ms" => const { &[same("log.message.timestamp.after.max.ms")] },
        "message.timestamp.before.max.ms" => {
            const { &[same("log.message.timestamp.before.max.ms")] }
        }
        "message.timestamp.type" => const { &[same("log.message.timestamp.type")] },
        "min.cleanable.dirty.ratio" => const { &[same("log.cleaner.min.cleanable.ratio")] },
        "min.compaction.lag.ms" => const { &[same("log.cleaner.min.compaction.lag.ms")] },
        "min.insync.replicas" => const { &[same("min.insync.replicas")] },
        "preallocate" => const { &[same("log.preallocate")] },
        "retention.bytes" => const { &[same("log.retention.bytes")] },
        "retention.ms" => {
            const { &[same("log.retention.ms"), MINUTES, hours("log.retention.hours")] }
        }
        "segment.bytes" => const { &[same("log.segment.bytes")] },
        "segment.index.bytes" => const { &[same("log.index.size.max.bytes")] },
        "segment.jitter.ms" => {
            const { &[same("log.roll.jitter.ms"), hours("log.roll.jitter.hours")] }
        }
        "segment.ms" => const { &[same("log.roll.ms"), hours("log.roll.hours")] },
        "unclean.leader.election.enable" => const { &[same("unclean.leader.election.enable")] },
        _ => &[],
    }
}
