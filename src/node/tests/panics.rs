//! Panics, planted in one actor or connection: who asked is told, what was acknowledged stays, the child comes back,
//! and the rest of the node goes on meanwhile. Real sockets, one whole node a test.

use std::time::Duration;

use super::harness::Node;
use super::requests::*;
use crate::client::Connection;
use crate::error::ErrorCode;
use crate::faults::plant;
use crate::supervision::State;
use crate::testing::until;
use crate::types::OFFSETS_TOPIC;
use crate::wire::messages::delete_topics::{DeleteTopicState, DeleteTopicsRequest};
use crate::wire::messages::find_coordinator::FindCoordinatorRequest;

fn code_of(code: i16) -> ErrorCode {
    ErrorCode::from_code(code).expect("an error that Kafka has")
}

fn run(test: impl Future<Output = ()>) {
    actix_rt::System::new().block_on(async move {
        let in_time = tokio::time::timeout(Duration::from_secs(300), test).await;
        assert!(in_time.is_ok(), "something hangs");
    });
}

async fn make(connection: &Connection, topics: &[&str]) {
    for topic in topics {
        let answer = connection.send(&create(topic, 1, &[]), CREATE).await.expect("answered");
        assert_eq!(answer.topics[0].error_code, 0, "{answer:?}");
        append(connection, topic, "first").await;
    }
}

async fn try_append(connection: &Connection, topic: &str, value: &str) -> (i16, i64) {
    let request = produce(topic, 0, batch(&[value.to_owned()], None));
    let answer = connection.send(&request, PRODUCE).await.expect("a produce is answered");
    (produced(&answer).error_code, produced(&answer).base_offset)
}

/// Appends as a client does, again and again until it is acknowledged. Its offset.
async fn append(connection: &Connection, topic: &str, value: &str) -> i64 {
    for _ in 0..12_000 {
        match try_append(connection, topic, value).await {
            (0, offset) => return offset,
            (code, _) => {
                let code = code_of(code);
                assert!(code.is_retriable(), "{topic}: {code:?} ends a client's attempts");
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{topic} does not come back");
}

async fn values(connection: &Connection, topic: &str) -> Vec<(i64, String)> {
    let answer = connection.send(&fetch(topic, 0, 0), FETCH).await.expect("a fetch is answered");
    let (error, found) = fetched(&answer);
    assert_eq!(error, 0, "{topic} can be read");
    found
}

#[test]
fn of_a_partition() {
    run(async {
        let node = Node::fresh(&[]).await;
        let client = node.connect("client").await;
        make(&client, &["panicky", "calm"]).await;
        plant("append", "panicky", 1);
        let (code, _) = try_append(&client, "panicky", "lost").await;
        assert_eq!(code_of(code), ErrorCode::NotLeaderOrFollower);
        assert_eq!(append(&client, "calm", "second").await, 1);
        assert_eq!(append(&client, "panicky", "second").await, 1);
        let expected = vec![(0, "first".to_owned()), (1, "second".to_owned())];
        assert_eq!(values(&client, "panicky").await, expected);
        assert_eq!(values(&client, "calm").await, expected);
        let path = ["broker", "partitions", "panicky-0"];
        let status = node.until(&path, |status| status.restarts > 0).await;
        assert_eq!((status.restarts, status.state), (1, State::Running));
        assert_eq!(node.until(&["broker", "partitions", "calm-0"], |_| true).await.restarts, 0);
        node.stop().await;
    });
}

#[test]
fn of_a_partition_that_keeps_failing() {
    run(async {
        let node = Node::fresh(&[]).await;
        let client = node.connect("client").await;
        make(&client, &["hopeless", "hopeful"]).await;
        plant("append", "hopeless", usize::MAX);
        let path = ["broker", "partitions", "hopeless-0"];
        let mut codes = Vec::new();
        while codes.last() != Some(&ErrorCode::KafkaStorageError) {
            let (code, _) = try_append(&client, "hopeless", "never").await;
            assert_ne!(code, 0);
            codes.push(code_of(code));
            assert!(codes.len() < 1000, "it does not go offline: {codes:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let status = node.until(&path, |status| status.state == State::Offline).await;
        assert_eq!(status.restarts, 3);
        let answer = client.send(&fetch("hopeless", 0, 0), FETCH).await.expect("answered");
        assert_eq!(code_of(fetched(&answer).0), ErrorCode::KafkaStorageError);
        assert_eq!(append(&client, "hopeful", "second").await, 1);
        assert_eq!(values(&client, "hopeful").await.len(), 2);
        assert_eq!(node.tree().child("broker").map(|broker| broker.restarts), Some(0));
        node.stop().await;
    });
}

#[test]
fn of_the_manager_of_partitions() {
    run(async {
        let node = Node::fresh(&[]).await;
        let client = node.connect("client").await;
        make(&client, &["kept", "gone"]).await;
        plant("gone", "gone", 1);
        let topics = vec![DeleteTopicState { name: Some("gone".into()), ..Default::default() }];
        let request = DeleteTopicsRequest { topics, timeout_ms: 20_000, ..Default::default() };
        let answer = client.send(&request, 6).await.expect("answered");
        assert_eq!(answer.responses[0].error_code, 0, "{answer:?}");
        node.until(&["broker", "partitions", "manager"], |status| status.restarts > 0).await;
        make(&client, &["later"]).await;
        let table = &node.parts.table;
        until(|| table.all().iter().all(|replica| replica.name.topic != "gone")).await;
        assert_eq!(append(&client, "kept", "second").await, 1);
        let expected = vec![(0, "first".to_owned()), (1, "second".to_owned())];
        assert_eq!(values(&client, "kept").await, expected);
        node.stop().await;
    });
}

#[test]
fn of_a_shard_of_groups() {
    run(async {
        let node = Node::fresh(&[("offsets.topic.num.partitions", "1")]).await;
        let client = node.connect("client").await;
        make(&client, &["topic"]).await;
        let find = FindCoordinatorRequest { key: "group".to_owned(), ..Default::default() };
        let found = client.send(&find, 3).await.expect("answered");
        assert_eq!(found.error_code, 0, "{found:?}");
        commit_until_done(&client, 7).await;
        let id = node.parts.image.load().topics.id(OFFSETS_TOPIC).expect("it was made");
        plant("decide", id.to_string(), 1);
        let answer = client.send(&commit("group", "topic", 8), COMMIT).await.expect("answered");
        let code = code_of(answer.topics[0].partitions[0].error_code);
        assert!(code.is_retriable(), "{code:?}");
        assert_eq!(append(&client, "topic", "second").await, 1);
        assert_eq!(committed_offset(&client).await, 7);
        commit_until_done(&client, 9).await;
        assert_eq!(committed_offset(&client).await, 9);
        let path = ["broker", "groups", "__consumer_offsets-0"];
        let status = node.until(&path, |status| status.restarts > 0).await;
        assert_eq!((status.restarts, status.state), (1, State::Running));
        node.stop().await;
    });
}

async fn commit_until_done(client: &Connection, offset: i64) {
    for _ in 0..12_000 {
        let request = commit("group", "topic", offset);
        let answer = client.send(&request, COMMIT).await.expect("a commit is answered");
        match code_of(answer.topics[0].partitions[0].error_code) {
            ErrorCode::None => return,
            code => assert!(code.is_retriable(), "{code:?}"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the shard does not come back");
}

async fn committed_offset(client: &Connection) -> i64 {
    for _ in 0..12_000 {
        let answer = client.send(&committed("group", "topic"), COMMITTED).await.expect("answered");
        let group = &answer.groups[0];
        if group.error_code == 0 {
            return group.topics[0].partitions[0].committed_offset;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the shard does not come back");
}

#[test]
fn of_a_connection() {
    run(async {
        let node = Node::fresh(&[]).await;
        let client = node.connect("calm client").await;
        make(&client, &["topic"]).await;
        let panicky = node.connect("panicky client").await;
        plant("request", "panicky client", 1);
        let request = produce("topic", 0, batch(&["x".to_owned()], None));
        assert!(panicky.send(&request, PRODUCE).await.is_err(), "its connection is closed");
        assert_eq!(append(&client, "topic", "second").await, 1);
        let again = node.connect("panicky client").await;
        assert_eq!(append(&again, "topic", "third").await, 2);
        node.stop().await;
    });
}

#[test]
fn of_a_listener() {
    run(async {
        let listeners = "PANICKY://127.0.0.1:0,CALM://127.0.0.1:0,CONTROLLER://127.0.0.1:0";
        let map = "PANICKY:PLAINTEXT,CALM:PLAINTEXT,CONTROLLER:PLAINTEXT";
        let node = Node::fresh(&[
            ("listeners", listeners),
            ("listener.security.protocol.map", map),
            ("inter.broker.listener.name", "CALM"),
        ])
        .await;
        let open = |n| Connection::open_late(node.address(n));
        let calm = open(1).await.expect("the calm listener accepts");
        make(&calm, &["topic"]).await;
        plant("accept", "PANICKY", 1);
        assert!(open(0).await.is_err(), "whom it was about to serve is let go");
        assert_eq!(append(&calm, "topic", "second").await, 1);
        let path = ["listeners", "PANICKY"];
        let status = node.until(&path, |status| status.restarts > 0).await;
        assert_eq!((status.restarts, status.state), (1, State::Running));
        let back = open(0).await.expect("the port was kept");
        assert_eq!(append(&back, "topic", "third").await, 2);
        node.stop().await;
    });
}

impl Connection {
    async fn open_late(address: String) -> Result<Self, crate::client::ClientError> {
        let settings = crate::client::Settings { request_timeout_ms: 60_000, ..Default::default() };
        Self::open(&address, settings).await
    }
}
