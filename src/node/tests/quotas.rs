//! Quotas on a node at work: the answer says for how long its client is silent, and until then nothing more is read.

use std::time::{Duration, Instant};

use super::harness::Node;
use super::requests::{CREATE, FETCH, PRODUCE, batch, create, fetch, produce};
use crate::quota::keys;
use crate::wire::messages::alter_client_quotas::{
    AlterClientQuotasRequest, EntityData, EntryData, OpData,
};
use crate::wire::messages::create_topics::CreateTopicsRequest;
use crate::wire::messages::metadata::MetadataRequest;

/// Bounds the client `c`; the bound holds when the answer comes.
async fn bound(node: &Node, key: &str, value: f64) {
    let entity = EntityData {
        entity_type: keys::CLIENT_ID.to_owned(),
        entity_name: Some("c".to_owned()),
        ..Default::default()
    };
    let op = OpData { key: key.to_owned(), value, ..Default::default() };
    let entry = EntryData { entity: vec![entity], ops: vec![op], ..Default::default() };
    let request = AlterClientQuotasRequest { entries: vec![entry], ..Default::default() };
    let answer = node.ask(&request, 1).await.expect("an answer");
    assert_eq!(answer.entries[0].error_code, 0, "{answer:?}");
    for _ in 0..12_000 {
        if node.parts.image.load().client_quotas.iter().next().is_some() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the quota is not published");
}

#[test]
fn a_producer_beyond_its_quota_is_not_listened_to() {
    actix_rt::System::new().block_on(async {
        let node = Node::fresh(&[]).await;
        let made: &CreateTopicsRequest = &create("t", 1, &[]);
        node.ask(made, CREATE).await.expect("an answer");
        bound(&node, keys::PRODUCER_BYTE_RATE, 4_000.0).await;
        let (bounded, free) = (node.connect("c").await, node.connect("d").await);
        let records = || batch(&["x".repeat(15_000)], None);
        let began = Instant::now();
        let told = bounded.send(&produce("t", 0, records()), PRODUCE).await.expect("an answer");
        // 4,000 are free, and some 11,000 are waited for.
        assert!((2_600..2_900).contains(&told.throttle_time_ms), "{}", told.throttle_time_ms);
        let others = free.send(&produce("t", 0, records()), PRODUCE).await.expect("an answer");
        assert_eq!(others.throttle_time_ms, 0);
        bounded.send(&MetadataRequest::default(), 9).await.expect("an answer");
        let waited = began.elapsed();
        assert!(waited >= Duration::from_millis(2_500), "{waited:?}");
        node.stop().await;
    });
}

#[test]
fn a_consumer_beyond_its_quota_gets_nothing_for_a_while() {
    actix_rt::System::new().block_on(async {
        let node = Node::fresh(&[]).await;
        node.ask(&create("t", 1, &[]), CREATE).await.expect("an answer");
        bound(&node, keys::CONSUMER_BYTE_RATE, 4_000.0).await;
        let client = node.connect("c").await;
        let records = batch(&["x".repeat(15_000)], None);
        client.send(&produce("t", 0, records), PRODUCE).await.expect("an answer");
        let bytes = |answer: &crate::wire::messages::fetch::FetchResponse| {
            let partitions = answer.responses.iter().flat_map(|topic| &topic.partitions);
            partitions.filter_map(|one| one.records.as_ref().map(bytes::Bytes::len)).sum::<usize>()
        };
        let first = client.send(&fetch("t", 0, 0), FETCH).await.expect("an answer");
        assert!(bytes(&first) > 15_000 && first.throttle_time_ms == 0);
        let second = client.send(&fetch("t", 0, 0), FETCH).await.expect("an answer");
        assert!(bytes(&second) == 0 && second.throttle_time_ms > 300, "{second:?}");
        let third = client.send(&fetch("t", 0, 0), FETCH).await.expect("an answer");
        assert!(bytes(&third) > 15_000 && third.throttle_time_ms == 0);
        node.stop().await;
    });
}

#[test]
fn partitions_beyond_a_quota_are_refused() {
    actix_rt::System::new().block_on(async {
        let node = Node::fresh(&[]).await;
        bound(&node, keys::CONTROLLER_MUTATION_RATE, 1.0).await;
        let client = node.connect("c").await;
        let code = |answer: &crate::wire::messages::create_topics::CreateTopicsResponse| {
            (answer.topics[0].error_code, answer.throttle_time_ms > 0)
        };
        let first = client.send(&create("a", 60, &[]), CREATE).await.expect("an answer");
        assert_eq!(code(&first), (0, false));
        let second = client.send(&create("b", 1, &[]), CREATE).await.expect("an answer");
        assert_eq!(code(&second), (89, true));
        node.stop().await;
    });
}
