//! The settings of one group.
//!
//! A table and nothing else: `name: type = default, allowed values, importance, how it may change, documentation`.

use super::Validator::*;
use super::{Key, keys};

/// The settings of one group. By name.
pub static GROUP: &[Key] = keys! {
    "consumer.assignment.interval.ms": Int = "1000", AtLeast(0), Medium, ClusterWide,
        "Least time between two assignments of this consumer group.";
    "consumer.heartbeat.interval.ms": Int = "5000", AtLeast(1), Medium, ClusterWide,
        "How often members of this consumer group are told to send heartbeats.";
    "consumer.session.timeout.ms": Int = "45000", AtLeast(1), Medium, ClusterWide,
        "Without a heartbeat for this long a member leaves this consumer group.";
    "share.assignment.interval.ms": Int = "1000", AtLeast(0), Medium, ClusterWide,
        "Least time between two assignments of this share group.";
    "share.auto.offset.reset": String = "latest", OffsetReset, Medium, ClusterWide,
        "Where this share group begins: latest, earliest, or by_duration:P… before now.";
    "share.delivery.count.limit": Int = "5", AtLeast(2), Medium, ClusterWide,
        "How often a record is delivered to this share group before it is given up.";
    "share.heartbeat.interval.ms": Int = "5000", AtLeast(1), Medium, ClusterWide,
        "How often members of this share group are told to send heartbeats.";
    "share.isolation.level": String = "read_uncommitted", OneOf(&["read_committed", "read_uncommitted"]), Medium, ClusterWide,
        "Whether this share group sees records of transactions before they are committed.";
    "share.partition.max.record.locks": Int = "2000", AtLeast(100), Medium, ClusterWide,
        "Most records of a partition that this share group may hold at once.";
    "share.record.lock.duration.ms": Int = "30000", AtLeast(1_000), Medium, ClusterWide,
        "How long a member of this share group may hold a record.";
    "share.renew.acknowledge.enable": Boolean = "true", Any, Medium, ClusterWide,
        "Whether members of this share group may ask to hold a record for longer.";
    "share.session.timeout.ms": Int = "45000", AtLeast(1), Medium, ClusterWide,
        "Without a heartbeat for this long a member leaves this share group.";
    "streams.assignment.interval.ms": Int = "1000", AtLeast(0), Medium, ClusterWide,
        "Least time between two assignments of this streams group.";
    "streams.heartbeat.interval.ms": Int = "5000", AtLeast(1), Medium, ClusterWide,
        "How often members of this streams group are told to send heartbeats.";
    "streams.initial.rebalance.delay.ms": Int = "3000", AtLeast(0), Medium, ClusterWide,
        "How long this streams group waits for more members before it first rebalances.";
    "streams.num.standby.replicas": Int = "0", AtLeast(0), Medium, ClusterWide,
        "Standby copies of each task of this streams group.";
    "streams.session.timeout.ms": Int = "45000", AtLeast(1), Medium, ClusterWide,
        "Without a heartbeat for this long a member leaves this streams group.";
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
