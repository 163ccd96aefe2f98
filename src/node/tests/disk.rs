//! A node whose disk is full, or does not give what it has: writes are refused with what clients try again, reads go
//! on, and all is well without a restart when there is room again. A device that breaks takes its directory offline.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::super::directories;
use super::super::parts::Ground;
use super::harness::{Node, config, format};
use super::requests::*;
use crate::client::Connection;
use crate::error::ErrorCode;
use crate::log::files::memory::{Call, MemoryFiles};
use crate::types::TopicPartition;
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
        let in_time = tokio::time::timeout(Duration::from_secs(300), test).await;
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
        // Somebody else may read first.
        loop {
            files.fail_next(Call::Read, std::io::ErrorKind::Other);
            match values(&client).await {
                (0, 1) => {}
                told => break assert_eq!(told, (ErrorCode::KafkaStorageError.code(), 0)),
            }
        }
        assert_eq!(values(&client).await, (0, 1));
        node.stop().await;
    });
}

async fn append_to(connection: &Connection, partition: i32, value: &str) -> ErrorCode {
    let request = produce("topic", partition, batch(&[value.to_owned()], None));
    let answer = connection.send(&request, PRODUCE).await.expect("a produce is answered");
    ErrorCode::from_code(produced(&answer).error_code).expect("an error that Kafka has")
}

async fn until_appended(connection: &Connection, partition: i32, value: &str) {
    while append_to(connection, partition, value).await != ErrorCode::None {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Where the replicas of the four partitions are that the test has.
fn log_dirs(node: &Node) -> Vec<usize> {
    let name = |partition| TopicPartition::new("topic", partition);
    let found = (0..4).map(|partition| node.parts.table.find(&name(partition)));
    found.map(|replica| replica.expect("it is there").log_dir()).collect()
}

#[test]
fn a_broken_device_takes_its_directory_offline_at_once_and_no_other() {
    run(async {
        let extra = [("log.dirs", "/data,/more"), ("metadata.log.dir", "/data")];
        let (config, files) = (config(&extra), MemoryFiles::new());
        format(&config, &files);
        let ground = || Ground { files: Arc::new(files.clone()), ..Ground::default() };
        let node = Node::start(config.clone(), ground()).await;
        let client = node.connect("client").await;
        client.send(&create("topic", 4, &[]), CREATE).await.expect("answered");
        for partition in 0..4 {
            until_appended(&client, partition, "first").await;
        }
        let dirs = log_dirs(&node);
        assert!(dirs.contains(&0) && dirs.iter().filter(|dir| **dir == 1).count() == 2, "{dirs:?}");
        files.break_under(Some(Path::new("/more")));
        let in_more = (0..4).filter(|at| dirs[*at] == 1).map(|at| at as i32).collect::<Vec<_>>();
        assert_eq!(append_to(&client, in_more[0], "lost").await, ErrorCode::KafkaStorageError);
        // The other has not touched the disk, and knows.
        let other = TopicPartition::new("topic", in_more[1]);
        assert!(node.parts.table.find(&other).is_some_and(|replica| replica.is_offline()));
        assert_eq!(append_to(&client, in_more[1], "lost").await, ErrorCode::KafkaStorageError);
        assert!(node.parts.logs.dirs()[1].is_offline() && !node.parts.logs.dirs()[0].is_offline());
        let well = (0..4).find(|at| dirs[*at as usize] == 0).expect("there is one");
        assert_eq!(append_to(&client, well, "second").await, ErrorCode::None);
        // The controller hears of it, and nobody leads what was there.
        let has_leader = || {
            let image = node.parts.image.load();
            let found = image.topics.partition("topic", in_more[1]);
            found.is_some_and(|partition| partition.leader().is_some())
        };
        while has_leader() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        node.try_stop().await;
        files.break_under(None);
        let node = Node::start(config, ground()).await;
        let client = node.connect("client").await;
        until_appended(&client, in_more[0], "second").await;
        assert_eq!(log_dirs(&node), dirs);
        node.stop().await;
    });
}

#[test]
fn without_the_directory_of_the_metadata_a_node_cannot_go_on() {
    run(async {
        let (node, files, client) = start().await;
        files.break_under(Some(Path::new("/data")));
        let refused = try_append(&client, "topic", "lost").await;
        assert_eq!(refused, ErrorCode::KafkaStorageError);
        let why = directories::lost(&node.parts).await;
        assert_eq!(why, "the directory of the metadata log has failed");
        node.abandon().await;
    });
}
