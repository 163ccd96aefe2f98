//! The settings of one client metrics subscription (KIP-714).
//!
//! A table and nothing else: `name: type = default, allowed values, importance, how it may change, documentation`.

use super::Validator::*;
use super::{Key, keys};

/// The settings of one client metrics subscription (KIP-714). By name.
pub static CLIENT_METRICS: &[Key] = keys! {
    "interval.ms": Int = "300000", Any, Medium, ClusterWide,
        "";
    "match": List = "", List, Medium, ClusterWide,
        "";
    "metrics": List = "", List, Medium, ClusterWide,
        "";
};
