//! A topic's configuration as its partitions use it: for the log, and for judging what producers send. Values only.
//!
//! Two shapes of one thing: [`LogConfig`] has all of a topic's keys in Kafka's types, `LogSettings` what `log` needs,
//! which knows nothing of configurations.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::{Compression, Config, LogConfig, TimestampType};
use crate::log::settings::LogSettings;
use crate::types::{Millis, PartitionId};
use crate::wire::compression::{self, Codec};
use crate::wire::records;

/// The settings of one replica.
#[derive(Clone, Debug)]
pub struct ReplicaSettings {
    /// The topic's configuration.
    pub config: Arc<LogConfig>,
    /// The same, as the log has it.
    pub log: Arc<LogSettings>,
}

impl ReplicaSettings {
    /// The settings of a topic on this node.
    pub fn new(config: Arc<LogConfig>, broker: &Config) -> Self {
        let log = Arc::new(log_settings(&config, broker));
        Self { config, log }
    }

    /// What a producer's records are held against.
    pub fn check_options<'a>(
        &self,
        topic: &'a str,
        partition: PartitionId,
        now: Millis,
    ) -> records::Options<'a> {
        let config = &self.config;
        records::Options {
            compression: target(config.compression),
            timestamp_type: match config.message_timestamp_type {
                TimestampType::CreateTime => records::TimestampType::CreateTime,
                TimestampType::LogAppendTime => records::TimestampType::LogAppendTime,
            },
            timestamp_before_max_ms: config.message_timestamp_before_max_ms,
            timestamp_after_max_ms: config.message_timestamp_after_max_ms,
            max_message_bytes: config.max_message_bytes,
            segment_bytes: config.segment_bytes,
            compacted: config.compact,
            depth: records::Depth::Records,
            max_unpacked_bytes: times(config.max_message_bytes, BATCH_RATIO_MAX),
            max_record_bytes: times(config.max_message_bytes, RECORD_RATIO_MAX),
            ..records::Options::new(topic, partition, now)
        }
    }
}

/// The settings of topics, one after the other.
#[derive(Debug, Default)]
pub struct TopicSettings {
    /// Those of every topic that sets nothing itself, which most do not, and what they follow from.
    plain: Option<(Arc<Config>, ReplicaSettings)>,
}

impl TopicSettings {
    /// The settings of a topic that sets `overrides`, on a node with the configuration `broker`.
    pub fn of(
        &mut self,
        broker: &Arc<Config>,
        overrides: Option<&BTreeMap<String, String>>,
    ) -> ReplicaSettings {
        let resolve = |overrides| {
            ReplicaSettings::new(Arc::new(LogConfig::lenient(broker, overrides)), broker)
        };
        if let Some(overrides) = overrides.filter(|overrides| !overrides.is_empty()) {
            return resolve(overrides);
        }
        match &self.plain {
            Some((of, settings)) if Arc::ptr_eq(of, broker) => settings.clone(),
            _ => {
                let settings = resolve(&BTreeMap::new());
                self.plain = Some((broker.clone(), settings.clone()));
                settings
            }
        }
    }
}

/// How many times `max.message.bytes` a compressed batch may unpack to: what a producer gains by packing better than
/// this is nothing beside what a bomb costs.
const BATCH_RATIO_MAX: usize = 64;
/// The same for one record, which every consumer must hold whole.
const RECORD_RATIO_MAX: usize = 8;

fn times(bytes: i32, ratio: usize) -> usize {
    usize::try_from(bytes).unwrap_or(0).saturating_mul(ratio)
}

fn target(compression: Compression) -> records::Target {
    let to = |codec, level| records::Target::To(compression::Compression { codec, level });
    match compression {
        Compression::Producer => records::Target::Producer,
        Compression::Uncompressed => to(Codec::None, None),
        Compression::Gzip(level) => to(Codec::Gzip, Some(level)),
        Compression::Snappy => to(Codec::Snappy, None),
        Compression::Lz4(level) => to(Codec::Lz4, Some(level)),
        Compression::Zstd(level) => to(Codec::Zstd, Some(level)),
    }
}

fn log_settings(config: &LogConfig, broker: &Config) -> LogSettings {
    let unsigned = |value: i32| u32::try_from(value).unwrap_or(0);
    LogSettings {
        segment_bytes: unsigned(config.segment_bytes),
        segment_ms: config.segment_ms,
        segment_jitter_ms: config.segment_jitter_ms,
        segment_index_bytes: unsigned(config.segment_index_bytes),
        index_interval_bytes: unsigned(config.index_interval_bytes),
        retention_ms: config.retention_ms,
        retention_bytes: config.retention_bytes,
        delete: config.delete,
        compact: config.compact,
        delete_retention_ms: config.delete_retention_ms,
        min_compaction_lag_ms: config.min_compaction_lag_ms,
        max_compaction_lag_ms: config.max_compaction_lag_ms,
        min_cleanable_dirty_ratio: config.min_cleanable_dirty_ratio,
        file_delete_delay_ms: config.file_delete_delay_ms,
        flush_messages: config.flush_messages,
        flush_ms: config.flush_ms,
        max_message_bytes: unsigned(config.max_message_bytes),
        preallocate: config.preallocate,
        log_append_time: config.message_timestamp_type == TimestampType::LogAppendTime,
        producer_id_expiration_ms: i64::from(broker.producer_id_expiration_ms()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_that_set_nothing_share_their_settings() {
        let broker = Arc::new(Config::combined([("log.segment.bytes", "2000000")]));
        let mut topics = TopicSettings::default();
        let (one, other) = (topics.of(&broker, None), topics.of(&broker, Some(&BTreeMap::new())));
        assert!(Arc::ptr_eq(&one.log, &other.log) && Arc::ptr_eq(&one.config, &other.config));
        assert_eq!(one.log.segment_bytes, 2_000_000);
        let overrides = BTreeMap::from([("segment.bytes".to_owned(), "3000000".to_owned())]);
        assert_eq!(topics.of(&broker, Some(&overrides)).log.segment_bytes, 3_000_000);
        let changed = Arc::new(Config::combined([("log.segment.bytes", "4000000")]));
        assert_eq!(topics.of(&changed, None).log.segment_bytes, 4_000_000);
    }
}
