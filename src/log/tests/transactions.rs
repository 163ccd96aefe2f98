//! Transactions and idempotence through the whole log, and across restarts.

use super::*;
use crate::log::producers::Voucher;

fn append_marker(log: &mut Log, id: i64, kind: ControlType) {
    append_as(log, marker_batch(id, 0, kind, 0), Origin::Coordinator).unwrap();
}

fn two_transactions(log: &mut Log) {
    append(log, producer_batch(1, 0, 0, 2, true)).unwrap();
    append(log, producer_batch(2, 0, 0, 2, true)).unwrap();
    assert_eq!(log.view().last_stable_offset(), 0);
    append_marker(log, 1, ControlType::Abort);
    assert_eq!(log.view().last_stable_offset(), 2);
    append(log, batch(1, 1, NOW)).unwrap();
}

fn check(log: &Log) {
    assert_eq!((log.log_end_offset(), log.view().last_stable_offset()), (6, 2));
    let aborted = log.view().aborted_transactions(0, 6).unwrap();
    let ranges = aborted
        .iter()
        .map(|txn| (txn.producer_id, txn.first_offset, txn.last_offset, txn.last_stable_offset));
    assert_eq!(ranges.collect::<Vec<_>>(), [(1, 0, 4, 2)]);
    assert!(log.view().aborted_transactions(5, 6).unwrap().is_empty());
    assert!(log.producers().has_transaction(2, 0) && !log.producers().has_transaction(1, 0));
    let mut sequences: Vec<_> =
        log.active_producers().map(|(id, entry)| (id, entry.last_sequence())).collect();
    sequences.sort_unstable();
    assert_eq!(sequences, [(1, 1), (2, 1)]);
}

#[test]
fn transactions_hold_the_stable_offset_back() {
    let files = memory();
    let mut log = open(&files, LogSettings::default());
    two_transactions(&mut log);
    check(&log);
    let killed = files.after_kill();
    let mut again = open_with(
        &killed,
        LogSettings::default(),
        &OpenOptions { high_watermark: 6, now: NOW, ..OpenOptions::default() },
    );
    again.set_high_watermark(6);
    check(&again);
    log.close(NOW).unwrap();
    let options =
        OpenOptions { clean_shutdown: true, high_watermark: 6, now: NOW, ..OpenOptions::default() };
    let mut again = open_with(&files, LogSettings::default(), &options);
    check(&again);
    append_marker(&mut again, 2, ControlType::Commit);
    assert_eq!(again.view().last_stable_offset(), 7);
    let read = again.view().aborted_transactions(0, 7).unwrap();
    assert_eq!(read.len(), 1);
}

#[test]
fn duplicates_get_their_first_answer() {
    let files = memory();
    let mut log = open(&files, small());
    for n in 0..20 {
        let first = append(&mut log, producer_batch(9, 1, n * 2, 2, false)).unwrap();
        let again = append(&mut log, producer_batch(9, 1, n * 2, 2, false)).unwrap();
        assert_eq!(
            (again.base_offset, again.last_offset, again.duplicate),
            (first.base_offset, first.last_offset, true)
        );
        assert_eq!((first.append_time, again.append_time), (-1, NOW + 1));
    }
    assert_eq!(log.log_end_offset(), 40);
    let mut appends: Vec<_> = [40, 42, 40, 46, 44]
        .map(|sequence| {
            PendingAppend::new(producer_batch(9, 1, sequence, 2, false), Origin::Client)
        })
        .into();
    log.append_as_leader(&mut appends, EPOCH, NOW).unwrap();
    let results: Vec<_> =
        appends.into_iter().map(|append| append.result.unwrap().map(|at| at.base_offset)).collect();
    assert_eq!(results[..3], [Ok(40), Ok(42), Ok(40)]);
    assert_eq!(results[3].as_ref().unwrap_err().code, ErrorCode::OutOfOrderSequenceNumber);
    assert_eq!(results[4], Ok(44));
    assert_eq!(
        append(&mut log, producer_batch(9, 0, 0, 1, false)).unwrap_err().code,
        ErrorCode::InvalidProducerEpoch
    );
    // Of a killed process the last five batches are known again; of a clean stop only the last.
    let mut killed = open(&files.after_kill(), small());
    assert!(append(&mut killed, producer_batch(9, 1, 42, 2, false)).unwrap().duplicate);
    log.close(NOW).unwrap();
    let options = OpenOptions { clean_shutdown: true, now: NOW, ..OpenOptions::default() };
    let mut clean = open_with(&files, small(), &options);
    assert!(append(&mut clean, producer_batch(9, 1, 44, 2, false)).unwrap().duplicate);
    assert!(!append(&mut clean, producer_batch(9, 1, 46, 2, false)).unwrap().duplicate);
    clean.expire_producers(NOW + 100_000_000);
    assert_eq!(clean.active_producers().len(), 0);
}

#[test]
fn nobody_begins_a_transaction_unvouched() {
    let files = memory();
    let mut log = open(&files, LogSettings::default());
    let mut appends = [PendingAppend {
        voucher: Voucher::None,
        ..PendingAppend::new(producer_batch(1, 0, 0, 1, true), Origin::Client)
    }];
    log.append_as_leader(&mut appends, EPOCH, NOW).unwrap();
    assert_eq!(
        appends[0].result.as_ref().unwrap().as_ref().unwrap_err().code,
        ErrorCode::InvalidTxnState
    );
    append(&mut log, producer_batch(1, 0, 0, 1, true)).unwrap();
    appends[0] = PendingAppend {
        voucher: Voucher::None,
        ..PendingAppend::new(producer_batch(1, 0, 1, 1, true), Origin::Client)
    };
    log.append_as_leader(&mut appends, EPOCH, NOW).unwrap();
    assert!(appends[0].result.as_ref().unwrap().is_ok());
    assert_eq!(
        append(&mut log, producer_batch(1, 0, 2, 1, false)).unwrap_err().code,
        ErrorCode::InvalidTxnState
    );
}

#[test]
fn truncation_takes_transactions_back() {
    let files = memory();
    let mut log = open(&files, small());
    for n in 0..10 {
        append(&mut log, producer_batch(1, 0, n * 10, 10, true)).unwrap();
        append_marker(
            &mut log,
            1,
            if n % 2 == 0 { ControlType::Abort } else { ControlType::Commit },
        );
    }
    assert!(log.view().segments().len() > 1);
    assert_eq!(log.view().aborted_transactions(0, 110).unwrap().len(), 5);
    log.truncate_to(54, NOW).unwrap();
    assert_eq!(log.view().aborted_transactions(0, 110).unwrap().len(), 2);
    assert_eq!(log.view().last_stable_offset(), 44);
    assert_eq!(log.producers().get(1).unwrap().last_sequence(), 49);
}
