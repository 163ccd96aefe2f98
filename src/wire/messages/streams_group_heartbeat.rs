//! StreamsGroupHeartbeat (API 88), version 0. A member of a streams group joins, stays, leaves, is assigned tasks
//! (KIP-1071).

use crate::wire::message::{message, request};

message! {
    /// What StreamsGroupHeartbeat asks.
    StreamsGroupHeartbeatRequest (0..=0, flexible 0) {
        group_id: String;
        member_id: String;
        member_epoch: i32;
        endpoint_information_epoch: i32;
        instance_id: Option<String>;
        rack_id: Option<String>;
        rebalance_timeout_ms: i32 = -1;
        topology: Option<Topology>;
        active_tasks: Option<Vec<TaskIds>>;
        standby_tasks: Option<Vec<TaskIds>>;
        warmup_tasks: Option<Vec<TaskIds>>;
        process_id: Option<String>;
        user_endpoint: Option<Endpoint>;
        client_tags: Option<Vec<KeyValue>>;
        task_offsets: Option<Vec<TaskOffset>>;
        task_end_offsets: Option<Vec<TaskOffset>>;
        shutdown_application: bool;
    }

    /// The `topology` of [`StreamsGroupHeartbeatRequest`].
    Topology {
        epoch: i32;
        subtopologies: Vec<Subtopology>;
    }

    /// One of the `subtopologies` of [`Topology`].
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
        topic_configs: Vec<KeyValue>;
    }

    /// One of the `topic_configs` of [`TopicInfo`].
    KeyValue {
        key: String;
        value: String;
    }

    /// One of the `copartition_groups` of [`Subtopology`].
    CopartitionGroup {
        source_topics: Vec<i16>;
        source_topic_regex: Vec<i16>;
        repartition_source_topics: Vec<i16>;
    }

    /// One of the `active_tasks` of [`StreamsGroupHeartbeatRequest`].
    TaskIds {
        subtopology_id: String;
        partitions: Vec<i32>;
    }

    /// The `user_endpoint` of [`StreamsGroupHeartbeatRequest`].
    Endpoint {
        host: String;
        port: u16;
    }

    /// One of the `task_offsets` of [`StreamsGroupHeartbeatRequest`].
    TaskOffset {
        subtopology_id: String;
        partition: i32;
        offset: i64;
    }

    /// What StreamsGroupHeartbeat answers.
    StreamsGroupHeartbeatResponse (0..=0, flexible 0) {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<String>;
        member_id: String;
        member_epoch: i32;
        heartbeat_interval_ms: i32;
        acceptable_recovery_lag: i32;
        task_offset_interval_ms: i32;
        status: Option<Vec<Status>> = Some(Vec::new());
        active_tasks: Option<Vec<TaskIds>>;
        standby_tasks: Option<Vec<TaskIds>>;
        warmup_tasks: Option<Vec<TaskIds>>;
        endpoint_information_epoch: i32;
        partitions_by_user_endpoint: Option<Vec<EndpointToPartitions>>;
    }

    /// One of the `status` of [`StreamsGroupHeartbeatResponse`].
    Status {
        status_code: i8;
        status_detail: String;
    }

    /// One of the `partitions_by_user_endpoint` of [`StreamsGroupHeartbeatResponse`].
    EndpointToPartitions {
        user_endpoint: Endpoint;
        active_partitions: Vec<TopicPartition>;
        standby_partitions: Vec<TopicPartition>;
    }

    /// One of the `active_partitions` of [`EndpointToPartitions`].
    TopicPartition {
        topic: String;
        partitions: Vec<i32>;
    }
}

request!(StreamsGroupHeartbeat: StreamsGroupHeartbeatRequest => StreamsGroupHeartbeatResponse);
