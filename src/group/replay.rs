//! What the shard's records say, taken in one by one: all there is to know while it is loaded, and nothing new after.
//!
//! Nothing is decided or answered here, and nothing is written: what replay makes of a log depends on the log alone.

use std::sync::Arc;

use tracing::warn;

use super::classic::ClassicGroup;
use super::consumer::group::ConsumerGroup;
use super::foreign::{ForeignGroup, GroupKind};
use super::machine::{Group, GroupMachine};
use super::offsets::ProducerId;
use super::records::{self, Entry};
use crate::coordinator::machine::StoredRecord;
use crate::types::{Millis, Offset};
use crate::wire::stored::group::{GroupKey, GroupValue};

impl GroupMachine {
    /// Takes in a record that counts.
    pub(super) fn replay(&mut self, offset: Offset, timestamp: Millis, record: &StoredRecord) {
        match records::parse(record) {
            Ok(Entry::Offset { group, topic, partition, value: Some(value) }) => {
                self.ensure_group(&group, timestamp);
                self.offsets.put(&group, &topic, partition, value.at(offset));
            }
            Ok(Entry::Offset { group, topic, partition, value: None }) => {
                self.offsets.remove(&group, &topic, partition);
            }
            Ok(Entry::Group { group, picture }) => {
                self.apply_group(&group, picture.map(|picture| *picture))
            }
            Ok(Entry::Consumer { group, key, value }) => self.apply_consumer(&group, key, value),
            Ok(Entry::Foreign { record_type, kind, group }) => {
                self.apply_foreign((record_type, kind, group), record)
            }
            Ok(Entry::Unknown(record_type)) => {
                warn!(offset, record_type, "a record of an unknown type is left alone")
            }
            Err(error) => warn!(offset, %error, "a record that cannot be read is left alone"),
        }
    }

    /// Takes in a record of a transaction that has not ended. Only offsets wait for the end; nobody writes others so.
    pub(super) fn replay_transactional(
        &mut self,
        offset: Offset,
        timestamp: Millis,
        producer_id: ProducerId,
        record: &StoredRecord,
    ) {
        match records::parse(record) {
            Ok(Entry::Offset { group, topic, partition, value: Some(value) }) => {
                self.ensure_group(&group, timestamp);
                self.offsets.put_pending(producer_id, &group, &topic, partition, value.at(offset));
            }
            _ => self.replay(offset, timestamp, record),
        }
    }

    /// Offsets make a group, if nothing else has.
    fn ensure_group(&mut self, group_id: &str, now: Millis) {
        if !self.groups.contains_key(group_id) {
            let id: Arc<str> = group_id.into();
            self.groups.insert(id.clone(), Group::Classic(Box::new(ClassicGroup::new(id, now))));
        }
    }

    fn apply_group(&mut self, group_id: &str, picture: Option<ClassicGroup>) {
        match picture {
            // A tombstone is its own protocol's: where the group has been upgraded since, another has its name.
            None => {
                if let Some(Group::Classic(_)) = self.groups.get(group_id) {
                    self.groups.remove(group_id);
                }
            }
            Some(picture) => {
                // While the shard lives the group is ahead of its picture, which must not set it back.
                let is_known = matches!(self.groups.get(group_id), Some(Group::Classic(_)));
                if self.is_loading || !is_known {
                    self.groups.insert(picture.id.clone(), Group::Classic(Box::new(picture)));
                }
            }
        }
    }

    /// Takes in a record of a consumer group that was read back. A fresh one tells nothing new.
    fn apply_consumer(&mut self, group_id: &str, key: GroupKey, value: Option<GroupValue>) {
        if !self.is_loading {
            return;
        }
        if !matches!(self.groups.get(group_id), Some(Group::Consumer(_))) {
            // What is left of a group that has made way for another.
            if value.is_none() {
                return;
            }
            let id: Arc<str> = group_id.into();
            let group = Group::Consumer(Box::new(ConsumerGroup::new(id.clone())));
            self.groups.insert(id, group);
        }
        if let Some(Group::Consumer(group)) = self.groups.get_mut(group_id)
            && !group.replay(key, value)
        {
            self.groups.remove(group_id);
        }
    }

    fn apply_foreign(
        &mut self,
        entry: (records::RecordType, GroupKind, String),
        record: &StoredRecord,
    ) {
        let (record_type, kind, group_id) = entry;
        let group = match self.groups.get_mut(group_id.as_str()) {
            Some(Group::Foreign(group)) if group.kind == kind => group,
            // What is left of a group that has made way for another.
            Some(_) if record.value.is_none() => return,
            Some(_) | None => {
                if record.value.is_none() {
                    return;
                }
                let id: Arc<str> = group_id.as_str().into();
                let group = Group::Foreign(ForeignGroup::new(id.clone(), kind));
                self.groups.insert(id, group);
                match self.groups.get_mut(group_id.as_str()) {
                    Some(Group::Foreign(group)) => group,
                    _ => return,
                }
            }
        };
        if !group.apply(record_type, record) {
            self.groups.remove(group_id.as_str());
        }
    }
}
