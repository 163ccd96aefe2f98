//! What groups do: offsets that they commit and lose, generations that they complete.

use super::Family;
use super::meter::Meter;
use crate::types::Millis;

/// The counts of all groups together.
#[derive(Debug, Default)]
pub struct GroupMetrics {
    /// Offsets committed.
    pub commits: Meter,
    /// Offsets that have expired.
    pub expirations: Meter,
    /// Offsets that were deleted, by a client or with their topic or group.
    pub deletions: Meter,
    /// Generations of classic groups whose members have their assignments.
    pub completed_rebalances: Meter,
    /// Times that a group of KIP-848 had to be assigned anew.
    pub consumer_rebalances: Meter,
}

impl GroupMetrics {
    pub(super) fn families(&self, now: Millis) -> Vec<Family> {
        let rows = [
            ("offset_commit", "Offsets committed.", &self.commits),
            ("offset_expiration", "Offsets that have expired.", &self.expirations),
            ("offset_deletion", "Offsets that were deleted.", &self.deletions),
            (
                "group_completed_rebalance",
                "Rebalances of classic groups.",
                &self.completed_rebalances,
            ),
            (
                "consumer_group_rebalance",
                "Rebalances of groups of the consumer protocol.",
                &self.consumer_rebalances,
            ),
        ];
        let named = rows.into_iter().flat_map(|(name, help, meter)| {
            meter.families(&format!("kafka_server_group_coordinator_metrics_{name}"), help, now)
        });
        named.collect()
    }
}
