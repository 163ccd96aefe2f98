//! The settings of one client metrics subscription (KIP-714).
//!
//! A table and nothing else: `name: type = default, allowed values, importance, how it may change, documentation`.

use super::Validator::*;
use super::{Key, keys};

/// The settings of one client metrics subscription (KIP-714). By name.
pub static CLIENT_METRICS: &[Key] = keys! {
    "interval.ms": Int = "300000", Any, Medium, ClusterWide,
        "How often clients push metrics.";
    "match": List = "", List, Medium, ClusterWide,
        "Which clients push: attribute=pattern entries, all of which must fit. Empty means all.";
    "metrics": List = "", List, Medium, ClusterWide,
        "Prefixes of the metrics to push. * means all, empty none.";
};
