//! Where changes of partitions begin and end: with what the machine knows, and as a record. What the change is, its
//! caller says; what follows from it, [`elections`](super::elections) does.

use crate::controller::elections::Change;
use crate::controller::machine::Machine;
use crate::metadata::topics::{PartitionRegistration, TopicImage};
use crate::raft::events::VersionedRecord;
use crate::types::{NodeId, PartitionId, TopicIdPartition};
use crate::wire::stored::metadata::{MetadataRecord, PartitionChangeRecord};

impl Machine {
    /// A change of partition `index` of `topic`, in which whoever `serves` may lead.
    pub(crate) fn change<'a>(
        &'a self,
        topic: &TopicImage,
        index: PartitionId,
        partition: &'a PartitionRegistration,
        serves: impl Fn(NodeId) -> bool + 'a,
    ) -> Change<'a> {
        let id = TopicIdPartition { topic_id: topic.id, partition: index };
        let rules = self.rules(&topic.name, partition);
        let default_directory = |node| self.default_directory(node);
        Change::new(id, partition, rules, Box::new(serves), Box::new(default_directory))
    }

    /// Whether `node` may lead `partition` as things are: it is at work, and so is the disk of its replica.
    pub(crate) fn serves(&self, node: NodeId, partition: &PartitionRegistration) -> bool {
        self.is_active(node) && self.has_online_directory(node, partition)
    }

    /// A change as it is written at the metadata version of the moment.
    pub(crate) fn change_record(&self, record: PartitionChangeRecord) -> VersionedRecord {
        let version = self.image().features.metadata_version().partition_record_version();
        (MetadataRecord::PartitionChange(record), version)
    }
}
