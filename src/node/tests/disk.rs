//! A node whose disk is full, or does not give what it has: writes are refused with what clients try again, reads go
//! on, and all is well without a restart when there is room again.

use std::sync::Arc;
use std::time::Duration;

use super::super::parts::Ground;
use super::harness::{Node, config, format};
use super::requests::*;
use crate::client::Connection;
use crate::error::ErrorCode;
use crate::log::files::memory::{Call, MemoryFiles};
use crate::wire::messages::find_coordinator::FindCoordinatorRequest;

async fn try_append(connection: &Connection, topic: &str, value: &str) -> ErrorCode {
    let request = produce(topic, 0, batch(&[value.to_owned()], None));
    let answer = connection.send(&request, PRODUCE).await.expect("a produce is answered");
    ErrorCode::from_code(produced(&answer).error_code).expect("an error that Kafka has")
}

async fn commit_once(connection: &Connection, offset: i64) -> ErrorCode {
    let request = commit("group", "topic", offset);
    let answer = connection.send(&request, COMMIT).await.expect("a commit is answered");
    ErrorCode::from_code(answer.topics[0].partitions[0].error_code).expect("one of Kafka's")
}

async fn values(connection: &Connection) -> (i16, usize) {
    let answer = connection.send(&fetch("topic", 0, 0), FETCH).await.expect("answered");
    let (error, found) = fetched(&answer);
    (error, found.len())
}

async fn start() -> (Node, MemoryFiles, Connection) {
    let (config, files) = (config(&[("offsets.topic.num.partitions", "1")]), MemoryFiles::new());
    format(&config, &files);
    let ground = Ground { files: Arc::new(files.clone()), ..Ground::default() };
    let node = Node::start(config, ground).await;
    let client = node.connect("client").await;
    client.send(&create("topic", 1, &[]), CREATE).await.expect("answered");
    while try_append(&client, "topic", "first").await != ErrorCode::None {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    (node, files, client)
}

fn run(test: impl Future<Output = ()>) {
    actix_rt::System::new().block_on(async move {
        let in_time = tokio::time::timeout(Duration::from_secs(120), test).await;
        assert!(in_time.is_ok(), "something hangs");
    });
}

#[test]
fn a_full_disk_refuses_writes_until_there_is_room() {
    run(async {
        let (node, files, client) = start().await;
        let find = FindCoordinatorRequest { key: "group".to_owned(), ..Default::default() };
        assert_eq!(client.send(&find, 3).await.expect("answered").error_code, 0);
        while commit_once(&client, 1).await != ErrorCode::None {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        files.set_capacity(Some(files.used()));
        for _ in 0..20 {
            let refused = try_append(&client, "topic", "does not fit").await;
            assert_eq!(refused, ErrorCode::KafkaStorageError);
            assert_eq!(values(&client).await, (0, 1));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(commit_once(&client, 2).await.is_retriable());
        files.set_capacity(None);
        assert_eq!(try_append(&client, "topic", "second").await, ErrorCode::None);
        assert_eq!(values(&client).await, (0, 2));
        while commit_once(&client, 3).await != ErrorCode::None {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let restarts = node.tree().child("quorum").map(|quorum| quorum.restarts);
        assert_eq!(restarts, Some(0));
        node.stop().await;
    });
}

#[test]
fn records_that_cannot_be_read_are_an_error_of_their_partition() {
    run(async {
        let (node, files, client) = start().await;
        files.fail_next(Call::Read, std::io::ErrorKind::Other);
        assert_eq!(values(&client).await, (ErrorCode::KafkaStorageError.code(), 0));
        assert_eq!(values(&client).await, (0, 1));
        node.stop().await;
    });
}
