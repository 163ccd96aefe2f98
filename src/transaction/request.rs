//! What a transaction coordinator is asked, and what it answers.

use std::sync::Arc;

use super::list::Filters;
use super::state::Partitions;
use crate::error::ErrorCode;
use crate::types::TopicPartition;
use crate::wire::messages::describe_transactions;
use crate::wire::messages::list_transactions::TransactionState;

/// A producer id and its epoch.
pub type Producer = (i64, i16);

/// One thing asked of one shard.
#[derive(Clone, Debug)]
pub enum TransactionRequest {
    /// Begin to use a transactional id, or go on after an error; an open transaction is aborted first.
    Init {
        /// The id.
        transactional_id: String,
        /// How long a transaction may take.
        timeout_ms: i32,
        /// Who the producer is already, if it goes on.
        expected: Option<Producer>,
        /// A producer id that nobody has had, once the machine has asked for one.
        fresh_id: Option<i64>,
    },
    /// Add partitions to the transaction, or see whether they are in it.
    AddPartitions {
        /// The id.
        transactional_id: String,
        /// The producer.
        producer_id: i64,
        /// Its epoch.
        producer_epoch: i16,
        /// Each once.
        partitions: Vec<TopicPartition>,
        /// Change nothing: only say which are in it.
        verify_only: bool,
        /// The transaction version of the client: 2 where the broker adds for it, else 0.
        client_version: i16,
    },
    /// End the transaction.
    End {
        /// The id.
        transactional_id: String,
        /// The producer.
        producer_id: i64,
        /// Its epoch.
        producer_epoch: i16,
        /// Commit, or abort.
        committed: bool,
        /// The transaction version of the client: 2 from EndTxn version 5, else 0.
        client_version: i16,
        /// A producer id that nobody has had, once the machine has asked for one.
        fresh_id: Option<i64>,
    },
    /// What there is to know of one id.
    Describe {
        /// The id.
        transactional_id: String,
    },
    /// The ids of this shard that pass the filters.
    List(Arc<Filters>),
    /// The marker sender waits for work. It is answered once there is any.
    AwaitMarkers {
        /// The sender knows of no earlier work of this shard.
        afresh: bool,
        /// How many transactions it takes at once.
        max: usize,
    },
    /// All partitions of these have their markers.
    MarkersWritten(Vec<Written>),
    /// A producer id that nobody has had, for a timed-out producer whose epochs are used up.
    ProducerId(i64),
    /// How many transactions stand how, for metrics.
    Survey,
}

/// A transaction whose end is decided, and must be written to its partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Markers {
    /// The id.
    pub transactional_id: Arc<str>,
    /// The producer.
    pub producer_id: i64,
    /// The epoch of the markers.
    pub producer_epoch: i16,
    /// Commit, or abort.
    pub committed: bool,
    /// The transaction version of the client; from 2 on the markers' epoch is above that of the transaction.
    pub client_version: i16,
    /// Where to.
    pub partitions: Partitions,
}

/// A transaction whose end is written everywhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Written {
    /// The id.
    pub transactional_id: Arc<str>,
    /// The producer.
    pub producer_id: i64,
    /// The epoch of the markers.
    pub producer_epoch: i16,
}

/// The answer to one [`TransactionRequest`], by the same name.
#[derive(Clone, Debug, PartialEq)]
pub enum TransactionReply {
    /// To [`TransactionRequest::Init`]: who the producer is now.
    Init(Result<Producer, ErrorCode>),
    /// To [`TransactionRequest::AddPartitions`], in the order of the request.
    AddPartitions(Vec<(TopicPartition, ErrorCode)>),
    /// To [`TransactionRequest::End`]: who the producer is now; −1 twice for clients before version 2.
    End(Result<Producer, ErrorCode>),
    /// To [`TransactionRequest::Init`] and [`TransactionRequest::End`]: ask again with a fresh producer id.
    NeedsProducerId,
    /// To [`TransactionRequest::Describe`].
    Describe(describe_transactions::TransactionState),
    /// To [`TransactionRequest::List`].
    List(Vec<TransactionState>),
    /// To [`TransactionRequest::AwaitMarkers`].
    Markers {
        /// What must be written.
        markers: Vec<Markers>,
        /// Whether a fresh producer id is wanted.
        needs_producer_id: bool,
    },
    /// To [`TransactionRequest::MarkersWritten`] and [`TransactionRequest::ProducerId`].
    Done,
    /// To [`TransactionRequest::Survey`]: how many transactions are in each state, in the order of its numbers.
    Survey([usize; 6]),
    /// To any: the shard cannot answer.
    Refused(ErrorCode),
}

impl TransactionReply {
    /// The error of an answer that is none.
    pub fn error(&self) -> ErrorCode {
        match self {
            Self::Refused(code) => *code,
            _ => ErrorCode::UnknownServerError,
        }
    }
}
