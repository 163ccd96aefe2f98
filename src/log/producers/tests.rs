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
