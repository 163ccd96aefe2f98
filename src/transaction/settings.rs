//! The settings that bear on transactions. Never what they are for.
//!
//! Read when a shard is made: a change counts from the shard's next life.

use crate::config::Config;
use crate::types::Millis;

/// What the broker's configuration says of transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `transaction.abort.timed.out.transaction.cleanup.interval.ms`: how often those are looked for that took too
    /// long.
    pub abort_interval_ms: Millis,
    /// `transactional.id.expiration.ms`: how long an id that is not used is remembered.
    pub id_expiration_ms: Millis,
    /// `transaction.remove.expired.transaction.cleanup.interval.ms`: how often those are looked for.
    pub expiration_interval_ms: Millis,
    /// `message.max.bytes`: what one batch may take.
    pub batch_bytes_max: usize,
}

impl Settings {
    /// What a node's configuration says.
    pub fn of(config: &Config) -> Self {
        let abort = config.transaction_abort_timed_out_transaction_cleanup_interval_ms();
        let expire = config.transaction_remove_expired_transaction_cleanup_interval_ms();
        Self {
            abort_interval_ms: Millis::from(abort),
            id_expiration_ms: Millis::from(config.transactional_id_expiration_ms()),
            expiration_interval_ms: Millis::from(expire),
            batch_bytes_max: usize::try_from(config.message_max_bytes()).unwrap_or(0),
        }
    }
}

impl Default for Settings {
    /// Kafka's defaults.
    fn default() -> Self {
        Self {
            abort_interval_ms: 10_000,
            id_expiration_ms: 7 * 24 * 60 * 60 * 1_000,
            expiration_interval_ms: 60 * 60 * 1_000,
            batch_bytes_max: 1_048_588,
        }
    }
}
