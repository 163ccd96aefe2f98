//! How many transactions stand how, told by the shards of their coordinator. Kafka has no such numbers.

use crate::metrics::{Family, Sample};
use crate::transaction::state::Status;

/// `counts` are those of each shard, in the order of the states' numbers.
pub(super) fn families(counts: &[[usize; 6]]) -> Vec<Family> {
    let sample = |(at, status): (usize, Status)| Sample {
        labels: vec![("state", status.name().to_owned())],
        value: counts.iter().map(|counts| counts[at]).sum::<usize>() as f64,
    };
    let ids: usize = counts.iter().flatten().sum();
    vec![
        super::family(
            "vltava_transaction_coordinator_transactions",
            "Transactional ids whose latest transaction stands so.",
            Status::ALL.into_iter().enumerate().map(sample).collect(),
        ),
        Family::gauge(
            "kafka_server_transaction_coordinator_metrics_transactional_id_count",
            "Transactional ids that are known.",
            ids as f64,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transactions_are_counted_by_state_over_all_shards() {
        let families = families(&[[1, 2, 0, 0, 4, 0], [0, 1, 0, 0, 0, 3]]);
        let told: Vec<(String, f64)> = families[0]
            .samples
            .iter()
            .filter(|sample| sample.value > 0.0)
            .map(|sample| (sample.labels[0].1.clone(), sample.value))
            .collect();
        let named = |name: &str, value| (name.to_owned(), value);
        let all = ["Empty", "Ongoing", "CompleteCommit", "CompleteAbort"];
        assert_eq!(
            told,
            all.into_iter().zip([1.0, 3.0, 4.0, 3.0]).map(|(n, v)| named(n, v)).collect::<Vec<_>>()
        );
        assert_eq!(families[1].samples[0].value, 11.0);
    }
}
