//! The table of APIs: what is served, on which listener, by whom. Dispatch, ApiVersions and the docs come from it.
//!
//! An API that both kinds of listeners serve in the same way has one row, and one that they serve differently has two
//! (Fetch: of partitions, or of the metadata log). What has no row is refused by closing the connection, and is not
//! told of in ApiVersions, so that a client never tries.

use std::future::Future;

use super::answer::Pending;
use super::context::{Call, ListenerKind};
use super::throttle::Toll;
use super::{Refusal, frame};
use crate::wire::api_key::ApiKey;
use crate::wire::codec::Reader;
use crate::wire::message::Request;

/// One API: its key, the listeners that serve it, and its handler.
pub(crate) struct Row {
    pub(crate) key: ApiKey,
    /// On which kinds of listeners it holds.
    listeners: &'static [ListenerKind],
    /// Decodes and begins a request. A function pointer rather than a trait: one table, one indirect call, no boxes.
    pub(crate) serve: fn(Call, Reader) -> Result<Pending, Refusal>,
}

const BROKER: &[ListenerKind] = &[ListenerKind::Broker];
const CONTROLLER: &[ListenerKind] = &[ListenerKind::Controller];
const BOTH: &[ListenerKind] = &[ListenerKind::Broker, ListenerKind::Controller];

const fn row(
    key: ApiKey,
    listeners: &'static [ListenerKind],
    serve: fn(Call, Reader) -> Result<Pending, Refusal>,
) -> Row {
    Row { key, listeners, serve }
}

/// Every API that is served, by key.
#[rustfmt::skip]
static TABLE: &[Row] = &[
    row(ApiKey::Produce, BROKER, super::produce::handle),
    row(ApiKey::Fetch, BROKER, super::fetch::handle),
    row(ApiKey::Fetch, CONTROLLER, |call, reader| simple(call, reader, super::fetch_quorum::handle)),
    row(ApiKey::ListOffsets, BROKER, |call, reader| simple(call, reader, super::list_offsets::handle)),
    row(ApiKey::Metadata, BROKER, |call, reader| simple(call, reader, super::metadata::handle)),
    row(ApiKey::OffsetCommit, BROKER, |call, reader| simple(call, reader, super::offset_commit::handle)),
    row(ApiKey::OffsetFetch, BROKER, |call, reader| simple(call, reader, super::offset_fetch::handle)),
    row(ApiKey::FindCoordinator, BROKER, |call, reader| simple(call, reader, super::find_coordinator::handle)),
    row(ApiKey::JoinGroup, BROKER, super::join_answer::serve),
    row(ApiKey::Heartbeat, BROKER, |call, reader| simple(call, reader, super::heartbeat::handle)),
    row(ApiKey::LeaveGroup, BROKER, |call, reader| simple(call, reader, super::leave_group::handle)),
    row(ApiKey::SyncGroup, BROKER, |call, reader| simple(call, reader, super::sync_group::handle)),
    row(ApiKey::DescribeGroups, BROKER, |call, reader| simple(call, reader, super::describe_groups::handle)),
    row(ApiKey::ListGroups, BROKER, |call, reader| simple(call, reader, super::list_groups::handle)),
    row(ApiKey::ApiVersions, BOTH, super::api_versions::handle),
    row(ApiKey::CreateTopics, BOTH, |call, reader| simple(call, reader, super::create_topics::handle)),
    row(ApiKey::DeleteTopics, BOTH, |call, reader| simple(call, reader, super::delete_topics::handle)),
    row(ApiKey::DeleteRecords, BROKER, |call, reader| simple(call, reader, super::delete_records::handle)),
    row(ApiKey::InitProducerId, BROKER, |call, reader| simple(call, reader, super::init_producer_id::handle)),
    row(ApiKey::OffsetForLeaderEpoch, BROKER,
        |call, reader| simple(call, reader, super::offset_for_leader_epoch::handle)),
    row(ApiKey::AddPartitionsToTxn, BROKER,
        |call, reader| simple(call, reader, super::add_partitions_to_txn::handle)),
    row(ApiKey::AddOffsetsToTxn, BROKER, |call, reader| simple(call, reader, super::add_offsets_to_txn::handle)),
    row(ApiKey::EndTxn, BROKER, |call, reader| simple(call, reader, super::end_txn::handle)),
    row(ApiKey::WriteTxnMarkers, BROKER, |call, reader| simple(call, reader, super::write_txn_markers::handle)),
    row(ApiKey::TxnOffsetCommit, BROKER, |call, reader| simple(call, reader, super::txn_offset_commit::handle)),
    row(ApiKey::DescribeAcls, BOTH, super::describe_acls::handle),
    row(ApiKey::CreateAcls, BOTH, super::create_acls::handle),
    row(ApiKey::DeleteAcls, BOTH, super::delete_acls::handle),
    row(ApiKey::DescribeConfigs, BOTH, |call, reader| simple(call, reader, super::describe_configs::handle)),
    row(ApiKey::AlterConfigs, BOTH, |call, reader| simple(call, reader, super::alter_configs::handle)),
    row(ApiKey::AlterReplicaLogDirs, BROKER,
        |call, reader| simple(call, reader, super::alter_replica_log_dirs::handle)),
    row(ApiKey::DescribeLogDirs, BROKER, |call, reader| simple(call, reader, super::describe_log_dirs::handle)),
    row(ApiKey::CreatePartitions, BOTH, |call, reader| simple(call, reader, super::create_partitions::handle)),
    row(ApiKey::CreateDelegationToken, BOTH, |call, reader| simple(call, reader, super::delegation_tokens::create)),
    row(ApiKey::RenewDelegationToken, BOTH, |call, reader| simple(call, reader, super::delegation_tokens::renew)),
    row(ApiKey::ExpireDelegationToken, BOTH, |call, reader| simple(call, reader, super::delegation_tokens::expire)),
    row(ApiKey::DescribeDelegationToken, BROKER,
        |call, reader| simple(call, reader, super::delegation_tokens::describe)),
    row(ApiKey::DeleteGroups, BROKER, |call, reader| simple(call, reader, super::delete_groups::handle)),
    row(ApiKey::ElectLeaders, BOTH, |call, reader| simple(call, reader, super::elect_leaders::handle)),
    row(ApiKey::IncrementalAlterConfigs, BOTH,
        |call, reader| simple(call, reader, super::incremental_alter_configs::handle)),
    row(ApiKey::AlterPartitionReassignments, BOTH,
        |call, reader| simple(call, reader, super::alter_partition_reassignments::handle)),
    row(ApiKey::ListPartitionReassignments, BOTH,
        |call, reader| simple(call, reader, super::list_partition_reassignments::handle)),
    row(ApiKey::OffsetDelete, BROKER, |call, reader| simple(call, reader, super::offset_delete::handle)),
    row(ApiKey::DescribeClientQuotas, BROKER,
        |call, reader| simple(call, reader, super::describe_client_quotas::handle)),
    row(ApiKey::AlterClientQuotas, BOTH, |call, reader| simple(call, reader, super::alter_client_quotas::handle)),
    row(ApiKey::DescribeUserScramCredentials, BROKER,
        |call, reader| simple(call, reader, super::describe_user_scram_credentials::handle)),
    row(ApiKey::AlterUserScramCredentials, BOTH,
        |call, reader| simple(call, reader, super::alter_user_scram_credentials::handle)),
    row(ApiKey::Vote, CONTROLLER, |call, reader| simple(call, reader, super::vote::handle)),
    row(ApiKey::BeginQuorumEpoch, CONTROLLER, |call, reader| simple(call, reader, super::begin_quorum_epoch::handle)),
    row(ApiKey::EndQuorumEpoch, CONTROLLER, |call, reader| simple(call, reader, super::end_quorum_epoch::handle)),
    row(ApiKey::DescribeQuorum, BOTH, |call, reader| simple(call, reader, super::describe_quorum::handle)),
    row(ApiKey::AlterPartition, CONTROLLER, |call, reader| simple(call, reader, super::alter_partition::handle)),
    row(ApiKey::UpdateFeatures, BOTH, |call, reader| simple(call, reader, super::update_features::handle)),
    row(ApiKey::Envelope, CONTROLLER, super::envelope::handle),
    row(ApiKey::FetchSnapshot, CONTROLLER, |call, reader| simple(call, reader, super::fetch_snapshot::handle)),
    row(ApiKey::DescribeCluster, BOTH, |call, reader| simple(call, reader, super::describe_cluster::handle)),
    row(ApiKey::DescribeProducers, BROKER, |call, reader| simple(call, reader, super::describe_producers::handle)),
    row(ApiKey::BrokerRegistration, CONTROLLER,
        |call, reader| simple(call, reader, super::broker_registration::handle)),
    row(ApiKey::BrokerHeartbeat, CONTROLLER, |call, reader| simple(call, reader, super::broker_heartbeat::handle)),
    row(ApiKey::UnregisterBroker, BOTH, |call, reader| simple(call, reader, super::unregister_broker::handle)),
    row(ApiKey::DescribeTransactions, BROKER,
        |call, reader| simple(call, reader, super::describe_transactions::handle)),
    row(ApiKey::ListTransactions, BROKER, |call, reader| simple(call, reader, super::list_transactions::handle)),
    row(ApiKey::AllocateProducerIds, CONTROLLER,
        |call, reader| simple(call, reader, super::allocate_producer_ids::handle)),
    row(ApiKey::ControllerRegistration, CONTROLLER,
        |call, reader| simple(call, reader, super::controller_registration::handle)),
    row(ApiKey::AssignReplicasToDirs, CONTROLLER,
        |call, reader| simple(call, reader, super::assign_replicas_to_dirs::handle)),
    row(ApiKey::ConsumerGroupHeartbeat, BROKER,
        |call, reader| simple(call, reader, super::consumer_group_heartbeat::handle)),
    row(ApiKey::ConsumerGroupDescribe, BROKER,
        |call, reader| simple(call, reader, super::consumer_group_describe::handle)),
    row(ApiKey::GetTelemetrySubscriptions, BROKER,
        |call, reader| simple(call, reader, super::get_telemetry_subscriptions::handle)),
    row(ApiKey::PushTelemetry, BROKER, |call, reader| simple(call, reader, super::push_telemetry::handle)),
    row(ApiKey::ListConfigResources, BROKER, |call, reader| simple(call, reader, super::list_config_resources::handle)),
    row(ApiKey::DescribeTopicPartitions, BROKER,
        |call, reader| simple(call, reader, super::describe_topic_partitions::handle)),
    row(ApiKey::AddRaftVoter, BOTH, |call, reader| simple(call, reader, super::add_raft_voter::handle)),
    row(ApiKey::RemoveRaftVoter, BOTH, |call, reader| simple(call, reader, super::remove_raft_voter::handle)),
];

/// The row of `key` on a listener of `kind`; none where it is not served there.
pub(crate) fn find(key: ApiKey, kind: ListenerKind) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.key == key && row.listeners.contains(&kind))
}

/// What a listener of `kind` serves, by key.
pub(crate) fn served(kind: ListenerKind) -> impl Iterator<Item = ApiKey> {
    TABLE.iter().filter(move |row| row.listeners.contains(&kind)).map(|row| row.key)
}

/// Decodes a request. Bytes left over are passed over, as Kafka does: some clients send them.
pub(crate) fn decode<R: Request>(call: &Call, mut reader: Reader) -> Result<R, Refusal> {
    Ok(R::decode(&mut reader, call.version)?)
}

/// Runs the handler of a decoded request, and frames the answer.
pub(crate) fn run<R, F>(
    call: Call,
    request: R,
    handler: impl FnOnce(Call, R) -> F + 'static,
) -> Pending
where
    R: Request + 'static,
    F: Future<Output = R::Response> + 'static,
{
    let (head, toll) = (call.head(), Toll::of::<R>(&call));
    Box::pin(async move {
        let mut response = handler(call, request).await;
        if let Some(toll) = toll {
            toll.take(&mut response);
        }
        frame::<R>(head, &response)
    })
}

/// Decodes the request, runs its handler, and frames the answer.
fn simple<R, F>(
    call: Call,
    reader: Reader,
    handler: impl FnOnce(Call, R) -> F + 'static,
) -> Result<Pending, Refusal>
where
    R: Request + 'static,
    F: Future<Output = R::Response> + 'static,
{
    let request = decode::<R>(&call, reader)?;
    Ok(run(call, request, handler))
}
