//! How a topic looks that nobody described: one made because a client asked for it, or because a coordinator needs
//! it.
//!
//! What the coordinators' topics have of their own is Kafka's, value by value: offsets and transactions are compacted,
//! since the last record of a key is the state; an unclean leader of transactions could forget a decision, so there is
//! none.

use crate::config::Config;
use crate::types::{OFFSETS_TOPIC, SHARE_TOPIC, TRANSACTION_TOPIC};
use crate::wire::messages::create_topics::{CreatableTopic, CreatableTopicConfig};

/// The topic `name` as `config` has it: the coordinators' own with the settings they depend on, others as any new
/// topic.
pub fn new_topic(config: &Config, name: &str) -> CreatableTopic {
    let (num_partitions, replication_factor, settings) = match name {
        OFFSETS_TOPIC => (
            config.offsets_topic_num_partitions(),
            config.offsets_topic_replication_factor(),
            vec![
                ("cleanup.policy", "compact".to_owned()),
                ("compression.type", "producer".to_owned()),
                ("segment.bytes", config.offsets_topic_segment_bytes().to_string()),
            ],
        ),
        TRANSACTION_TOPIC => (
            config.transaction_state_log_num_partitions(),
            config.transaction_state_log_replication_factor(),
            vec![
                ("cleanup.policy", "compact".to_owned()),
                ("compression.type", "uncompressed".to_owned()),
                ("min.insync.replicas", config.transaction_state_log_min_isr().to_string()),
                ("segment.bytes", config.transaction_state_log_segment_bytes().to_string()),
                ("unclean.leader.election.enable", "false".to_owned()),
            ],
        ),
        SHARE_TOPIC => (
            config.share_coordinator_state_topic_num_partitions(),
            config.share_coordinator_state_topic_replication_factor(),
            vec![
                ("cleanup.policy", "delete".to_owned()),
                ("compression.type", "producer".to_owned()),
                ("min.insync.replicas", config.share_coordinator_state_topic_min_isr().to_string()),
                ("retention.ms", "-1".to_owned()),
                ("segment.bytes", config.share_coordinator_state_topic_segment_bytes().to_string()),
            ],
        ),
        _ => (-1, -1, Vec::new()),
    };
    let config = |(name, value): (&str, String)| CreatableTopicConfig {
        name: name.to_owned(),
        value: Some(value),
        ..Default::default()
    };
    CreatableTopic {
        name: name.to_owned(),
        num_partitions,
        replication_factor,
        configs: settings.into_iter().map(config).collect(),
        ..Default::default()
    }
}
