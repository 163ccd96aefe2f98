//! Elections that somebody asks for, and those that come round by themselves: back to the preferred leader, and
//! unclean ones where the topic allows them. Which replica wins is `elections`' business.
//!
//! | election | takes | needless when |
//! |---|---|---|
//! | preferred (KIP-183) | the first replica, if it is in sync | it leads already |
//! | unclean (KIP-460) | any replica that serves, though it may lack data | somebody leads |

use crate::controller::elections::{Election, NO_LEADER};
use crate::controller::machine::Machine;
use crate::controller::requests::Decision;
use crate::error::{ApiError, ErrorCode};
use crate::metadata::topics::{PartitionRegistration, TopicImage};
use crate::raft::events::VersionedRecord;
use crate::types::{PartitionId, TopicIdPartition};
use crate::wire::messages::elect_leaders::{
    ElectLeadersRequest, ElectLeadersResponse, PartitionResult, ReplicaElectionResult,
};

/// The wire's numbers of the kinds of election.
const PREFERRED: i8 = 0;
const UNCLEAN: i8 = 1;

/// How many leaders one periodic pass may change, so that a large cluster's balancing does not hold up others.
const ELECTIONS_PER_PASS_MAX: usize = 1_000;

impl Machine {
    /// Elects the leaders asked for, or all where none is named; each partition has its own result.
    pub(crate) fn elect_leaders(
        &self,
        request: &ElectLeadersRequest,
    ) -> Decision<ElectLeadersResponse> {
        let election = match request.election_type {
            PREFERRED => Election::Preferred,
            UNCLEAN => Election::Unclean,
            other => {
                let text = format!("Unknown election type {other}");
                return Decision::reply(all_refused(
                    request,
                    &ApiError::new(ErrorCode::InvalidRequest, text),
                ));
            }
        };
        let mut records = Vec::new();
        let mut results = Vec::new();
        match &request.topic_partitions {
            Some(topics) => {
                for topic in topics {
                    let each = topic
                        .partitions
                        .iter()
                        .map(|&index| self.elected(&topic.topic, index, election, &mut records));
                    results.push(result_of(&topic.topic, each.collect()));
                }
            }
            None => {
                for topic in self.image().topics.iter() {
                    let each = topic
                        .partitions
                        .iter()
                        .map(|(index, _)| self.elected(&topic.name, index, election, &mut records));
                    // Those that need no election are not listed, or the answer would name every partition there is.
                    let needed = each
                        .filter(|result| result.error_code != ErrorCode::ElectionNotNeeded.code());
                    results.push(result_of(&topic.name, needed.collect()));
                }
            }
        }
        Decision::of(
            records,
            ElectLeadersResponse { replica_election_results: results, ..Default::default() },
        )
    }

    fn elected(
        &self,
        topic: &str,
        index: PartitionId,
        election: Election,
        records: &mut Vec<VersionedRecord>,
    ) -> PartitionResult {
        match self.elect(topic, index, election) {
            Ok(record) => {
                records.push(record);
                PartitionResult { partition_id: index, ..Default::default() }
            }
            Err(error) => failed(index, &error),
        }
    }

    /// The record of one election, or why there is none: nothing to win, or nobody who may.
    fn elect(
        &self,
        topic: &str,
        index: PartitionId,
        election: Election,
    ) -> Result<VersionedRecord, ApiError> {
        let unknown = |text: String| ApiError::new(ErrorCode::UnknownTopicOrPartition, text);
        let found =
            self.topic(topic).ok_or_else(|| unknown(format!("No such topic as {topic}")))?;
        let partition = found.partition(index);
        let partition =
            partition.ok_or_else(|| unknown(format!("No such partition as {topic}-{index}")))?;
        // A preferred election is needless where it would change nothing; an unclean one wherever anybody leads, since
        // it may lose data.
        let needless = match election {
            Election::Preferred => partition.replicas.first() == Some(&partition.leader),
            _ => partition.leader != NO_LEADER,
        };
        if needless {
            return Err(ErrorCode::ElectionNotNeeded.into());
        }
        self.election_record(found, index, partition, election).ok_or(match election {
            Election::Preferred => ErrorCode::PreferredLeaderNotAvailable.into(),
            _ => ErrorCode::EligibleLeadersNotAvailable.into(),
        })
    }

    fn election_record(
        &self,
        topic: &TopicImage,
        index: PartitionId,
        partition: &PartitionRegistration,
        election: Election,
    ) -> Option<VersionedRecord> {
        let mut change = self.change(topic, index, partition, |node| self.serves(node, partition));
        change.election = election;
        Some(self.change_record(change.build()?))
    }

    /// Gives leadership back to first replicas that are in sync again. The flag says that more may be left to do.
    pub(crate) fn balance_leaders(&self) -> (Vec<VersionedRecord>, bool) {
        self.elect_some(self.index.imbalanced().iter(), Election::Preferred)
    }

    /// Elects leaders that may lack data for partitions without one, where the topic allows it. The flag says that
    /// more may be left to do.
    pub(crate) fn elect_unclean_leaders(&self) -> (Vec<VersionedRecord>, bool) {
        // Each has had its chance with eligible replicas when its last leader went, or when a broker came.
        let allowed = self.index.leaderless().iter().filter(|&&id| {
            self.partition(id)
                .is_some_and(|(topic, _)| self.is_unclean_election_enabled(&topic.name))
        });
        self.elect_some(allowed, Election::Unclean)
    }

    /// What is over the bound comes with the next pass: the flag asks for that soon.
    fn elect_some<'a>(
        &self,
        partitions: impl Iterator<Item = &'a TopicIdPartition>,
        election: Election,
    ) -> (Vec<VersionedRecord>, bool) {
        let records = partitions.filter_map(|&id| {
            let (topic, partition) = self.partition(id)?;
            self.election_record(topic, id.partition, partition, election)
        });
        let records: Vec<_> = records.take(ELECTIONS_PER_PASS_MAX).collect();
        let more = records.len() == ELECTIONS_PER_PASS_MAX;
        (records, more)
    }
}

fn result_of(topic: &str, partition_result: Vec<PartitionResult>) -> ReplicaElectionResult {
    ReplicaElectionResult { topic: topic.to_owned(), partition_result, ..Default::default() }
}

fn failed(partition_id: PartitionId, error: &ApiError) -> PartitionResult {
    PartitionResult {
        partition_id,
        error_code: error.code.code(),
        error_message: Some(error.text().to_owned()),
        ..Default::default()
    }
}

fn all_refused(request: &ElectLeadersRequest, error: &ApiError) -> ElectLeadersResponse {
    let topics = request.topic_partitions.iter().flatten();
    let results = topics.map(|topic| {
        result_of(
            &topic.topic,
            topic.partitions.iter().map(|&index| failed(index, error)).collect(),
        )
    });
    ElectLeadersResponse {
        error_code: error.code.code(),
        replica_election_results: results.collect(),
        ..Default::default()
    }
}
