//! What a producer must know before it sends: the topic's partitions and who leads them, and its own identity. Asks
//! again for as long as `max.block.ms` allows, and where that was in vain tells so in Kafka's words.

use std::time::Instant;

use super::batch::Queue;
use super::metrics::Transactional;
use super::{Producer, RETRY};
use crate::cli::options::Exception;
use crate::cli::tool;
use crate::client::ClientError;
use crate::client::cluster::Pause;
use crate::error::ErrorCode;
use crate::wire::messages::init_producer_id::InitProducerIdRequest;

impl<T: Send + 'static> Producer<T> {
    /// Learns of the topic, and of a producer id where one is needed.
    pub(super) async fn prepare(&mut self) -> Result<(), Exception> {
        let start = Instant::now();
        self.wait_for_topic().await?;
        self.metrics.waited_for_metadata(start);
        if self.settings.transactional_id.is_some() {
            let start = Instant::now();
            self.identity = Some(self.init_transactions().await?);
            self.metrics.transactional(Transactional::Init, start);
        } else if self.settings.idempotent {
            self.identity = Some(self.new_identity().await?);
        }
        Ok(())
    }

    pub(super) async fn new_identity(&mut self) -> Result<(i64, i16), Exception> {
        let request = InitProducerIdRequest {
            transactional_id: None,
            transaction_timeout_ms: i32::MAX,
            ..Default::default()
        };
        let mut pause = Pause::until(self.cluster.deadline());
        loop {
            let answer = self.cluster.ask(&request).await?;
            match ClientError::check(answer.error_code, None) {
                Err(error) if error.is_retriable() && pause.again().await => {}
                Err(error) => return Err(error.into()),
                Ok(()) => return Ok((answer.producer_id, answer.producer_epoch)),
            }
        }
    }

    async fn wait_for_topic(&mut self) -> Result<(), Exception> {
        let topic = self.topic.clone();
        let mut pause = Pause::until(self.cluster.deadline());
        loop {
            let answer = self.cluster.metadata(Some(std::slice::from_ref(&topic)), true).await?;
            let code = answer.topics.first().map_or(0, |topic| topic.error_code);
            let count = answer.topics.first().map_or(0, |topic| topic.partitions.len());
            match ErrorCode::from_code(code) {
                Some(ErrorCode::None) if count > 0 => {
                    self.queues = (0..).take(count).map(Queue::new).collect();
                    let mut random = [0; 4];
                    let _ = getrandom::fill(&mut random);
                    self.sticky = u32::from_le_bytes(random) as usize % count;
                    self.connect().await?;
                    return Ok(());
                }
                Some(ErrorCode::InvalidTopicException) => return Err(self.invalid_topic()),
                Some(code) if code.is_error() && !code.is_retriable() => {
                    return Err(ClientError::Api(code.into()).into());
                }
                _ => {}
            }
            if !pause.again().await {
                let waited = self.settings.max_block.as_millis();
                return Err(Exception::new(
                    &tool::exception_class(ErrorCode::RequestTimedOut),
                    format!("Topic {topic} not present in metadata after {waited} ms."),
                ));
            }
        }
    }

    fn invalid_topic(&self) -> Exception {
        let (client, topic) = (&self.settings.client_id, &self.topic);
        let why = format!(
            "[Producer clientId={client}] Metadata response reported invalid topics [{topic}]"
        );
        tool::log_error(&why, "org.apache.kafka.clients.Metadata");
        let class = tool::exception_class(ErrorCode::InvalidTopicException);
        Exception::new(&class, format!("Invalid topics: [{topic}]"))
    }

    /// Connects to every leader.
    async fn connect(&mut self) -> Result<(), ClientError> {
        self.connections.clear();
        for index in (0..).take(self.queues.len()) {
            if let Some(leader) = self.cluster.leader(&self.topic, index)
                && !self.connections.contains_key(&leader)
            {
                self.connections.insert(leader, self.cluster.node(leader).await?);
            }
        }
        Ok(())
    }

    /// Asks who leads now, and for a new identity where the old one is spoilt.
    pub(super) async fn refresh(&mut self) {
        tokio::time::sleep(RETRY).await;
        let topic = self.topic.clone();
        if self.cluster.metadata(Some(&[topic]), false).await.is_ok()
            && self.connect().await.is_ok()
        {
            self.stale = false;
            self.metrics.metadata_came();
        }
        if self.settings.idempotent
            && self.settings.transactional_id.is_none()
            && self.identity.is_none()
            && self.flights.is_empty()
            && let Ok(identity) = self.new_identity().await
        {
            self.identity = Some(identity);
            self.queues.iter_mut().for_each(Queue::restart);
        }
    }
}
