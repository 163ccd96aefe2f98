//! Records of `__cluster_metadata`, and of snapshots of it (KIP-631). Each lies in a frame: frame version 1, type,
//! version, all as unsigned varints, then the record. Which version is written depends on the metadata version of
//! the cluster.

use bytes::Bytes;

use crate::types::Uuid;
use crate::wire::message::{framed_record, message, record_types};

message! {
    /// Metadata record 0.
    RegisterBrokerRecord (0..=4, flexible 0) {
        broker_id: i32;
        [2..] is_migrating_zk_broker: bool;
        incarnation_id: Uuid;
        broker_epoch: i64;
        end_points: Vec<BrokerEndpoint>;
        features: Vec<BrokerFeature>;
        rack: Option<String> = Some(String::new());
        fenced: bool = true;
        [1..] in_controlled_shutdown: bool;
        @0 [3..] log_dirs: Vec<Uuid>;
        @1 [4..] cordoned_log_dirs: Option<Vec<Uuid>>;
    }

    /// One of the `end_points` of [`RegisterBrokerRecord`].
    BrokerEndpoint {
        name: String;
        host: String;
        port: u16;
        security_protocol: i16;
    }

    /// One of the `features` of [`RegisterBrokerRecord`].
    BrokerFeature {
        name: String;
        min_supported_version: i16;
        max_supported_version: i16;
    }

    /// Metadata record 1.
    UnregisterBrokerRecord (0..=0, flexible 0) {
        broker_id: i32;
        broker_epoch: i64;
    }

    /// Metadata record 2.
    TopicRecord (0..=0, flexible 0) {
        name: String;
        topic_id: Uuid;
    }

    /// Metadata record 3.
    PartitionRecord (0..=2, flexible 0) {
        partition_id: i32 = -1;
        topic_id: Uuid;
        replicas: Vec<i32>;
        isr: Vec<i32>;
        removing_replicas: Vec<i32>;
        adding_replicas: Vec<i32>;
        leader: i32 = -1;
        leader_epoch: i32 = -1;
        partition_epoch: i32 = -1;
        [1..] directories: Vec<Uuid>;
        @0 leader_recovery_state: i8;
        @1 [2..] eligible_leader_replicas: Option<Vec<i32>>;
        @2 [2..] last_known_elr: Option<Vec<i32>>;
    }

    /// Metadata record 4.
    ConfigRecord (0..=0, flexible 0) {
        resource_type: i8;
        resource_name: String;
        name: String;
        value: Option<String> = Some(String::new());
    }

    /// Metadata record 5.
    PartitionChangeRecord (0..=2, flexible 0) {
        partition_id: i32 = -1;
        topic_id: Uuid;
        @0 isr: Option<Vec<i32>>;
        @1 leader: i32 = -2;
        @2 replicas: Option<Vec<i32>>;
        @3 removing_replicas: Option<Vec<i32>>;
        @4 adding_replicas: Option<Vec<i32>>;
        @5 leader_recovery_state: i8 = -1;
        @6 [2..] eligible_leader_replicas: Option<Vec<i32>>;
        @7 [2..] last_known_elr: Option<Vec<i32>>;
        @8 [1..] directories: Option<Vec<Uuid>>;
    }

    /// Metadata record 7.
    FenceBrokerRecord (0..=0, flexible 0) {
        id: i32;
        epoch: i64;
    }

    /// Metadata record 8.
    UnfenceBrokerRecord (0..=0, flexible 0) {
        id: i32;
        epoch: i64;
    }

    /// Metadata record 9.
    RemoveTopicRecord (0..=0, flexible 0) {
        topic_id: Uuid;
    }

    /// Metadata record 10.
    DelegationTokenRecord (0..=0, flexible 0) {
        owner: String;
        requester: String;
        renewers: Vec<String>;
        issue_timestamp: i64;
        max_timestamp: i64;
        expiration_timestamp: i64;
        token_id: String;
    }

    /// Metadata record 11.
    UserScramCredentialRecord (0..=0, flexible 0) {
        name: String;
        mechanism: i8;
        salt: Bytes;
        stored_key: Bytes;
        server_key: Bytes;
        iterations: i32;
    }

    /// Metadata record 12.
    FeatureLevelRecord (0..=0, flexible 0) {
        name: String;
        feature_level: i16;
    }

    /// Metadata record 14.
    ClientQuotaRecord (0..=0, flexible 0) {
        entity: Vec<EntityData>;
        key: String;
        value: f64;
        remove: bool;
    }

    /// One of the `entity` of [`ClientQuotaRecord`].
    EntityData {
        entity_type: String;
        entity_name: Option<String> = Some(String::new());
    }

    /// Metadata record 15.
    ProducerIdsRecord (0..=0, flexible 0) {
        broker_id: i32;
        broker_epoch: i64 = -1;
        next_producer_id: i64;
    }

    /// Metadata record 17.
    BrokerRegistrationChangeRecord (0..=3, flexible 0) {
        broker_id: i32;
        broker_epoch: i64;
        @0 fenced: i8;
        @1 [1..] in_controlled_shutdown: i8;
        @2 [2..] log_dirs: Vec<Uuid>;
        @3 [3..] cordoned_log_dirs: Option<Vec<Uuid>>;
    }

    /// Metadata record 18.
    AccessControlEntryRecord (0..=0, flexible 0) {
        id: Uuid;
        resource_type: i8;
        resource_name: String;
        pattern_type: i8;
        principal: String;
        host: String;
        operation: i8;
        permission_type: i8;
    }

    /// Metadata record 19.
    RemoveAccessControlEntryRecord (0..=0, flexible 0) {
        id: Uuid;
    }

    /// Metadata record 20.
    NoOpRecord (0..=0, flexible 0) {
    }

    /// Metadata record 21.
    ZkMigrationStateRecord (0..=0, flexible 0) {
        zk_migration_state: i8;
    }

    /// Metadata record 22.
    RemoveUserScramCredentialRecord (0..=0, flexible 0) {
        name: String;
        mechanism: i8;
    }

    /// Metadata record 23.
    BeginTransactionRecord (0..=0, flexible 0) {
        @0 name: Option<String>;
    }

    /// Metadata record 24.
    EndTransactionRecord (0..=0, flexible 0) {
    }

    /// Metadata record 25.
    AbortTransactionRecord (0..=0, flexible 0) {
        @0 reason: Option<String>;
    }

    /// Metadata record 26.
    RemoveDelegationTokenRecord (0..=0, flexible 0) {
        token_id: String;
    }

    /// Metadata record 27.
    RegisterControllerRecord (0..=0, flexible 0) {
        controller_id: i32;
        incarnation_id: Uuid;
        zk_migration_ready: bool;
        end_points: Vec<ControllerEndpoint>;
        features: Vec<ControllerFeature>;
    }

    /// One of the `end_points` of [`RegisterControllerRecord`].
    ControllerEndpoint {
        name: String;
        host: String;
        port: u16;
        security_protocol: i16;
    }

    /// One of the `features` of [`RegisterControllerRecord`].
    ControllerFeature {
        name: String;
        min_supported_version: i16;
        max_supported_version: i16;
    }

    /// Metadata record 28.
    ClearElrRecord (0..=0, flexible 0) {
        topic_name: String;
    }
}

record_types! {
    /// A record of the metadata log or of a snapshot of it.
    MetadataRecord {
        RegisterBroker(RegisterBrokerRecord) = 0,
        UnregisterBroker(UnregisterBrokerRecord) = 1,
        Topic(TopicRecord) = 2,
        Partition(PartitionRecord) = 3,
        Config(ConfigRecord) = 4,
        PartitionChange(PartitionChangeRecord) = 5,
        FenceBroker(FenceBrokerRecord) = 7,
        UnfenceBroker(UnfenceBrokerRecord) = 8,
        RemoveTopic(RemoveTopicRecord) = 9,
        DelegationToken(DelegationTokenRecord) = 10,
        UserScramCredential(UserScramCredentialRecord) = 11,
        FeatureLevel(FeatureLevelRecord) = 12,
        ClientQuota(ClientQuotaRecord) = 14,
        ProducerIds(ProducerIdsRecord) = 15,
        BrokerRegistrationChange(BrokerRegistrationChangeRecord) = 17,
        AccessControlEntry(AccessControlEntryRecord) = 18,
        RemoveAccessControlEntry(RemoveAccessControlEntryRecord) = 19,
        NoOp(NoOpRecord) = 20,
        ZkMigrationState(ZkMigrationStateRecord) = 21,
        RemoveUserScramCredential(RemoveUserScramCredentialRecord) = 22,
        BeginTransaction(BeginTransactionRecord) = 23,
        EndTransaction(EndTransactionRecord) = 24,
        AbortTransaction(AbortTransactionRecord) = 25,
        RemoveDelegationToken(RemoveDelegationTokenRecord) = 26,
        RegisterController(RegisterControllerRecord) = 27,
        ClearElr(ClearElrRecord) = 28,
    }
}

framed_record!(MetadataRecord);
