//! THE TABLE OF PERMISSIONS: what each API asks before it acts, and what who may not is told.
//!
//! A handler names its rows and nothing else; `Call::may` and its like judge them. Where two rows stand for one thing,
//! the first that is granted is enough: it is asked quietly, since a refusal of it refuses nothing yet. `Hidden`
//! means that what may not be seen is left out. Kafka's KafkaApis and ControllerApis ask the same.

use crate::error::ErrorCode::{
    self, ClusterAuthorizationFailed as ClusterDenied, GroupAuthorizationFailed as GroupDenied,
    None as Hidden, TopicAuthorizationFailed as TopicDenied,
    TransactionalIdAuthorizationFailed as TransactionDenied,
};
use crate::security::vocabulary::{Operation, ResourceType};
use crate::wire::api_key::ApiKey;

/// Whether a refusal goes to the audit log as such, or is only one of several ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    /// It decides: logged at info, as whoever reads the audit log wants to see it.
    Loud,
    /// Something else may still grant it, or the thing is only left out of a list: logged at trace.
    Quiet,
}

/// One row: what is asked, and what a refusal is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    /// The API that asks, for the audit log.
    pub(crate) api: ApiKey,
    /// What is to be done.
    pub(crate) operation: Operation,
    /// To what kind of thing; its name comes from the request.
    pub(crate) resource_type: ResourceType,
    /// What a refusal is told; never sent where it is `Hidden`.
    pub(crate) error: ErrorCode,
    /// How a refusal is logged.
    pub(crate) voice: Voice,
}

impl Ask {
    /// What a refusal of the whole request says.
    pub(crate) fn refusal(&self) -> String {
        format!("Request {:?} needs {} permission.", self.api, self.operation.name())
    }
}

macro_rules! asks {
    ($($name:ident: $api:ident, $operation:ident, $resource:ident, $error:ident, $voice:ident;)*) => {
        $(pub(crate) const $name: Ask = Ask {
            api: ApiKey::$api,
            operation: Operation::$operation,
            resource_type: ResourceType::$resource,
            error: $error,
            voice: Voice::$voice,
        };)*

        /// Every row.
        #[cfg(test)]
        pub(crate) const ALL: &[Ask] = &[$($name),*];
    };
}

#[rustfmt::skip]
asks! {
    // name                  API                         operation        resource         told               audit
    PRODUCE:                 Produce,                    Write,           Topic,           TopicDenied,       Loud;
    PRODUCE_TRANSACTION:     Produce,                    Write,           TransactionalId, TransactionDenied, Loud;
    FETCH:                   Fetch,                      Read,            Topic,           TopicDenied,       Loud;
    FETCH_AS_FOLLOWER:       Fetch,                      ClusterAction,   Cluster,         TopicDenied,       Loud;
    LIST_OFFSETS:            ListOffsets,                Describe,        Topic,           TopicDenied,       Loud;
    METADATA:                Metadata,                   Describe,        Topic,           TopicDenied,       Loud;
    METADATA_OF_ALL:         Metadata,                   Describe,        Topic,           Hidden,            Quiet;
    METADATA_CREATE_ANY:     Metadata,                   Create,          Cluster,         TopicDenied,       Quiet;
    METADATA_CREATE:         Metadata,                   Create,          Topic,           TopicDenied,       Loud;
    METADATA_OPERATIONS:     Metadata,                   Describe,        Cluster,         Hidden,            Loud;
    OFFSET_COMMIT:           OffsetCommit,               Read,            Group,           GroupDenied,       Loud;
    OFFSET_COMMIT_TOPIC:     OffsetCommit,               Read,            Topic,           TopicDenied,       Loud;
    OFFSET_FETCH:            OffsetFetch,                Describe,        Group,           GroupDenied,       Loud;
    OFFSET_FETCH_TOPIC:      OffsetFetch,                Describe,        Topic,           TopicDenied,       Loud;
    FIND_GROUP:              FindCoordinator,            Describe,        Group,           GroupDenied,       Loud;
    FIND_TRANSACTION:        FindCoordinator,            Describe,        TransactionalId, TransactionDenied, Loud;
    FIND_SHARE:              FindCoordinator,            ClusterAction,   Cluster,         ClusterDenied,     Loud;
    JOIN_GROUP:              JoinGroup,                  Read,            Group,           GroupDenied,       Loud;
    HEARTBEAT:               Heartbeat,                  Read,            Group,           GroupDenied,       Loud;
    LEAVE_GROUP:             LeaveGroup,                 Read,            Group,           GroupDenied,       Loud;
    SYNC_GROUP:              SyncGroup,                  Read,            Group,           GroupDenied,       Loud;
    DESCRIBE_GROUPS:         DescribeGroups,             Describe,        Group,           GroupDenied,       Loud;
    CONSUMER_HEARTBEAT:      ConsumerGroupHeartbeat,     Read,            Group,           GroupDenied,       Loud;
    CONSUMER_HEARTBEAT_TOPIC: ConsumerGroupHeartbeat,    Describe,        Topic,           TopicDenied,       Loud;
    CONSUMER_REGEX_TOPIC:    ConsumerGroupHeartbeat,     Describe,        Topic,           Hidden,            Quiet;
    CONSUMER_DESCRIBE:       ConsumerGroupDescribe,      Describe,        Group,           GroupDenied,       Loud;
    CONSUMER_DESCRIBE_TOPIC: ConsumerGroupDescribe,      Describe,        Topic,           TopicDenied,       Quiet;
    LIST_ALL_GROUPS:         ListGroups,                 Describe,        Cluster,         Hidden,            Quiet;
    LIST_GROUPS:             ListGroups,                 Describe,        Group,           Hidden,            Quiet;
    CREATE_ANY_TOPIC:        CreateTopics,               Create,          Cluster,         TopicDenied,       Quiet;
    CREATE_TOPICS:           CreateTopics,               Create,          Topic,           TopicDenied,       Loud;
    CREATE_TOPICS_CONFIGS:   CreateTopics,               DescribeConfigs, Topic,           TopicDenied,       Quiet;
    DELETE_ANY_TOPIC:        DeleteTopics,               Delete,          Cluster,         TopicDenied,       Quiet;
    DELETE_TOPICS_SEE:       DeleteTopics,               Describe,        Topic,           TopicDenied,       Loud;
    DELETE_TOPICS:           DeleteTopics,               Delete,          Topic,           TopicDenied,       Loud;
    DELETE_RECORDS:          DeleteRecords,              Delete,          Topic,           TopicDenied,       Loud;
    INIT_TRANSACTION:        InitProducerId,             Write,           TransactionalId, TransactionDenied, Loud;
    INIT_PRODUCER:           InitProducerId,             IdempotentWrite, Cluster,         ClusterDenied,     Quiet;
    INIT_PRODUCER_ANY_TOPIC: InitProducerId,             Write,           Topic,           ClusterDenied,     Loud;
    INIT_TWO_PHASE:          InitProducerId,             TwoPhaseCommit,  TransactionalId, TransactionDenied, Loud;
    ADD_PARTITIONS:          AddPartitionsToTxn,         Write,           TransactionalId, TransactionDenied, Loud;
    ADD_PARTITIONS_TOPIC:    AddPartitionsToTxn,         Write,           Topic,           TopicDenied,       Loud;
    ADD_PARTITIONS_AS_BROKER: AddPartitionsToTxn,        ClusterAction,   Cluster,         ClusterDenied,     Loud;
    ADD_OFFSETS:             AddOffsetsToTxn,            Write,           TransactionalId, TransactionDenied, Loud;
    ADD_OFFSETS_GROUP:       AddOffsetsToTxn,            Read,            Group,           GroupDenied,       Loud;
    END_TRANSACTION:         EndTxn,                     Write,           TransactionalId, TransactionDenied, Loud;
    ABORT_TRANSACTION:       WriteTxnMarkers,            Alter,           Cluster,         ClusterDenied,     Quiet;
    WRITE_TXN_MARKERS:       WriteTxnMarkers,            ClusterAction,   Cluster,         ClusterDenied,     Loud;
    COMMIT_IN_TRANSACTION:   TxnOffsetCommit,            Write,           TransactionalId, TransactionDenied, Loud;
    COMMIT_IN_TRANSACTION_GROUP: TxnOffsetCommit,        Read,            Group,           GroupDenied,       Loud;
    COMMIT_IN_TRANSACTION_TOPIC: TxnOffsetCommit,        Read,            Topic,           TopicDenied,       Loud;
    EPOCH_END_AS_FOLLOWER:   OffsetForLeaderEpoch,       ClusterAction,   Cluster,         TopicDenied,       Quiet;
    EPOCH_END:               OffsetForLeaderEpoch,       Describe,        Topic,           TopicDenied,       Loud;
    DESCRIBE_ACLS:           DescribeAcls,               Describe,        Cluster,         ClusterDenied,     Loud;
    CREATE_ACLS:             CreateAcls,                 Alter,           Cluster,         ClusterDenied,     Loud;
    DELETE_ACLS:             DeleteAcls,                 Alter,           Cluster,         ClusterDenied,     Loud;
    DESCRIBE_CONFIGS:        DescribeConfigs,            DescribeConfigs, Cluster,         ClusterDenied,     Loud;
    DESCRIBE_TOPIC_CONFIGS:  DescribeConfigs,            DescribeConfigs, Topic,           TopicDenied,       Loud;
    DESCRIBE_GROUP_CONFIGS:  DescribeConfigs,            DescribeConfigs, Group,           GroupDenied,       Loud;
    ALTER_CONFIGS:           AlterConfigs,               AlterConfigs,    Cluster,         ClusterDenied,     Loud;
    ALTER_TOPIC_CONFIGS:     AlterConfigs,               AlterConfigs,    Topic,           TopicDenied,       Loud;
    ALTER_GROUP_CONFIGS:     AlterConfigs,               AlterConfigs,    Group,           GroupDenied,       Loud;
    INCREMENT_CONFIGS:       IncrementalAlterConfigs,    AlterConfigs,    Cluster,         ClusterDenied,     Loud;
    INCREMENT_TOPIC_CONFIGS: IncrementalAlterConfigs,    AlterConfigs,    Topic,           TopicDenied,       Loud;
    INCREMENT_GROUP_CONFIGS: IncrementalAlterConfigs,    AlterConfigs,    Group,           GroupDenied,       Loud;
    ALTER_REPLICA_LOG_DIRS:  AlterReplicaLogDirs,        Alter,           Cluster,         ClusterDenied,     Loud;
    DESCRIBE_LOG_DIRS:       DescribeLogDirs,            Describe,        Cluster,         ClusterDenied,     Loud;
    CREATE_PARTITIONS:       CreatePartitions,           Alter,           Topic,           TopicDenied,       Loud;
    DELETE_GROUPS:           DeleteGroups,               Delete,          Group,           GroupDenied,       Loud;
    ELECT_LEADERS:           ElectLeaders,               Alter,           Cluster,         ClusterDenied,     Loud;
    ALTER_REASSIGNMENTS:     AlterPartitionReassignments, Alter,          Cluster,         ClusterDenied,     Loud;
    LIST_REASSIGNMENTS:      ListPartitionReassignments, Describe,        Cluster,         ClusterDenied,     Loud;
    OFFSET_DELETE:           OffsetDelete,               Delete,          Group,           GroupDenied,       Loud;
    OFFSET_DELETE_TOPIC:     OffsetDelete,               Read,            Topic,           TopicDenied,       Loud;
    DESCRIBE_QUOTAS:         DescribeClientQuotas,       DescribeConfigs, Cluster,         ClusterDenied,     Loud;
    ALTER_QUOTAS:            AlterClientQuotas,          AlterConfigs,    Cluster,         ClusterDenied,     Loud;
    DESCRIBE_SCRAM:          DescribeUserScramCredentials, Describe,      Cluster,         ClusterDenied,     Loud;
    ALTER_SCRAM:             AlterUserScramCredentials,  Alter,           Cluster,         ClusterDenied,     Loud;
    DESCRIBE_QUORUM:         DescribeQuorum,             Describe,        Cluster,         ClusterDenied,     Loud;
    ADD_RAFT_VOTER:          AddRaftVoter,               Alter,           Cluster,         ClusterDenied,     Loud;
    REMOVE_RAFT_VOTER:       RemoveRaftVoter,            Alter,           Cluster,         ClusterDenied,     Loud;
    UPDATE_FEATURES:         UpdateFeatures,             Alter,           Cluster,         ClusterDenied,     Loud;
    DESCRIBE_CONTROLLERS:    DescribeCluster,            Alter,           Cluster,         ClusterDenied,     Loud;
    DESCRIBE_CLUSTER:        DescribeCluster,            Describe,        Cluster,         Hidden,            Loud;
    DESCRIBE_PRODUCERS:      DescribeProducers,          Read,            Topic,           TopicDenied,       Loud;
    DESCRIBE_TRANSACTIONS:   DescribeTransactions,       Describe,        TransactionalId, TransactionDenied, Loud;
    DESCRIBE_TRANSACTION_TOPICS: DescribeTransactions,   Describe,        Topic,           Hidden,            Quiet;
    LIST_TRANSACTIONS:       ListTransactions,           Describe,        TransactionalId, Hidden,            Quiet;
    UNREGISTER_BROKER:       UnregisterBroker,           Alter,           Cluster,         ClusterDenied,     Loud;
    LIST_CONFIG_RESOURCES:   ListConfigResources,        DescribeConfigs, Cluster,         ClusterDenied,     Loud;
    DESCRIBE_TOPICS:         DescribeTopicPartitions,    Describe,        Topic,           TopicDenied,       Loud;

    // Nodes among themselves, on controllers' listeners.
    FETCH_METADATA:          Fetch,                      ClusterAction,   Cluster,         ClusterDenied,     Loud;
    FETCH_SNAPSHOT:          FetchSnapshot,              ClusterAction,   Cluster,         ClusterDenied,     Loud;
    ENVELOPE:                Envelope,                   ClusterAction,   Cluster,         ClusterDenied,     Loud;
    VOTE:                    Vote,                       ClusterAction,   Cluster,         ClusterDenied,     Loud;
    BEGIN_QUORUM_EPOCH:      BeginQuorumEpoch,           ClusterAction,   Cluster,         ClusterDenied,     Loud;
    END_QUORUM_EPOCH:        EndQuorumEpoch,             ClusterAction,   Cluster,         ClusterDenied,     Loud;
    ALTER_PARTITION:         AlterPartition,             ClusterAction,   Cluster,         ClusterDenied,     Loud;
    BROKER_REGISTRATION:     BrokerRegistration,         ClusterAction,   Cluster,         ClusterDenied,     Loud;
    BROKER_HEARTBEAT:        BrokerHeartbeat,            ClusterAction,   Cluster,         ClusterDenied,     Loud;
    ALLOCATE_PRODUCER_IDS:   AllocateProducerIds,        ClusterAction,   Cluster,         ClusterDenied,     Loud;
    CONTROLLER_REGISTRATION: ControllerRegistration,     ClusterAction,   Cluster,         ClusterDenied,     Loud;
    ASSIGN_REPLICAS_TO_DIRS: AssignReplicasToDirs,       ClusterAction,   Cluster,         ClusterDenied,     Loud;
}

/// The APIs that ask nothing.
#[cfg(test)]
pub(crate) const OPEN: &[ApiKey] = &[
    ApiKey::ApiVersions,
    ApiKey::GetTelemetrySubscriptions,
    ApiKey::PushTelemetry,
    // Refused to all on listeners without authentication, before anybody is judged.
    ApiKey::CreateDelegationToken,
    ApiKey::RenewDelegationToken,
    ApiKey::ExpireDelegationToken,
    ApiKey::DescribeDelegationToken,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::context::ListenerKind;
    use crate::api::table;

    #[test]
    fn every_api_that_is_served_asks_something() {
        for kind in [ListenerKind::Broker, ListenerKind::Controller] {
            for key in table::served(kind) {
                let asks = ALL.iter().any(|ask| ask.api == key);
                assert!(asks != OPEN.contains(&key), "{key:?} on {kind:?}");
            }
        }
    }

    #[test]
    fn what_is_asked_can_be_granted() {
        // To delete is nothing that the cluster knows: Kafka asks it all the same, and `ALL` grants it.
        let known = |ask: &&Ask| {
            ask.resource_type != ResourceType::Cluster || ask.operation != Operation::Delete
        };
        for ask in ALL.iter().filter(known) {
            assert!(ask.resource_type.operations().contains(&ask.operation), "{ask:?}");
        }
    }
}
