//! ShareGroupDescribe (API 77), version 1. State and members of share groups (KIP-932). Version 0 was a preview.

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What ShareGroupDescribe asks.
    ShareGroupDescribeRequest (1..=1, flexible 1) {
        group_ids: Vec<String>;
        include_authorized_operations: bool;
    }

    /// What ShareGroupDescribe answers.
    ShareGroupDescribeResponse (1..=1, flexible 1) {
        throttle_time_ms: i32;
        groups: Vec<DescribedGroup>;
    }

    /// One of the `groups` of [`ShareGroupDescribeResponse`].
    DescribedGroup {
        error_code: i16;
        error_message: Option<String>;
        group_id: String;
        group_state: String;
        group_epoch: i32;
        assignment_epoch: i32;
        assignor_name: String;
        members: Vec<Member>;
        authorized_operations: i32 = i32::MIN;
    }

    /// One of the `members` of [`DescribedGroup`].
    Member {
        member_id: String;
        rack_id: Option<String>;
        member_epoch: i32;
        client_id: String;
        client_host: String;
        subscribed_topic_names: Vec<String>;
        assignment: Assignment;
    }

    /// The `assignment` of [`Member`].
    Assignment {
        topic_partitions: Vec<TopicPartitions>;
    }

    /// One of the `topic_partitions` of [`Assignment`].
    TopicPartitions {
        topic_id: Uuid;
        topic_name: String;
        partitions: Vec<i32>;
    }
}

request!(ShareGroupDescribe: ShareGroupDescribeRequest => ShareGroupDescribeResponse);
