//! Logs that nobody uses: what is told of them, and a stop, opens none.

use std::path::Path;
use std::sync::Arc;

use super::super::parts::Ground;
use super::harness::{Node, config, format};
use super::requests::*;
use crate::log::files::Files;
use crate::log::files::memory::MemoryFiles;
use crate::log::log_dir::CLEAN_SHUTDOWN;
use crate::log::names::PARTITION_METADATA;
use crate::types::TopicPartition;
use crate::wire::messages::describe_log_dirs::DescribeLogDirsRequest;
use crate::wire::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic,
};

/// The sizes of the topic's partitions, by their numbers.
async fn sizes(node: &Node) -> Vec<(i32, i64)> {
    let request = DescribeLogDirsRequest { topics: None, ..Default::default() };
    let answer = node.ask(&request, 4).await.expect("answered");
    let topic = answer.results[0].topics.iter().find(|topic| topic.name == "topic");
    let partitions = &topic.expect("it is there").partitions;
    partitions.iter().map(|one| (one.partition_index, one.partition_size)).collect()
}

/// The first offset of a partition since the beginning of time, looked for in its files.
async fn first_since_zero(node: &Node, partition: i32) -> (i16, i64) {
    let wanted =
        ListOffsetsPartition { partition_index: partition, timestamp: 0, ..Default::default() };
    let topic = ListOffsetsTopic {
        name: "topic".to_owned(),
        partitions: vec![wanted],
        ..Default::default()
    };
    let request = ListOffsetsRequest { replica_id: -1, topics: vec![topic], ..Default::default() };
    let answer = node.ask(&request, 7).await.expect("answered");
    let found = &answer.topics[0].partitions[0];
    (found.error_code, found.offset)
}

fn open(node: &Node) -> Vec<bool> {
    let replica = |at| node.parts.table.find(&TopicPartition::new("topic", at));
    (0..3).map(|at| replica(at).expect("it is there").open_view().is_some()).collect()
}

#[test]
fn a_log_at_rest_stays_so_until_somebody_reads_or_writes() {
    actix_rt::System::new().block_on(async {
        let (config, files) = (config(&[]), MemoryFiles::new());
        format(&config, &files);
        let ground = || Ground { files: Arc::new(files.clone()), ..Ground::default() };
        let node = Node::start(config.clone(), ground()).await;
        node.ask(&create("topic", 3, &[]), CREATE).await.expect("answered");
        for partition in [0, 2] {
            let request = produce("topic", partition, batch(&["value".to_owned()], None));
            while produced(&node.ask(&request, PRODUCE).await.expect("answered")).error_code != 0 {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        }
        // What nobody writes to has its directory, and is let go when it is made.
        while files.read(&Path::new("/data/topic-1").join(PARTITION_METADATA)).is_err()
            || open(&node)[1]
        {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let before = sizes(&node).await;
        assert!(before[0].1 > 0 && before[1].1 == 0, "{before:?}");
        node.stop().await;

        let node = Node::start(config.clone(), ground()).await;
        assert_eq!(sizes(&node).await, before);
        assert_eq!(open(&node), [false; 3]);
        assert_eq!(first_since_zero(&node, 2).await, (0, 0));
        assert_eq!(first_since_zero(&node, 1).await, (0, -1));
        assert_eq!(open(&node), [false, true, true]);
        node.stop().await;
        // One that was opened by the stop would not have been closed.
        assert!(files.read(&Path::new("/data").join(CLEAN_SHUTDOWN)).is_ok());
    });
}
