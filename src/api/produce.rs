//! Produce (0), versions 3–13.
//!
//! The batches are checked here, on the connection's thread, and handed to their partitions before the request is
//! answered, so that requests of one connection follow each other without waiting; each partition answers for itself.
//! v5 log start offset; v8 record errors (KIP-467); v10 the current leader (KIP-951); v13 topic ids (KIP-516).
//!
//! Better on purpose: null records are refused with `INVALID_RECORD`, where Kafka falls silent.
//!
//! What is refused, in the order of the checks; the first that fails is what a partition is told:
//!
//! ```text
//! who writes in a transaction may do so      TRANSACTIONAL_ID_AUTHORIZATION_FAILED
//! all its batches are one producer's         INVALID_PRODUCER_ID_MAPPING
//! the topic may be written to                TOPIC_AUTHORIZATION_FAILED
//! its replica is on this node                UNKNOWN_TOPIC_ID, UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER
//! one batch, of format 2; zstd since v7      INVALID_RECORD, UNSUPPORTED_COMPRESSION_TYPE
//! acks are −1, 0 or 1                        INVALID_REQUIRED_ACKS
//! the topic is not the cluster's own         INVALID_TOPIC_EXCEPTION
//! this node leads                            NOT_LEADER_OR_FOLLOWER, KAFKA_STORAGE_ERROR
//! enough replicas are in sync (acks −1)      NOT_ENOUGH_REPLICAS
//! the batch and its records                  CORRUPT_MESSAGE, INVALID_RECORD, INVALID_TIMESTAMP, MESSAGE_TOO_LARGE …
//! the partition takes it now                 REQUEST_TIMED_OUT, NOT_LEADER_OR_FOLLOWER
//! its producer's state, in the partition     OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_PRODUCER_EPOCH, INVALID_TXN_STATE …
//! ```
//!
//! A batch that was written before (the same producer, epoch and sequence numbers) is no error: the answer has the
//! offset of then. While a partition has one replica, `acks` of 1 and −1 are the same; 0 is answered with nothing, and
//! an error with the end of the connection.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::answer::{Answer, Pending};
use super::context::{Call, Head};
use super::produce_answer::ProduceAnswer;
use super::table::decode;
use super::verification::{Supports, add_or_verify_patiently, is_told};
use super::{Refusal, frame, framed, permissions};
use crate::error::{ApiError, ErrorCode};
use crate::log::producers::{Beginning, Voucher};
use crate::metadata::Image;
use crate::partition::append::{Append, AppendResult, Appended, Transactional, Verified};
use crate::partition::replica::Replica;
use crate::quota::Kind;
use crate::types::{METADATA_TOPIC, NONE, TopicIdPartition, Uuid, is_internal_topic};
use crate::wire::codec::{Few, Reader, Text};
use crate::wire::messages::produce::{
    BatchIndexAndErrorMessage, LeaderIdAndEpoch, NodeEndpoint, PartitionProduceData,
    PartitionProduceResponse, ProduceRequest, ProduceResponse, TopicProduceData,
    TopicProduceResponse,
};
use crate::wire::records::{self, BatchHeader, Rejected};

/// One partition's part of the request.
enum Started {
    /// With the partition, which answers when the batch is written.
    Sent { index: i32, replica: Arc<Replica>, answer: oneshot::Receiver<AppendResult> },
    /// Written.
    Appended(i32, Appended),
    /// Refused, before or by the partition.
    Refused(Box<PartitionProduceResponse>),
}

impl Started {
    /// Waits until the partition has answered. True if the batch is written.
    async fn settle(&mut self) -> bool {
        if let Self::Sent { index, replica, answer } = self {
            let result = answer.await.unwrap_or(Err(ErrorCode::NotLeaderOrFollower.into()));
            *self = match result {
                Ok(appended) => Self::Appended(*index, appended),
                Err(error) => Self::Refused(Box::new(failure(*index, replica, error))),
            };
        }
        matches!(self, Self::Appended(..))
    }
}

struct StartedTopic {
    name: Text,
    topic_id: Uuid,
    partitions: Few<Started>,
}

/// What holds for the whole request.
#[derive(Clone, Copy)]
struct Terms<'a> {
    /// How many must have the records: −1 all that are in sync, 1 the leader, 0 nobody.
    acks: i16,
    /// In whose transaction, if any batch is in one.
    transactional_id: Option<&'a Arc<str>>,
    /// What is told to all partitions alike.
    granted: Result<(), ErrorCode>,
}

/// Starts a produce request.
pub(crate) fn handle(call: Call, reader: Reader) -> Result<Pending, Refusal> {
    let bytes = reader.remaining();
    let mut request: ProduceRequest = decode(&call, reader)?;
    // Before the next request is read: those that follow each other would else all be beyond the quota.
    let throttle_ms = call.spend(Kind::Produce, bytes as f64);
    let image = call.context.image.load();
    let acks = request.acks;
    let id: Option<Arc<str>> = request.transactional_id.as_deref().map(Into::into);
    let granted = match &id {
        Some(id) => check_transaction(&call, id, &request),
        None => Ok(()),
    };
    let terms = Terms { acks, transactional_id: id.as_ref(), granted };
    // All partitions have their batch before any answer is awaited: they write at the same time, and a second request
    // of the connection comes behind this one in every mailbox.
    let mut topics = Few::default();
    for topic in request.topic_data.iter_mut() {
        topics.push(start_topic(&call, &image, terms, topic));
    }
    Ok(Box::pin(async move {
        let mut all_appended = true;
        for started in topics.iter_mut().flat_map(|topic| topic.partitions.iter_mut()) {
            all_appended &= started.settle().await;
        }
        if acks == 0 {
            // Nothing is answered; an error ends the connection, which is all that a client can be told.
            return if all_appended { Answer::Nothing } else { Answer::Close };
        }
        let throttle_ms = throttle_ms.max(call.spend_time());
        let throttle_time_ms = i32::try_from(throttle_ms).unwrap_or(i32::MAX);
        if all_appended {
            success(call.head(), &topics, throttle_time_ms)
        } else {
            let mut response = response(topics, throttle_time_ms);
            tell_leaders(&call, &mut response);
            frame::<ProduceRequest>(call.head(), &response)
        }
    }))
}

/// Whether a transaction may be written to, and is of one producer. What is no batch is refused later.
fn check_transaction(call: &Call, id: &str, request: &ProduceRequest) -> Result<(), ErrorCode> {
    let partitions = request.topic_data.iter().flat_map(|topic| topic.partition_data.iter());
    let batches =
        partitions.filter_map(|partition| partition.records.as_deref()).filter_map(|records| {
            match BatchHeader::parse(records) {
                Ok(Some(header)) if header.is_transactional() => Some(header),
                _ => None,
            }
        });
    let (mut any, mut producer) = (false, None);
    for header in batches {
        if !any {
            call.check(&permissions::PRODUCE_TRANSACTION, id)?;
            any = true;
        }
        let this = (header.producer_id, header.producer_epoch);
        if header.has_producer_id() && *producer.get_or_insert(this) != this {
            return Err(ErrorCode::InvalidProducerIdMapping);
        }
    }
    Ok(())
}

fn start_topic(
    call: &Call,
    image: &Image,
    mut terms: Terms<'_>,
    topic: &mut TopicProduceData,
) -> StartedTopic {
    let by_id = call.version >= 13;
    let (name, topic_id) = if by_id {
        (image.topics.name(topic.topic_id).map_or("", |name| name), topic.topic_id)
    } else {
        let name = topic.name.as_str();
        (name, image.topics.id(name).unwrap_or(Uuid::ZERO))
    };
    let named = !name.is_empty() || !by_id;
    if named && !call.may_all(&permissions::PRODUCE, name, topic.partition_data.len()) {
        terms.granted = terms.granted.and(Err(permissions::PRODUCE.error));
    }
    let mut partitions = Few::default();
    for data in topic.partition_data.iter_mut() {
        let index = data.index;
        partitions.push(match start_partition(call, name, topic_id, terms, data) {
            Ok((replica, answer)) => Started::Sent { index, replica, answer },
            Err((replica, rejected)) => {
                Started::Refused(Box::new(rejection(index, replica.as_deref(), rejected)))
            }
        });
    }
    StartedTopic { name: std::mem::take(&mut topic.name), topic_id, partitions }
}

type Refused = (Option<Arc<Replica>>, Rejected);

fn refused(replica: Option<&Arc<Replica>>, code: ErrorCode) -> Refused {
    (
        replica.cloned(),
        Rejected { code, message: code.message().to_owned(), record_errors: Vec::new() },
    )
}

fn start_partition(
    call: &Call,
    name: &str,
    topic_id: Uuid,
    terms: Terms<'_>,
    data: &mut PartitionProduceData,
) -> Result<(Arc<Replica>, oneshot::Receiver<AppendResult>), Refused> {
    terms.granted.map_err(|code| refused(None, code))?;
    let records = data.records.take().unwrap_or_default();
    let unknown = if call.version >= 13 {
        ErrorCode::UnknownTopicId
    } else {
        ErrorCode::UnknownTopicOrPartition
    };
    let id = TopicIdPartition { topic_id, partition: data.index };
    let replica = call.context.replica(&id).map_err(|code| match code {
        ErrorCode::UnknownTopicOrPartition if name.is_empty() => refused(None, unknown),
        code => refused(None, code),
    })?;
    records::check_request(&records, call.version).map_err(|rejected| (None, rejected))?;
    if !matches!(terms.acks, -1..=1) {
        return Err(refused(None, ErrorCode::InvalidRequiredAcks));
    }
    if is_internal_topic(name) || name == METADATA_TOPIC {
        return Err(refused(None, ErrorCode::InvalidTopicException));
    }
    replica.check_leader(NONE).map_err(|code| refused(Some(&replica), code))?;
    if terms.acks == -1 {
        call.context.check_min_isr(&replica).map_err(|code| refused(Some(&replica), code))?;
    }
    // From here on the bytes are read: what is unpacked and checked is checked on this thread, so that a partition's
    // actor only has to number and to write.
    let settings = replica.settings();
    let options = settings.check_options(name, data.index, call.context.clock.now());
    let bytes = records.len();
    let checked = records::check(records, &options).map_err(|rejected| {
        replica.traffic().records_refused(bytes, is_failure(rejected.code));
        (None, rejected)
    })?;
    let transactional = checked.header.is_transactional();
    if transactional && terms.transactional_id.is_none() {
        return Err(refused(None, ErrorCode::TransactionalIdAuthorizationFailed));
    }
    let (bytes, count) = (checked.bytes.len(), checked.header.records_count);
    let (reply, answer) = oneshot::channel();
    let mut append = Append::from_client(checked.bytes, reply);
    if let Some(id) = terms.transactional_id.filter(|_| transactional) {
        verify(call, id, &replica, &checked.header, &mut append);
    }
    replica.append(append).map_err(|code| refused(Some(&replica), code))?;
    replica.traffic().records_in(bytes, count);
    Ok((replica, answer))
}

/// Says how to ask the coordinator, should a transaction begin in the partition (KIP-890).
fn verify(
    call: &Call,
    id: &Arc<str>,
    replica: &Replica,
    header: &BatchHeader,
    append: &mut Append,
) {
    let supports = Supports::in_produce(call.version);
    let enabled = call.context.config.load().transaction_partition_verification_enable();
    if !enabled {
        append.voucher = Voucher::Waived;
    }
    if !header.has_producer_id() || !enabled && !supports.add_partition() {
        return;
    }
    let beginning = Beginning {
        producer_id: header.producer_id,
        producer_epoch: header.producer_epoch,
        base_sequence: header.base_sequence,
        supports_epoch_bump: supports.add_partition(),
    };
    let (context, id, name) = (call.context.clone(), id.clone(), replica.name.clone());
    let verify = Box::new(move || -> Verified {
        Box::pin(
            async move { add_or_verify_patiently(&context, &id, &beginning, name, supports).await },
        )
    });
    append.transaction = Some(Box::new(Transactional { beginning, verify }));
}

/// Whether Kafka counts an append that was refused as a failed one: not where the client sees to it by itself.
fn is_failure(code: ErrorCode) -> bool {
    !matches!(
        code,
        ErrorCode::MessageTooLarge
            | ErrorCode::RecordListTooLarge
            | ErrorCode::CorruptMessage
            | ErrorCode::NotLeaderOrFollower
            | ErrorCode::UnknownTopicOrPartition
            | ErrorCode::KafkaStorageError
    )
}

/// The answer where there is nothing to tell but offsets.
fn success(head: Head, topics: &Few<StartedTopic>, throttle_time_ms: i32) -> Answer {
    let encode = || {
        let mut answer = ProduceAnswer::begin(head, topics.len())?;
        for StartedTopic { name, topic_id, partitions } in topics.iter() {
            answer.topic(name, *topic_id, partitions.len())?;
            for partition in partitions.iter() {
                if let Started::Appended(index, appended) = partition {
                    answer.partition(*index, appended);
                }
            }
            answer.end_topic();
        }
        Ok(answer.end(throttle_time_ms))
    };
    framed::<ProduceRequest>(head, encode())
}

/// The answer where something has failed.
fn response(topics: Few<StartedTopic>, throttle_time_ms: i32) -> ProduceResponse {
    let partition = |started| match started {
        Started::Appended(index, appended) => PartitionProduceResponse {
            index,
            base_offset: appended.base_offset,
            log_append_time_ms: appended.append_time,
            log_start_offset: appended.log_start_offset,
            ..Default::default()
        },
        Started::Refused(response) => *response,
        Started::Sent { index, replica, .. } => {
            failure(index, &replica, ErrorCode::NotLeaderOrFollower.into())
        }
    };
    let topic = |StartedTopic { name, topic_id, partitions }| TopicProduceResponse {
        name,
        topic_id,
        partition_responses: partitions.into_iter().map(partition).collect(),
        ..Default::default()
    };
    let responses = topics.into_iter().map(topic).collect();
    ProduceResponse { responses, throttle_time_ms, ..Default::default() }
}

fn failure(index: i32, replica: &Replica, error: ApiError) -> PartitionProduceResponse {
    PartitionProduceResponse {
        index,
        error_code: error.code.code(),
        base_offset: -1,
        current_leader: current_leader(error.code, Some(replica)),
        error_message: if is_told(&error) { error.message } else { None },
        ..Default::default()
    }
}

fn rejection(
    index: i32,
    replica: Option<&Replica>,
    rejected: Rejected,
) -> PartitionProduceResponse {
    let error_message = rejected.client_message().map(str::to_owned);
    let told = |error: records::RecordError| BatchIndexAndErrorMessage {
        batch_index: error.batch_index,
        batch_index_error_message: Some(error.message),
        ..Default::default()
    };
    PartitionProduceResponse {
        index,
        error_code: rejected.code.code(),
        error_message,
        record_errors: rejected.record_errors.into_iter().map(told).collect(),
        base_offset: -1,
        current_leader: current_leader(rejected.code, replica),
        ..Default::default()
    }
}

/// Who leads instead (KIP-951): told only where the client has asked the wrong node.
fn current_leader(code: ErrorCode, replica: Option<&Replica>) -> LeaderIdAndEpoch {
    match (code, replica) {
        (ErrorCode::NotLeaderOrFollower | ErrorCode::FencedLeaderEpoch, Some(replica)) => {
            LeaderIdAndEpoch {
                leader_id: replica.leader(),
                leader_epoch: replica.leader_epoch(),
                ..Default::default()
            }
        }
        _ => LeaderIdAndEpoch::default(),
    }
}

/// Who leads instead, and where that is, is told since version 10.
fn tell_leaders(call: &Call, response: &mut ProduceResponse) {
    if call.version >= 10 {
        response.node_endpoints = node_endpoints(call, response);
        return;
    }
    for partition in response.responses.iter_mut().flat_map(|topic| &mut topic.partition_responses)
    {
        partition.current_leader = LeaderIdAndEpoch::default();
    }
}

fn node_endpoints(call: &Call, response: &ProduceResponse) -> Vec<NodeEndpoint> {
    let mut leaders: Vec<i32> = response
        .responses
        .iter()
        .flat_map(|topic| &topic.partition_responses)
        .map(|partition| partition.current_leader.leader_id)
        .filter(|leader| *leader >= 0)
        .collect();
    leaders.sort_unstable();
    leaders.dedup();
    let endpoint = |node_id| {
        let image = call.context.image();
        let broker = image.cluster.broker(node_id)?;
        let endpoint = broker.endpoint(&call.session.listener)?;
        let (host, port) = (endpoint.host.clone(), i32::from(endpoint.port));
        Some(NodeEndpoint { node_id, host, port, rack: broker.rack.clone(), ..Default::default() })
    };
    leaders.into_iter().filter_map(endpoint).collect()
}
