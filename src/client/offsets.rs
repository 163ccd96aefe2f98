//! Offsets of partitions and of groups, asked of leaders and coordinators.

use std::collections::BTreeMap;

use super::{ClientError, Cluster};
use crate::error::ErrorCode;
use crate::types::{Millis, NodeId, Offset, TopicPartition, by_topic};
use crate::wire::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic,
};
use crate::wire::messages::offset_fetch::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};

/// The time that stands for the end of a partition.
pub const LATEST: Millis = -1;
/// The time that stands for its beginning.
pub const EARLIEST: Millis = -2;
/// The last version of OffsetFetch that names topics.
const NAMED_VERSION_MAX: i16 = 9;

/// A committed offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Where the group goes on.
    pub offset: Offset,
    /// What was stored beside it.
    pub metadata: String,
    /// The leader's reign under which the record before it was read; −1 where that is not known.
    pub leader_epoch: i32,
}

/// The offset of the first record at or after a time, for each partition; −1 where there is none. The leaders must be
/// known from metadata.
pub async fn list_offsets(
    cluster: &mut Cluster,
    times: &BTreeMap<TopicPartition, Millis>,
    isolation_level: i8,
) -> Result<BTreeMap<TopicPartition, Result<Offset, ClientError>>, ClientError> {
    let mut found = BTreeMap::new();
    let mut leaders: BTreeMap<NodeId, Vec<(&TopicPartition, ListOffsetsPartition)>> =
        BTreeMap::new();
    for (place, &timestamp) in times {
        let partition_index = place.partition;
        let partition = ListOffsetsPartition { partition_index, timestamp, ..Default::default() };
        match cluster.leader(&place.topic, place.partition) {
            Some(leader) => leaders.entry(leader).or_default().push((place, partition)),
            None => {
                let error = ClientError::Api(ErrorCode::LeaderNotAvailable.into());
                found.insert(place.clone(), Err(error));
            }
        }
    }
    for (leader, places) in leaders {
        let topics = by_topic(places).into_iter().map(|(name, partitions)| ListOffsetsTopic {
            name: name.to_owned(),
            partitions,
            ..Default::default()
        });
        let request = ListOffsetsRequest {
            replica_id: -1,
            isolation_level,
            topics: topics.collect(),
            timeout_ms: 30_000,
            ..Default::default()
        };
        for topic in cluster.node(leader).await?.ask(&request).await?.topics {
            for partition in topic.partitions {
                let place = TopicPartition::new(topic.name.clone(), partition.partition_index);
                let offset =
                    ClientError::check(partition.error_code, None).map(|()| partition.offset);
                found.insert(place, offset);
            }
        }
    }
    Ok(found)
}

/// What a group has committed: of these partitions, or of all that it has. Partitions without a commit are left out.
pub async fn committed(
    cluster: &mut Cluster,
    group: &str,
    partitions: Option<&[TopicPartition]>,
) -> Result<BTreeMap<TopicPartition, Committed>, ClientError> {
    let connection = cluster.group_coordinator(group).await?;
    let version = connection.version_up_to::<OffsetFetchRequest>(NAMED_VERSION_MAX)?;
    let request = offset_fetch(group, partitions, version);
    let answer = connection.send(&request, version).await?;
    ClientError::check(answer.error_code, None)?;
    let mut found = BTreeMap::new();
    let mut take = |topic: &str, partition: i32, code: i16, committed: Committed| {
        ClientError::check(code, None)?;
        if committed.offset >= 0 {
            found.insert(TopicPartition::new(topic, partition), committed);
        }
        Ok::<(), ClientError>(())
    };
    for topic in answer.topics {
        for p in topic.partitions {
            let metadata = p.metadata.unwrap_or_default();
            let (offset, leader_epoch) = (p.committed_offset, p.committed_leader_epoch);
            let committed = Committed { offset, metadata, leader_epoch };
            take(&topic.name, p.partition_index, p.error_code, committed)?;
        }
    }
    for group in answer.groups {
        ClientError::check(group.error_code, None)?;
        for topic in group.topics {
            for p in topic.partitions {
                let metadata = p.metadata.unwrap_or_default();
                let (offset, leader_epoch) = (p.committed_offset, p.committed_leader_epoch);
                let committed = Committed { offset, metadata, leader_epoch };
                take(&topic.name, p.partition_index, p.error_code, committed)?;
            }
        }
    }
    Ok(found)
}

/// From version 8 on one request asks of several groups, and names even a single one elsewhere.
fn offset_fetch(
    group: &str,
    partitions: Option<&[TopicPartition]>,
    version: i16,
) -> OffsetFetchRequest {
    let topics = partitions.map(|all| by_topic(all.iter().map(|place| (place, place.partition))));
    let mut request = OffsetFetchRequest::default();
    if version >= 8 {
        let topics = topics.map(|topics| {
            let topics = topics.into_iter().map(|(name, partition_indexes)| {
                let name = name.to_owned();
                OffsetFetchRequestTopics { name, partition_indexes, ..Default::default() }
            });
            topics.collect()
        });
        let group_id = group.to_owned();
        request.groups = vec![OffsetFetchRequestGroup { group_id, topics, ..Default::default() }];
    } else {
        request.group_id = group.to_owned();
        request.topics = topics.map(|topics| {
            let topics = topics.into_iter().map(|(name, partition_indexes)| {
                let name = name.to_owned();
                OffsetFetchRequestTopic { name, partition_indexes, ..Default::default() }
            });
            topics.collect()
        });
    }
    request
}

/// Who commits: a member of a group, or nobody in particular.
#[derive(Clone, Debug)]
pub struct Committer {
    /// The member; empty for nobody.
    pub member_id: String,
    /// Its generation; −1 for nobody.
    pub generation_id: i32,
}

impl Default for Committer {
    fn default() -> Self {
        Self { member_id: String::new(), generation_id: -1 }
    }
}

/// Commits offsets for a group. The first partition that is refused is the error.
pub async fn commit(
    cluster: &mut Cluster,
    group: &str,
    committer: &Committer,
    offsets: &BTreeMap<TopicPartition, Offset>,
) -> Result<(), ClientError> {
    use crate::wire::messages::offset_commit::{
        OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
    };
    let connection = cluster.group_coordinator(group).await?;
    let version = connection.version_up_to::<OffsetCommitRequest>(NAMED_VERSION_MAX)?;
    let each = offsets.iter().map(|(place, &committed_offset)| {
        let partition_index = place.partition;
        let partition = OffsetCommitRequestPartition {
            partition_index,
            committed_offset,
            ..Default::default()
        };
        (place, partition)
    });
    let topics = by_topic(each).into_iter().map(|(name, partitions)| OffsetCommitRequestTopic {
        name: name.to_owned(),
        partitions,
        ..Default::default()
    });
    let request = OffsetCommitRequest {
        group_id: group.to_owned(),
        generation_id_or_member_epoch: committer.generation_id,
        member_id: committer.member_id.clone(),
        topics: topics.collect(),
        ..Default::default()
    };
    let answer = connection.send(&request, version).await?;
    for topic in answer.topics {
        for partition in topic.partitions {
            ClientError::check(partition.error_code, None)?;
        }
    }
    Ok(())
}
