//! Idempotence and transactions as Kafka has them.

use super::*;

fn header(id: i64, epoch: i16, sequence: i32, base_offset: Offset, count: i32) -> BatchHeader {
    BatchHeader {
        base_offset,
        last_offset_delta: count - 1,
        producer_id: id,
        producer_epoch: epoch,
        base_sequence: sequence,
        max_timestamp: 100 + base_offset,
        ..BatchHeader::default()
    }
}

fn candidate(header: &BatchHeader) -> Candidate<'_> {
    Candidate {
        header,
        marker: None,
        transaction_version: 0,
        voucher: Voucher::Waived,
        origin: Origin::Client,
    }
}

fn stage(producers: &mut Producers, header: &BatchHeader) -> Result<Staged, ErrorCode> {
    producers.begin();
    let staged = producers.stage(&candidate(header)).map_err(|error| error.code);
    if staged.is_err() {
        producers.undo();
    }
    staged
}

#[test]
fn sequences_follow_and_wrap() {
    let mut producers = Producers::default();
    assert_eq!(stage(&mut producers, &header(1, 0, i32::MAX - 1, 0, 1)), Ok(Staged::Fresh));
    producers.keep();
    assert_eq!(stage(&mut producers, &header(1, 0, i32::MAX, 1, 3)), Ok(Staged::Fresh));
    assert_eq!(
        stage(&mut producers, &header(1, 0, 3, 4, 1)),
        Err(ErrorCode::OutOfOrderSequenceNumber)
    );
    assert_eq!(stage(&mut producers, &header(1, 0, 2, 4, 1)), Ok(Staged::Fresh));
    producers.keep();
    let again = stage(&mut producers, &header(1, 0, i32::MAX, 9, 3));
    let Ok(Staged::Duplicate(known)) = again else { panic!("{again:?}") };
    assert_eq!((known.first_offset(), known.last_offset, known.first_sequence()), (1, 3, i32::MAX));
}

#[test]
fn only_five_batches_are_known() {
    let mut producers = Producers::default();
    for n in 0..6 {
        stage(&mut producers, &header(1, 0, n, i64::from(n), 1)).unwrap();
    }
    producers.keep();
    assert_eq!(
        stage(&mut producers, &header(1, 0, 0, 6, 1)),
        Err(ErrorCode::OutOfOrderSequenceNumber)
    );
    assert!(matches!(stage(&mut producers, &header(1, 0, 1, 6, 1)), Ok(Staged::Duplicate(_))));
    assert_eq!(
        stage(&mut producers, &header(1, 1, 5, 6, 1)),
        Err(ErrorCode::OutOfOrderSequenceNumber)
    );
    assert_eq!(stage(&mut producers, &header(1, 1, 0, 6, 1)), Ok(Staged::Fresh));
    producers.keep();
    assert_eq!(producers.get(1).unwrap().batches().len(), 1);
}

#[test]
fn what_is_not_written_is_not_known() {
    let mut producers = Producers::default();
    stage(&mut producers, &header(1, 0, 0, 0, 1)).unwrap();
    producers.keep();
    producers.begin();
    producers.stage(&candidate(&header(1, 0, 1, 1, 1))).unwrap();
    producers.stage(&candidate(&header(1, 0, 2, 2, 1))).unwrap();
    producers.stage(&candidate(&header(2, 0, 0, 3, 1))).unwrap();
    producers.undo();
    assert_eq!(stage(&mut producers, &header(1, 0, 1, 1, 1)), Ok(Staged::Fresh));
    producers.drop_staged();
    assert_eq!(producers.len(), 1);
    assert_eq!(producers.get(1).unwrap().last_sequence(), 0);
}

#[test]
fn transactions_end_in_the_write_they_began_in() {
    let mut producers = Producers::default();
    let data = |id, offset| BatchHeader { attributes: 0x10, ..header(id, 0, 0, offset, 1) };
    let end = |id, offset| BatchHeader { attributes: 0x30, ..header(id, 0, -1, offset, 1) };
    let marker = Some(Marker { coordinator_epoch: 0, aborted: true });
    producers.begin();
    producers.stage(&candidate(&data(1, 0))).unwrap();
    producers.stage(&candidate(&data(2, 1))).unwrap();
    let ended = end(1, 2);
    let candidate = Candidate { marker, origin: Origin::Coordinator, ..candidate(&ended) };
    producers.stage(&candidate).unwrap();
    let completed = producers.keep();
    let txn = CompletedTxn { producer_id: 1, first_offset: 0, last_offset: 2, aborted: true };
    assert_eq!(completed, [(txn, 1)]);
    assert_eq!(producers.first_unstable_offset(), Some(0));
    producers.high_watermark_moved(2);
    assert_eq!(producers.first_unstable_offset(), Some(0));
    producers.high_watermark_moved(3);
    assert_eq!(producers.first_unstable_offset(), Some(1));
    let fenced = Marker { coordinator_epoch: -2, aborted: false };
    let ended = end(1, 3);
    let candidate = Candidate { header: &ended, marker: Some(fenced), ..candidate };
    assert_eq!(
        producers.stage(&candidate).unwrap_err().code,
        ErrorCode::TransactionCoordinatorFenced
    );
}

#[test]
fn snapshots_survive_and_damage_is_known() {
    let mut producers = Producers::default();
    for id in 0..20 {
        let transactional = if id % 3 == 0 { 0x10 } else { 0 };
        let header = BatchHeader { attributes: transactional, ..header(id, 2, 7, id * 10, 3) };
        stage(&mut producers, &header).unwrap();
    }
    producers.keep();
    let bytes = snapshot::encode(producers.active());
    assert_eq!(bytes.len(), 10 + 20 * 46);
    let mut again = Producers::default();
    snapshot::decode(&bytes).unwrap().into_iter().for_each(|(id, entry)| again.load(id, entry));
    assert_eq!(again.entries, producers.entries);
    assert_eq!(again.first_unstable_offset(), Some(0));
    for at in 0..bytes.len() {
        assert!(snapshot::decode(&bytes[..at]).is_err());
        let mut bad = bytes.clone();
        bad[at] ^= 4;
        assert!(snapshot::decode(&bad).is_err(), "byte {at}");
    }
}

#[test]
fn silent_producers_are_forgotten() {
    let mut producers = Producers::default();
    stage(&mut producers, &header(1, 0, 0, 0, 1)).unwrap();
    stage(&mut producers, &BatchHeader { attributes: 0x10, ..header(2, 0, 0, 1, 1) }).unwrap();
    producers.keep();
    producers.expire(199, 100);
    assert_eq!(producers.len(), 2);
    producers.expire(1_000, 100);
    assert_eq!(producers.active().map(|(id, _)| id).collect::<Vec<_>>(), [2]);
}

/// A batch of a transaction, with what it brings along.
fn begin(
    producers: &mut Producers,
    header: &BatchHeader,
    voucher: Voucher,
) -> Result<Staged, ErrorCode> {
    producers.begin();
    let staged = producers.stage(&Candidate { voucher, ..candidate(header) });
    match staged {
        Ok(staged) => {
            producers.keep();
            Ok(staged)
        }
        Err(error) => {
            producers.undo();
            Err(error.code)
        }
    }
}

fn end(producers: &mut Producers, epoch: i16, version: i16) -> Result<Staged, ErrorCode> {
    let header = BatchHeader { attributes: 0x30, ..header(1, epoch, -1, 50, 1) };
    let marker = Some(Marker { coordinator_epoch: 0, aborted: true });
    producers.begin();
    let staged = producers.stage(&Candidate {
        marker,
        transaction_version: version,
        origin: Origin::Coordinator,
        ..candidate(&header)
    });
    producers.keep();
    staged.map_err(|error| error.code)
}

const fn beginning(
    producer_epoch: i16,
    base_sequence: i32,
    supports_epoch_bump: bool,
) -> Beginning {
    Beginning { producer_id: 1, producer_epoch, base_sequence, supports_epoch_bump }
}

fn in_transaction(epoch: i16, sequence: i32, offset: Offset) -> BatchHeader {
    BatchHeader { attributes: 0x10, ..header(1, epoch, sequence, offset, 1) }
}

#[test]
fn a_guard_opens_one_transaction() {
    let mut producers = Producers::default();
    let batch = in_transaction(0, 0, 0);
    assert_eq!(begin(&mut producers, &batch, Voucher::None), Err(ErrorCode::InvalidTxnState));
    let guard = producers.verify(&beginning(0, 0, false), 0).unwrap().unwrap();
    assert_eq!(producers.verify(&beginning(0, 1, false), 0), Ok(Some(guard)));
    // The one behind may not come first, or the first would be kept out.
    let behind = in_transaction(0, 1, 0);
    let refused = begin(&mut producers, &behind, Voucher::Guard(guard));
    assert_eq!(refused, Err(ErrorCode::OutOfOrderSequenceNumber));
    assert_eq!(begin(&mut producers, &batch, Voucher::Guard(guard)), Ok(Staged::Fresh));
    assert_eq!(producers.verify(&beginning(0, 1, false), 0), Ok(None));
    assert_eq!(begin(&mut producers, &in_transaction(0, 1, 1), Voucher::None), Ok(Staged::Fresh));
    assert_eq!(end(&mut producers, 0, 0), Ok(Staged::Fresh));
    // The guard is used up, and so is one whose transaction ended before anything was appended.
    let late = in_transaction(0, 2, 60);
    let refused = begin(&mut producers, &late, Voucher::Guard(guard));
    assert_eq!(refused, Err(ErrorCode::InvalidTxnState));
    let other = producers.verify(&beginning(0, 2, false), 0).unwrap().unwrap();
    assert_ne!(other, guard);
    assert_eq!(end(&mut producers, 0, 0), Ok(Staged::Fresh));
    let refused = begin(&mut producers, &late, Voucher::Guard(other));
    assert_eq!(refused, Err(ErrorCode::InvalidTxnState));
}

#[test]
fn epochs_tell_transactions_apart() {
    let mut producers = Producers::default();
    let guard = producers.verify(&beginning(0, 0, true), 0).unwrap().unwrap();
    let batch = in_transaction(0, 0, 0);
    assert_eq!(begin(&mut producers, &batch, Voucher::Guard(guard)), Ok(Staged::Fresh));
    // A marker of the transaction's own epoch is one that is late.
    assert_eq!(end(&mut producers, 0, 2), Err(ErrorCode::InvalidProducerEpoch));
    // The next transaction's first batch may overtake the marker of the one before.
    let next = producers.verify(&beginning(1, 0, true), 0).unwrap().unwrap();
    assert_eq!(end(&mut producers, 1, 2), Ok(Staged::Fresh));
    let batch = in_transaction(1, 0, 60);
    assert_eq!(begin(&mut producers, &batch, Voucher::Guard(next)), Ok(Staged::Fresh));
    // A marker that is sent again does no harm once its transaction has ended.
    assert_eq!(end(&mut producers, 2, 2), Ok(Staged::Fresh));
    assert_eq!(end(&mut producers, 2, 2), Ok(Staged::Fresh));
    let stale = in_transaction(1, 1, 70);
    let refused = begin(&mut producers, &stale, Voucher::None);
    assert_eq!(refused, Err(ErrorCode::InvalidProducerEpoch));
    assert_eq!(
        producers.verify(&beginning(1, 1, true), 0).unwrap_err().code,
        ErrorCode::InvalidProducerEpoch
    );
    // Of an epoch of which nothing is known, only the beginning is believed.
    let guard = producers.verify(&beginning(2, 3, true), 0).unwrap().unwrap();
    let refused = begin(&mut producers, &in_transaction(2, 3, 70), Voucher::Guard(guard));
    assert_eq!(refused, Err(ErrorCode::OutOfOrderSequenceNumber));
}
