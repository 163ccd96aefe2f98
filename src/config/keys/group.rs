//! The settings of one group.
//!
//! A table and nothing else: `name: type = default, allowed values, importance, how it may change, documentation`.

use super::Validator::*;
use super::{Key, keys};

/// The settings of one group. By name.
pub static GROUP: &[Key] = keys! {
    "consumer.assignment.interval.ms": Int = "1000", AtLeast(0), Medium, ClusterWide,
        "";
    "consumer.heartbeat.interval.ms": Int = "5000", AtLeast(1), Medium, ClusterWide,
        "";
    "consumer.session.timeout.ms": Int = "45000", AtLeast(1), Medium, ClusterWide,
        "";
    "share.assignment.interval.ms": Int = "1000", AtLeast(0), Medium, ClusterWide,
        "";
    "share.auto.offset.reset": String = "latest", OffsetReset, Medium, ClusterWide,
        "";
    "share.delivery.count.limit": Int = "5", AtLeast(2), Medium, ClusterWide,
        "";
    "share.heartbeat.interval.ms": Int = "5000", AtLeast(1), Medium, ClusterWide,
        "";
    "share.isolation.level": String = "read_uncommitted", OneOf(&["read_committed", "read_uncommitted"]), Medium, ClusterWide,
        "";
    "share.partition.max.record.locks": Int = "2000", AtLeast(100), Medium, ClusterWide,
        "";
    "share.record.lock.duration.ms": Int = "30000", AtLeast(1_000), Medium, ClusterWide,
        "";
    "share.renew.acknowledge.enable": Boolean = "true", Any, Medium, ClusterWide,
        "";
    "share.session.timeout.ms": Int = "45000", AtLeast(1), Medium, ClusterWide,
        "";
    "streams.assignment.interval.ms": Int = "1000", AtLeast(0), Medium, ClusterWide,
        "";
    "streams.heartbeat.interval.ms": Int = "5000", AtLeast(1), Medium, ClusterWide,
        "";
    "streams.initial.rebalance.delay.ms": Int = "3000", AtLeast(0), Medium, ClusterWide,
        "";
    "streams.num.standby.replicas": Int = "0", AtLeast(0), Medium, ClusterWide,
        "";
    "streams.session.timeout.ms": Int = "45000", AtLeast(1), Medium, ClusterWide,
        "";
};

/// The broker key that a group's key falls back to; none where only the table's default holds.
pub fn group_synonym(name: &str) -> Option<&'static str> {
    Some(match name {
        "consumer.assignment.interval.ms" => "group.consumer.assignment.interval.ms",
        "consumer.heartbeat.interval.ms" => "group.consumer.heartbeat.interval.ms",
        "consumer.session.timeout.ms" => "group.consumer.session.timeout.ms",
        "share.assignment.interval.ms" => "group.share.assignment.interval.ms",
        "share.delivery.count.limit" => "group.share.delivery.count.limit",
        "share.heartbeat.interval.ms" => "group.share.heartbeat.interval.ms",
        "share.partition.max.record.locks" => "group.share.partition.max.record.locks",
        "share.record.lock.duration.ms" => "group.share.record.lock.duration.ms",
        "share.session.timeout.ms" => "group.share.session.timeout.ms",
        "streams.assignment.interval.ms" => "group.streams.assignment.interval.ms",
        "streams.heartbeat.interval.ms" => "group.streams.heartbeat.interval.ms",
        "streams.initial.rebalance.delay.ms" => "group.streams.initial.rebalance.delay.ms",
        "streams.num.standby.replicas" => "group.streams.num.standby.replicas",
        "streams.session.timeout.ms" => "group.streams.session.timeout.ms",
        _ => return None,
    })
}
