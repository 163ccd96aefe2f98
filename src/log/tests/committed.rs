//! What a reader in `read_committed` sees, beside what the batches themselves say: nothing aborted, nothing open.

use std::collections::{HashMap, HashSet};

use super::super::producers::marker;
use super::*;
use crate::wire::records::BatchHeader;

/// A batch that is there, and whether it aborts, if it is a marker.
type Read = (BatchHeader, Option<bool>);

fn read(log: &Log) -> Option<Vec<Read>> {
    let mut batches = Vec::new();
    let mut next = log.log_start_offset();
    while next < log.log_end_offset() {
        let data = log.view().read(next, usize::MAX, true, Offset::MAX).ok()?;
        let bytes = data.to_vec().unwrap();
        for batch in split(&bytes) {
            let batch = batch.unwrap();
            let header = *batch.header();
            let ended = marker(&batch).filter(|_| header.is_control());
            batches.push((header, ended.map(|marker| marker.aborted)));
        }
        next = data.next_offset;
    }
    Some(batches)
}

/// The batches that count: the next marker of their producer says so. And the first that has no marker.
fn truth(batches: &[Read]) -> (HashSet<Offset>, Option<Offset>) {
    let (mut counts, mut open) = (HashSet::new(), None);
    for (at, (header, _)) in batches.iter().enumerate() {
        if header.is_control() || !header.is_transactional() {
            continue;
        }
        let behind = &batches[at..];
        let mut ends = behind.iter().filter(|(other, _)| other.producer_id == header.producer_id);
        match ends.find_map(|(_, aborted)| *aborted) {
            Some(false) => drop(counts.insert(header.base_offset)),
            Some(true) => {}
            None => drop(open.get_or_insert(header.base_offset)),
        }
    }
    (counts, open)
}

/// What a client makes of the batches below `stable`, given the aborted transactions.
fn seen(batches: &[Read], log: &Log, stable: Offset) -> HashSet<Offset> {
    let from = log.log_start_offset();
    let mut aborted = log.view().aborted_transactions(from, stable).unwrap();
    aborted.sort_by_key(|txn| std::cmp::Reverse(txn.first_offset));
    let (mut skipped, mut seen) = (HashMap::<i64, ()>::new(), HashSet::new());
    for (header, end) in batches.iter().filter(|(header, _)| header.last_offset() < stable) {
        while let Some(txn) = aborted.pop_if(|txn| txn.first_offset <= header.last_offset()) {
            skipped.insert(txn.producer_id, ());
        }
        match end {
            Some(true) => drop(skipped.remove(&header.producer_id)),
            Some(false) => {}
            None if !header.is_transactional() || header.is_control() => {}
            None if skipped.contains_key(&header.producer_id) => {}
            None => drop(seen.insert(header.base_offset)),
        }
    }
    seen
}

/// Holds what is seen against the truth; a log that cannot be read whole is passed over.
pub(super) fn check(log: &Log, what: &str) {
    let Some(batches) = read(log) else { return };
    let (counts, open) = truth(&batches);
    let stable = log.view().last_stable_offset();
    let truly_stable = open.unwrap_or_else(|| log.log_end_offset());
    assert!(stable <= truly_stable, "{what}: stable up to {stable}, not {truly_stable}");
    if log.log_start_offset() == 0 {
        assert_eq!(stable, truly_stable, "{what}");
    }
    let counts: HashSet<_> = counts.into_iter().filter(|offset| *offset < stable).collect();
    assert_eq!(seen(&batches, log, stable), counts, "{what}");
}
