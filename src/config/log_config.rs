//! A topic's settings, resolved: the topic's own, else the broker's synonyms, else the default.
//!
//! Validates and resolves; applies nothing.
//!
//! A value comes from the first of: the topic's own setting; the broker's key of the same meaning, dynamic settings
//! included, of which there may be several (hours, minutes and milliseconds: the finest that is set); the default. A
//! partition gets a new one whenever either changes.

use std::collections::BTreeMap;

use super::keys::{self, BROKER, Fallback, TOPIC, TopicSynonym, Unit, topic_synonyms};
use super::server::Config;
use super::value::{self, Value};

/// What a leader does to the batches that producers send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Keeps the producer's codec.
    Producer,
    /// Stores them plain.
    Uncompressed,
    /// gzip at a level; -1 is the codec's own choice.
    Gzip(i32),
    /// Snappy.
    Snappy,
    /// LZ4 at a level.
    Lz4(i32),
    /// Zstandard at a level.
    Zstd(i32),
}

/// Whose clock a record's timestamp is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampType {
    /// The producer's.
    CreateTime,
    /// The leader's.
    LogAppendTime,
}

/// A topic's settings. Names, units and meanings are those of Kafka's topic configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct LogConfig {
    /// The largest size of a segment, in bytes.
    pub segment_bytes: i32,
    /// The greatest age of the active segment.
    pub segment_ms: i64,
    /// How much earlier a segment may roll, at random.
    pub segment_jitter_ms: i64,
    /// The largest size of an index, in bytes.
    pub segment_index_bytes: i32,
    /// How many bytes of log lie between two index entries.
    pub index_interval_bytes: i32,
    /// fsync after so many messages.
    pub flush_messages: i64,
    /// fsync after so long.
    pub flush_ms: i64,
    /// How many bytes to keep; -1 for all.
    pub retention_bytes: i64,
    /// How long to keep records; -1 for ever.
    pub retention_ms: i64,
    /// The largest batch, in bytes.
    pub max_message_bytes: i32,
    /// How long a deleted segment's file stays.
    pub file_delete_delay_ms: i64,
    /// How long a tombstone stays after compaction.
    pub delete_retention_ms: i64,
    /// How long a record stays out of compaction at least.
    pub min_compaction_lag_ms: i64,
    /// How long a record may stay out of compaction at most.
    pub max_compaction_lag_ms: i64,
    /// The share of dirty log from which compaction begins.
    pub min_cleanable_dirty_ratio: f64,
    /// `cleanup.policy` has `compact`.
    pub compact: bool,
    /// `cleanup.policy` has `delete`.
    pub delete: bool,
    /// Whether a replica outside the ISR may lead, at the price of records.
    pub unclean_leader_election_enable: bool,
    /// How many replicas must have a record before acks=all is answered.
    pub min_insync_replicas: i32,
    /// What happens to producers' batches.
    pub compression: Compression,
    /// Whether segments are preallocated.
    pub preallocate: bool,
    /// Whose clock counts.
    pub message_timestamp_type: TimestampType,
    /// How far a timestamp may lie in the past.
    pub message_timestamp_before_max_ms: i64,
    /// How far a timestamp may lie in the future.
    pub message_timestamp_after_max_ms: i64,
    /// `partition:broker` pairs whose leaders are throttled, or `*`.
    pub leader_replication_throttled_replicas: Vec<String>,
    /// `partition:broker` pairs whose followers are throttled, or `*`.
    pub follower_replication_throttled_replicas: Vec<String>,
    /// Whether old segments go to remote storage.
    pub remote_storage_enable: bool,
    /// How much stays local with remote storage; -2 for as much as `retention.bytes`.
    pub local_retention_bytes: i64,
    /// How long it stays local with remote storage; -2 for as long as `retention.ms`.
    pub local_retention_ms: i64,
}

impl LogConfig {
    /// The settings of a topic with these overrides on this broker. The error is Kafka's text.
    pub fn new(broker: &Config, overrides: &BTreeMap<String, String>) -> Result<Self, String> {
        validate_topic_values(overrides)?;
        let config = Self::from_values(&resolve(broker, overrides))?;
        let (min, max) = (config.min_compaction_lag_ms, config.max_compaction_lag_ms);
        if min > max {
            return Err(format!(
                "conflict topic config setting min.compaction.lag.ms ({min}) > max.compaction.lag.ms ({max})"
            ));
        }
        if config.remote_storage_enable {
            return Err("Tiered Storage functionality is disabled in the broker. \
                        Topic cannot be configured with remote log storage."
                .to_string());
        }
        Ok(config)
    }

    /// Like [`new`](Self::new), passing over overrides that are not allowed, as a broker does that finds them stored.
    pub fn lenient(broker: &Config, overrides: &BTreeMap<String, String>) -> Self {
        let usable = |(name, text): &(&String, &String)| {
            keys::find(TOPIC, name).is_some_and(|key| value::parse(key, text).is_ok())
        };
        let overrides = overrides
            .iter()
            .filter(usable)
            .map(|(name, text)| (name.clone(), text.clone()))
            .collect();
        Self::from_values(&resolve(broker, &overrides)).unwrap_or_else(|_| Self::default())
    }

    fn from_values(values: &BTreeMap<&'static str, Value>) -> Result<Self, String> {
        let read = Reader(values);
        let cleanup = read.list("cleanup.policy");
        Ok(Self {
            segment_bytes: read.int("segment.bytes")?,
            segment_ms: read.long("segment.ms")?,
            segment_jitter_ms: read.long("segment.jitter.ms")?,
            segment_index_bytes: read.int("segment.index.bytes")?,
            index_interval_bytes: read.int("index.interval.bytes")?,
            flush_messages: read.long("flush.messages")?,
            flush_ms: read.long("flush.ms")?,
            retention_bytes: read.long("retention.bytes")?,
            retention_ms: read.long("retention.ms")?,
            max_message_bytes: read.int("max.message.bytes")?,
            file_delete_delay_ms: read.long("file.delete.delay.ms")?,
            delete_retention_ms: read.long("delete.retention.ms")?,
            min_compaction_lag_ms: read.long("min.compaction.lag.ms")?,
            max_compaction_lag_ms: read.long("max.compaction.lag.ms")?,
            min_cleanable_dirty_ratio: read.double("min.cleanable.dirty.ratio")?,
            compact: cleanup.iter().any(|policy| policy == "compact"),
            delete: cleanup.iter().any(|policy| policy == "delete"),
            unclean_leader_election_enable: read.boolean("unclean.leader.election.enable"),
            min_insync_replicas: read.int("min.insync.replicas")?,
            compression: read.compression()?,
            preallocate: read.boolean("preallocate"),
            message_timestamp_type: match read.text("message.timestamp.type") {
                "LogAppendTime" => TimestampType::LogAppendTime,
                _ => TimestampType::CreateTime,
            },
            message_timestamp_before_max_ms: read.long("message.timestamp.before.max.ms")?,
            message_timestamp_after_max_ms: read.long("message.timestamp.after.max.ms")?,
            leader_replication_throttled_replicas: read
                .list("leader.replication.throttled.replicas")
                .to_vec(),
            follower_replication_throttled_replicas: read
                .list("follower.replication.throttled.replicas")
                .to_vec(),
            remote_storage_enable: read.boolean("remote.storage.enable"),
            local_retention_bytes: read.long("local.retention.bytes")?,
            local_retention_ms: read.long("local.retention.ms")?,
        })
    }

    /// The greatest age of the active segment: compaction wants old records in closed segments.
    pub fn max_segment_ms(&self) -> i64 {
        if self.compact {
            self.segment_ms.min(self.max_compaction_lag_ms.max(1))
        } else {
            self.segment_ms
        }
    }
}

impl Default for LogConfig {
    /// Every setting at the table's default.
    fn default() -> Self {
        let values = TOPIC.iter().filter_map(|key| match key.default {
            Fallback::Value(text) => value::parse(key, text).ok().map(|value| (key.name, value)),
            _ => None,
        });
        Self::from_values(&values.collect()).expect("every default of the table is of its own type")
    }
}

/// Reads resolved values by name. The table says which type each has.
struct Reader<'a>(&'a BTreeMap<&'static str, Value>);

impl Reader<'_> {
    fn long(&self, name: &str) -> Result<i64, String> {
        self.0.get(name).and_then(Value::as_i64).ok_or_else(|| format!("{name} has no number"))
    }

    fn int(&self, name: &str) -> Result<i32, String> {
        i32::try_from(self.long(name)?).map_err(|_| format!("{name} does not fit"))
    }

    fn double(&self, name: &str) -> Result<f64, String> {
        match self.0.get(name) {
            Some(Value::Double(value)) => Ok(*value),
            _ => Err(format!("{name} has no number")),
        }
    }

    fn boolean(&self, name: &str) -> bool {
        matches!(self.0.get(name), Some(Value::Boolean(true)))
    }

    fn text(&self, name: &str) -> &str {
        match self.0.get(name) {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }

    fn list(&self, name: &str) -> &[String] {
        match self.0.get(name) {
            Some(Value::List(entries)) => entries,
            _ => &[],
        }
    }

    fn compression(&self) -> Result<Compression, String> {
        Ok(match self.text("compression.type") {
            "uncompressed" => Compression::Uncompressed,
            "gzip" => Compression::Gzip(self.int("compression.gzip.level")?),
            "snappy" => Compression::Snappy,
            "lz4" => Compression::Lz4(self.int("compression.lz4.level")?),
            "zstd" => Compression::Zstd(self.int("compression.zstd.level")?),
            _ => Compression::Producer,
        })
    }
}

/// Every topic key with its value; keys without one are left out. Overrides must be valid.
pub(super) fn resolve(
    broker: &Config,
    overrides: &BTreeMap<String, String>,
) -> BTreeMap<&'static str, Value> {
    let mut values = BTreeMap::new();
    for key in TOPIC {
        let own = overrides.get(key.name).and_then(|text| value::parse(key, text).ok());
        let default = || match key.default {
            Fallback::Value(text) => value::parse(key, text).ok(),
            _ => None,
        };
        if let Some(value) =
            own.or_else(|| from_broker(broker, topic_synonyms(key.name))).or_else(default)
        {
            values.insert(key.name, value);
        }
    }
    values
}

/// The first synonym with a value. Retention's numbers below zero all mean for ever.
fn from_broker(broker: &Config, synonyms: &[TopicSynonym]) -> Option<Value> {
    let of = |synonym: &TopicSynonym| {
        let value = keys::position(BROKER, synonym.name).and_then(|at| broker.value_at(at))?;
        Some(match (synonym.unit, value.as_i64()) {
            (Unit::Minutes, Some(minutes)) => Value::Long(minutes.saturating_mul(60_000)),
            (Unit::Hours, Some(hours)) => Value::Long(hours.saturating_mul(3_600_000)),
            _ => value.clone(),
        })
    };
    let value = synonyms.iter().find_map(of)?;
    match value {
        Value::Long(ms)
            if ms < -1 && synonyms.iter().any(|synonym| synonym.name == "log.retention.ms") =>
        {
            Some(Value::Long(-1))
        }
        value => Some(value),
    }
}

/// Whether a topic could have these settings, as far as can be told without a broker. The error is Kafka's text.
pub fn validate_topic_values(overrides: &BTreeMap<String, String>) -> Result<(), String> {
    if let Some(unknown) = overrides.keys().find(|name| keys::find(TOPIC, name).is_none()) {
        return Err(format!("Unknown topic config name: {unknown}"));
    }
    for (name, text) in overrides {
        if let Some(key) = keys::find(TOPIC, name) {
            value::parse(key, text)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broker(settings: &[(&str, &str)]) -> Config {
        Config::combined(settings.iter().copied())
    }

    fn topic(settings: &[(&str, &str)], overrides: &[(&str, &str)]) -> Result<LogConfig, String> {
        let overrides = overrides
            .iter()
            .map(|(name, text)| ((*name).to_string(), (*text).to_string()))
            .collect();
        LogConfig::new(&broker(settings), &overrides)
    }

    #[test]
    fn nothing_set_means_the_defaults() {
        assert_eq!(topic(&[], &[]), Ok(LogConfig::default()));
        let config = LogConfig::default();
        assert_eq!(
            (config.segment_bytes, config.retention_ms, config.segment_ms),
            (1 << 30, 604_800_000, 604_800_000)
        );
        assert_eq!(
            (config.compact, config.delete, config.compression),
            (false, true, Compression::Producer)
        );
    }

    #[test]
    fn the_topic_wins_over_the_broker_and_the_finer_unit_over_the_coarser() {
        let retention = |settings: &[(&str, &str)], overrides: &[(&str, &str)]| {
            topic(settings, overrides).expect("settings").retention_ms
        };
        assert_eq!(retention(&[("log.retention.hours", "2")], &[]), 7_200_000);
        assert_eq!(
            retention(&[("log.retention.hours", "2"), ("log.retention.minutes", "5")], &[]),
            300_000
        );
        assert_eq!(retention(&[("log.retention.hours", "2"), ("log.retention.ms", "7")], &[]), 7);
        assert_eq!(retention(&[("log.retention.ms", "7")], &[("retention.ms", "-1")]), -1);
        assert_eq!(retention(&[("log.retention.hours", "-5")], &[]), -1);
        let flush = topic(&[("log.flush.scheduler.interval.ms", "9")], &[]).expect("settings");
        assert_eq!(flush.flush_ms, 9);
    }

    #[test]
    fn both_policies_and_a_codec_with_its_level() {
        let config = topic(
            &[("compression.zstd.level", "7")],
            &[
                ("cleanup.policy", "compact,delete"),
                ("compression.type", "zstd"),
                ("max.compaction.lag.ms", "50"),
            ],
        )
        .expect("settings");
        assert!(config.compact && config.delete);
        assert_eq!((config.compression, config.max_segment_ms()), (Compression::Zstd(7), 50));
    }

    #[test]
    fn refusals() {
        for (overrides, says) in [
            (&[("no.such", "1")][..], "Unknown topic config name: no.such"),
            (
                &[("retention.ms", "x")],
                "Invalid value x for configuration retention.ms: Not a number of type LONG",
            ),
            (
                &[("min.compaction.lag.ms", "10"), ("max.compaction.lag.ms", "5")],
                "conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)",
            ),
        ] {
            assert_eq!(topic(&[], overrides), Err(says.to_string()));
        }
        let overrides = [("no.such", "1"), ("retention.ms", "x"), ("segment.ms", "5")];
        let overrides = overrides
            .iter()
            .map(|(name, text)| ((*name).to_string(), (*text).to_string()))
            .collect();
        assert_eq!(LogConfig::lenient(&broker(&[]), &overrides).segment_ms, 5);
    }
}
