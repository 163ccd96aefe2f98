//! What a heartbeat may be refused for, in Kafka's order and words. Never changes anything.

use super::member::{LEAVING, LEFT_FOR_A_WHILE, Member};
use crate::error::{ApiError, ErrorCode};
use crate::group::settings::ConsumerSettings;
use crate::wire::messages::consumer_group_heartbeat::{
    ConsumerGroupHeartbeatRequest, TopicPartitions,
};

/// Kafka's checks of the request alone, in its order.
pub(super) fn check(
    request: &ConsumerGroupHeartbeatRequest,
    version: i16,
    settings: &ConsumerSettings,
) -> Result<(), ApiError> {
    let invalid = |text: &str| Err(ApiError::new(ErrorCode::InvalidRequest, text));
    let is_blank = |text: &Option<String>| text.as_ref().is_some_and(|text| text.trim().is_empty());
    let epoch = request.member_epoch;
    // In version 0 a newcomer has no name yet, and is given one; from version 1 on it makes its own (KIP-1082).
    if (version >= 1 || epoch > 0 || epoch == LEAVING) && request.member_id.trim().is_empty() {
        return invalid("MemberId can't be empty.");
    }
    if request.group_id.trim().is_empty() {
        return invalid("GroupId can't be empty.");
    }
    if is_blank(&request.instance_id) {
        return invalid("InstanceId can't be empty.");
    }
    if is_blank(&request.rack_id) {
        return invalid("RackId can't be empty.");
    }
    if epoch == 0 {
        if request.rebalance_timeout_ms == -1 {
            return invalid("RebalanceTimeoutMs must be provided in first request.");
        }
        if request.topic_partitions.as_ref().is_none_or(|owned| !owned.is_empty()) {
            return invalid("TopicPartitions must be empty when (re-)joining.");
        }
        if request.subscribed_topic_names.is_none() && request.subscribed_topic_regex.is_none() {
            return invalid(
                "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.",
            );
        }
    } else if epoch == LEFT_FOR_A_WHILE && request.instance_id.is_none() {
        return invalid("InstanceId can't be null.");
    } else if epoch < LEFT_FOR_A_WHILE {
        return invalid("MemberEpoch is invalid.");
    }
    let names = settings.assignor_names();
    match &request.server_assignor {
        Some(name) if !names.contains(&name.as_str()) => Err(ApiError::new(
            ErrorCode::UnsupportedAssignor,
            format!(
                "ServerAssignor {name} is not supported. Supported assignors: {}.",
                names.join(", ")
            ),
        )),
        _ => Ok(()),
    }
}

pub(super) fn not_found(text: String) -> ApiError {
    ApiError::new(ErrorCode::GroupIdNotFound, text)
}

pub(super) fn check_fenced(
    member: &Member,
    member_id: &str,
    instance: &str,
) -> Result<(), ApiError> {
    if member.id.as_ref() == member_id {
        return Ok(());
    }
    let owner = &member.id;
    Err(ApiError::new(
        ErrorCode::FencedInstanceId,
        format!(
            "Static member {member_id} with instance id {instance} was fenced by member {owner}."
        ),
    ))
}

/// Whether a member's epoch is the one known, or the one before whose successor it may have missed.
pub(super) fn check_epoch(
    member: &Member,
    epoch: i32,
    owned: Option<&[TopicPartitions]>,
) -> Result<(), ApiError> {
    let known = member.current.epoch;
    let refuse = |which: &str| {
        Err(ApiError::new(
            ErrorCode::FencedMemberEpoch,
            format!(
                "The consumer group member has a {which} member epoch ({epoch}) than the one known by the group \
                 coordinator ({known}). The member must abandon all its partitions and rejoin."
            ),
        ))
    };
    let is_held = |topic: &TopicPartitions| {
        let assigned = member.current.assigned.get(&topic.topic_id);
        assigned.is_some_and(|held| topic.partitions.iter().all(|id| held.contains_key(id)))
    };
    // The answer that moved it on was lost. It is in step if it claims nothing that it does not have.
    let is_late_answer = || {
        epoch == member.current.previous_epoch
            && owned.is_some_and(|owned| owned.iter().all(is_held))
    };
    match epoch {
        // It begins anew, whatever it was.
        0 => Ok(()),
        _ if epoch > known => refuse("greater"),
        _ if epoch < known && !is_late_answer() => refuse("smaller"),
        _ => Ok(()),
    }
}
