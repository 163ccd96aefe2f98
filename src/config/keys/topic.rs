//! The settings of one topic.
//!
//! A table and nothing else: `name: type = default, allowed values, importance, how it may change, documentation`.

use super::Validator::*;
use super::{Key, keys};

/// The settings of one topic. By name.
pub static TOPIC: &[Key] = keys! {
    "cleanup.policy": List = "delete", ListOf(&["compact", "delete"]), Medium, ClusterWide,
        "";
    "compression.gzip.level": Int = "-1", GzipLevel, Medium, ClusterWide,
        "";
    "compression.lz4.level": Int = "9", Between(1, 17), Medium, ClusterWide,
        "";
    "compression.type": String = "producer", OneOf(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]), Medium, ClusterWide,
        "";
    "compression.zstd.level": Int = "3", Between(-131_072, 22), Medium, ClusterWide,
        "";
    "delete.retention.ms": Long = "86400000", AtLeast(0), Medium, ClusterWide,
        "";
    "file.delete.delay.ms": Long = "60000", AtLeast(0), Medium, ClusterWide,
        "";
    "flush.messages": Long = "9223372036854775807", AtLeast(1), Medium, ClusterWide,
        "";
    "flush.ms": Long = "9223372036854775807", AtLeast(0), Medium, ClusterWide,
        "";
    "follower.replication.throttled.replicas": List = "", Throttled, Medium, ClusterWide,
        "";
    "index.interval.bytes": Int = "4096", AtLeast(0), Medium, ClusterWide,
        "";
    "internal.segment.bytes": Int = null, Any, Internal, ClusterWide,
        "";
    "leader.replication.throttled.replicas": List = "", Throttled, Medium, ClusterWide,
        "";
    "local.retention.bytes": Long = "-2", AtLeast(-2), Medium, ClusterWide,
        "";
    "local.retention.ms": Long = "-2", AtLeast(-2), Medium, ClusterWide,
        "";
    "max.compaction.lag.ms": Long = "9223372036854775807", AtLeast(1), Medium, ClusterWide,
        "";
    "max.message.bytes": Int = "1048588", AtLeast(0), Medium, ClusterWide,
        "";
    "message.timestamp.after.max.ms": Long = "3600000", AtLeast(0), Medium, ClusterWide,
        "";
    "message.timestamp.before.max.ms": Long = "9223372036854775807", AtLeast(0), Medium, ClusterWide,
        "";
    "message.timestamp.type": String = "CreateTime", OneOf(&["CreateTime", "LogAppendTime"]), Medium, ClusterWide,
        "";
    "min.cleanable.dirty.ratio": Double = "0.5", BetweenFloats(0.0, 1.0), Medium, ClusterWide,
        "";
    "min.compaction.lag.ms": Long = "0", AtLeast(0), Medium, ClusterWide,
        "";
    "min.insync.replicas": Int = "1", AtLeast(1), Medium, ClusterWide,
        "";
    "preallocate": Boolean = "false", Any, Medium, ClusterWide,
        "";
    "remote.log.copy.disable": Boolean = "false", Any, Medium, ClusterWide,
        "";
    "remote.log.delete.on.disable": Boolean = "false", Any, Medium, ClusterWide,
        "";
    "remote.storage.enable": Boolean = "false", Any, Medium, ClusterWide,
        "";
    "retention.bytes": Long = "-1", Any, Medium, ClusterWide,
        "";
    "retention.ms": Long = "604800000", AtLeast(-1), Medium, ClusterWide,
        "";
    "segment.bytes": Int = "1073741824", AtLeast(1_048_576), Medium, ClusterWide,
        "";
    "segment.index.bytes": Int = "10485760", AtLeast(4), Medium, ClusterWide,
        "";
    "segment.jitter.ms": Long = "0", AtLeast(0), Medium, ClusterWide,
        "";
    "segment.ms": Long = "604800000", AtLeast(1), Medium, ClusterWide,
        "";
    "unclean.leader.election.enable": Boolean = "false", Any, Medium, ClusterWide,
        "";
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
