//! Records of `__consumer_offsets`. A key begins with its type, an i16, and has no other version; a value with its
//! version, an i16. A key without a value deletes. Types: 0-1 offsets, 2 classic groups, 3-8 and 16 consumer groups
//! (KIP-848), 10-15 share groups (KIP-932), 17-23 streams groups (KIP-1071).

use bytes::Bytes;

use crate::types::Uuid;
use crate::wire::message::{message, record_types, typed_key, versioned_value};

message! {
    /// Key of type 0 in `__consumer_offsets`.
    LegacyOffsetCommitKey (0..=0) {
        group: String;
        topic: String;
        partition: i32;
    }

    /// Value to the key of type 0 in `__consumer_offsets`.
    LegacyOffsetCommitValue (0..=0) {
        offset: i64;
        metadata: String;
        commit_timestamp: i64;
    }

    /// Key of type 1 in `__consumer_offsets`.
    OffsetCommitKey (0..=0) {
        group: String;
        topic: String;
        partition: i32;
    }

    /// Value to the key of type 1 in `__consumer_offsets`.
    OffsetCommitValue (0..=4, flexible 4) {
        offset: i64;
        [3.., ignorable] leader_epoch: i32 = -1;
        metadata: String;
        commit_timestamp: i64;
        [1, ignorable] expire_timestamp: i64 = -1;
        @0 [4.., ignorable] topic_id: Uuid;
    }

    /// Key of type 2 in `__consumer_offsets`.
    GroupMetadataKey (0..=0) {
        group: String;
    }

    /// Value to the key of type 2 in `__consumer_offsets`.
    GroupMetadataValue (0..=4, flexible 4) {
        protocol_type: String;
        generation: i32;
        protocol: Option<String> = Some(String::new());
        leader: Option<String> = Some(String::new());
        [2.., ignorable] current_state_timestamp: i64 = -1;
        members: Vec<MemberMetadata>;
    }

    /// One of the `members` of [`GroupMetadataValue`].
    MemberMetadata {
        member_id: String;
        [3.., ignorable] group_instance_id: Option<String>;
        client_id: String;
        client_host: String;
        [1.., ignorable] rebalance_timeout: i32 = -1;
        session_timeout: i32;
        subscription: Bytes;
        assignment: Bytes;
    }

    /// Key of type 3 in `__consumer_offsets`.
    ConsumerGroupMetadataKey (0..=0) {
        group_id: String;
    }

    /// Value to the key of type 3 in `__consumer_offsets`.
    ConsumerGroupMetadataValue (0..=0, flexible 0) {
        epoch: i32;
        @0 metadata_hash: i64;
    }

    /// Key of type 4 in `__consumer_offsets`.
    ConsumerGroupPartitionMetadataKey (0..=0) {
        group_id: String;
    }

    /// Value to the key of type 4 in `__consumer_offsets`.
    ConsumerGroupPartitionMetadataValue (0..=0, flexible 0) {
        topics: Vec<TopicMetadata>;
    }

    /// One of the `topics` of [`ConsumerGroupPartitionMetadataValue`].
    TopicMetadata {
        topic_id: Uuid;
        topic_name: String;
        num_partitions: i32;
        partition_metadata: Vec<PartitionMetadata>;
    }

    /// One of the `partition_metadata` of [`TopicMetadata`].
    PartitionMetadata {
        partition: i32;
        racks: Vec<String>;
    }

    /// Key of type 5 in `__consumer_offsets`.
    ConsumerGroupMemberMetadataKey (0..=0) {
        group_id: String;
        member_id: String;
    }

    /// Value to the key of type 5 in `__consumer_offsets`.
    ConsumerGroupMemberMetadataValue (0..=0, flexible 0) {
        instance_id: Option<String> = Some(String::new());
        rack_id: Option<String> = Some(String::new());
        client_id: String;
        client_host: String;
        subscribed_topic_names: Vec<String>;
        subscribed_topic_regex: Option<String> = Some(String::new());
        rebalance_timeout_ms: i32 = -1;
        server_assignor: Option<String> = Some(String::new());
        @0 classic_member_metadata: Option<ClassicMemberMetadata> = Some(ClassicMemberMetadata::default());
    }

    /// The `classic_member_metadata` of [`ConsumerGroupMemberMetadataValue`].
    ClassicMemberMetadata {
        session_timeout_ms: i32;
        supported_protocols: Vec<ClassicProtocol>;
    }

    /// One of the `supported_protocols` of [`ClassicMemberMetadata`].
    ClassicProtocol {
        name: String;
        metadata: Bytes;
    }

    /// Key of type 6 in `__consumer_offsets`.
    ConsumerGroupTargetAssignmentMetadataKey (0..=0) {
        group_id: String;
    }

    /// Value to the key of type 6 in `__consumer_offsets`.
    ConsumerGroupTargetAssignmentMetadataValue (0..=0, flexible 0) {
        assignment_epoch: i32;
        @0 assignment_timestamp: i64;
    }

    /// Key of type 7 in `__consumer_offsets`.
    ConsumerGroupTargetAssignmentMemberKey (0..=0) {
        group_id: String;
        member_id: String;
    }

    /// Value to the key of type 7 in `__consumer_offsets`.
    ConsumerGroupTargetAssignmentMemberValue (0..=0, flexible 0) {
        topic_partitions: Vec<TopicPartition>;
    }

    /// One of the `topic_partitions` of [`ConsumerGroupTargetAssignmentMemberValue`].
    TopicPartition {
        topic_id: Uuid;
        partitions: Vec<i32>;
    }

    /// Key of type 8 in `__consumer_offsets`.
    ConsumerGroupCurrentMemberAssignmentKey (0..=0) {
        group_id: String;
        member_id: String;
    }

    /// Value to the key of type 8 in `__consumer_offsets`.
    ConsumerGroupCurrentMemberAssignmentValue (0..=0, flexible 0) {
        member_epoch: i32;
        previous_member_epoch: i32;
        state: i8;
        assigned_partitions: Vec<TopicPartitions>;
        partitions_pending_revocation: Vec<TopicPartitions>;
    }

    /// One of the `assigned_partitions` of [`ConsumerGroupCurrentMemberAssignmentValue`].
    TopicPartitions {
        topic_id: Uuid;
        partitions: Vec<i32>;
        @0 assignment_epochs: Option<Vec<i32>> = Some(Vec::new());
    }

    /// Key of type 10 in `__consumer_offsets`.
    ShareGroupMemberMetadataKey (0..=0) {
        group_id: String;
        member_id: String;
    }

    /// Value to the key of type 10 in `__consumer_offsets`.
    ShareGroupMemberMetadataValue (0..=0, flexible 0) {
        rack_id: Option<String> = Some(String::new());
        client_id: String;
        client_host: String;
        subscribed_topic_names: Vec<String>;
    }

    /// Key of type 11 in `__consumer_offsets`.
    ShareGroupMetadataKey (0..=0) {
        group_id: String;
    }

    /// Value to the key of type 11 in `__consumer_offsets`.
    ShareGroupMetadataValue (0..=0, flexible 0) {
        epoch: i32;
        metadata_hash: i64;
    }

    /// Key of type 12 in `__consumer_offsets`.
    ShareGroupTargetAssignmentMetadataKey (0..=0) {
        group_id: String;
    }

    /// Value to the key of type 12 in `__consumer_offsets`.
    ShareGroupTargetAssignmentMetadataValue (0..=0, flexible 0) {
        assignment_epoch: i32;
        @0 assignment_timestamp: i64;
    }

    /// Key of type 13 in `__consumer_offsets`.
    ShareGroupTargetAssignmentMemberKey (0..=0) {
        group_id: String;
        member_id: String;
    }

    /// Value to the key of type 13 in `__consumer_offsets`.
    ShareGroupTargetAssignmentMemberValue (0..=0, flexible 0) {
        topic_partitions: Vec<TopicPartition>;
    }

    /// Key of type 14 in `__consumer_offsets`.
    ShareGroupCurrentMemberAssignmentKey (0..=0) {
        group_id: String;
        member_id: String;
    }

    /// Value to the key of type 14 in `__consumer_offsets`.
    ShareGroupCurrentMemberAssignmentValue (0..=0, flexible 0) {
        member_epoch: i32;
        previous_member_epoch: i32;
        state: i8;
        assigned_partitions: Vec<ShareTopicPartitions>;
    }

    /// One of the `assigned_partitions` of [`ShareGroupCurrentMemberAssignmentValue`].
    ShareTopicPartitions {
        topic_id: Uuid;
        partitions: Vec<i32>;
    }

    /// Key of type 15 in `__consumer_offsets`.
    ShareGroupStatePartitionMetadataKey (0..=0) {
        group_id: String;
    }

    /// Value to the key of type 15 in `__consumer_offsets`.
    ShareGroupStatePartitionMetadataValue (0..=0, flexible 0) {
        initializing_topics: Vec<TopicPartitionsInfo>;
        initialized_topics: Vec<TopicPartitionsInfo>;
        deleting_topics: Vec<ShareTopicInfo>;
    }

    /// One of the `initializing_topics` of [`ShareGroupStatePartitionMetadataValue`].
    TopicPartitionsInfo {
        topic_id: Uuid;
        topic_name: String;
        partitions: Vec<i32>;
    }

    /// One of the `deleting_topics` of [`ShareGroupStatePartitionMetadataValue`].
    ShareTopicInfo {
        topic_id: Uuid;
        topic_name: String;
    }

    /// Key of type 16 in `__consumer_offsets`.
    ConsumerGroupRegularExpressionKey (0..=0) {
        group_id: String;
        regular_expression: String;
    }

    /// Value to the key of type 16 in `__consumer_offsets`.
    ConsumerGroupRegularExpressionValue (0..=0, flexible 0) {
        topics: Vec<String>;
        version: i64;
        timestamp: i64;
    }

    /// Key of type 17 in `__consumer_offsets`.
    StreamsGroupMetadataKey (0..=0) {
        group_id: String;
    }

    /// Value to the key of type 17 in `__consumer_offsets`.
    StreamsGroupMetadataValue (0..=0, flexible 0) {
        epoch: i32;
        metadata_hash: i64;
        @0 validated_topology_epoch: i32 = -1;
        @1 last_assignment_configs: Option<Vec<LastAssignmentConfig>> = Some(Vec::new());
    }

    /// One of the `last_assignment_configs` of [`StreamsGroupMetadataValue`].
    LastAssignmentConfig {
        key: String;
        value: String;
    }

    /// Key of type 19 in `__consumer_offsets`.
    StreamsGroupMemberMetadataKey (0..=0) {
        group_id: String;
        member_id: String;
    }

    /// Value to the key of type 19 in `__consumer_offsets`.
    StreamsGroupMemberMetadataValue (0..=0, flexible 0) {
        instance_id: Option<String> = Some(String::new());
        rack_id: Option<String> = Some(String::new());
        client_id: String;
        client_host: String;
        rebalance_timeout_ms: i32 = -1;
        topology_epoch: i32;
        process_id: String;
        user_endpoint: Option<Endpoint>;
        client_tags: Vec<KeyValue>;
    }

    /// The `user_endpoint` of [`StreamsGroupMemberMetadataValue`].
    Endpoint {
        host: String;
        port: u16;
    }

    /// One of the `client_tags` of [`StreamsGroupMemberMetadataValue`].
    KeyValue {
        key: String;
        value: String;
    }

    /// Key of type 20 in `__consumer_offsets`.
    StreamsGroupTargetAssignmentMetadataKey (0..=0) {
        group_id: String;
    }

    /// Value to the key of type 20 in `__consumer_offsets`.
    StreamsGroupTargetAssignmentMetadataValue (0..=0, flexible 0) {
        assignment_epoch: i32;
        @0 assignment_timestamp: i64;
    }

    /// Key of type 21 in `__consumer_offsets`.
    StreamsGroupTargetAssignmentMemberKey (0..=0) {
        group_id: String;
        member_id: String;
    }

    /// Value to the key of type 21 in `__consumer_offsets`.
    StreamsGroupTargetAssignmentMemberValue (0..=0, flexible 0) {
        active_tasks: Vec<TargetTaskIds>;
        standby_tasks: Vec<TargetTaskIds>;
        warmup_tasks: Vec<TargetTaskIds>;
    }

    /// One of the `active_tasks` of [`StreamsGroupTargetAssignmentMemberValue`].
    TargetTaskIds {
        subtopology_id: String;
        partitions: Vec<i32>;
    }

    /// Key of type 22 in `__consumer_offsets`.
    StreamsGroupCurrentMemberAssignmentKey (0..=0) {
        group_id: String;
        member_id: String;
    }

    /// Value to the key of type 22 in `__consumer_offsets`.
    StreamsGroupCurrentMemberAssignmentValue (0..=0, flexible 0) {
        member_epoch: i32;
        previous_member_epoch: i32;
        state: i8;
        active_tasks: Vec<TaskIds>;
        standby_tasks: Vec<TaskIds>;
        warmup_tasks: Vec<TaskIds>;
        active_tasks_pending_revocation: Vec<TaskIds>;
        standby_tasks_pending_revocation: Vec<TaskIds>;
        warmup_tasks_pending_revocation: Vec<TaskIds>;
    }

    /// One of the `active_tasks` of [`StreamsGroupCurrentMemberAssignmentValue`].
    TaskIds {
        subtopology_id: String;
        partitions: Vec<i32>;
        @0 assignment_epochs: Option<Vec<i32>> = Some(Vec::new());
    }

    /// Key of type 23 in `__consumer_offsets`.
    StreamsGroupTopologyKey (0..=0) {
        group_id: String;
    }

    /// Value to the key of type 23 in `__consumer_offsets`.
    StreamsGroupTopologyValue (0..=0, flexible 0) {
        epoch: i32;
        subtopologies: Vec<Subtopology>;
    }

    /// One of the `subtopologies` of [`StreamsGroupTopologyValue`].
    Subtopology {
        subtopology_id: String;
        source_topics: Vec<String>;
        source_topic_regex: Vec<String>;
        state_changelog_topics: Vec<TopicInfo>;
        repartition_sink_topics: Vec<String>;
        repartition_source_topics: Vec<TopicInfo>;
        copartition_groups: Vec<CopartitionGroup>;
    }

    /// One of the `state_changelog_topics` of [`Subtopology`].
    TopicInfo {
        name: String;
        partitions: i32;
        replication_factor: i16;
        topic_configs: Vec<TopicConfig>;
    }

    /// One of the `topic_configs` of [`TopicInfo`].
    TopicConfig {
        key: String;
        value: String;
    }

    /// One of the `copartition_groups` of [`Subtopology`].
    CopartitionGroup {
        source_topics: Vec<i16>;
        source_topic_regex: Vec<i16>;
        repartition_source_topics: Vec<i16>;
    }
}

record_types! {
    /// The key of a record, by type.
    GroupKey {
        LegacyOffsetCommit(LegacyOffsetCommitKey) = 0,
        OffsetCommit(OffsetCommitKey) = 1,
        GroupMetadata(GroupMetadataKey) = 2,
        ConsumerGroupMetadata(ConsumerGroupMetadataKey) = 3,
        ConsumerGroupPartitionMetadata(ConsumerGroupPartitionMetadataKey) = 4,
        ConsumerGroupMemberMetadata(ConsumerGroupMemberMetadataKey) = 5,
        ConsumerGroupTargetAssignmentMetadata(ConsumerGroupTargetAssignmentMetadataKey) = 6,
        ConsumerGroupTargetAssignmentMember(ConsumerGroupTargetAssignmentMemberKey) = 7,
        ConsumerGroupCurrentMemberAssignment(ConsumerGroupCurrentMemberAssignmentKey) = 8,
        ShareGroupMemberMetadata(ShareGroupMemberMetadataKey) = 10,
        ShareGroupMetadata(ShareGroupMetadataKey) = 11,
        ShareGroupTargetAssignmentMetadata(ShareGroupTargetAssignmentMetadataKey) = 12,
        ShareGroupTargetAssignmentMember(ShareGroupTargetAssignmentMemberKey) = 13,
        ShareGroupCurrentMemberAssignment(ShareGroupCurrentMemberAssignmentKey) = 14,
        ShareGroupStatePartitionMetadata(ShareGroupStatePartitionMetadataKey) = 15,
        ConsumerGroupRegularExpression(ConsumerGroupRegularExpressionKey) = 16,
        StreamsGroupMetadata(StreamsGroupMetadataKey) = 17,
        StreamsGroupMemberMetadata(StreamsGroupMemberMetadataKey) = 19,
        StreamsGroupTargetAssignmentMetadata(StreamsGroupTargetAssignmentMetadataKey) = 20,
        StreamsGroupTargetAssignmentMember(StreamsGroupTargetAssignmentMemberKey) = 21,
        StreamsGroupCurrentMemberAssignment(StreamsGroupCurrentMemberAssignmentKey) = 22,
        StreamsGroupTopology(StreamsGroupTopologyKey) = 23,
    }
}

typed_key!(GroupKey);

record_types! {
    /// The value of a record, by the type of its key.
    GroupValue {
        LegacyOffsetCommit(LegacyOffsetCommitValue) = 0,
        OffsetCommit(OffsetCommitValue) = 1,
        GroupMetadata(GroupMetadataValue) = 2,
        ConsumerGroupMetadata(ConsumerGroupMetadataValue) = 3,
        ConsumerGroupPartitionMetadata(ConsumerGroupPartitionMetadataValue) = 4,
        ConsumerGroupMemberMetadata(ConsumerGroupMemberMetadataValue) = 5,
        ConsumerGroupTargetAssignmentMetadata(ConsumerGroupTargetAssignmentMetadataValue) = 6,
        ConsumerGroupTargetAssignmentMember(ConsumerGroupTargetAssignmentMemberValue) = 7,
        ConsumerGroupCurrentMemberAssignment(ConsumerGroupCurrentMemberAssignmentValue) = 8,
        ShareGroupMemberMetadata(ShareGroupMemberMetadataValue) = 10,
        ShareGroupMetadata(ShareGroupMetadataValue) = 11,
        ShareGroupTargetAssignmentMetadata(ShareGroupTargetAssignmentMetadataValue) = 12,
        ShareGroupTargetAssignmentMember(ShareGroupTargetAssignmentMemberValue) = 13,
        ShareGroupCurrentMemberAssignment(ShareGroupCurrentMemberAssignmentValue) = 14,
        ShareGroupStatePartitionMetadata(ShareGroupStatePartitionMetadataValue) = 15,
        ConsumerGroupRegularExpression(ConsumerGroupRegularExpressionValue) = 16,
        StreamsGroupMetadata(StreamsGroupMetadataValue) = 17,
        StreamsGroupMemberMetadata(StreamsGroupMemberMetadataValue) = 19,
        StreamsGroupTargetAssignmentMetadata(StreamsGroupTargetAssignmentMetadataValue) = 20,
        StreamsGroupTargetAssignmentMember(StreamsGroupTargetAssignmentMemberValue) = 21,
        StreamsGroupCurrentMemberAssignment(StreamsGroupCurrentMemberAssignmentValue) = 22,
        StreamsGroupTopology(StreamsGroupTopologyValue) = 23,
    }
}

versioned_value!(GroupValue);
