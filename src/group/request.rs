//! What a group coordinator is asked, and what it answers: the messages of the wire, and what of their surroundings
//! matters.
//!
//! Requests of several groups or of all versions come here in one shape: the API's handler has split them by shard,
//! filled in names for topic ids, and moved what older versions write elsewhere to where the newest has it.

use std::sync::Arc;

use super::consumer::heartbeat::ConsumerHeartbeat;
use crate::error::ErrorCode;
use crate::partition::append::Voucher;
use crate::types::{Offset, PartitionId};
use crate::wire::messages::consumer_group_describe::DescribedGroup as DescribedConsumerGroup;
use crate::wire::messages::consumer_group_heartbeat::ConsumerGroupHeartbeatResponse;
use crate::wire::messages::delete_groups::DeletableGroupResult;
use crate::wire::messages::describe_groups::DescribedGroup;
use crate::wire::messages::heartbeat::{HeartbeatRequest, HeartbeatResponse};
use crate::wire::messages::join_group::{JoinGroupRequest, JoinGroupResponse};
use crate::wire::messages::leave_group::{
    LeaveGroupRequest, LeaveGroupResponse, MemberIdentity, MemberResponse,
};
use crate::wire::messages::list_groups::{ListGroupsRequest, ListGroupsResponse};
use crate::wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestTopic, OffsetCommitResponse,
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use crate::wire::messages::offset_delete::{OffsetDeleteRequest, OffsetDeleteResponse};
use crate::wire::messages::offset_fetch::{OffsetFetchRequestGroup, OffsetFetchResponseGroup};
use crate::wire::messages::sync_group::{SyncGroupRequest, SyncGroupResponse};
use crate::wire::messages::txn_offset_commit::{
    TxnOffsetCommitRequest, TxnOffsetCommitRequestTopic, TxnOffsetCommitResponse,
    TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic,
};

/// Who joins, and how new its protocol is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestContext {
    /// The version of the request.
    pub version: i16,
    /// What the client calls itself; member ids begin with it.
    pub client_id: String,
    /// The client's address, with a leading slash as Kafka writes it.
    pub client_host: String,
}

/// One thing asked of one shard.
#[derive(Clone, Debug)]
pub enum GroupRequest {
    /// Become a member, or say that one still is.
    Join {
        /// The request.
        request: JoinGroupRequest,
        /// Its surroundings.
        context: RequestContext,
    },
    /// Fetch the assignment; the leader brings everyone's.
    Sync(SyncGroupRequest),
    /// Say that one is alive.
    Heartbeat(HeartbeatRequest),
    /// The same, and be answered when there is news; who has asked gives up by itself.
    AwaitNews(HeartbeatRequest),
    /// Become a member of a consumer group, stay one, or leave.
    ConsumerHeartbeat(Box<ConsumerHeartbeat>),
    /// What there is to know of consumer groups.
    DescribeConsumers {
        /// The groups asked for, all of this shard.
        group_ids: Vec<String>,
    },
    /// Leave: the members to remove are in `members`, whatever the version.
    Leave(LeaveGroupRequest),
    /// The groups of this shard that pass the filters.
    List(ListGroupsRequest),
    /// How every group of this shard stands, for metrics.
    Survey,
    /// What there is to know of classic groups.
    Describe {
        /// The groups asked for, all of this shard.
        group_ids: Vec<String>,
        /// The version of the request: from 6, an unknown group is an error.
        version: i16,
    },
    /// Forget empty groups and their offsets.
    Delete {
        /// The groups to delete, all of this shard.
        group_ids: Vec<String>,
    },
    /// Keep offsets. Topics are known and bear their names, whatever the version.
    CommitOffsets {
        /// The request.
        request: OffsetCommitRequest,
        /// Its version: from 9, an unknown group has an error of its own.
        version: i16,
    },
    /// Keep offsets, if a transaction is committed. Topics and partitions exist.
    CommitInTransaction {
        /// The request.
        request: TxnOffsetCommitRequest,
        /// Why the transaction may begin with these.
        voucher: Voucher,
    },
    /// Tell the offsets of one group. Topics bear their names, whatever the version; none means all.
    FetchOffsets {
        /// The group, and the partitions asked for.
        request: OffsetFetchRequestGroup,
        /// Whether offsets of open transactions are an error.
        require_stable: bool,
    },
    /// Forget offsets. Topics and partitions exist.
    DeleteOffsets(OffsetDeleteRequest),
}

/// How one group stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surveyed {
    /// The group.
    pub group_id: Arc<str>,
    /// Kafka's name of its state.
    pub state: &'static str,
    /// Kafka's name of its kind, in small letters.
    pub protocol: &'static str,
    /// How many members it has.
    pub members: usize,
    /// What it has committed: the next offset to read, by topic and partition.
    pub offsets: Vec<(Arc<str>, PartitionId, Offset)>,
}

/// The answer to one [`GroupRequest`], by the same name.
#[derive(Clone, Debug, PartialEq)]
pub enum GroupReply {
    /// To [`GroupRequest::Join`].
    Join(JoinGroupResponse),
    /// To [`GroupRequest::Sync`].
    Sync(SyncGroupResponse),
    /// To [`GroupRequest::Heartbeat`] and [`GroupRequest::AwaitNews`].
    Heartbeat(HeartbeatResponse),
    /// To [`GroupRequest::ConsumerHeartbeat`].
    ConsumerHeartbeat(ConsumerGroupHeartbeatResponse),
    /// To [`GroupRequest::DescribeConsumers`], one for each group.
    DescribeConsumers(Vec<DescribedConsumerGroup>),
    /// To [`GroupRequest::Leave`].
    Leave(LeaveGroupResponse),
    /// To [`GroupRequest::List`].
    List(ListGroupsResponse),
    /// To [`GroupRequest::Survey`], one for each group.
    Survey(Vec<Surveyed>),
    /// To [`GroupRequest::Describe`], one for each group.
    Describe(Vec<DescribedGroup>),
    /// To [`GroupRequest::Delete`], one for each group.
    Delete(Vec<DeletableGroupResult>),
    /// To [`GroupRequest::CommitOffsets`].
    CommitOffsets(OffsetCommitResponse),
    /// To [`GroupRequest::CommitInTransaction`].
    CommitInTransaction(TxnOffsetCommitResponse),
    /// To [`GroupRequest::FetchOffsets`].
    FetchOffsets(OffsetFetchResponseGroup),
    /// To [`GroupRequest::DeleteOffsets`].
    DeleteOffsets(OffsetDeleteResponse),
}

impl GroupRequest {
    /// What carrying it out writes at least, in bytes, for those of which that may be more than a batch holds. What is
    /// refused for it is refused before anything of it is done.
    pub(super) fn written_bytes(&self) -> usize {
        const OFFSET_BYTES_MIN: usize = 41;
        let offset = |group: &str, topic: &str, metadata: Option<&str>| {
            OFFSET_BYTES_MIN + group.len() + topic.len() + metadata.map_or(0, str::len)
        };
        match self {
            Self::CommitOffsets { request, .. } => {
                let of = |topic: &OffsetCommitRequestTopic| -> usize {
                    let metadata = topic.partitions.iter().map(|one| &one.committed_metadata);
                    metadata
                        .map(|text| offset(&request.group_id, &topic.name, text.as_deref()))
                        .sum()
                };
                request.topics.iter().map(of).sum()
            }
            Self::CommitInTransaction { request, .. } => {
                let of = |topic: &TxnOffsetCommitRequestTopic| -> usize {
                    let metadata = topic.partitions.iter().map(|one| &one.committed_metadata);
                    metadata
                        .map(|text| offset(&request.group_id, &topic.name, text.as_deref()))
                        .sum()
                };
                request.topics.iter().map(of).sum()
            }
            Self::ConsumerHeartbeat(asked) => {
                let topics = asked.request.subscribed_topic_names.iter().flatten();
                topics.map(|topic| topic.len() + size_of::<i16>()).sum()
            }
            _ => 0,
        }
    }

    /// The answer to this request when it could not be carried out.
    pub fn refused(&self, code: ErrorCode) -> GroupReply {
        let code = match self {
            Self::FetchOffsets { .. } => fetch_code(code),
            Self::Heartbeat(_) | Self::AwaitNews(_) => heartbeat_code(code),
            _ => coordinator_code(code),
        };
        let error_code = code.code();
        match self {
            Self::Join { .. } => GroupReply::Join(JoinGroupResponse {
                error_code,
                generation_id: -1,
                ..JoinGroupResponse::default()
            }),
            Self::Sync(_) => {
                GroupReply::Sync(SyncGroupResponse { error_code, ..SyncGroupResponse::default() })
            }
            Self::Heartbeat(_) | Self::AwaitNews(_) => {
                let response = HeartbeatResponse { error_code, ..HeartbeatResponse::default() };
                GroupReply::Heartbeat(response)
            }
            Self::ConsumerHeartbeat(_) => heartbeat_refused(code),
            Self::DescribeConsumers { group_ids } => describe_refused(group_ids, code),
            Self::Leave(request) if code == ErrorCode::UnknownMemberId => {
                GroupReply::Leave(nobody_left(request))
            }
            Self::Leave(_) => GroupReply::Leave(LeaveGroupResponse {
                error_code,
                ..LeaveGroupResponse::default()
            }),
            Self::List(_) => {
                GroupReply::List(ListGroupsResponse { error_code, ..ListGroupsResponse::default() })
            }
            Self::Survey => GroupReply::Survey(Vec::new()),
            Self::Describe { group_ids, .. } => {
                let describe = |group_id: &String| DescribedGroup {
                    error_code,
                    group_id: group_id.clone(),
                    ..DescribedGroup::default()
                };
                GroupReply::Describe(group_ids.iter().map(describe).collect())
            }
            Self::Delete { group_ids } => {
                let result = |group_id: &String| DeletableGroupResult {
                    error_code,
                    group_id: group_id.clone(),
                    ..DeletableGroupResult::default()
                };
                GroupReply::Delete(group_ids.iter().map(result).collect())
            }
            Self::CommitOffsets { request, .. } => {
                GroupReply::CommitOffsets(commit_refused(request, code))
            }
            Self::CommitInTransaction { request, .. } => {
                GroupReply::CommitInTransaction(commit_in_transaction_refused(request, code))
            }
            Self::FetchOffsets { request, .. } => {
                GroupReply::FetchOffsets(OffsetFetchResponseGroup {
                    group_id: request.group_id.clone(),
                    error_code,
                    ..OffsetFetchResponseGroup::default()
                })
            }
            Self::DeleteOffsets(_) => GroupReply::DeleteOffsets(OffsetDeleteResponse {
                error_code,
                ..OffsetDeleteResponse::default()
            }),
        }
    }
}

fn heartbeat_refused(code: ErrorCode) -> GroupReply {
    GroupReply::ConsumerHeartbeat(ConsumerGroupHeartbeatResponse {
        error_code: code.code(),
        error_message: Some(code.message().into()),
        ..ConsumerGroupHeartbeatResponse::default()
    })
}

fn describe_refused(group_ids: &[String], code: ErrorCode) -> GroupReply {
    let describe = |group_id: &String| DescribedConsumerGroup {
        error_code: code.code(),
        group_id: group_id.clone(),
        ..DescribedConsumerGroup::default()
    };
    GroupReply::DescribeConsumers(group_ids.iter().map(describe).collect())
}

/// Every member of a leave request, unknown.
pub(super) fn nobody_left(request: &LeaveGroupRequest) -> LeaveGroupResponse {
    let unknown = |member: &MemberIdentity| MemberResponse {
        member_id: member.member_id.clone(),
        group_instance_id: member.group_instance_id.clone(),
        error_code: ErrorCode::UnknownMemberId.code(),
        ..MemberResponse::default()
    };
    LeaveGroupResponse {
        members: request.members.iter().map(unknown).collect(),
        ..LeaveGroupResponse::default()
    }
}

/// The same error for every partition of a commit.
pub fn commit_refused(request: &OffsetCommitRequest, code: ErrorCode) -> OffsetCommitResponse {
    let mut response = OffsetCommitResponse::default();
    for topic in &request.topics {
        let partition = |partition_index| OffsetCommitResponsePartition {
            partition_index,
            error_code: code.code(),
            ..OffsetCommitResponsePartition::default()
        };
        response.topics.push(OffsetCommitResponseTopic {
            name: topic.name.clone(),
            topic_id: topic.topic_id,
            partitions: topic
                .partitions
                .iter()
                .map(|asked| partition(asked.partition_index))
                .collect(),
            ..OffsetCommitResponseTopic::default()
        });
    }
    response
}

/// The same error for every partition of a commit in a transaction.
pub fn commit_in_transaction_refused(
    request: &TxnOffsetCommitRequest,
    code: ErrorCode,
) -> TxnOffsetCommitResponse {
    let mut response = TxnOffsetCommitResponse::default();
    for topic in &request.topics {
        let partition = |partition_index| TxnOffsetCommitResponsePartition {
            partition_index,
            error_code: code.code(),
            ..TxnOffsetCommitResponsePartition::default()
        };
        let indexes = topic.partitions.iter().map(|asked| asked.partition_index);
        response.topics.push(TxnOffsetCommitResponseTopic {
            name: topic.name.clone(),
            partitions: indexes.map(partition).collect(),
            ..TxnOffsetCommitResponseTopic::default()
        });
    }
    response
}

/// What a failed append is called towards clients of a coordinator.
pub(super) fn coordinator_code(code: ErrorCode) -> ErrorCode {
    match code {
        ErrorCode::UnknownTopicOrPartition
        | ErrorCode::NotEnoughReplicas
        | ErrorCode::RequestTimedOut => ErrorCode::CoordinatorNotAvailable,
        ErrorCode::NotLeaderOrFollower | ErrorCode::KafkaStorageError => ErrorCode::NotCoordinator,
        ErrorCode::MessageTooLarge
        | ErrorCode::RecordListTooLarge
        | ErrorCode::InvalidFetchSize => ErrorCode::UnknownServerError,
        other => other,
    }
}

/// Consumers before 3.9 retry OffsetFetch on NOT_COORDINATOR, not on COORDINATOR_NOT_AVAILABLE.
fn fetch_code(code: ErrorCode) -> ErrorCode {
    match code {
        ErrorCode::UnknownTopicOrPartition
        | ErrorCode::NotEnoughReplicas
        | ErrorCode::RequestTimedOut => ErrorCode::NotCoordinator,
        other => coordinator_code(other),
    }
}

/// A group that is still loading is told of by nothing: its members need not know.
fn heartbeat_code(code: ErrorCode) -> ErrorCode {
    match code {
        ErrorCode::CoordinatorLoadInProgress => ErrorCode::None,
        other => coordinator_code(other),
    }
}
