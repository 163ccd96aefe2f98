//! A partition's leader proposes a new in-sync set (KIP-497, KIP-903). Accepted only from the leader the controller
//! knows, at the epochs it knows, and with brokers that serve.
//!
//! Two epochs guard the proposal: the leader's (is it still the leader?) and the partition's, which counts changes of
//! any kind (has something changed that the leader does not know of?). A broker that restarted meanwhile is told apart
//! by its own epoch (KIP-903): it might have lost what made it count as in sync.
//!
//! What a leader does with the answer: with a new state it goes on from there; FENCED_LEADER_EPOCH, NEW_LEADER_ELECTED,
//! UNKNOWN_TOPIC_ID and UNKNOWN_TOPIC_OR_PARTITION tell it to wait for the metadata, which says otherwise by now;
//! INVALID_UPDATE_VERSION, INELIGIBLE_REPLICA and NOT_CONTROLLER to propose again when it knows more.

use crate::controller::elections::Election;
use crate::controller::machine::Machine;
use crate::controller::requests::Decision;
use crate::error::ErrorCode;
use crate::metadata::delta::{NO_LEADER_CHANGE, merge};
use crate::metadata::topics::{LeaderRecoveryState, PartitionRegistration, TopicImage};
use crate::raft::events::VersionedRecord;
use crate::types::NodeId;
use crate::wire::messages::alter_partition::{
    AlterPartitionRequest, AlterPartitionResponse, BrokerState, PartitionData,
    PartitionDataResponse, TopicData, TopicDataResponse,
};

/// Any incarnation of the broker will do.
const ANY_EPOCH: i64 = -1;

impl Machine {
    /// Takes new in-sync sets from leaders; each partition has its own result.
    pub(crate) fn alter_partition(
        &self,
        request: &AlterPartitionRequest,
        version: i16,
    ) -> Decision<AlterPartitionResponse> {
        if let Err(error) = self.check_broker_epoch(request.broker_id, request.broker_epoch) {
            let error_code = error.code.code();
            return Decision::reply(AlterPartitionResponse { error_code, ..Default::default() });
        }
        let mut records = Vec::new();
        let topics = request
            .topics
            .iter()
            .map(|data| self.alter_topic(request.broker_id, data, version, &mut records));
        let topics = topics.collect();
        Decision::of(records, AlterPartitionResponse { topics, ..Default::default() })
    }

    fn alter_topic(
        &self,
        leader: NodeId,
        data: &TopicData,
        version: i16,
        records: &mut Vec<VersionedRecord>,
    ) -> TopicDataResponse {
        let topic = self.topic_by_id(data.topic_id);
        let partitions = data.partitions.iter().map(|wanted| {
            let isr = proposed(wanted, version);
            let altered = match topic {
                Some(topic) => self.alter(leader, topic, wanted, &isr, records),
                None => Err(ErrorCode::UnknownTopicId),
            };
            altered.unwrap_or_else(|code| PartitionDataResponse {
                partition_index: wanted.partition_index,
                error_code: code.code(),
                ..Default::default()
            })
        });
        let partitions = partitions.collect();
        TopicDataResponse { topic_id: data.topic_id, partitions, ..Default::default() }
    }

    fn alter(
        &self,
        leader: NodeId,
        topic: &TopicImage,
        wanted: &PartitionData,
        isr: &[BrokerState],
        records: &mut Vec<VersionedRecord>,
    ) -> Result<PartitionDataResponse, ErrorCode> {
        let index = wanted.partition_index;
        let partition = topic.partition(index).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        self.check_alteration(leader, partition, wanted, isr)?;
        let mut change = self.change(topic, index, partition, |node| self.serves(node, partition));
        if self.is_unclean_election_enabled(&topic.name) {
            change.election = Election::Unclean;
        }
        change.isr = isr.iter().map(|state| state.broker_id).collect();
        change.recovery = recovery(wanted)?;
        let Some(record) = change.build() else { return Ok(answer(index, partition)) };
        // The answer is the state that the record will make, since it is not applied yet.
        let mut after = partition.clone();
        merge(&mut after, &record).map_err(|error| error.code())?;
        let elected = record.leader;
        records.push(self.change_record(record));
        if elected != leader && elected != NO_LEADER_CHANGE {
            // The change ended a reassignment that leaves the leader out: it must learn the new one first.
            return Err(ErrorCode::NewLeaderElected);
        }
        Ok(answer(index, &after))
    }

    fn check_alteration(
        &self,
        leader: NodeId,
        partition: &PartitionRegistration,
        wanted: &PartitionData,
        isr: &[BrokerState],
    ) -> Result<(), ErrorCode> {
        if wanted.leader_epoch > partition.leader_epoch
            || wanted.partition_epoch > partition.partition_epoch
        {
            // The leader knows more than we do: there must be a newer controller.
            return Err(ErrorCode::NotController);
        }
        if wanted.leader_epoch < partition.leader_epoch {
            return Err(ErrorCode::FencedLeaderEpoch);
        }
        if leader != partition.leader {
            return Err(ErrorCode::InvalidRequest);
        }
        if wanted.partition_epoch < partition.partition_epoch {
            return Err(ErrorCode::InvalidUpdateVersion);
        }
        let mut members: Vec<NodeId> = isr.iter().map(|state| state.broker_id).collect();
        members.sort_unstable();
        let distinct = members.windows(2).all(|pair| pair.first() != pair.last());
        let replicas_only = members.iter().all(|node| partition.replicas.contains(node));
        if members.is_empty() || !distinct || !replicas_only || !members.contains(&partition.leader)
        {
            return Err(ErrorCode::InvalidRequest);
        }
        // After an unclean election the leader is alone until it has said that it has put its log in order.
        let recovering = recovery(wanted)? == LeaderRecoveryState::Recovering;
        let recovered = partition.leader_recovery_state == LeaderRecoveryState::Recovered;
        if recovering && (members.len() > 1 || recovered) {
            return Err(ErrorCode::InvalidRequest);
        }
        match isr.iter().all(|state| self.is_eligible(state)) {
            true => Ok(()),
            false => Err(ErrorCode::IneligibleReplica),
        }
    }

    /// Whether a broker may count as in sync: it serves, and is in the life in which it caught up.
    fn is_eligible(&self, state: &BrokerState) -> bool {
        let same = |epoch: i64| state.broker_epoch == ANY_EPOCH || state.broker_epoch == epoch;
        self.is_active(state.broker_id)
            && self.broker(state.broker_id).is_some_and(|broker| same(broker.epoch))
    }
}

/// The proposed set; before version 3 it names no incarnations.
fn proposed(wanted: &PartitionData, version: i16) -> Vec<BrokerState> {
    if version >= 3 {
        return wanted.new_isr_with_epochs.clone();
    }
    let state =
        |&broker_id| BrokerState { broker_id, broker_epoch: ANY_EPOCH, ..Default::default() };
    wanted.new_isr.iter().map(state).collect()
}

fn recovery(wanted: &PartitionData) -> Result<LeaderRecoveryState, ErrorCode> {
    LeaderRecoveryState::from_code(wanted.leader_recovery_state).ok_or(ErrorCode::InvalidRequest)
}

fn answer(partition_index: i32, partition: &PartitionRegistration) -> PartitionDataResponse {
    PartitionDataResponse {
        partition_index,
        leader_id: partition.leader,
        leader_epoch: partition.leader_epoch,
        isr: partition.isr.clone(),
        leader_recovery_state: partition.leader_recovery_state.code(),
        partition_epoch: partition.partition_epoch,
        ..Default::default()
    }
}
