//! StreamsGroupDescribe (API 89), version 0. State, members and topology of streams groups (KIP-1071).

use crate::wire::message::{message, request};

message! {
    /// What StreamsGroupDescribe asks.
    StreamsGroupDescribeRequest (0..=0, flexible 0) {
        group_ids: Vec<String>;
        include_authorized_operations: bool;
    }

    /// What StreamsGroupDescribe answers.
    StreamsGroupDescribeResponse (0..=0, flexible 0) {
        throttle_time_ms: i32;
        groups: Vec<DescribedGroup>;
    }

    /// One of the `groups` of [`StreamsGroupDescribeResponse`].
    DescribedGroup {
        error_code: i16;
        error_message: Option<String>;
        group_id: String;
        group_state: String;
        group_epoch: i32;
        assignment_epoch: i32;
        topology: Option<Topology>;
        members: Vec<Member>;
        authorized_operations: i32 = i32::MIN;
    }

    /// The `topology` of [`DescribedGroup`].
    Topology {
        epoch: i32;
        subtopologies: Option<Vec<Subtopology>>;
    }

    /// One of the `subtopologies` of [`Topology`].
    Subtopology {
        subtopology_id: String;
        source_topics: Vec<String>;
        repartition_sink_topics: Vec<String>;
        state_changelog_topics: Vec<TopicInfo>;
        repartition_source_topics: Vec<TopicInfo>;
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

    /// One of the `members` of [`DescribedGroup`].
    Member {
        member_id: String;
        member_epoch: i32;
        instance_id: Option<String>;
        rack_id: Option<String>;
        client_id: String;
        client_host: String;
        topology_epoch: i32;
        process_id: String;
        user_endpoint: Option<Endpoint>;
        client_tags: Vec<KeyValue>;
        task_offsets: Vec<TaskOffset>;
        task_end_offsets: Vec<TaskOffset>;
        assignment: Assignment;
        target_assignment: Assignment;
        is_classic: bool;
    }

    /// The `user_endpoint` of [`Member`].
    Endpoint {
        host: String;
        port: u16;
    }

    /// One of the `task_offsets` of [`Member`].
    TaskOffset {
        subtopology_id: String;
        partition: i32;
        offset: i64;
    }

    /// The `assignment` of [`Member`].
    Assignment {
        active_tasks: Vec<TaskIds>;
        standby_tasks: Vec<TaskIds>;
        warmup_tasks: Vec<TaskIds>;
    }

    /// One of the `active_tasks` of [`Assignment`].
    TaskIds {
        subtopology_id: String;
        partitions: Vec<i32>;
    }
}

request!(StreamsGroupDescribe: StreamsGroupDescribeRequest => StreamsGroupDescribeResponse);
