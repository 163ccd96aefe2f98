//! Sends records to the leaders of their partitions, and logs those that cannot be sent.

use std::collections::BTreeMap;
use std::time::Duration;

use super::line::Line;
use super::options::Options;
use super::partitioner::partition_of;
use crate::cli::complain;
use crate::cli::options::Exception;
use crate::cli::tool;
use crate::client::cluster::Pause;
use crate::client::{ClientError, Cluster, Settings};
use crate::clock::Clock;
use crate::error::ErrorCode;
use crate::types::PartitionId;
use crate::wire::messages::init_producer_id::InitProducerIdRequest;
use crate::wire::messages::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
use crate::wire::records::{BatchBuilder, RecordHeader, increment_sequence};

const CALLBACK: &str = "org.apache.kafka.clients.producer.internals.ErrorLoggingCallback";
/// The last version of Produce that names topics.
const NAMED_VERSION_MAX: i16 = 12;

/// See the module.
pub(super) struct Sender {
    options: Options,
    cluster: Cluster,
    partitions: u32,
    sticky: u32,
    producer: Option<(i64, i16)>,
    sequences: BTreeMap<PartitionId, i32>,
}

impl Sender {
    pub(super) fn new(options: Options) -> Self {
        let client_id =
            tool::property(&options.producer, "client.id").unwrap_or("console-producer");
        let settings = Settings {
            client_id: client_id.to_owned(),
            request_timeout_ms: u64::try_from(options.timeout_ms).unwrap_or(0).max(1500) + 1000,
            ..Settings::default()
        };
        let deadline = Duration::from_millis(options.max_block_ms);
        let cluster = Cluster::new(&options.bootstrap, settings, deadline);
        Self {
            options,
            cluster,
            partitions: 0,
            sticky: 0,
            producer: None,
            sequences: BTreeMap::new(),
        }
    }

    /// Sends records, and returns when they are acknowledged or given up.
    pub(super) async fn send(&mut self, lines: Vec<Line>) {
        if let Err(thrown) = self.prepare().await {
            lines.iter().for_each(|line| self.complain(line, &thrown));
            return;
        }
        let mut parts: BTreeMap<PartitionId, Vec<Line>> = BTreeMap::new();
        self.sticky = self.sticky.wrapping_add(1);
        for line in lines {
            let partition = match &line.key {
                Some(key) => partition_of(key, self.partitions),
                None => self.sticky % self.partitions,
            };
            let partition = PartitionId::try_from(partition).unwrap_or(0);
            parts.entry(partition).or_default().push(line);
        }
        for (partition, lines) in parts {
            if let Err(error) = self.send_to(partition, &lines).await {
                let thrown = Exception::from(error);
                lines.iter().for_each(|line| self.complain(line, &thrown));
            }
        }
    }

    /// Learns of the topic, and of a producer id where one is needed.
    async fn prepare(&mut self) -> Result<(), Exception> {
        if self.partitions == 0 {
            self.wait_for_topic().await?;
        }
        if self.options.idempotent && self.producer.is_none() {
            let request = InitProducerIdRequest {
                transactional_id: None,
                transaction_timeout_ms: i32::MAX,
                ..Default::default()
            };
            let mut pause = Pause::until(self.cluster.deadline());
            let answer = loop {
                let answer = self.cluster.ask(&request).await?;
                let error = ClientError::check(answer.error_code, None);
                match error {
                    Err(error) if error.is_retriable() && pause.again().await => {}
                    Err(error) => return Err(error.into()),
                    Ok(()) => break answer,
                }
            };
            self.producer = Some((answer.producer_id, answer.producer_epoch));
        }
        Ok(())
    }

    async fn wait_for_topic(&mut self) -> Result<(), Exception> {
        let topic = self.options.topic.clone();
        let mut pause = Pause::until(self.cluster.deadline());
        loop {
            let answer = self.cluster.metadata(Some(std::slice::from_ref(&topic)), true).await?;
            let code = answer.topics.first().map_or(0, |topic| topic.error_code);
            match ErrorCode::from_code(code) {
                Some(ErrorCode::None) => {
                    let count = answer.topics.first().map_or(0, |topic| topic.partitions.len());
                    self.partitions = u32::try_from(count).unwrap_or(0);
                    if self.partitions > 0 {
                        let mut random = [0; 4];
                        let _ = getrandom::fill(&mut random);
                        self.sticky = u32::from_le_bytes(random);
                        return Ok(());
                    }
                }
                Some(ErrorCode::InvalidTopicException) => {
                    tool::log_error(
                        &format!(
                            "[Producer clientId=console-producer] Metadata response reported invalid topics [{topic}]"
                        ),
                        "org.apache.kafka.clients.Metadata",
                    );
                    let class = tool::exception_class(ErrorCode::InvalidTopicException);
                    return Err(Exception::new(&class, format!("Invalid topics: [{topic}]")));
                }
                Some(code) if !code.is_retriable() => {
                    return Err(ClientError::Api(code.into()).into());
                }
                _ => {}
            }
            if !pause.again().await {
                return Err(Exception::new(
                    &tool::exception_class(ErrorCode::RequestTimedOut),
                    format!(
                        "Topic {topic} not present in metadata after {} ms.",
                        self.options.max_block_ms
                    ),
                ));
            }
        }
    }

    async fn send_to(&mut self, partition: PartitionId, lines: &[Line]) -> Result<(), ClientError> {
        let sequence = self.sequences.get(&partition).copied().unwrap_or(0);
        let records = self.batch(lines, sequence);
        let mut attempts = 0;
        let mut pause = Pause::until(Duration::from_secs(120));
        loop {
            let outcome = self.attempt(partition, &records).await;
            match outcome {
                Err(error) if error.code() == Some(ErrorCode::DuplicateSequenceNumber) => break,
                Err(error) => {
                    attempts += 1;
                    let again = error.is_retriable() && attempts <= self.options.retries;
                    if !again || !pause.again().await {
                        return Err(error);
                    }
                    let topic = self.options.topic.clone();
                    self.cluster.metadata(Some(&[topic]), false).await?;
                }
                Ok(()) => break,
            }
        }
        let count = i32::try_from(lines.len()).unwrap_or(i32::MAX);
        self.sequences.insert(partition, increment_sequence(sequence, count));
        Ok(())
    }

    fn batch(&self, lines: &[Line], sequence: i32) -> bytes::Bytes {
        let mut builder = BatchBuilder::new().compression(self.options.codec);
        if let Some((id, epoch)) = self.producer {
            builder = builder.producer(id, epoch, sequence);
        }
        let now = Clock::System.now();
        for line in lines {
            let headers = line
                .headers
                .iter()
                .map(|(key, value)| RecordHeader { key, value: value.as_deref() });
            builder.append_with_headers(now, line.key.as_deref(), line.value.as_deref(), headers);
        }
        builder.build()
    }

    async fn attempt(
        &mut self,
        partition: PartitionId,
        records: &bytes::Bytes,
    ) -> Result<(), ClientError> {
        let topic = &self.options.topic;
        let leader = self.cluster.leader(topic, partition);
        let leader = leader.ok_or(ClientError::Api(ErrorCode::LeaderNotAvailable.into()))?;
        let topic_id = self.cluster.topic_id(topic);
        let data = PartitionProduceData {
            index: partition,
            records: Some(records.clone()),
            ..Default::default()
        };
        let request = ProduceRequest {
            transactional_id: None,
            acks: self.options.acks,
            timeout_ms: self.options.timeout_ms,
            topic_data: vec![TopicProduceData {
                name: topic.clone(),
                topic_id: topic_id.unwrap_or_default(),
                partition_data: vec![data],
                ..Default::default()
            }],
            ..Default::default()
        };
        let connection = self.cluster.node(leader).await?;
        let limit = if topic_id.is_some() { i16::MAX } else { NAMED_VERSION_MAX };
        let version = connection.version_up_to::<ProduceRequest>(limit)?;
        if self.options.acks == 0 {
            return connection.tell(&request, version).await;
        }
        let answer = connection.send(&request, version).await?;
        let result =
            answer.responses.into_iter().flat_map(|topic| topic.partition_responses).next();
        let result = result.ok_or(ClientError::Protocol("no answer to the batch".to_owned()))?;
        ClientError::check(result.error_code, None)
    }

    fn complain(&self, line: &Line, thrown: &Exception) {
        let length = |bytes: &Option<Vec<u8>>| {
            bytes.as_ref().map_or("null".to_owned(), |bytes| format!("{} bytes", bytes.len()))
        };
        tool::log_error(
            &format!(
                "Error when sending message to topic {} with key: {}, value: {} with error:",
                self.options.topic,
                length(&line.key),
                length(&line.value)
            ),
            CALLBACK,
        );
        complain(&thrown.trace());
    }
}
