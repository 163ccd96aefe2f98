//! The machine by golden scripts: what it is asked, what it writes, what it answers.

use std::fmt::Write as _;

use goldenscript::{ArgumentConsumer, Command};

use super::Cluster;
use crate::controller::requests::{Exchange, RequestContext};
use crate::error::ErrorCode;
use crate::raft::events::VersionedRecord;
use crate::testing::{Outcome, scripts};
use crate::types::{Millis, NodeId, Uuid};
use crate::wire::messages::allocate_producer_ids::AllocateProducerIdsRequest;
use crate::wire::messages::alter_partition::{
    AlterPartitionRequest, BrokerState, PartitionData, TopicData,
};
use crate::wire::messages::broker_heartbeat::BrokerHeartbeatRequest;
use crate::wire::messages::broker_registration::BrokerRegistrationRequest;
use crate::wire::messages::create_partitions::{
    CreatePartitionsAssignment, CreatePartitionsRequest, CreatePartitionsTopic,
};
use crate::wire::messages::create_topics::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig, CreateTopicsRequest,
};
use crate::wire::messages::delete_topics::{DeleteTopicState, DeleteTopicsRequest};
use crate::wire::messages::elect_leaders::{ElectLeadersRequest, TopicPartitions};
use crate::wire::messages::incremental_alter_configs::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequest,
};
use crate::wire::messages::unregister_broker::UnregisterBrokerRequest;
use crate::wire::messages::update_features::{FeatureUpdateKey, UpdateFeaturesRequest};
use crate::wire::stored::metadata::{MetadataRecord, PartitionChangeRecord};

/// `1,2` as a list of nodes; `-` is empty.
fn nodes(text: &str) -> Outcome<Vec<NodeId>> {
    let each = text.split(',').filter(|id| !id.is_empty() && *id != "-");
    Ok(each.map(str::parse).collect::<Result<_, _>>()?)
}

/// `1,2;2,1` as a list of assignments.
fn assignments(text: &str) -> Outcome<Vec<Vec<NodeId>>> {
    text.split(';').map(nodes).collect()
}

/// `topic:0` as a name and a number.
fn place(text: &str) -> Outcome<(String, i32)> {
    let (topic, index) = text.rsplit_once(':').ok_or("topic:partition")?;
    Ok((topic.to_owned(), index.parse()?))
}

fn show_error(code: i16, message: Option<&str>) -> String {
    let code = ErrorCode::from_code(code).expect("a known code");
    match message {
        Some(text) => format!("{code}: {text}"),
        None => code.to_string(),
    }
}

impl Cluster {
    fn name(&self, id: Uuid) -> String {
        self.machine
            .topic_by_id(id)
            .map_or_else(|| "(gone)".to_owned(), |topic| topic.name.to_string())
    }

    fn show_record(&self, record: &MetadataRecord) -> String {
        match record {
            MetadataRecord::Topic(record) => format!("topic {}", record.name),
            MetadataRecord::Partition(record) => format!(
                "partition {}:{} replicas={:?} isr={:?} leader={}",
                self.name(record.topic_id),
                record.partition_id,
                record.replicas,
                record.isr,
                record.leader
            ),
            MetadataRecord::PartitionChange(record) => self.show_change(record),
            MetadataRecord::RegisterBroker(record) => {
                format!(
                    "register {} epoch={} fenced={}",
                    record.broker_id, record.broker_epoch, record.fenced
                )
            }
            MetadataRecord::BrokerRegistrationChange(record) => {
                let fenced = match record.fenced {
                    1 => " fenced",
                    -1 => " unfenced",
                    _ => "",
                };
                let leaving =
                    if record.in_controlled_shutdown == 1 { " in controlled shutdown" } else { "" };
                let dirs = if record.log_dirs.is_empty() {
                    String::new()
                } else {
                    format!(" dirs={}", record.log_dirs.len())
                };
                format!("broker {}{fenced}{leaving}{dirs}", record.broker_id)
            }
            MetadataRecord::UnregisterBroker(record) => format!("unregister {}", record.broker_id),
            MetadataRecord::RemoveTopic(_) => "remove topic".to_owned(),
            MetadataRecord::Config(record) => {
                format!(
                    "config {}:{:?} {}={:?}",
                    record.resource_type, record.resource_name, record.name, record.value
                )
            }
            MetadataRecord::FeatureLevel(record) => {
                format!("feature {}={}", record.name, record.feature_level)
            }
            MetadataRecord::ProducerIds(record) => {
                format!("producer ids next={}", record.next_producer_id)
            }
            MetadataRecord::ClearElr(record) => format!("clear elr {:?}", record.topic_name),
            MetadataRecord::BeginTransaction(record) => format!("begin {:?}", record.name),
            MetadataRecord::EndTransaction(_) => "end".to_owned(),
            MetadataRecord::AbortTransaction(record) => format!("abort {:?}", record.reason),
            other => format!("{other:?}"),
        }
    }

    fn show_change(&self, record: &PartitionChangeRecord) -> String {
        let mut text = format!("change {}:{}", self.name(record.topic_id), record.partition_id);
        let lists = [
            ("isr", &record.isr),
            ("elr", &record.eligible_leader_replicas),
            ("last", &record.last_known_elr),
            ("replicas", &record.replicas),
        ];
        for (name, list) in lists {
            if let Some(list) = list {
                let _ = write!(text, " {name}={list:?}");
            }
        }
        if record.leader != -2 {
            let _ = write!(text, " leader={}", record.leader);
        }
        if record.leader_recovery_state >= 0 {
            let _ = write!(text, " recovery={}", record.leader_recovery_state);
        }
        text
    }

    fn show_records(&self, records: &[VersionedRecord]) -> String {
        records
            .iter()
            .fold(String::new(), |text, (record, _)| text + "  " + &self.show_record(record) + "\n")
    }

    fn ask<E: Exchange>(&mut self, request: E, version: i16) -> (String, E::Reply) {
        let request = request.into_request();
        let context = RequestContext { version, ..Default::default() };
        let decision = self.machine.decide(&request, &context, self.now);
        // Shown between the two, or a topic that goes would have no name, and one that comes neither.
        let creates =
            decision.records.iter().any(|(record, _)| matches!(record, MetadataRecord::Topic(_)));
        let before = self.show_records(&decision.records);
        self.take(decision.records.clone());
        let text = if creates { self.show_records(&decision.records) } else { before };
        (text, E::from_reply(decision.reply).expect("the answer to this request"))
    }

    fn run_create(&mut self, mut args: ArgumentConsumer<'_>) -> Outcome<String> {
        let mut topic =
            CreatableTopic { num_partitions: -1, replication_factor: -1, ..Default::default() };
        topic.num_partitions = args.lookup_parse("partitions")?.unwrap_or(-1);
        topic.replication_factor = args.lookup_parse("factor")?.unwrap_or(-1);
        if let Some(text) = args.lookup_parse::<String>("assign")? {
            let assignment = |(index, broker_ids)| CreatableReplicaAssignment {
                partition_index: index,
                broker_ids,
                ..Default::default()
            };
            topic.assignments = (0..).zip(assignments(&text)?).map(assignment).collect();
        }
        if let Some(text) = args.lookup_parse::<String>("config")? {
            let (name, value) = text.split_once('=').unwrap_or((&text, ""));
            let value = (!value.is_empty()).then(|| value.to_owned());
            topic.configs =
                vec![CreatableTopicConfig { name: name.to_owned(), value, ..Default::default() }];
        }
        let validate_only = args.lookup_parse("validate")?.unwrap_or(false);
        let topics = args
            .rest_pos()
            .into_iter()
            .map(|name| CreatableTopic { name: name.value.clone(), ..topic.clone() });
        let request =
            CreateTopicsRequest { topics: topics.collect(), validate_only, ..Default::default() };
        let (mut text, reply) = self.ask(request, 7);
        for result in reply.topics {
            let error = show_error(result.error_code, result.error_message.as_deref());
            let _ = writeln!(
                text,
                "{} {error} {}x{}",
                result.name, result.num_partitions, result.replication_factor
            );
        }
        Ok(text)
    }

    fn run_grow(&mut self, mut args: ArgumentConsumer<'_>) -> Outcome<String> {
        let count = args.lookup_parse("count")?.unwrap_or(1);
        let assigned = args.lookup_parse::<String>("assign")?;
        let assigned = assigned.map(|text| assignments(&text)).transpose()?.map(|lists| {
            let assignment =
                |broker_ids| CreatePartitionsAssignment { broker_ids, ..Default::default() };
            lists.into_iter().map(assignment).collect::<Vec<_>>()
        });
        let names = args.rest_pos();
        let topic = |name: &&goldenscript::Argument| CreatePartitionsTopic {
            name: name.value.clone(),
            count,
            assignments: assigned.clone(),
            ..Default::default()
        };
        let topics = names.iter().map(topic).collect();
        let (mut text, reply) =
            self.ask(CreatePartitionsRequest { topics, ..Default::default() }, 3);
        for result in reply.results {
            let _ = writeln!(
                text,
                "{} {}",
                result.name,
                show_error(result.error_code, result.error_message.as_deref())
            );
        }
        Ok(text)
    }

    fn run_delete(&mut self, mut args: ArgumentConsumer<'_>) -> Outcome<String> {
        let by_id: Option<String> = args.lookup_parse("id_of")?;
        let mut topics: Vec<DeleteTopicState> = args
            .rest_pos()
            .iter()
            .map(|name| DeleteTopicState { name: Some(name.value.clone()), ..Default::default() })
            .collect();
        if let Some(name) = by_id {
            let topic_id = self.machine.topic(&name).map_or(Uuid::ONE, |topic| topic.id);
            topics.push(DeleteTopicState { topic_id, ..Default::default() });
        }
        let (mut text, reply) = self.ask(DeleteTopicsRequest { topics, ..Default::default() }, 6);
        for result in reply.responses {
            let error = show_error(result.error_code, result.error_message.as_deref());
            let _ = writeln!(text, "{} {error}", result.name.as_deref().unwrap_or("(by id)"));
        }
        Ok(text)
    }

    fn run_broker(&mut self, name: &str, mut args: ArgumentConsumer<'_>) -> Outcome<String> {
        let id: NodeId = args.next_pos().ok_or("a broker")?.parse()?;
        match name {
            "register" => {
                let incarnation = args.lookup_parse("incarnation")?.unwrap_or(1);
                let previous = args.lookup_parse("previous")?.unwrap_or(-1);
                let rack = args.lookup_parse("rack")?;
                let request =
                    BrokerRegistrationRequest { rack, ..self.register(id, incarnation, previous) };
                let (text, reply) = self.ask(request, 4);
                let error = show_error(reply.error_code, None);
                Ok(format!("{text}{error} epoch={}\n", reply.broker_epoch))
            }
            "heartbeat" => {
                let directory = args.lookup_parse("offline")?.unwrap_or(false);
                let byte = u8::try_from(id)?;
                let request = BrokerHeartbeatRequest {
                    broker_id: id,
                    broker_epoch: args.lookup_parse("epoch")?.unwrap_or(self.epoch(id)),
                    current_metadata_offset: args
                        .lookup_parse("offset")?
                        .unwrap_or(self.machine.next_offset - 1),
                    want_fence: args.lookup_parse("fence")?.unwrap_or(false),
                    want_shut_down: args.lookup_parse("shutdown")?.unwrap_or(false),
                    offline_log_dirs: directory
                        .then(|| Uuid::from_bytes([byte + 200; 16]))
                        .into_iter()
                        .collect(),
                    ..Default::default()
                };
                let (text, reply) = self.ask(request, 2);
                let error = show_error(reply.error_code, None);
                Ok(format!(
                    "{text}{error} caught_up={} fenced={} stop={}\n",
                    reply.is_caught_up, reply.is_fenced, reply.should_shut_down
                ))
            }
            "unregister" => {
                let (text, reply) =
                    self.ask(UnregisterBrokerRequest { broker_id: id, ..Default::default() }, 0);
                Ok(format!(
                    "{text}{}\n",
                    show_error(reply.error_code, reply.error_message.as_deref())
                ))
            }
            _ => {
                let broker_epoch = self.epoch(id);
                let request = AllocateProducerIdsRequest {
                    broker_id: id,
                    broker_epoch,
                    ..Default::default()
                };
                let (text, reply) = self.ask(request, 0);
                let error = show_error(reply.error_code, None);
                Ok(format!("{text}{error} {}+{}\n", reply.producer_id_start, reply.producer_id_len))
            }
        }
    }

    fn run_elect(&mut self, mut args: ArgumentConsumer<'_>) -> Outcome<String> {
        let election_type = args.lookup_parse("kind")?.unwrap_or(0);
        let mut topics = Vec::new();
        for argument in args.rest_pos() {
            let (topic, index) = place(&argument.value)?;
            topics.push(TopicPartitions { topic, partitions: vec![index], ..Default::default() });
        }
        let topic_partitions = (!topics.is_empty()).then_some(topics);
        let (mut text, reply) = self
            .ask(ElectLeadersRequest { election_type, topic_partitions, ..Default::default() }, 2);
        if reply.error_code != 0 {
            let _ = writeln!(text, "{}", show_error(reply.error_code, None));
        }
        for result in reply.replica_election_results {
            for partition in result.partition_result {
                let error = show_error(partition.error_code, partition.error_message.as_deref());
                let _ = writeln!(text, "{}:{} {error}", result.topic, partition.partition_id);
            }
        }
        Ok(text)
    }

    /// `isr topic:0 1,2 [from=] [leader_epoch=] [partition_epoch=] [recovery=]`
    fn run_isr(&mut self, mut args: ArgumentConsumer<'_>) -> Outcome<String> {
        let (topic, index) = place(&args.next_pos().ok_or("a partition")?.value)?;
        let isr = nodes(&args.next_pos().ok_or("a set")?.value)?;
        let found = self.machine.topic(&topic).ok_or("a topic")?.clone();
        let partition = found.partition(index).ok_or("a partition")?;
        let from = args.lookup_parse("from")?.unwrap_or(partition.leader);
        let states = isr.iter().map(|&broker_id| BrokerState {
            broker_id,
            broker_epoch: self.epoch(broker_id),
            ..Default::default()
        });
        let data = PartitionData {
            partition_index: index,
            leader_epoch: args.lookup_parse("leader_epoch")?.unwrap_or(partition.leader_epoch),
            partition_epoch: args
                .lookup_parse("partition_epoch")?
                .unwrap_or(partition.partition_epoch),
            leader_recovery_state: args.lookup_parse("recovery")?.unwrap_or(0),
            new_isr_with_epochs: states.collect(),
            ..Default::default()
        };
        let request = AlterPartitionRequest {
            broker_id: from,
            broker_epoch: self.epoch(from),
            topics: vec![TopicData {
                topic_id: found.id,
                partitions: vec![data],
                ..Default::default()
            }],
            ..Default::default()
        };
        let (text, reply) = self.ask(request, 3);
        let answer = reply.topics.first().and_then(|topic| topic.partitions.first());
        Ok(match answer {
            Some(answer) => {
                format!("{text}{} isr={:?}\n", show_error(answer.error_code, None), answer.isr)
            }
            None => format!("{text}{}\n", show_error(reply.error_code, None)),
        })
    }

    fn run_feature(&mut self, mut args: ArgumentConsumer<'_>) -> Outcome<String> {
        let upgrade_type = args.lookup_parse("type")?.unwrap_or(1);
        let feature = args.next_pos().ok_or("a feature")?.value.clone();
        let max_version_level = args.next_pos().ok_or("a level")?.parse()?;
        let update =
            FeatureUpdateKey { feature, max_version_level, upgrade_type, ..Default::default() };
        let (text, reply) = self
            .ask(UpdateFeaturesRequest { feature_updates: vec![update], ..Default::default() }, 2);
        Ok(format!("{text}{}\n", show_error(reply.error_code, reply.error_message.as_deref())))
    }

    /// `set kind name key=value`: no value deletes.
    fn run_set(&mut self, mut args: ArgumentConsumer<'_>) -> Outcome<String> {
        let resource_type = args.next_pos().ok_or("a kind")?.parse()?;
        let resource_name = args.next_pos().ok_or("a name")?.value.clone();
        let setting = args.next_pos().ok_or("a setting")?.value.clone();
        let (name, value) =
            setting.split_once('=').map_or((&*setting, None), |(name, value)| (name, Some(value)));
        let config = AlterableConfig {
            name: name.to_owned(),
            config_operation: i8::from(value.is_none()),
            value: value.map(str::to_owned),
            ..Default::default()
        };
        let resource = AlterConfigsResource {
            resource_type,
            resource_name,
            configs: vec![config],
            ..Default::default()
        };
        let request =
            IncrementalAlterConfigsRequest { resources: vec![resource], ..Default::default() };
        let (mut text, reply) = self.ask(request, 1);
        for result in reply.responses {
            let _ = writeln!(
                text,
                "{}",
                show_error(result.error_code, result.error_message.as_deref())
            );
        }
        Ok(text)
    }

    pub(super) fn due(&mut self) -> String {
        let mut text = String::new();
        while let Some(records) = self.machine.due(self.now) {
            text += &self.show_records(&records);
            self.take(records);
        }
        text
    }

    fn describe(&self) -> String {
        let mut text = String::new();
        for topic in self.machine.image().topics.iter() {
            for (index, partition) in topic.partitions.iter() {
                let _ = write!(
                    text,
                    "{}:{index} leader={} replicas={:?} isr={:?}",
                    topic.name, partition.leader, partition.replicas, partition.isr
                );
                if !partition.elr.is_empty() || !partition.last_known_elr.is_empty() {
                    let _ = write!(
                        text,
                        " elr={:?} last={:?}",
                        partition.elr, partition.last_known_elr
                    );
                }
                let _ = writeln!(
                    text,
                    " epochs={},{}",
                    partition.leader_epoch, partition.partition_epoch
                );
            }
        }
        text
    }
}

impl goldenscript::Runner for Cluster {
    fn run(&mut self, command: &Command) -> Outcome<String> {
        let mut args = command.consume_args();
        match command.name.as_str() {
            "activate" => {
                let elr = args.lookup_parse("elr")?.unwrap_or(true);
                let records = self.activate(elr);
                Ok(self.show_records(&records))
            }
            "advance" => {
                self.now += args.next_pos().ok_or("milliseconds")?.parse::<Millis>()?;
                Ok(String::new())
            }
            "due" => Ok(self.due()),
            "describe" => Ok(self.describe()),
            "create" => self.run_create(args),
            "grow" => self.run_grow(args),
            "delete" => self.run_delete(args),
            "elect" => self.run_elect(args),
            "isr" => self.run_isr(args),
            "feature" => self.run_feature(args),
            "set" => self.run_set(args),
            name @ ("register" | "heartbeat" | "unregister" | "ids") => self.run_broker(name, args),
            other => Err(format!("unknown command {other}").into()),
        }
    }
}

scripts! {
    "controller/tests/scripts", Cluster::new(1);
    a_broker_comes_and_goes topics leaders leaders_without_elr configs features
}
