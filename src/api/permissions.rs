//! THE TABLE OF PERMISSIONS: what each API asks before it acts, and what who may not is told.
//!
//! A handler names its rows and nothing else; `Call::may` and its like judge them. Where two rows stand for one thing,
//! the first that is granted is enough: it is asked quietly, since a refusal of it refuses nothing yet. `None` as an error
//! means that what may not be seen is left out. Kafka's KafkaApis and ControllerApis ask the same.

use crate::error::ErrorCode;
use crate::security::vocabulary::{Operation, ResourceType};
use crate::wire::api_key::ApiKey;

/// Whether a refusal goes to the audit log as such, or is only one of several ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    Loud,
    Quiet,
}

/// One row: what is asked, and what a refusal is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    pub(crate) api: ApiKey,
    pub(crate) operation: Operation,
    pub(crate) resource_type: ResourceType,
    pub(crate) error: ErrorCode,
    pub(crate) voice: Voice,
}

macro_rules! asks {
    ($($name:ident: $api:ident, $operation:ident, $resource:ident, $error:ident, $voice:ident;)*) => {
        $(pub(crate) const $name: Ask = Ask {
            api: ApiKey::$api,
            operation: Operation::$operation,
            resource_type: ResourceType::$resource,
            error: ErrorCode::$error,
            voice: Voice::$voice,
        };)*

        /// Every row.
        #[cfg(test)]
        pub(crate) const ALL: &[Ask] = &[$($name),*];
    };
}

#[rustfmt::skip]
asks! {
    // name                   API                         operation        resource         told                             audit
    PRODUCE:                  Produce,                    Write,           Topic,           TopicAuthorizationFailed,        Loud;
    PRODUCE_TRANSACTION:      Produce,                    Write,           TransactionalId, TransactionalIdAuthorizationFailed, Loud;
    FETCH:                    Fetch,                      Read,            Topic,           TopicAuthorizationFailed,        Loud;
    FETCH_AS_FOLLOWER:        Fetch,                      ClusterAction,   Cluster,         TopicAuthorizationFailed,        Loud;
    LIST_OFFSETS:             ListOffsets,                Describe,        Topic,           TopicAuthorizationFailed,        Loud;
    METADATA:                 Metadata,                   Describe,        Topic,           TopicAuthorizationFailed,        Loud;
    METADATA_OF_ALL:          Metadata,                   Describe,        Topic,           None,                            Quiet;
    METADATA_CREATE_ANY:      Metadata,                   Create,          Cluster,         TopicAuthorizationFailed,        Quiet;
    METADATA_CREATE:          Metadata,                   Create,          Topic,           TopicAuthorizationFailed,        Loud;
    METADATA_OPERATIONS:      Metadata,                   Describe,        Cluster,         None,                            Loud;
    OFFSET_COMMIT:            OffsetCommit,               Read,            Group,           GroupAuthorizationFailed,        Loud;
    OFFSET_COMMIT_TOPIC:      OffsetCommit,               Read,            Topic,           TopicAuthorizationFailed,        Loud;
    OFFSET_FETCH:             OffsetFetch,                Describe,        Group,           GroupAuthorizationFailed,        Loud;
    OFFSET_FETCH_TOPIC:       OffsetFetch,                Describe,        Topic,           TopicAuthorizationFailed,        Loud;
    FIND_GROUP:               FindCoordinator,            Describe,        Group,           GroupAuthorizationFailed,        Loud;
    FIND_TRANSACTION:         FindCoordinator,            Describe,        TransactionalId, TransactionalIdAuthorizationFailed, Loud;
    FIND_SHARE:               FindCoordinator,            ClusterAction,   Cluster,         ClusterAuthorizationFailed,      Loud;
    JOIN_GROUP:               JoinGroup,                  Read,            Group,           GroupAuthorizationFailed,        Loud;
    HEARTBEAT:                Heartbeat,                  Read,            Group,           GroupAuthorizationFailed,        Loud;
    LEAVE_GROUP:              LeaveGroup,                 Read,            Group,           GroupAuthorizationFailed,        Loud;
    SYNC_GROUP:               SyncGroup,                  Read,            Group,           GroupAuthorizationFailed,        Loud;
    DESCRIBE_GROUPS:          DescribeGroups,             Describe,        Group,           GroupAuthorizationFailed,        Loud;
    LIST_ALL_GROUPS:          ListGroups,                 Describe,        Cluster,         None,                            Quiet;
    LIST_GROUPS:              ListGroups,                 Describe,        Group,           None,                            Quiet;
    CREATE_ANY_TOPIC:         CreateTopics,               Create,          Cluster,         TopicAuthorizationFailed,        Quiet;
    CREATE_TOPICS:            CreateTopics,               Create,          Topic,           TopicAuthorizationFailed,        Loud;
    CREATE_TOPICS_CONFIGS:    CreateTopics,               DescribeConfigs, Topic,           TopicAuthorizationFailed,        Quiet;
    DELETE_ANY_TOPIC:         DeleteTopics,               Delete,          Cluster,         TopicAuthorizationFailed,        Quiet;
    DELETE_TOPICS_SEE:        DeleteTopics,               Describe,        Topic,           TopicAuthorizationFailed,        Loud;
    DELETE_TOPICS:            DeleteTopics,               Delete,          Topic,           TopicAuthorizationFailed,        Loud;
    DELETE_RECORDS:           DeleteRecords,              Delete,          Topic,           TopicAuthorizationFailed,        Loud;
    INIT_TRANSACTION:         InitProducerId,             Write,           TransactionalId, TransactionalIdAuthorizationFailed, Loud;
    INIT_PRODUCER:            InitProducerId,             IdempotentWrite, Cluster,         ClusterAuthorizationFailed,      Quiet;
    INIT_PRODUCER_ANY_TOPIC:  InitProducerId,             Write,           Topic,           ClusterAuthorizationFailed,      Loud;
    EPOCH_END_AS_FOLLOWER:    OffsetForLeaderEpoch,       ClusterAction,   Cluster,         TopicAuthorizationFailed,        Quiet;
    EPOCH_END:                OffsetForLeaderEpoch,       Describe,        Topic,           TopicAuthorizationFailed,        Loud;
    DESCRIBE_ACLS:            DescribeAcls,               Describe,        Cluster,         ClusterAuthorizationFailed,      Loud;
    CREATE_ACLS:              CreateAcls,                 Alter,           Cluster,         ClusterAuthorizationFailed,      Loud;
    DELETE_ACLS:              DeleteAcls,                 Alter,           Cluster,         ClusterAuthorizationFailed,      Loud;
    DESCRIBE_CONFIGS:         DescribeConfigs,            DescribeConfigs, Cluster,         ClusterAuthorizationFailed,      Loud;
    DESCRIBE_TOPIC_CONFIGS:   DescribeConfigs,            DescribeConfigs, Topic,           TopicAuthorizationFailed,        Loud;
    DESCRIBE_GROUP_CONFIGS:   DescribeConfigs,            DescribeConfigs, Group,           GroupAuthorizationFailed,        Loud;
    ALTER_CONFIGS:            AlterConfigs,               AlterConfigs,    Cluster,         ClusterAuthorizationFailed,      Loud;
    ALTER_TOPIC_CONFIGS:      AlterConfigs,               AlterConfigs,    Topic,           TopicAuthorizationFailed,        Loud;
    ALTER_GROUP_CONFIGS:      AlterConfigs,               AlterConfigs,    Group,           GroupAuthorizationFailed,        Loud;
    INCREMENT_CONFIGS:        IncrementalAlterConfigs,    AlterConfigs,    Cluster,         ClusterAuthorizationFailed,      Loud;
    INCREMENT_TOPIC_CONFIGS:  IncrementalAlterConfigs,    AlterConfigs,    Topic,           TopicAuthorizationFailed,        Loud;
    INCREMENT_GROUP_CONFIGS:  IncrementalAlterConfigs,    AlterConfigs,    Group,           GroupAuthorizationFailed,        Loud;
    DESCRIBE_LOG_DIRS:        DescribeLogDirs,            Describe,        Cluster,         ClusterAuthorizationFailed,      Loud;
    CREATE_PARTITIONS:        CreatePartitions,           Alter,           Topic,           TopicAuthorizationFailed,        Loud;
    DELETE_GROUPS:            DeleteGroups,               Delete,          Group,           GroupAuthorizationFailed,        Loud;
    ELECT_LEADERS:            ElectLeaders,               Alter,           Cluster,         ClusterAuthorizationFailed,      Loud;
    LIST_REASSIGNMENTS:       ListPartitionReassignments, Describe,        Cluster,         ClusterAuthorizationFailed,      Loud;
    OFFSET_DELETE:            OffsetDelete,               Delete,          Group,           GroupAuthorizationFailed,        Loud;
    OFFSET_DELETE_TOPIC:      OffsetDelete,               Read,            Topic,           TopicAuthorizationFailed,        Loud;
    DESCRIBE_QUORUM:          DescribeQuorum,             Describe,        Cluster,         ClusterAuthorizationFailed,      Loud;
    UPDATE_FEATURES:          UpdateFeatures,             Alter,           Cluster,         ClusterAuthorizationFailed,      Loud;
    DESCRIBE_CONTROLLERS:     DescribeCluster,            Alter,           Cluster,         ClusterAuthorizationFailed,      Loud;
    DESCRIBE_CLUSTER:         DescribeCluster,            Describe,        Cluster,         None,                            Loud;
    DESCRIBE_PRODUCERS:       DescribeProducers,          Read,            Topic,           TopicAuthorizationFailed,        Loud;
    UNREGISTER_BROKER:        UnregisterBroker,           Alter,           Cluster,         ClusterAuthorizationFailed,      Loud;
    LIST_CONFIG_RESOURCES:    ListConfigResources,        DescribeConfigs, Cluster,         ClusterAuthorizationFailed,      Loud;
    DESCRIBE_TOPICS:          DescribeTopicPartitions,    Describe,        Topic,           TopicAuthorizationFailed,        Loud;

    // Nodes among themselves, on controllers' listeners.
    FETCH_METADATA:           Fetch,                      ClusterAction,   Cluster,         ClusterAuthorizationFailed,      Loud;
    FETCH_SNAPSHOT:           FetchSnapshot,              ClusterAction,   Cluster,         ClusterAuthorizationFailed,      Loud;
    VOTE:                     Vote,                       ClusterAction,   Cluster,         ClusterAuthorizationFailed,      Loud;
    BEGIN_QUORUM_EPOCH:       BeginQuorumEpoch,           ClusterAction,   Cluster,         ClusterAuthorizationFailed,      Loud;
    END_QUORUM_EPOCH:         EndQuorumEpoch,             ClusterAction,   Cluster,         ClusterAuthorizationFailed,      Loud;
    ALTER_PARTITION:          AlterPartition,             ClusterAction,   Cluster,         ClusterAuthorizationFailed,      Loud;
    BROKER_REGISTRATION:      BrokerRegistration,         ClusterAction,   Cluster,         ClusterAuthorizationFailed,      Loud;
    BROKER_HEARTBEAT:         BrokerHeartbeat,            ClusterAction,   Cluster,         ClusterAuthorizationFailed,      Loud;
    ALLOCATE_PRODUCER_IDS:    AllocateProducerIds,        ClusterAction,   Cluster,         ClusterAuthorizationFailed,      Loud;
    CONTROLLER_REGISTRATION:  ControllerRegistration,     ClusterAction,   Cluster,         ClusterAuthorizationFailed,      Loud;
    ASSIGN_REPLICAS_TO_DIRS:  AssignReplicasToDirs,       ClusterAction,   Cluster,         ClusterAuthorizationFailed,      Loud;
}

/// The APIs that ask nothing.
#[cfg(test)]
pub(crate) const OPEN: &[ApiKey] = &[ApiKey::ApiVersions];

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
