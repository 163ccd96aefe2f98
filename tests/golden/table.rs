//! Every message by name, and the frames of those that are stored.

use bytes::Bytes;
use vltava::wire::codec::{DecodeError, EncodeError, Reader, Writer};
use vltava::wire::header::{RequestHeader, ResponseHeader};
use vltava::wire::message::Message;
use vltava::wire::stored::group::{GroupKey, GroupValue};
use vltava::wire::stored::metadata::MetadataRecord;
use vltava::wire::stored::remote_log::RemoteLogRecord;
use vltava::wire::stored::share::{ShareKey, ShareValue};
use vltava::wire::stored::transaction::{TransactionKey, TransactionValue};
use vltava::wire::{messages, stored};

use crate::messages::{Outcome, read};

/// What can be done with bytes of one message.
pub(crate) struct Codec {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its versions.
    pub(crate) versions: std::ops::RangeInclusive<i16>,
    /// Writes one with every field at its default.
    pub(crate) default: fn(i16) -> Bytes,
    /// Reads it and writes it back.
    pub(crate) read: fn(Bytes, i16) -> Result<Outcome, DecodeError>,
    /// Reads it: how many bytes it took.
    pub(crate) probe: fn(Bytes, i16) -> Result<usize, DecodeError>,
}

fn probe<M: Message>(bytes: Bytes, version: i16) -> Result<usize, DecodeError> {
    let mut reader = Reader::new(bytes);
    M::decode(&mut reader, version)?;
    Ok(reader.position())
}

fn default<M: Message>(version: i16) -> Bytes {
    let mut writer = Writer::new();
    M::default().encode(&mut writer, version).expect("defaults fit into every version");
    writer.freeze()
}

fn codec_of<M: Message>() -> Codec {
    Codec {
        name: M::NAME,
        versions: M::VERSIONS,
        default: default::<M>,
        read: read::<M>,
        probe: probe::<M>,
    }
}

/// The message of a name.
pub(crate) fn codec(name: &str) -> Option<Codec> {
    ALL.iter().map(|codec| codec()).find(|codec| codec.name == name)
}

/// Why a stored record does not come back; `Debug` tells.
#[derive(Debug, PartialEq)]
#[allow(dead_code)]
pub(crate) enum Broken {
    /// It cannot be read.
    Decode(DecodeError),
    /// It cannot be written.
    Encode(EncodeError),
    /// It says that it is of this version.
    Version(i16),
}

/// Reads a stored record in its frame and writes it back.
pub(crate) fn reframe(kind: &str, name: &str, version: i16, bytes: Bytes) -> Result<Bytes, Broken> {
    macro_rules! through {
        ($decoded:expr) => {
            $decoded.map_err(Broken::Decode)?.encode(version).map_err(Broken::Encode)
        };
    }
    macro_rules! key {
        ($type:ident) => {
            $type::decode(bytes).map_err(Broken::Decode)?.encode().map_err(Broken::Encode)
        };
    }
    macro_rules! plain {
        ($type:ty) => {{
            let (message, found) = <$type>::decode_versioned(bytes).map_err(Broken::Decode)?;
            if found != version {
                return Err(Broken::Version(found));
            }
            message.encode_versioned(version).map_err(Broken::Encode)
        }};
    }
    match (kind, name) {
        ("metadata-record", _) => through!(MetadataRecord::decode(bytes)),
        ("remote-log-record", _) => through!(RemoteLogRecord::decode(bytes)),
        ("group-key", _) => key!(GroupKey),
        ("share-key", _) => key!(ShareKey),
        ("transaction-key", _) => key!(TransactionKey),
        ("group-value", _) => through!(GroupValue::decode(key_of(name), bytes)),
        ("share-value", _) => through!(ShareValue::decode(key_of(name), bytes)),
        ("transaction-value", _) => through!(TransactionValue::decode(0, bytes)),
        (_, "ConsumerProtocolSubscription") => {
            plain!(stored::consumer_protocol::ConsumerProtocolSubscription)
        }
        (_, "ConsumerProtocolAssignment") => {
            plain!(stored::consumer_protocol::ConsumerProtocolAssignment)
        }
        (_, "DefaultPrincipalData") => plain!(stored::principal::DefaultPrincipalData),
        (_, "EndTxnMarker") => plain!(stored::raft::EndTxnMarker),
        (_, "ControlRecordTypeSchema") => plain!(stored::raft::ControlRecordTypeSchema),
        (_, "ProducerSnapshot") => plain!(stored::producer_snapshot::ProducerSnapshot),
        _ => panic!("{kind} {name} has no frame"),
    }
}

/// The type of the key that a value belongs to.
fn key_of(value: &str) -> i16 {
    let key = format!("{}Key", value.trim_end_matches("Value"));
    (0..100)
        .find(|number: &i16| {
            let empty = [&number.to_be_bytes()[..], &[0; 64]].concat();
            let group =
                GroupKey::decode(empty.clone().into()).is_ok_and(|found| found.name() == key);
            group || ShareKey::decode(empty.into()).is_ok_and(|found| found.name() == key)
        })
        .expect("every value has a key")
}

macro_rules! all {
    ($($root:ident::$file:ident { $($name:ident)* })*) => {
        /// Every message.
        pub(crate) const ALL: &[fn() -> Codec] =
            &[codec_of::<RequestHeader>, codec_of::<ResponseHeader>, $($(codec_of::<$root::$file::$name>,)*)*];
    };
}

all! {
    messages::add_offsets_to_txn { AddOffsetsToTxnRequest AddOffsetsToTxnResponse }
    messages::add_partitions_to_txn { AddPartitionsToTxnRequest AddPartitionsToTxnResponse }
    messages::add_raft_voter { AddRaftVoterRequest AddRaftVoterResponse }
    messages::allocate_producer_ids { AllocateProducerIdsRequest AllocateProducerIdsResponse }
    messages::alter_client_quotas { AlterClientQuotasRequest AlterClientQuotasResponse }
    messages::alter_configs { AlterConfigsRequest AlterConfigsResponse }
    messages::alter_partition { AlterPartitionRequest AlterPartitionResponse }
    messages::alter_partition_reassignments { AlterPartitionReassignmentsRequest AlterPartitionReassignmentsResponse }
    messages::alter_replica_log_dirs { AlterReplicaLogDirsRequest AlterReplicaLogDirsResponse }
    messages::alter_share_group_offsets { AlterShareGroupOffsetsRequest AlterShareGroupOffsetsResponse }
    messages::alter_user_scram_credentials { AlterUserScramCredentialsRequest AlterUserScramCredentialsResponse }
    messages::api_versions { ApiVersionsRequest ApiVersionsResponse }
    messages::assign_replicas_to_dirs { AssignReplicasToDirsRequest AssignReplicasToDirsResponse }
    messages::begin_quorum_epoch { BeginQuorumEpochRequest BeginQuorumEpochResponse }
    messages::broker_heartbeat { BrokerHeartbeatRequest BrokerHeartbeatResponse }
    messages::broker_registration { BrokerRegistrationRequest BrokerRegistrationResponse }
    messages::consumer_group_describe { ConsumerGroupDescribeRequest ConsumerGroupDescribeResponse }
    messages::consumer_group_heartbeat { ConsumerGroupHeartbeatRequest ConsumerGroupHeartbeatResponse }
    messages::controller_registration { ControllerRegistrationRequest ControllerRegistrationResponse }
    messages::create_acls { CreateAclsRequest CreateAclsResponse }
    messages::create_delegation_token { CreateDelegationTokenRequest CreateDelegationTokenResponse }
    messages::create_partitions { CreatePartitionsRequest CreatePartitionsResponse }
    messages::create_topics { CreateTopicsRequest CreateTopicsResponse }
    messages::delete_acls { DeleteAclsRequest DeleteAclsResponse }
    messages::delete_groups { DeleteGroupsRequest DeleteGroupsResponse }
    messages::delete_records { DeleteRecordsRequest DeleteRecordsResponse }
    messages::delete_share_group_offsets { DeleteShareGroupOffsetsRequest DeleteShareGroupOffsetsResponse }
    messages::delete_share_group_state { DeleteShareGroupStateRequest DeleteShareGroupStateResponse }
    messages::delete_topics { DeleteTopicsRequest DeleteTopicsResponse }
    messages::describe_acls { DescribeAclsRequest DescribeAclsResponse }
    messages::describe_client_quotas { DescribeClientQuotasRequest DescribeClientQuotasResponse }
    messages::describe_cluster { DescribeClusterRequest DescribeClusterResponse }
    messages::describe_configs { DescribeConfigsRequest DescribeConfigsResponse }
    messages::describe_delegation_token { DescribeDelegationTokenRequest DescribeDelegationTokenResponse }
    messages::describe_groups { DescribeGroupsRequest DescribeGroupsResponse }
    messages::describe_log_dirs { DescribeLogDirsRequest DescribeLogDirsResponse }
    messages::describe_producers { DescribeProducersRequest DescribeProducersResponse }
    messages::describe_quorum { DescribeQuorumRequest DescribeQuorumResponse }
    messages::describe_share_group_offsets { DescribeShareGroupOffsetsRequest DescribeShareGroupOffsetsResponse }
    messages::describe_topic_partitions { DescribeTopicPartitionsRequest DescribeTopicPartitionsResponse }
    messages::describe_transactions { DescribeTransactionsRequest DescribeTransactionsResponse }
    messages::describe_user_scram_credentials { DescribeUserScramCredentialsRequest DescribeUserScramCredentialsResponse }
    messages::elect_leaders { ElectLeadersRequest ElectLeadersResponse }
    messages::end_quorum_epoch { EndQuorumEpochRequest EndQuorumEpochResponse }
    messages::end_txn { EndTxnRequest EndTxnResponse }
    messages::envelope { EnvelopeRequest EnvelopeResponse }
    messages::expire_delegation_token { ExpireDelegationTokenRequest ExpireDelegationTokenResponse }
    messages::fetch { FetchRequest FetchResponse }
    messages::fetch_snapshot { FetchSnapshotRequest FetchSnapshotResponse }
    messages::find_coordinator { FindCoordinatorRequest FindCoordinatorResponse }
    messages::get_telemetry_subscriptions { GetTelemetrySubscriptionsRequest GetTelemetrySubscriptionsResponse }
    messages::heartbeat { HeartbeatRequest HeartbeatResponse }
    messages::incremental_alter_configs { IncrementalAlterConfigsRequest IncrementalAlterConfigsResponse }
    messages::init_producer_id { InitProducerIdRequest InitProducerIdResponse }
    messages::initialize_share_group_state { InitializeShareGroupStateRequest InitializeShareGroupStateResponse }
    messages::join_group { JoinGroupRequest JoinGroupResponse }
    messages::leave_group { LeaveGroupRequest LeaveGroupResponse }
    messages::list_config_resources { ListConfigResourcesRequest ListConfigResourcesResponse }
    messages::list_groups { ListGroupsRequest ListGroupsResponse }
    messages::list_offsets { ListOffsetsRequest ListOffsetsResponse }
    messages::list_partition_reassignments { ListPartitionReassignmentsRequest ListPartitionReassignmentsResponse }
    messages::list_transactions { ListTransactionsRequest ListTransactionsResponse }
    messages::metadata { MetadataRequest MetadataResponse }
    messages::offset_commit { OffsetCommitRequest OffsetCommitResponse }
    messages::offset_delete { OffsetDeleteRequest OffsetDeleteResponse }
    messages::offset_fetch { OffsetFetchRequest OffsetFetchResponse }
    messages::offset_for_leader_epoch { OffsetForLeaderEpochRequest OffsetForLeaderEpochResponse }
    messages::produce { ProduceRequest ProduceResponse }
    messages::push_telemetry { PushTelemetryRequest PushTelemetryResponse }
    messages::read_share_group_state { ReadShareGroupStateRequest ReadShareGroupStateResponse }
    messages::read_share_group_state_summary { ReadShareGroupStateSummaryRequest ReadShareGroupStateSummaryResponse }
    messages::remove_raft_voter { RemoveRaftVoterRequest RemoveRaftVoterResponse }
    messages::renew_delegation_token { RenewDelegationTokenRequest RenewDelegationTokenResponse }
    messages::sasl_authenticate { SaslAuthenticateRequest SaslAuthenticateResponse }
    messages::sasl_handshake { SaslHandshakeRequest SaslHandshakeResponse }
    messages::share_acknowledge { ShareAcknowledgeRequest ShareAcknowledgeResponse }
    messages::share_fetch { ShareFetchRequest ShareFetchResponse }
    messages::share_group_describe { ShareGroupDescribeRequest ShareGroupDescribeResponse }
    messages::share_group_heartbeat { ShareGroupHeartbeatRequest ShareGroupHeartbeatResponse }
    messages::streams_group_describe { StreamsGroupDescribeRequest StreamsGroupDescribeResponse }
    messages::streams_group_heartbeat { StreamsGroupHeartbeatRequest StreamsGroupHeartbeatResponse }
    messages::sync_group { SyncGroupRequest SyncGroupResponse }
    messages::txn_offset_commit { TxnOffsetCommitRequest TxnOffsetCommitResponse }
    messages::unregister_broker { UnregisterBrokerRequest UnregisterBrokerResponse }
    messages::update_features { UpdateFeaturesRequest UpdateFeaturesResponse }
    messages::update_raft_voter { UpdateRaftVoterRequest UpdateRaftVoterResponse }
    messages::vote { VoteRequest VoteResponse }
    messages::write_share_group_state { WriteShareGroupStateRequest WriteShareGroupStateResponse }
    messages::write_txn_markers { WriteTxnMarkersRequest WriteTxnMarkersResponse }
    stored::consumer_protocol { ConsumerProtocolSubscription ConsumerProtocolAssignment }
    stored::group {
        LegacyOffsetCommitKey LegacyOffsetCommitValue OffsetCommitKey OffsetCommitValue GroupMetadataKey
        GroupMetadataValue ConsumerGroupMetadataKey ConsumerGroupMetadataValue
        ConsumerGroupPartitionMetadataKey ConsumerGroupPartitionMetadataValue ConsumerGroupMemberMetadataKey
        ConsumerGroupMemberMetadataValue ConsumerGroupTargetAssignmentMetadataKey
        ConsumerGroupTargetAssignmentMetadataValue ConsumerGroupTargetAssignmentMemberKey
        ConsumerGroupTargetAssignmentMemberValue ConsumerGroupCurrentMemberAssignmentKey
        ConsumerGroupCurrentMemberAssignmentValue ShareGroupMemberMetadataKey ShareGroupMemberMetadataValue
        ShareGroupMetadataKey ShareGroupMetadataValue ShareGroupTargetAssignmentMetadataKey
        ShareGroupTargetAssignmentMetadataValue ShareGroupTargetAssignmentMemberKey
        ShareGroupTargetAssignmentMemberValue ShareGroupCurrentMemberAssignmentKey
        ShareGroupCurrentMemberAssignmentValue ShareGroupStatePartitionMetadataKey
        ShareGroupStatePartitionMetadataValue ConsumerGroupRegularExpressionKey
        ConsumerGroupRegularExpressionValue StreamsGroupMetadataKey StreamsGroupMetadataValue
        StreamsGroupMemberMetadataKey StreamsGroupMemberMetadataValue StreamsGroupTargetAssignmentMetadataKey
        StreamsGroupTargetAssignmentMetadataValue StreamsGroupTargetAssignmentMemberKey
        StreamsGroupTargetAssignmentMemberValue StreamsGroupCurrentMemberAssignmentKey
        StreamsGroupCurrentMemberAssignmentValue StreamsGroupTopologyKey StreamsGroupTopologyValue
    }
    stored::metadata {
        RegisterBrokerRecord UnregisterBrokerRecord TopicRecord PartitionRecord ConfigRecord
        PartitionChangeRecord FenceBrokerRecord UnfenceBrokerRecord RemoveTopicRecord DelegationTokenRecord
        UserScramCredentialRecord FeatureLevelRecord ClientQuotaRecord ProducerIdsRecord
        BrokerRegistrationChangeRecord AccessControlEntryRecord RemoveAccessControlEntryRecord NoOpRecord
        ZkMigrationStateRecord RemoveUserScramCredentialRecord BeginTransactionRecord EndTransactionRecord
        AbortTransactionRecord RemoveDelegationTokenRecord RegisterControllerRecord ClearElrRecord
    }
    stored::principal { DefaultPrincipalData }
    stored::producer_snapshot { ProducerSnapshot }
    stored::raft {
        ControlRecordTypeSchema EndTxnMarker LeaderChangeMessage SnapshotHeaderRecord SnapshotFooterRecord
        KRaftVersionRecord VotersRecord QuorumStateData
    }
    stored::remote_log {
        RemoteLogSegmentMetadataRecord RemoteLogSegmentMetadataUpdateRecord
        RemotePartitionDeleteMetadataRecord RemoteLogSegmentMetadataSnapshotRecord
    }
    stored::share { ShareSnapshotKey ShareSnapshotValue ShareUpdateKey ShareUpdateValue }
    stored::transaction { TransactionLogKey TransactionLogValue }
}
