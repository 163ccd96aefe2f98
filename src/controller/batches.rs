//! Which records go into one batch of the metadata log. What is in one batch is applied whole or not at all.

use crate::raft::events::VersionedRecord;

/// How many records one batch of the log takes, unless a single atomic decision has more.
const BATCH_RECORDS_MAX: usize = 10_000;

/// Puts a decision's records into the last batch, or into further ones: an atomic decision is never split.
pub(super) fn add(
    batches: &mut Vec<Vec<VersionedRecord>>,
    records: Vec<VersionedRecord>,
    atomic: bool,
) {
    if atomic {
        match batches.last_mut().filter(|batch| batch.len() + records.len() <= BATCH_RECORDS_MAX) {
            Some(batch) => batch.extend(records),
            None if records.is_empty() => {}
            None => batches.push(records),
        }
        return;
    }
    for record in records {
        match batches.last_mut().filter(|batch| batch.len() < BATCH_RECORDS_MAX) {
            Some(batch) => batch.push(record),
            None => batches.push(vec![record]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::stored::metadata::{MetadataRecord, NoOpRecord};

    fn records(count: usize) -> Vec<VersionedRecord> {
        vec![(MetadataRecord::NoOp(NoOpRecord::default()), 0); count]
    }

    #[test]
    fn an_atomic_decision_is_never_split() {
        let mut batches = Vec::new();
        add(&mut batches, records(BATCH_RECORDS_MAX - 1), false);
        add(&mut batches, records(2), true);
        add(&mut batches, records(BATCH_RECORDS_MAX + 5), true);
        add(&mut batches, Vec::new(), true);
        let lengths: Vec<_> = batches.iter().map(Vec::len).collect();
        assert_eq!(lengths, [BATCH_RECORDS_MAX - 1, 2, BATCH_RECORDS_MAX + 5]);
    }

    #[test]
    fn other_records_fill_what_there_is() {
        let mut batches = vec![records(BATCH_RECORDS_MAX - 1)];
        add(&mut batches, records(BATCH_RECORDS_MAX + 3), false);
        let lengths: Vec<_> = batches.iter().map(Vec::len).collect();
        assert_eq!(lengths, [BATCH_RECORDS_MAX, BATCH_RECORDS_MAX, 2]);
    }
}
