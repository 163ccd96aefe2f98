//! Batches of our own making: built, read, cut, damaged, judged.

use bytes::Bytes;

use super::*;
use crate::error::ErrorCode;
use crate::wire::compression::{Codec, Compression};

const NOW: i64 = 1_700_000_000_000;
const HEADERS: [RecordHeader<'static>; 3] = [
    RecordHeader { key: b"a", value: Some(b"1") },
    RecordHeader { key: b"", value: Some(b"") },
    RecordHeader { key: "žluť".as_bytes(), value: None },
];

fn sample(codec: Codec) -> BatchBuilder {
    let mut builder = BatchBuilder::new().compression(codec);
    builder.append(NOW, Some(b"key"), Some(b"value"));
    builder.append(NOW - 7, Some(b"tombstone"), None);
    builder.append_with_headers(NOW + 70_000, Some(b"k"), Some(&[7; 300]), HEADERS.into_iter());
    builder
}

fn only(bytes: &[u8]) -> Batch<'_> {
    let mut batches = split(bytes);
    let batch = batches.next().expect("a batch").expect("a good batch");
    assert!(batches.next().is_none());
    assert_eq!(batches.position(), bytes.len());
    batch
}

fn options() -> Options<'static> {
    Options::new("t", 0, NOW)
}

fn reseal(bytes: &mut [u8]) {
    if let Ok(Some(mut batch)) = BatchMut::parse(bytes) {
        batch.seal();
    }
}

#[test]
fn what_is_built_is_read() {
    for codec in Codec::ALL {
        let bytes =
            sample(codec).base_offset(40).producer(9, 1, i32::MAX).transactional(true).build();
        let batch = only(&bytes);
        batch.check_crc().unwrap();
        let header = batch.header();
        assert_eq!(header.codec(), Ok(codec));
        assert_eq!((header.base_offset, header.last_offset(), header.next_offset()), (40, 42, 43));
        assert_eq!((header.base_sequence, header.last_sequence()), (i32::MAX, 1));
        assert_eq!((header.base_timestamp, header.max_timestamp), (NOW, NOW + 70_000));
        assert!(header.is_transactional() && !header.is_control() && !header.has_delete_horizon());
        let payload = batch.payload(1 << 20).unwrap();
        let records: Vec<_> = payload.records().map(Result::unwrap).collect();
        assert_eq!(records.iter().map(|r| r.offset).collect::<Vec<_>>(), [40, 41, 42]);
        assert_eq!(records.iter().map(|r| r.sequence).collect::<Vec<_>>(), [i32::MAX, 0, 1]);
        assert_eq!(records[1].timestamp, NOW - 7);
        assert_eq!((records[1].key, records[1].value), (Some(&b"tombstone"[..]), None));
        assert_eq!(records[2].headers.collect::<Vec<_>>(), HEADERS);
        assert_eq!(records.iter().map(|r| r.size_in_bytes).sum::<usize>(), payload.bytes().len());
    }
}

#[test]
fn a_stream_reads_the_same() {
    for codec in Codec::ALL {
        let bytes = sample(codec).build();
        let (batch, mut count) = (only(&bytes), 0);
        let payload = batch.payload(1 << 20).unwrap();
        let mut whole = batch.stream(payload.bytes().len()).unwrap();
        let mut partial = batch.stream(payload.bytes().len()).unwrap();
        for record in payload.records().map(Result::unwrap) {
            let streamed = whole.next_record().unwrap().unwrap();
            assert_eq!((streamed.offset, streamed.timestamp), (record.offset, record.timestamp));
            assert_eq!((streamed.key, streamed.value), (record.key, record.value));
            assert!(streamed.headers.eq(record.headers));
            let partial = partial.next_partial().unwrap().unwrap();
            assert_eq!((partial.offset, partial.timestamp), (record.offset, record.timestamp));
            count += 1;
        }
        assert_eq!(count, 3);
        assert!(
            whole.next_record().unwrap().is_none() && partial.next_partial().unwrap().is_none()
        );
        assert!(batch.payload(200).is_err() || codec == Codec::None);
        let mut cut = batch.stream(200).unwrap();
        assert_eq!(
            std::iter::from_fn(|| cut.next_partial().transpose()).last().unwrap(),
            Err(RecordsError::TooMuch(200))
        );
    }
}

#[test]
fn every_cut_is_an_error_or_a_truncated_tail() {
    for codec in Codec::ALL {
        let bytes = sample(codec).build();
        for cut in 0..bytes.len() {
            assert!(split(&bytes[..cut]).next().is_none());
            let mut damaged = bytes[..cut].to_vec();
            if cut >= 12 {
                damaged[8..12].copy_from_slice(&(cut as i32 - 12).to_be_bytes());
                reseal(&mut damaged);
                assert!(
                    check(damaged.into(), &Options { depth: Depth::Records, ..options() }).is_err(),
                    "{codec:?} {cut}"
                );
            }
        }
    }
}

#[test]
fn no_flip_is_a_panic() {
    for codec in Codec::ALL {
        let bytes = sample(codec).build();
        for at in 0..bytes.len() {
            for flip in [0x01, 0x10, 0x80, 0xff] {
                let mut damaged = bytes.to_vec();
                damaged[at] ^= flip;
                for sealed in [false, true] {
                    if sealed {
                        reseal(&mut damaged);
                    }
                    for batch in split(&damaged).flatten() {
                        let _ = batch.payload(1 << 20).map(|payload| payload.records().count());
                    }
                    for target in [
                        Target::Producer,
                        Target::To(Codec::Lz4.into()),
                        Target::To(Codec::None.into()),
                    ] {
                        let options =
                            Options { depth: Depth::Records, compression: target, ..options() };
                        let outcome = check(Bytes::copy_from_slice(&damaged), &options);
                        assert!(sealed || at < 21 || outcome.is_err());
                    }
                }
            }
        }
    }
}

#[test]
fn offset_and_epoch_lie_outside_the_crc() {
    for codec in Codec::ALL {
        let bytes = sample(codec).build();
        let mut placed = bytes.to_vec();
        let mut batch = BatchMut::parse(&mut placed).unwrap().unwrap();
        batch.set_base_offset(70);
        batch.set_partition_leader_epoch(5);
        let header = *batch.header();
        assert_eq!(header, *only(&placed).header());
        assert_eq!(
            (header.base_offset, header.last_offset(), header.partition_leader_epoch),
            (70, 72, 5)
        );
        only(&placed).check_crc().unwrap();
        assert_eq!(placed[16..], bytes[16..]);
    }
}

#[test]
fn nothing_is_copied_that_needs_no_change() {
    for codec in Codec::ALL {
        let bytes = sample(codec).build();
        let validated = check(bytes.clone(), &options()).unwrap();
        assert_eq!(validated.bytes.as_ptr(), bytes.as_ptr());
        assert_eq!(validated.header, *only(&bytes).header());
    }
    let bytes = Bytes::from(sample(Codec::None).build().to_vec());
    let at = bytes.as_ptr();
    let timed = Options { timestamp_type: TimestampType::LogAppendTime, ..options() };
    assert_eq!(check(bytes, &timed).unwrap().bytes.as_ptr(), at);
}

#[test]
fn the_topic_has_its_way() {
    let seven = |header: &BatchHeader| (header.timestamp_type(), header.max_timestamp);
    for from in Codec::ALL {
        for to in Codec::ALL {
            let compression = Compression { codec: to, level: Some(2) };
            let wanted = Options { compression: Target::To(compression), ..options() };
            let validated = check(sample(from).producer(3, 4, 5).build(), &wanted).unwrap();
            let batch = only(&validated.bytes);
            batch.check_crc().unwrap();
            assert_eq!(batch.header().codec(), Ok(to));
            assert_eq!(batch.header().producer_id, 3);
            let (original, payload) = (sample(from).build(), batch.payload(1 << 20).unwrap());
            let original = only(&original).payload(1 << 20).unwrap();
            assert_eq!(payload.bytes(), original.bytes());
            let timed = Options { timestamp_type: TimestampType::LogAppendTime, ..wanted };
            let validated = check(sample(from).build(), &timed).unwrap();
            assert_eq!(seven(&validated.header), (TimestampType::LogAppendTime, NOW));
            assert_eq!(validated.log_append_time, NOW);
            only(&validated.bytes).check_crc().unwrap();
        }
    }
}

#[test]
fn wrong_offsets_in_a_packed_batch_are_refused_unless_it_is_packed_anew() {
    let mut builder = BatchBuilder::new();
    builder.append(NOW, Some(b"a"), Some(b"1"));
    let bytes = builder.build();
    let mut gap = BatchBuilder::new().compression(Codec::Zstd);
    for record in only(&bytes).payload(100).unwrap().records().map(Result::unwrap) {
        gap.append_record(&Record { offset: 4, ..record });
        gap.append_record(&Record { offset: 9, ..record });
    }
    let gap = gap.last_offset(1).build();
    let full = Options { depth: Depth::Records, ..options() };
    let rejected = check(gap.clone(), &full).unwrap_err();
    assert_eq!((rejected.code, rejected.record_errors.len()), (ErrorCode::InvalidRecord, 0));
    let wanted = Options { compression: Target::To(Codec::Lz4.into()), ..full };
    let validated = check(gap, &wanted).unwrap();
    let payload = only(&validated.bytes).payload(100).unwrap();
    assert_eq!(payload.records().map(|record| record.unwrap().offset).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn keys_are_wanted_of_packed_records_too() {
    for codec in Codec::ALL {
        let mut builder = BatchBuilder::new().compression(codec);
        builder.append(NOW, Some(b"a"), None);
        builder.append(NOW, None, Some(b"2"));
        let rejected =
            check(builder.build(), &Options { compacted: true, ..options() }).unwrap_err();
        assert_eq!(rejected.code, ErrorCode::InvalidRecord);
        assert_eq!(rejected.record_errors[0].batch_index, 1);
        assert_eq!(
            rejected.record_errors[0].message,
            "Compacted topic cannot accept message without key in topic partition t-0"
        );
    }
}

#[test]
fn a_bomb_is_refused_in_little_memory() {
    let mut builder = BatchBuilder::new().compression(Codec::Zstd);
    builder.append(NOW, None, Some(&vec![0; 50 << 20]));
    let bomb = builder.build();
    assert!(bomb.len() < 100_000);
    let narrow = Options { max_unpacked_bytes: 1 << 20, depth: Depth::Records, ..options() };
    assert_eq!(check(bomb.clone(), &narrow).unwrap_err().code, ErrorCode::MessageTooLarge);
    let plain = Options { compression: Target::To(Codec::None.into()), ..options() };
    assert_eq!(check(bomb, &plain).unwrap_err().code, ErrorCode::MessageTooLarge);
}

#[test]
fn control_records_say_what_they_are() {
    let mut builder = BatchBuilder::new().control(true).transactional(true).producer(7, 3, -1);
    let value = EndTxnMarker { coordinator_epoch: 11 }.encode();
    builder.append(NOW, Some(&ControlType::Commit.key()), Some(&value));
    let bytes = builder.build();
    let payload = only(&bytes).payload(0).unwrap();
    let record = payload.records().next().unwrap().unwrap();
    assert_eq!(ControlType::parse(record.key), Ok(ControlType::Commit));
    assert_eq!(EndTxnMarker::decode(record.value), Ok(EndTxnMarker { coordinator_epoch: 11 }));
    assert!(ControlType::parse(Some(&[0, 0, 1])).is_err() && EndTxnMarker::decode(None).is_err());
    assert_eq!(check(bytes.clone(), &options()).unwrap_err().code, ErrorCode::InvalidRecord);
    let packed = Target::To(Codec::Gzip.into());
    let marker = Options { origin: Origin::Coordinator, compression: packed, ..options() };
    assert_eq!(check(bytes.clone(), &marker).unwrap().bytes, bytes);
}

#[test]
fn an_emptied_batch_keeps_offsets_and_sequences() {
    let bytes = sample(Codec::Lz4).base_offset(40).producer(9, 1, 6).build();
    let header = *only(&bytes).header();
    let bytes = empty_batch(&header);
    let empty = only(&bytes);
    empty.check_crc().unwrap();
    assert_eq!(empty.header().last_offset(), header.last_offset());
    assert_eq!(empty.header().last_sequence(), header.last_sequence());
    assert_eq!(empty.payload(0).unwrap().records().count(), 0);
}
