//! The settings that bear on groups. Never what they are for.
//!
//! Copied into each decision: a change of the configuration takes effect with the next request, for members that are
//! there too.

use super::consumer::assign::Assignor;
use crate::config::Config;
use crate::metadata::Image;
use crate::metadata::configs::ResourceType;
use crate::types::Millis;

/// In which directions groups may change their protocol (`group.consumer.migration.policy`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MigrationPolicy {
    /// From classic to consumer.
    pub may_upgrade: bool,
    /// From consumer to classic.
    pub may_downgrade: bool,
}

/// A setting of groups with the bounds that groups' own values are held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bounds {
    session_timeout_ms: (i32, i32),
    heartbeat_interval_ms: (i32, i32),
    assignment_interval_ms: (i32, i32),
}

/// What bears on consumer groups (KIP-848).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsumerSettings {
    /// `group.consumer.session.timeout.ms`.
    pub session_timeout_ms: Millis,
    /// `group.consumer.heartbeat.interval.ms`: of members that are settled.
    pub heartbeat_interval_ms: i32,
    /// Whether the group itself says so: then it is kept to, however few members there are.
    pub is_heartbeat_interval_own: bool,
    /// `group.consumer.assignment.interval.ms`.
    pub assignment_interval_ms: Millis,
    /// Whether the group itself says so: then the interval is kept to whatever the group's size.
    pub is_assignment_interval_own: bool,
    /// `group.consumer.regex.refresh.interval.ms`.
    pub regex_refresh_interval_ms: Millis,
    /// `group.consumer.max.size`.
    pub size_max: usize,
    /// `group.consumer.migration.policy`.
    pub migration: MigrationPolicy,
    /// `group.consumer.assignors`, the default first.
    pub assignors: [Option<Assignor>; 2],
    bounds: Bounds,
}

impl ConsumerSettings {
    fn of(config: &Config) -> Self {
        let int = |name: &str, or: i32| {
            let value = config.value(name).and_then(|value| value.as_i64());
            value.and_then(|value| i32::try_from(value).ok()).unwrap_or(or)
        };
        let bounds = |what: &str, or: (i32, i32)| {
            let bound = |which: &str, or| int(&format!("group.consumer.{which}.{what}"), or);
            (bound("min", or.0), bound("max", or.1))
        };
        let policy = config.group_consumer_migration_policy().to_lowercase();
        let mut assignors = [None; 2];
        let named = config.group_consumer_assignors();
        for (slot, found) in
            assignors.iter_mut().zip(named.iter().filter_map(|name| Assignor::find(name)))
        {
            *slot = Some(found);
        }
        Self {
            session_timeout_ms: Millis::from(config.group_consumer_session_timeout_ms()),
            heartbeat_interval_ms: config.group_consumer_heartbeat_interval_ms(),
            is_heartbeat_interval_own: false,
            assignment_interval_ms: Millis::from(config.group_consumer_assignment_interval_ms()),
            is_assignment_interval_own: false,
            regex_refresh_interval_ms: Millis::from(
                config.group_consumer_regex_refresh_interval_ms(),
            ),
            size_max: usize::try_from(config.group_consumer_max_size()).unwrap_or(1),
            migration: MigrationPolicy {
                may_upgrade: matches!(policy.as_str(), "bidirectional" | "upgrade"),
                may_downgrade: matches!(policy.as_str(), "bidirectional" | "downgrade"),
            },
            assignors,
            bounds: Bounds {
                session_timeout_ms: bounds("session.timeout.ms", (45_000, 60_000)),
                heartbeat_interval_ms: bounds("heartbeat.interval.ms", (5_000, 15_000)),
                assignment_interval_ms: bounds("assignment.interval.ms", (0, 15_000)),
            },
        }
    }

    /// With what is set for the group itself, held to the broker's bounds.
    pub(super) fn of_group(mut self, image: &Image, group_id: &str) -> Self {
        let Some(own) = image.configs.get(ResourceType::GROUP, group_id) else { return self };
        let value = |name: &str, (min, max): (i32, i32)| {
            let value: i32 = own.get(name)?.trim().parse().ok()?;
            Some(value.min(max).max(min))
        };
        let bounds = self.bounds;
        if let Some(ms) = value("consumer.session.timeout.ms", bounds.session_timeout_ms) {
            self.session_timeout_ms = Millis::from(ms);
        }
        if let Some(ms) = value("consumer.heartbeat.interval.ms", bounds.heartbeat_interval_ms) {
            self.heartbeat_interval_ms = ms;
            self.is_heartbeat_interval_own = true;
        }
        if let Some(ms) = value("consumer.assignment.interval.ms", bounds.assignment_interval_ms) {
            self.assignment_interval_ms = Millis::from(ms);
            self.is_assignment_interval_own = true;
        }
        self
    }

    /// As they are for a node with so many members in all: members that have nothing to do come as often as one that
    /// leaves should be missed, and all of them together no oftener than the node can well answer. What is configured
    /// is the bound.
    pub(super) fn among(mut self, members: usize) -> Self {
        const IDLE_MS_MIN: i32 = 200;
        if !self.is_heartbeat_interval_own {
            // Three heartbeats a millisecond.
            let fair = i32::try_from(members / 3).unwrap_or(i32::MAX);
            self.heartbeat_interval_ms = self.heartbeat_interval_ms.min(fair.max(IDLE_MS_MIN));
        }
        self
    }

    /// The names of the assignors that members may ask for.
    pub(super) fn assignor_names(&self) -> Vec<&'static str> {
        self.assignors.iter().flatten().map(|assignor| assignor.name()).collect()
    }

    /// The assignor of groups that ask for none.
    pub(super) fn assignor(&self) -> Assignor {
        self.assignors[0].unwrap_or(Assignor::Uniform)
    }

    /// How long after an assignment the next may be made. Kafka's default is for what an assignment costs there; here
    /// it is the bound of what grows with the group.
    pub(super) fn assignment_interval_for(&self, members: usize) -> Millis {
        let fair = Millis::try_from(members / 8).unwrap_or(Millis::MAX);
        if self.is_assignment_interval_own {
            self.assignment_interval_ms
        } else {
            self.assignment_interval_ms.min(fair)
        }
    }
}

impl Default for ConsumerSettings {
    /// Kafka's defaults.
    fn default() -> Self {
        Self {
            session_timeout_ms: 45_000,
            heartbeat_interval_ms: 5_000,
            is_heartbeat_interval_own: false,
            assignment_interval_ms: 1_000,
            is_assignment_interval_own: false,
            regex_refresh_interval_ms: 600_000,
            size_max: i32::MAX as usize,
            migration: MigrationPolicy { may_upgrade: true, may_downgrade: true },
            assignors: [Some(Assignor::Uniform), Some(Assignor::Range)],
            bounds: Bounds {
                session_timeout_ms: (45_000, 60_000),
                heartbeat_interval_ms: (5_000, 15_000),
                assignment_interval_ms: (0, 15_000),
            },
        }
    }
}

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
    /// `message.max.bytes`: the largest batch, where the topic of offsets has no bound of its own.
    pub batch_bytes_max: usize,
    /// What bears on consumer groups alone.
    pub consumer: ConsumerSettings,
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
            batch_bytes_max: usize::try_from(config.message_max_bytes()).unwrap_or(0),
            consumer: ConsumerSettings::of(config),
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
            batch_bytes_max: 1_048_588,
            consumer: ConsumerSettings::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_with_nothing_to_do_come_as_often_as_the_node_can_answer() {
        let settings = ConsumerSettings::default();
        let idle_ms = |members| settings.among(members).heartbeat_interval_ms;
        assert_eq!([0, 100, 600, 1_000, 9_000].map(idle_ms), [200, 200, 200, 333, 3_000]);
        assert_eq!(
            [15_000, usize::MAX].map(idle_ms),
            [5_000; 2],
            "what is configured is the bound"
        );
        let own = ConsumerSettings { is_heartbeat_interval_own: true, ..settings };
        assert_eq!(own.among(100).heartbeat_interval_ms, 5_000, "a group's own is kept to");
    }
}
