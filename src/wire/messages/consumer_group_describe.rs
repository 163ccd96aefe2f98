//! ConsumerGroupDescribe (API 69), versions 0-1. State and members of consumer groups (KIP-848).
//!
//! - 1: whether a member speaks the classic protocol (KIP-1099).

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What ConsumerGroupDescribe asks.
    ConsumerGroupDescribeRequest (0..=1, flexible 0) {
        group_ids: Vec<String>;
        include_authorized_operations: bool;
    }

    /// What ConsumerGroupDescribe answers.
    ConsumerGroupDescribeResponse (0..=1, flexible 0) {
        throttle_time_ms: i32;
        groups: Vec<DescribedGroup>;
    }

    /// One of the `groups` of [`ConsumerGroupDescribeResponse`].
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
        instance_id: Option<String>;
        rack_id: Option<String>;
        member_epoch: i32;
        client_id: String;
        client_host: String;
        subscribed_topic_names: Vec<String>;
        subscribed_topic_regex: Option<String>;
        assignment: Assignment;
        target_assignment: Assignment;
        [1.., ignorable] member_type: i8 = -1;
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

request!(ConsumerGroupDescribe: ConsumerGroupDescribeRequest => ConsumerGroupDescribeResponse);
