//! The machine by random histories: what must hold whatever happens.

use std::collections::BTreeSet;

use super::{Cluster, settings};
use crate::controller::index::Index;
use crate::controller::machine::Machine;
use crate::controller::requests::Exchange;
use crate::error::ErrorCode;
use crate::metadata::Image;
use crate::random::Random;
use crate::types::{Millis, NodeId, TopicIdPartition};
use crate::wire::messages::alter_partition::{AlterPartitionRequest, PartitionData, TopicData};
use crate::wire::messages::broker_heartbeat::BrokerHeartbeatRequest;
use crate::wire::messages::create_partitions::{CreatePartitionsRequest, CreatePartitionsTopic};
use crate::wire::messages::create_topics::{CreatableTopic, CreateTopicsRequest};
use crate::wire::messages::delete_topics::DeleteTopicsRequest;
use crate::wire::messages::elect_leaders::ElectLeadersRequest;
use crate::wire::messages::incremental_alter_configs::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequest,
};
use crate::wire::messages::unregister_broker::UnregisterBrokerRequest;

#[test]
fn ten_thousand_partitions_are_one_request() {
    let mut cluster = Cluster::new(1);
    cluster.activate(true);
    let request = cluster.register(1, 1, -1);
    cluster.decide(request.into_request(), 4);
    let beat = BrokerHeartbeatRequest {
        broker_id: 1,
        broker_epoch: cluster.epoch(1),
        current_metadata_offset: cluster.machine.next_offset,
        ..Default::default()
    };
    cluster.decide(beat.into_request(), 2);
    let topic = |num_partitions| CreatableTopic {
        name: "big".to_owned(),
        num_partitions,
        replication_factor: 1,
        ..Default::default()
    };
    let too_many = CreateTopicsRequest { topics: vec![topic(10_001)], ..Default::default() };
    assert!(cluster.decide(too_many.into_request(), 7).records.is_empty());
    let request = CreateTopicsRequest { topics: vec![topic(10_000)], ..Default::default() };
    let decision = cluster.decide(request.into_request(), 7);
    assert!(decision.atomic);
    assert_eq!(decision.records.len(), 10_001);
    let grown = CreatePartitionsTopic {
        name: "big".to_owned(),
        count: i32::MAX,
        assignments: None,
        ..Default::default()
    };
    let request = CreatePartitionsRequest { topics: vec![grown], ..Default::default() };
    let decision = cluster.decide(request.into_request(), 3);
    assert!(decision.records.is_empty());
    let Some(reply) = CreatePartitionsRequest::from_reply(decision.reply) else {
        panic!("another answer")
    };
    assert_eq!(reply.results[0].error_code, ErrorCode::PolicyViolation.code());
}

/// What must hold after every step.
fn check(cluster: &Cluster, before: &Image) {
    let machine = &cluster.machine;
    let mut index = Index::default();
    for topic in machine.image().topics.iter() {
        for (partition, state) in topic.partitions.iter() {
            let id = TopicIdPartition { topic_id: topic.id, partition };
            index.update(id, None, Some(state));
            let isr: BTreeSet<_> = state.isr.iter().collect();
            let elr: BTreeSet<_> = state.elr.iter().collect();
            assert_eq!(isr.len(), state.isr.len(), "nobody is in sync twice: {state:?}");
            assert!(
                state.isr.iter().chain(&state.elr).all(|node| state.is_replica(*node)),
                "{state:?}"
            );
            assert!(isr.is_disjoint(&elr), "in sync or eligible, not both: {state:?}");
            if state.leader != -1 {
                assert!(state.is_in_sync(state.leader), "the leader is in sync: {state:?}");
                assert!(machine.is_active(state.leader), "the leader serves: {state:?}");
            }
            assert_eq!(state.directories.len(), state.replicas.len(), "{state:?}");
            let Some(former) = before.topics.partition_by_id(topic.id, partition) else { continue };
            assert!(
                state.leader_epoch >= former.leader_epoch
                    && state.partition_epoch >= former.partition_epoch
            );
            assert!(
                state.leader == former.leader || state.leader_epoch > former.leader_epoch,
                "{former:?} {state:?}"
            );
            assert!(
                state == former || state.partition_epoch > former.partition_epoch,
                "{former:?} {state:?}"
            );
        }
    }
    assert_eq!(index, machine.index, "the index follows from the partitions");
}

/// One random thing that happens.
fn happen(cluster: &mut Cluster, random: &mut Random) {
    let id = random.below(4) as NodeId + 1;
    let topic = format!("t{}", random.below(3));
    match random.below(14) {
        0 => {
            let clean = if random.below(2) == 0 { cluster.epoch(id) } else { -1 };
            let request = cluster.register(id, random.below(250) as u8, clean);
            cluster.decide(request.into_request(), 4);
        }
        1..=5 => {
            let request = BrokerHeartbeatRequest {
                broker_id: id,
                broker_epoch: cluster.epoch(id),
                current_metadata_offset: cluster.machine.next_offset - random.below(3) as i64,
                want_fence: random.below(8) == 0,
                want_shut_down: random.below(8) == 0,
                ..Default::default()
            };
            cluster.decide(request.into_request(), 2);
        }
        6 => {
            cluster.now += random.below(8_000) as Millis;
            cluster.due();
        }
        7 => {
            let topic = CreatableTopic {
                name: topic,
                num_partitions: random.below(5) as i32,
                replication_factor: random.below(4) as i16,
                ..Default::default()
            };
            cluster.decide(
                CreateTopicsRequest { topics: vec![topic], ..Default::default() }.into_request(),
                7,
            );
        }
        8 if random.below(4) == 0 => {
            let request = DeleteTopicsRequest { topic_names: vec![topic], ..Default::default() };
            cluster.decide(request.into_request(), 5);
        }
        9 => {
            let election_type = random.below(2) as i8;
            let request =
                ElectLeadersRequest { election_type, topic_partitions: None, ..Default::default() };
            cluster.decide(request.into_request(), 2);
        }
        10 if random.below(6) == 0 => {
            let request = UnregisterBrokerRequest { broker_id: id, ..Default::default() };
            cluster.decide(request.into_request(), 0);
        }
        11 => {
            let topics = vec![CreatePartitionsTopic {
                name: topic,
                count: random.below(8) as i32,
                ..Default::default()
            }];
            let topics = topics
                .into_iter()
                .map(|topic| CreatePartitionsTopic { assignments: None, ..topic })
                .collect();
            cluster
                .decide(CreatePartitionsRequest { topics, ..Default::default() }.into_request(), 3);
        }
        12 => set_min_insync_replicas(cluster, topic, 1 + random.below(3)),
        _ => propose_isr(cluster, random, &topic),
    }
}

fn set_min_insync_replicas(cluster: &mut Cluster, resource_name: String, count: usize) {
    let config = AlterableConfig {
        name: "min.insync.replicas".to_owned(),
        value: Some(count.to_string()),
        ..Default::default()
    };
    let resource = AlterConfigsResource {
        resource_type: 2,
        resource_name,
        configs: vec![config],
        ..Default::default()
    };
    let request =
        IncrementalAlterConfigsRequest { resources: vec![resource], ..Default::default() };
    cluster.decide(request.into_request(), 1);
}

fn propose_isr(cluster: &mut Cluster, random: &mut Random, topic: &str) {
    let Some(topic) = cluster.machine.topic(topic).cloned() else { return };
    let Some(partition) = topic.partition(0) else { return };
    let mut isr: Vec<NodeId> = partition.replicas.clone();
    isr.retain(|&node| node == partition.leader || random.below(2) == 0);
    let data = PartitionData {
        leader_epoch: partition.leader_epoch,
        partition_epoch: partition.partition_epoch - random.below(2) as i32,
        new_isr: isr,
        ..Default::default()
    };
    let request = AlterPartitionRequest {
        broker_id: partition.leader,
        broker_epoch: cluster.epoch(partition.leader),
        topics: vec![TopicData {
            topic_id: topic.id,
            partitions: vec![data],
            ..Default::default()
        }],
        ..Default::default()
    };
    cluster.decide(request.into_request(), 2);
}

#[test]
fn invariants_hold_over_random_histories() {
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let mut cluster = Cluster::new(seed);
        cluster.activate(seed % 3 != 0);
        for _ in 0..300 {
            let before = cluster.machine.image().clone();
            happen(&mut cluster, &mut random);
            check(&cluster, &before);
        }
        let mut replayed = Machine::new(settings(), Image::default(), 0, 0);
        for (offset, record) in (0..).zip(&cluster.log) {
            replayed.apply(offset, record, 0).expect("the record fits");
        }
        assert_eq!(
            replayed.image(),
            cluster.machine.image(),
            "seed {seed}: what is written is all there is"
        );
    }
}
