//! A node that dies while a replica moves to another log directory: the next finds all records, in one place.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::super::parts::Ground;
use super::harness::{Node, config, format};
use super::requests::*;
use crate::config::Config;
use crate::error::ErrorCode;
use crate::log::files::Files;
use crate::log::files::memory::MemoryFiles;
use crate::types::TopicPartition;
use crate::wire::messages::alter_replica_log_dirs::{
    AlterReplicaLogDir, AlterReplicaLogDirTopic, AlterReplicaLogDirsRequest,
};

/// How many of the deaths are lived through: each takes a node.
const LIVES: usize = 24;
const RECORDS: usize = 20;

fn two_dirs() -> Config {
    config(&[("log.dirs", "/data,/more"), ("metadata.log.dir", "/data")])
}

fn ground(files: &MemoryFiles) -> Ground {
    Ground { files: Arc::new(files.clone()), ..Ground::default() }
}

fn alter(path: &str) -> AlterReplicaLogDirsRequest {
    let topic = AlterReplicaLogDirTopic {
        name: "topic".to_owned(),
        partitions: vec![0],
        ..Default::default()
    };
    let dir =
        AlterReplicaLogDir { path: path.to_owned(), topics: vec![topic], ..Default::default() };
    AlterReplicaLogDirsRequest { dirs: vec![dir], ..Default::default() }
}

async fn append(node: &Node, value: String) {
    let request = produce("topic", 0, batch(&[value], None));
    for _ in 0..2_000 {
        let answer = node.ask(&request, PRODUCE).await.expect("answered");
        match ErrorCode::from_code(produced(&answer).error_code) {
            Some(ErrorCode::None) => return,
            Some(code) if code.is_retriable() => {}
            code => panic!("{code:?}"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("nothing is taken");
}

/// Waits until the replica is at rest in the log directory `wanted`, or in any.
async fn settled(node: &Node, wanted: Option<usize>) -> usize {
    for _ in 0..2_000 {
        let replica = node.parts.table.find(&TopicPartition::new("topic", 0));
        if let Some(replica) = replica
            && node.parts.table.moving(&replica.id).is_none()
            && wanted.is_none_or(|wanted| wanted == replica.log_dir())
        {
            return replica.log_dir();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the replica does not come to rest");
}

/// The directories that hold the partition under its own name.
fn places(files: &MemoryFiles) -> Vec<&'static str> {
    let holds = |dir: &&str| {
        let entries = files.list(Path::new(dir)).unwrap_or_default();
        entries.iter().any(|entry| entry.name == "topic-0")
    };
    ["/data", "/more"].into_iter().filter(holds).collect()
}

async fn check(files: MemoryFiles, n: usize) {
    let node = Node::start(two_dirs(), ground(&files)).await;
    append(&node, "after".to_owned()).await;
    let at = settled(&node, None).await;
    let answer = node.ask(&fetch("topic", 0, 0), FETCH).await.expect("answered");
    let (error, found) = fetched(&answer);
    assert_eq!((error, found.len()), (0, RECORDS + 1), "death {n}");
    for (expected, (offset, value)) in found.iter().enumerate().take(RECORDS) {
        assert_eq!((*offset, value.as_str()), (expected as i64, format!("{expected}").as_str()));
    }
    node.stop().await;
    assert_eq!(places(&files), [["/data", "/more"][at]], "death {n}");
}

#[test]
fn a_death_at_any_time_of_a_move_leaves_one_whole_replica() {
    actix_rt::System::new().block_on(async {
        let (config, files) = (two_dirs(), MemoryFiles::new());
        format(&config, &files);
        let node = Node::start(config, ground(&files)).await;
        node.ask(&create("topic", 1, &[]), CREATE).await.expect("answered");
        for value in 0..RECORDS {
            append(&node, value.to_string()).await;
        }
        let from = settled(&node, None).await;
        files.keep_deaths();
        let answer = node.ask(&alter(["/more", "/data"][from]), 2).await.expect("answered");
        assert_eq!(answer.results[0].partitions[0].error_code, 0);
        settled(&node, Some(1 - from)).await;
        let deaths = files.take_deaths();
        node.stop().await;
        assert!(deaths.len() > 10, "{} changes", deaths.len());
        let step = deaths.len().div_ceil(LIVES);
        for (n, death) in deaths.into_iter().enumerate().step_by(step) {
            check(death.after_kill(), n).await;
        }
    });
}
