//! Batches on their way: which go out together, what their answers mean, and which of them go again.
//!
//! Batches of a partition go out in order and, where the producer is idempotent, stay so: one that failed for good
//! takes the identity with it, since the broker would miss its sequence numbers.

use std::collections::BTreeMap;
use std::time::Instant;

use super::batch::Batch;
use super::{Done, Producer};
use crate::cli::options::Exception;
use crate::client::ClientError;
use crate::error::ErrorCode;
use crate::types::{NodeId, Offset, PartitionId};
use crate::wire::messages::produce::{
    PartitionProduceData, ProduceRequest, ProduceResponse, TopicProduceData,
};

/// The last version of Produce that names topics.
const NAMED_VERSION_MAX: i16 = 12;

/// A request that has come back, one way or the other.
pub(super) struct Landed<T> {
    node: NodeId,
    /// When it was sent.
    sent: Instant,
    batches: Vec<Batch<T>>,
    outcome: Result<Option<ProduceResponse>, ClientError>,
}

impl<T: Send + 'static> Producer<T> {
    /// Sends what is ready: to each leader one batch of each partition at a time.
    pub(super) fn start(&mut self) {
        if self.stale || (self.settings.idempotent && self.identity.is_none()) {
            self.stale = true;
            return;
        }
        loop {
            let mut chosen: BTreeMap<NodeId, (Vec<usize>, usize)> = BTreeMap::new();
            for (index, queue) in self.queues.iter().enumerate() {
                let partition = PartitionId::try_from(index).unwrap_or(0);
                let leader = self.cluster.leader(&self.topic, partition);
                let Some(leader) = leader.filter(|_| queue.is_ready()) else { continue };
                let flying = self.under_way.get(&leader).copied().unwrap_or(0);
                let (indexes, bytes) = chosen.entry(leader).or_default();
                let fits = *bytes + queue.next_size() <= self.settings.request_bytes_max;
                if flying < self.settings.in_flight_max && (fits || indexes.is_empty()) {
                    indexes.push(index);
                    *bytes += queue.next_size();
                }
            }
            chosen.retain(|_, (indexes, _)| !indexes.is_empty());
            if chosen.is_empty() {
                return;
            }
            for (leader, (indexes, _)) in chosen {
                self.fly(leader, &indexes);
            }
        }
    }

    /// Sends the next batch of each of these partitions in one request.
    fn fly(&mut self, leader: NodeId, indexes: &[usize]) {
        let (mut batches, mut data) = (Vec::new(), Vec::new());
        let transactional_id = self.settings.transactional_id.clone();
        self.in_transaction |= transactional_id.is_some();
        for &index in indexes {
            let taken = self
                .queues
                .get_mut(index)
                .and_then(|queue| queue.take(self.identity, transactional_id.is_some()));
            let Some((batch, bytes)) = taken else { continue };
            self.metrics.sends(&batch, bytes.len());
            data.push(PartitionProduceData {
                index: batch.partition,
                records: Some(bytes),
                ..Default::default()
            });
            batches.push(batch);
        }
        let topic_id = self.cluster.topic_id(&self.topic);
        let request = ProduceRequest {
            transactional_id,
            acks: self.settings.acks,
            timeout_ms: self.settings.timeout_ms,
            topic_data: [TopicProduceData {
                name: self.topic.as_str().into(),
                topic_id: topic_id.unwrap_or_default(),
                partition_data: data.into(),
                ..Default::default()
            }]
            .into(),
            ..Default::default()
        };
        let limit = if topic_id.is_some() { i16::MAX } else { NAMED_VERSION_MAX };
        self.metrics.request(batches.iter().map(|batch| batch.tags.len()).sum());
        *self.under_way.entry(leader).or_default() += 1;
        let connection = self.connections.get(&leader).filter(|known| known.is_open()).cloned();
        let acks = self.settings.acks;
        // The request goes out here, in order; only its answer is waited for elsewhere.
        let started = connection.map(|connection| {
            let version = connection.version_up_to::<ProduceRequest>(limit)?;
            match acks {
                0 => Ok((None, Some(connection.start_told(&request, version)?))),
                _ => Ok((Some(connection.start(&request, version)?), None)),
            }
        });
        let sent = Instant::now();
        self.flights.spawn(async move {
            let outcome = match started {
                None => Err(ClientError::Api(ErrorCode::NetworkException.into())),
                Some(Err(error)) => Err(error),
                Some(Ok((Some(answer), _))) => answer.wait().await.map(Some),
                Some(Ok((None, written))) => match written {
                    Some(written) => written.await.map(|()| None),
                    None => Ok(None),
                },
            };
            Landed { node: leader, sent, batches, outcome }
        });
    }

    pub(super) fn land(&mut self, landed: Option<Landed<T>>) {
        let Some(landed) = landed else { return };
        if let Some(count) = self.under_way.get_mut(&landed.node) {
            *count = count.saturating_sub(1);
        }
        if let Ok(Some(answer)) = &landed.outcome {
            self.metrics.answered(landed.node, landed.sent, answer.throttle_time_ms);
        }
        for batch in landed.batches {
            let outcome = match &landed.outcome {
                Ok(None) => Ok(-1),
                Ok(Some(response)) => offset_in(response, batch.partition),
                Err(error) => Err(again(error)),
            };
            self.settle(batch, outcome);
        }
    }

    fn settle(&mut self, batch: Batch<T>, outcome: Result<Offset, ClientError>) {
        let index = usize::try_from(batch.partition).unwrap_or(0);
        let late = batch.opened.elapsed() > self.settings.delivery_timeout;
        let outcome = match outcome {
            Err(error) if error.code() == Some(ErrorCode::DuplicateSequenceNumber) => Ok(-1),
            Err(error)
                if self.may_retry(&error) && batch.attempts <= self.settings.retries && !late =>
            {
                self.stale = true;
                self.metrics.retries(batch.tags.len());
                if let Some(queue) = self.queues.get_mut(index) {
                    queue.came_back(batch);
                }
                return;
            }
            Err(error) if self.settings.transactional_id.is_some() => {
                let thrown = Exception::from(error);
                self.spoilt.get_or_insert_with(|| thrown.clone());
                Err(thrown)
            }
            Err(error) => {
                // The broker misses its sequences from now on.
                self.identity = None;
                self.stale |= self.settings.idempotent;
                Err(Exception::from(error))
            }
            Ok(offset) => Ok(offset),
        };
        self.buffered_bytes = self.buffered_bytes.saturating_sub(batch.weight);
        let Batch { partition, tags, .. } = batch;
        if outcome.is_err() {
            self.metrics.failed(tags.len());
        }
        if let Some(queue) = self.queues.get_mut(index) {
            queue.landed();
        }
        self.done.push_back(Done { tags, partition, outcome });
    }

    /// An idempotent producer's batch that is out of order follows one that failed: it is sent again behind it.
    fn may_retry(&self, error: &ClientError) -> bool {
        error.is_retriable()
            || (self.identity.is_some()
                && error.code() == Some(ErrorCode::OutOfOrderSequenceNumber))
    }
}

/// An error of the connection, for each batch that it was to carry.
fn again(error: &ClientError) -> ClientError {
    match error {
        ClientError::Api(error) => ClientError::Api(error.clone()),
        ClientError::Timeout(_) => ClientError::Api(ErrorCode::RequestTimedOut.into()),
        ClientError::Disconnected(_) => ClientError::Api(ErrorCode::NetworkException.into()),
        ClientError::Unsupported(why) => ClientError::Unsupported(why.clone()),
        ClientError::Protocol(why) => ClientError::Protocol(why.clone()),
    }
}

fn offset_in(response: &ProduceResponse, partition: PartitionId) -> Result<Offset, ClientError> {
    let all = response.responses.iter().flat_map(|topic| &topic.partition_responses);
    let mut found = all.filter(|found| found.index == partition);
    let found = found.next().ok_or(ClientError::Protocol("no answer to the batch".to_owned()))?;
    // Of a record that is at fault more is told than of its batch.
    let of_record = found.record_errors.first().and_then(|it| it.batch_index_error_message.clone());
    let why = of_record.or_else(|| found.error_message.clone());
    ClientError::check(found.error_code, why)?;
    Ok(found.base_offset)
}
