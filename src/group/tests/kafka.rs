//! Records that Kafka 4.3.1 itself wrote: they are read as what they are, and written again as the same bytes.

use bytes::Bytes;

use super::super::records::{self, Entry};
use crate::coordinator::machine::StoredRecord;

/// A consumer joined, committed three partitions and left; `__consumer_offsets` as it lay on the disk, one record a
/// line: key and value in hex.
const WRITTEN: &str = include_str!("kafka.hex");

fn bytes(hex: &str) -> Bytes {
    let digits = hex
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16));
    digits.collect::<Result<Vec<u8>, _>>().unwrap().into()
}

#[test]
fn what_kafka_wrote_is_written_again() {
    let mut seen = 0;
    for line in WRITTEN.lines() {
        let (key, value) = line.split_once(' ').unwrap();
        let record = StoredRecord { key: bytes(key), value: Some(bytes(value)) };
        let again = match records::parse(&record).unwrap() {
            Entry::Group { picture: Some(picture), .. } => records::group(&picture),
            Entry::Offset { group, topic, partition, value: Some(value) } => {
                records::offset(&group, &topic, partition, &value.at(0))
            }
            _ => panic!("nothing else was written"),
        };
        assert_eq!(again, record);
        seen += 1;
    }
    assert_eq!(seen, 6);
}
