//! Which log directory of a broker has which replica (KIP-858): brokers with several tell it after they have chosen.
//!
//! A broker with one log directory need not tell: the controller knows where its replicas must be. Until one with
//! several has told, the directory is `UNASSIGNED`.

use crate::controller::brokers::Happening;
use crate::controller::machine::Machine;
use crate::controller::requests::Decision;
use crate::error::ErrorCode;
use crate::raft::events::VersionedRecord;
use crate::types::{NodeId, TopicIdPartition, Uuid};
use crate::wire::messages::assign_replicas_to_dirs::{
    AssignReplicasToDirsRequest, AssignReplicasToDirsResponse, DirectoryData,
    DirectoryDataResponse, PartitionDataResponse, TopicDataResponse,
};

impl Machine {
    /// Notes where replicas are; each has its own result.
    pub(crate) fn assign_replicas_to_dirs(
        &self,
        request: &AssignReplicasToDirsRequest,
    ) -> Decision<AssignReplicasToDirsResponse> {
        let refuse = |code: ErrorCode| {
            Decision::reply(AssignReplicasToDirsResponse {
                error_code: code.code(),
                ..Default::default()
            })
        };
        if !self.image().features.metadata_version().is_directory_assignment_supported() {
            return refuse(ErrorCode::UnsupportedVersion);
        }
        if let Err(error) = self.check_broker_epoch(request.broker_id, request.broker_epoch) {
            return refuse(error.code);
        }
        let mut records = Vec::new();
        let mut lost = Vec::new();
        let each = request.directories.iter();
        let directories = each
            .map(|data| self.assign_directory(request.broker_id, data, &mut records, &mut lost));
        let directories = directories.collect();
        // A replica that turns out to be on a dead disk is out of sync.
        let happening = Happening { removed: Some(request.broker_id), ..Happening::default() };
        self.update_partitions(lost, happening, &mut records);
        Decision::of(records, AssignReplicasToDirsResponse { directories, ..Default::default() })
    }

    fn assign_directory(
        &self,
        broker: NodeId,
        data: &DirectoryData,
        records: &mut Vec<VersionedRecord>,
        lost: &mut Vec<TopicIdPartition>,
    ) -> DirectoryDataResponse {
        let online = self.broker(broker).is_some_and(|broker| broker.has_online_dir(data.id));
        let topics = data.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|partition| {
                let id = TopicIdPartition {
                    topic_id: topic.topic_id,
                    partition: partition.partition_index,
                };
                let code = match self.assign_replica(broker, id, data.id) {
                    Ok(record) => {
                        // None where the metadata says so already; the answer is the same, or it would be told again.
                        records.extend(record);
                        lost.extend((!online).then_some(id));
                        ErrorCode::None
                    }
                    Err(code) => code,
                };
                PartitionDataResponse {
                    partition_index: id.partition,
                    error_code: code.code(),
                    ..Default::default()
                }
            });
            let partitions = partitions.collect();
            TopicDataResponse { topic_id: topic.topic_id, partitions, ..Default::default() }
        });
        DirectoryDataResponse { id: data.id, topics: topics.collect(), ..Default::default() }
    }

    fn assign_replica(
        &self,
        broker: NodeId,
        id: TopicIdPartition,
        directory: Uuid,
    ) -> Result<Option<VersionedRecord>, ErrorCode> {
        let topic = self.topic_by_id(id.topic_id).ok_or(ErrorCode::UnknownTopicId)?;
        let partition = topic.partition(id.partition).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        if !partition.is_replica(broker) {
            return Err(ErrorCode::NotLeaderOrFollower);
        }
        // Where a replica lies is no reason to elect: the broker leads or follows as before.
        let mut change = self.change(topic, id.partition, partition, |node| self.is_active(node));
        change.set_directory(broker, directory);
        Ok(change.build().map(|record| self.change_record(record)))
    }
}
