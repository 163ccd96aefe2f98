//! The settings that bear on groups. Never what they are for.

use crate::config::Config;
use crate::types::Millis;

/// What the broker's configuration says of groups and their offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `group.max.size`: how many members a classic group may have.
    pub max_size: usize,
    /// `group.initial.rebalance.delay.ms`: how long a group that was empty waits for more members.
    pub initial_rebalance_delay_ms: Millis,
    /// How long a new member may wait in JoinGroup before it is taken for gone: five minutes, which Kafka has no
    /// key for.
    pub new_member_join_timeout_ms: Millis,
    /// `group.min.session.timeout.ms`.
    pub session_timeout_ms_min: i32,
    /// `group.max.session.timeout.ms`.
    pub session_timeout_ms_max: i32,
    /// `offset.metadata.max.bytes`: the longest metadata of a committed offset, in UTF-16 units as Kafka counts them.
    pub offset_metadata_len_max: usize,
    /// `offsets.retention.minutes`: how long offsets outlive their group.
    pub offsets_retention_ms: Millis,
    /// `offsets.retention.check.interval.ms`.
    pub retention_check_interval_ms: Millis,
}

impl Settings {
    /// What a node's configuration says.
    pub fn of(config: &Config) -> Self {
        Self {
            max_size: usize::try_from(config.group_max_size()).unwrap_or(1),
            initial_rebalance_delay_ms: Millis::from(config.group_initial_rebalance_delay_ms()),
            session_timeout_ms_min: config.group_min_session_timeout_ms(),
            session_timeout_ms_max: config.group_max_session_timeout_ms(),
            offset_metadata_len_max: usize::try_from(config.offset_metadata_max_bytes())
                .unwrap_or(0),
            offsets_retention_ms: Millis::from(config.offsets_retention_minutes()) * 60_000,
            retention_check_interval_ms: config.offsets_retention_check_interval_ms(),
            ..Self::default()
        }
    }
}

impl Default for Settings {
    /// Kafka's defaults.
    fn default() -> Self {
        Self {
            max_size: i32::MAX as usize,
            initial_rebalance_delay_ms: 3_000,
            new_member_join_timeout_ms: 5 * 60 * 1_000,
            session_timeout_ms_min: 6_000,
            session_timeout_ms_max: 30 * 60 * 1_000,
            offset_metadata_len_max: 4_096,
            offsets_retention_ms: 7 * 24 * 60 * 60 * 1_000,
            retention_check_interval_ms: 10 * 60 * 1_000,
        }
    }
}
