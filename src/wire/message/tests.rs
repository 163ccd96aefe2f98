//! What the schema language promises, shown on a message of every kind.

use super::*;
use crate::types::Uuid;
use crate::wire::codec::UnknownTags;
use crate::wire::header::RequestHeader;
use crate::wire::messages::{api_versions, fetch, metadata, produce};
use crate::wire::stored::group::{GroupKey, GroupValue, OffsetCommitKey, OffsetCommitValue};
use crate::wire::stored::metadata::{FenceBrokerRecord, MetadataRecord, TopicRecord};

fn encode(message: &impl Message, version: i16) -> Vec<u8> {
    let mut writer = Writer::new();
    message.encode(&mut writer, version).unwrap();
    writer.freeze().to_vec()
}

fn decode<M: Message>(bytes: &[u8], version: i16) -> Result<M, DecodeError> {
    let mut reader = Reader::new(Bytes::copy_from_slice(bytes));
    let message = M::decode(&mut reader, version)?;
    assert_eq!(reader.remaining(), 0);
    Ok(message)
}

fn produce_request() -> produce::ProduceRequest {
    let partition = produce::PartitionProduceData {
        index: 2,
        records: Some(Bytes::from_static(b"records")),
        ..Default::default()
    };
    let topic = produce::TopicProduceData {
        name: "t".into(),
        partition_data: [partition].into(),
        ..Default::default()
    };
    produce::ProduceRequest {
        acks: -1,
        timeout_ms: 1000,
        topic_data: [topic].into(),
        ..Default::default()
    }
}

#[test]
fn every_version_comes_back() {
    for version in 3..=12 {
        let bytes = encode(&produce_request(), version);
        assert_eq!(decode(&bytes, version), Ok(produce_request()), "version {version}");
        for end in 0..bytes.len() {
            let cut = decode::<produce::ProduceRequest>(&bytes[..end], version);
            assert!(
                matches!(cut, Err(DecodeError::Truncated)),
                "version {version} cut at {end}: {cut:?}"
            );
        }
    }
}

#[test]
fn ignorable_fields_are_dropped_and_others_refused() {
    let by_id = decode::<produce::ProduceRequest>(&encode(&produce_request(), 13), 13).unwrap();
    assert_eq!(by_id.topic_data.iter().next().unwrap().name.as_str(), "");
    let request =
        metadata::MetadataRequest { allow_auto_topic_creation: false, ..Default::default() };
    let refused = request.encode(&mut Writer::new(), 3);
    assert_eq!(refused, Err(EncodeError::Field("allow_auto_topic_creation", 3)));
}

#[test]
fn null_is_refused_where_it_cannot_be() {
    let all = metadata::MetadataRequest { topics: None, ..Default::default() };
    assert_eq!(all.encode(&mut Writer::new(), 0), Err(EncodeError::Null("topics", 0)));
    assert_eq!(decode::<metadata::MetadataRequest>(&[0xff; 4], 0), Err(DecodeError::Null));
    assert_eq!(decode::<metadata::MetadataRequest>(&[0xff; 4], 1), Ok(all));
}

#[test]
fn tagged_fields_at_their_default_stay_away() {
    let quiet = fetch::FetchRequest::default();
    let loud = fetch::FetchRequest { cluster_id: Some("c".repeat(200)), ..Default::default() };
    assert!(quiet.to_json(12).get("clusterId").is_none());
    assert_eq!(encode(&quiet, 12).len() + 1 + 2 + 202, encode(&loud, 12).len());
    assert_eq!(decode(&encode(&loud, 12), 12), Ok(loud));
}

#[test]
fn unknown_tags_are_kept_in_order() {
    let mut request = fetch::FetchRequest { cluster_id: Some("c".into()), ..Default::default() };
    request.unknown_tags.push(77, b"seven");
    request.unknown_tags.push(300, &[0; 200]);
    assert_eq!(decode(&encode(&request, 12), 12), Ok(request.clone()));
    assert_eq!(request.encode(&mut Writer::new(), 11), Err(EncodeError::Tags));
    assert_eq!(
        request.unknown_tags.iter().map(|(tag, body)| (tag, body.len())).collect::<Vec<_>>(),
        [(77, 5), (300, 200)]
    );
    request.unknown_tags.push(5, b"");
    assert_eq!(request.encode(&mut Writer::new(), 12), Err(EncodeError::Tags));
    let mut clash = UnknownTags::default();
    clash.push(0, b"x");
    let clash = fetch::FetchRequest {
        cluster_id: Some("c".into()),
        unknown_tags: clash,
        ..Default::default()
    };
    assert_eq!(clash.encode(&mut Writer::new(), 12), Err(EncodeError::Tags));
}

#[test]
fn a_tag_of_another_version_is_refused() {
    let request = fetch::FetchRequest {
        replica_state: fetch::ReplicaState { replica_id: 1, ..Default::default() },
        ..Default::default()
    };
    let bytes = encode(&request, 15);
    assert_eq!(decode(&bytes, 15), Ok(request));
    let mut older = encode(&fetch::FetchRequest::default(), 14);
    older.pop();
    older.extend([1, 1, 0]);
    assert_eq!(decode::<fetch::FetchRequest>(&older, 14), Err(DecodeError::Tag(1)));
}

#[test]
fn hostile_counts_reserve_nothing() {
    let mut bytes = vec![0, 0];
    bytes.extend(i32::MAX.to_be_bytes());
    assert_eq!(decode::<api_versions::ApiVersionsResponse>(&bytes, 0), Err(DecodeError::Truncated));
    assert_eq!(
        decode::<api_versions::ApiVersionsResponse>(&bytes, 99),
        Err(DecodeError::Version(99))
    );
}

#[test]
fn broken_utf8_is_replaced() {
    let header =
        decode::<RequestHeader>(b"\x00\x12\x00\x03\x00\x00\x00\x07\x00\x01\xff\x00", 2).unwrap();
    assert_eq!(header.client_id.as_deref(), Some("\u{fffd}"));
}

#[test]
fn metadata_records_stand_in_their_frame() {
    let record = MetadataRecord::from(TopicRecord {
        name: "t".into(),
        topic_id: Uuid::ONE,
        ..Default::default()
    });
    let bytes = record.encode(0).unwrap();
    assert_eq!(bytes[..5], [1, 2, 0, 2, b't']);
    assert_eq!(MetadataRecord::decode(bytes.clone()), Ok(record.clone()));
    assert_eq!((record.key(), record.name()), (2, "TopicRecord"));
    let longer = Bytes::from([&bytes[..], b"x"].concat());
    assert_eq!(MetadataRecord::decode(longer), Err(DecodeError::Trailing(1)));
    let fence = MetadataRecord::FenceBroker(FenceBrokerRecord::default());
    assert_eq!(fence.encode(1), Err(EncodeError::Version(1)));
}

#[test]
fn coordinator_records_bear_type_and_version() {
    let key = OffsetCommitKey {
        group: "g".into(),
        topic: "t".into(),
        partition: 3,
        ..Default::default()
    };
    let key = GroupKey::from(key);
    let bytes = key.encode().unwrap();
    assert_eq!(bytes[..5], [0, 1, 0, 1, b'g']);
    assert_eq!(GroupKey::decode(bytes), Ok(key.clone()));
    let value = GroupValue::from(OffsetCommitValue { offset: 7, ..Default::default() });
    assert_eq!(GroupValue::decode(key.key(), value.encode(3).unwrap()), Ok(value));
    assert_eq!(GroupKey::decode(Bytes::from_static(&[0, 99])), Err(DecodeError::UnknownType(99)));
}

#[test]
fn names_are_kafkas() {
    assert_eq!(camel("topic_id"), "topicId");
    assert_eq!(camel("r#type"), "type");
    assert_eq!(camel("kraft_version_feature"), "kRaftVersionFeature");
}
