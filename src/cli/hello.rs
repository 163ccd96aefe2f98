//! A first round through a running node: a topic, three records in, three records out. What `vltava dev --hello` shows.

use std::time::Duration;

use super::{say, tool};
use crate::client::{ClientError, Cluster, Settings};
use crate::wire::messages::fetch::{FetchPartition, FetchRequest, FetchTopic};
use crate::wire::messages::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
use crate::wire::records::{self, BatchBuilder};

const TOPIC: &str = "hello";
const WORDS: [&str; 3] = ["from", "the", "Vltava"];
const PATIENCE: Duration = Duration::from_secs(20);
/// The last version that names topics rather than their ids.
const BY_NAME_MAX: i16 = 12;

/// Goes the round through the node at `address`, telling of each step.
pub(super) async fn greet(address: &str) -> Result<(), ClientError> {
    let mut cluster = Cluster::new(address, Settings::default(), PATIENCE);
    // On a directory that is not new the topic may be there already, which is as good.
    cluster.ask(&tool::small_topic(TOPIC)).await?;
    cluster.metadata(Some(&[TOPIC.to_owned()]), false).await?;
    let first = produce(&mut cluster).await?;
    say(&format!("produced {} records to '{TOPIC}', from offset {first}\n", WORDS.len()));
    for value in fetch(&mut cluster, first).await? {
        say(&format!("consumed {value}\n"));
    }
    Ok(())
}

async fn produce(cluster: &mut Cluster) -> Result<i64, ClientError> {
    let mut batch = BatchBuilder::new();
    let now = crate::clock::Clock::System.now();
    for word in WORDS {
        batch.append(now, None, Some(word.as_bytes()));
    }
    let partition =
        PartitionProduceData { index: 0, records: Some(batch.build()), ..Default::default() };
    let topic = TopicProduceData {
        name: TOPIC.into(),
        partition_data: [partition].into(),
        ..Default::default()
    };
    let request = ProduceRequest {
        acks: -1,
        timeout_ms: 10_000,
        topic_data: [topic].into(),
        ..Default::default()
    };
    let connection = cluster.any().await?;
    let response =
        connection.send(&request, connection.version_up_to::<ProduceRequest>(BY_NAME_MAX)?).await?;
    let answer = response
        .responses
        .into_iter()
        .flat_map(|topic| topic.partition_responses)
        .next()
        .unwrap_or_default();
    ClientError::check(answer.error_code, answer.error_message)?;
    Ok(answer.base_offset)
}

async fn fetch(cluster: &mut Cluster, from: i64) -> Result<Vec<String>, ClientError> {
    let partition = FetchPartition {
        partition: 0,
        fetch_offset: from,
        partition_max_bytes: 1 << 20,
        ..Default::default()
    };
    let topic =
        FetchTopic { topic: TOPIC.to_owned(), partitions: vec![partition], ..Default::default() };
    let request = FetchRequest {
        max_wait_ms: 1_000,
        min_bytes: 1,
        max_bytes: 1 << 20,
        topics: vec![topic],
        ..Default::default()
    };
    let connection = cluster.any().await?;
    let response =
        connection.send(&request, connection.version_up_to::<FetchRequest>(BY_NAME_MAX)?).await?;
    let mut values = Vec::new();
    for partition in response.responses.into_iter().flat_map(|topic| topic.partitions) {
        ClientError::check(partition.error_code, None)?;
        for batch in records::split(&partition.records.unwrap_or_default()).flatten() {
            let Ok(payload) = batch.payload(1 << 20) else { continue };
            let records = payload.records().flatten();
            values.extend(records.map(|record| {
                String::from_utf8_lossy(record.value.unwrap_or_default()).into_owned()
            }));
        }
    }
    Ok(values)
}
