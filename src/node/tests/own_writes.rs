//! Who changes the cluster through a combined node reads the change back from it at once. Other nodes follow in their
//! own time, and nothing here asks them.

use super::harness::Node;
use super::requests::{CREATE, create};
use crate::error::ErrorCode;
use crate::wire::messages::delete_topics::{DeleteTopicState, DeleteTopicsRequest};
use crate::wire::messages::metadata::{MetadataRequest, MetadataRequestTopic};

/// The error of a topic in the metadata, and how many partitions it has.
async fn seen(node: &Node, topic: &str) -> (i16, usize) {
    let wanted = MetadataRequestTopic { name: Some(topic.to_owned()), ..Default::default() };
    let request = MetadataRequest {
        topics: Some(vec![wanted]),
        allow_auto_topic_creation: false,
        ..Default::default()
    };
    let answer = node.ask(&request, 12).await.expect("an answer");
    (answer.topics[0].error_code, answer.topics[0].partitions.len())
}

#[test]
fn what_is_answered_is_seen() {
    actix_rt::System::new().block_on(async {
        let node = Node::fresh(&[]).await;
        for round in 0..50 {
            let topic = format!("t{round}");
            node.ask(&create(&topic, 3, &[]), CREATE).await.expect("an answer");
            assert_eq!(seen(&node, &topic).await, (0, 3), "{topic} is made");
            let state = DeleteTopicState { name: Some(topic.clone()), ..Default::default() };
            let request = DeleteTopicsRequest {
                topics: vec![state],
                timeout_ms: 20_000,
                ..Default::default()
            };
            let answer = node.ask(&request, 6).await.expect("an answer");
            assert_eq!(answer.responses[0].error_code, 0, "{answer:?}");
            let gone = ErrorCode::UnknownTopicOrPartition.code();
            assert_eq!(seen(&node, &topic).await, (gone, 0), "{topic} is gone");
        }
        node.stop().await;
    });
}
