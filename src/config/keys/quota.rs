//! The replication quotas of a broker: settable only while it runs (KIP-73).
//!
//! A table and nothing else.

use super::Validator::AtLeast;
use super::{Key, keys};

/// The replication quotas of a broker, which no file may set. By name.
pub static QUOTA: &[Key] = keys! {
    "follower.replication.throttled.rate": Long = "9223372036854775807", AtLeast(0), Medium, ClusterWide,
        "The most bytes per second that this broker may fetch for throttled partitions it follows.";
    "leader.replication.throttled.rate": Long = "9223372036854775807", AtLeast(0), Medium, ClusterWide,
        "The most bytes per second that this broker may send to followers of throttled partitions it leads.";
    "replica.alter.log.dirs.io.max.bytes.per.second": Long = "9223372036854775807", AtLeast(0), Medium, ClusterWide,
        "The most bytes per second spent on moving replicas between log directories of this broker.";
};
