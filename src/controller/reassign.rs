//! Reassignments that somebody asks for: new replicas beside the old ones until they are in sync, or back to what was
//! (KIP-455). Never moves data, and never ends a reassignment: `elections` does, once the new replicas are in sync.
//!
//! ```text
//! replicas [1 2 3] → [3 4 5]:   replicas [3 4 5 1 2]  adding [4 5]  removing [1 2]     until 3, 4 and 5 are in sync
//! ```
//!
//! Nobody waits for the end of a reassignment: it is a state of the partition, in its record, and so outlives the
//! controller that began it. To ask for another target meanwhile is to set out anew from where things are.

use crate::controller::elections::{Change, Election};
use crate::controller::machine::Machine;
use crate::controller::requests::Decision;
use crate::error::{ApiError, ErrorCode};
use crate::metadata::topics::{PartitionRegistration, TopicImage};
use crate::raft::events::VersionedRecord;
use crate::types::NodeId;
use crate::wire::messages::alter_partition_reassignments::{
    AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse, ReassignablePartition,
    ReassignablePartitionResponse, ReassignableTopicResponse,
};

impl Machine {
    /// Begins or cancels reassignments; each partition has its own result.
    pub(crate) fn alter_partition_reassignments(
        &self,
        request: &AlterPartitionReassignmentsRequest,
    ) -> Decision<AlterPartitionReassignmentsResponse> {
        let allows_factor = request.allow_replication_factor_change;
        let mut records = Vec::new();
        let mut responses = Vec::new();
        for topic in &request.topics {
            let found = self.topic(&topic.name);
            let each = topic.partitions.iter().map(|wanted| {
                let outcome = match found {
                    Some(found) => self.reassign(found, wanted, allows_factor),
                    None => Err(unknown()),
                };
                let outcome = outcome.map(|record| records.extend(record));
                result_of(wanted.partition_index, outcome)
            });
            let partitions = each.collect();
            let name = topic.name.clone();
            responses.push(ReassignableTopicResponse { name, partitions, ..Default::default() });
        }
        Decision::of(
            records,
            AlterPartitionReassignmentsResponse {
                allow_replication_factor_change: allows_factor,
                error_message: None,
                responses,
                ..Default::default()
            },
        )
    }

    /// The record that begins, changes or cancels one reassignment; none where nothing changes.
    fn reassign(
        &self,
        topic: &TopicImage,
        wanted: &ReassignablePartition,
        allows_factor: bool,
    ) -> Result<Option<VersionedRecord>, ApiError> {
        let index = wanted.partition_index;
        let partition = topic.partition(index).ok_or_else(unknown)?;
        if let Some(target) = &wanted.replicas {
            self.check_assignment(target, None)?;
            check_factor(partition, target, allows_factor)?;
        }
        let mut change = self.change(topic, index, partition, |node| self.serves(node, partition));
        match &wanted.replicas {
            Some(target) => begin(&mut change, partition, target),
            None => self.cancel(&mut change, &topic.name, partition)?,
        }
        Ok(change.build().map(|record| self.change_record(record)))
    }

    /// Takes away what a reassignment added.
    fn cancel(
        &self,
        change: &mut Change<'_>,
        topic: &str,
        partition: &PartitionRegistration,
    ) -> Result<(), ApiError> {
        if !partition.is_reassigning() {
            return Err(ErrorCode::NoReassignmentInProgress.into());
        }
        let old = |list: &[NodeId]| without(list, &partition.adding_replicas);
        change.isr = old(&partition.isr);
        change.replicas = old(&partition.replicas);
        if change.isr.is_empty() {
            // None of the replicas that stay is in sync.
            // Somebody must be in the set, or nobody could ever lead: the first, whatever it lacks.
            change.isr = change.replicas.first().copied().into_iter().collect();
            if !self.is_unclean_election_enabled(topic) {
                return Err(ApiError::new(
                    ErrorCode::InvalidReplicaAssignment,
                    "The reassignment cannot be cancelled: no replica of before is in sync.",
                ));
            }
            change.election = Election::Unclean;
        }
        change.adding.clear();
        change.removing.clear();
        Ok(())
    }
}

/// Sets out for `target`: until it is reached, the replicas that go stay behind those that come.
fn begin(change: &mut Change<'_>, partition: &PartitionRegistration, target: &[NodeId]) {
    let mut removing = without(&partition.replicas, target);
    removing.sort_unstable();
    let mut adding = without(target, &partition.replicas);
    adding.sort_unstable();
    change.replicas = [target, &removing].concat();
    debug_assert!(
        without(&partition.replicas, &change.replicas).is_empty(),
        "a replica goes before those that come have its data: {:?} of {:?}",
        change.replicas,
        partition.replicas
    );
    change.adding = adding;
    change.removing = removing;
}

fn without(list: &[NodeId], those: &[NodeId]) -> Vec<NodeId> {
    list.iter().copied().filter(|node| !those.contains(node)).collect()
}

/// A partition in the middle of a reassignment has as many replicas as it is to have.
fn check_factor(
    partition: &PartitionRegistration,
    target: &[NodeId],
    allows_factor: bool,
) -> Result<(), ApiError> {
    let current = without(&partition.replicas, &partition.removing_replicas).len();
    if allows_factor || current == target.len() {
        return Ok(());
    }
    let text = format!("The replication factor is changed from {current} to {}", target.len());
    Err(ApiError::new(ErrorCode::InvalidReplicationFactor, text))
}

fn unknown() -> ApiError {
    ApiError::new(ErrorCode::UnknownTopicOrPartition, ErrorCode::UnknownTopicOrPartition.message())
}

fn result_of(partition_index: i32, outcome: Result<(), ApiError>) -> ReassignablePartitionResponse {
    let (code, error_message) = match outcome {
        Ok(()) => (ErrorCode::None, None),
        Err(error) => (error.code, Some(error.text().to_owned())),
    };
    ReassignablePartitionResponse {
        partition_index,
        error_code: code.code(),
        error_message,
        ..Default::default()
    }
}
