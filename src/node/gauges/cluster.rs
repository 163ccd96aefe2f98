//! The cluster as its metadata has it: what a controller tells of, and what dashboards of consumers' lag begin with.

use super::{Table, by, flag};
use crate::metadata::Image;
use crate::metrics::Family;
use crate::partition::table::PartitionTable;
use crate::raft::Quorum;
use crate::types::{NodeId, TopicIdPartition};

/// Kafka's series of the controller; of an inactive one, what it knows.
pub(super) fn controller(image: &Image, quorum: &Quorum, node_id: NodeId) -> Vec<Family> {
    let leads = quorum.leader_and_epoch().leader_id == Some(node_id);
    let partitions = || image.topics.iter().flat_map(|topic| topic.partitions.iter());
    let brokers = || image.cluster.brokers.values();
    let imbalanced = |(_, partition): &(_, &crate::metadata::topics::PartitionRegistration)| {
        partition.leader != partition.preferred_replica()
    };
    let rows = [
        ("activecontrollercount", "1 on the active controller.", flag(leads)),
        ("globaltopiccount", "Topics of the cluster.", image.topics.len() as f64),
        ("globalpartitioncount", "Partitions of the cluster.", partitions().count() as f64),
        (
            "offlinepartitionscount",
            "Partitions without a leader.",
            partitions().filter(|(_, partition)| partition.leader().is_none()).count() as f64,
        ),
        (
            "preferredreplicaimbalancecount",
            "Partitions that their preferred replica does not lead.",
            partitions().filter(imbalanced).count() as f64,
        ),
        (
            "activebrokercount",
            "Brokers that serve.",
            brokers().filter(|broker| !broker.fenced).count() as f64,
        ),
        (
            "fencedbrokercount",
            "Brokers that are registered and do not serve.",
            brokers().filter(|broker| broker.fenced).count() as f64,
        ),
        (
            "lastappliedrecordoffset",
            "How far the metadata is applied.",
            image.provenance.offset as f64,
        ),
        (
            "lastcommittedrecordoffset",
            "The last committed record of the metadata.",
            (quorum.high_watermark() - 1) as f64,
        ),
    ];
    let row = |(name, help, value): (&str, &'static str, f64)| {
        Family::gauge(&format!("kafka_controller_kafkacontroller_{name}"), help, value)
    };
    rows.into_iter().map(row).collect()
}

/// Topics and partitions under the names of kafka_exporter. Offsets are told by the leader alone, so that sums over the
/// nodes are right.
pub(super) fn topics(table: &PartitionTable, image: &Image) -> Vec<Family> {
    let mut state = Table::new([
        ("kafka_topic_partition_leader", "The leader, or -1."),
        ("kafka_topic_partition_leader_is_preferred", "1 when the preferred replica leads."),
        ("kafka_topic_partition_replicas", "Replicas."),
        ("kafka_topic_partition_in_sync_replica", "Replicas in sync."),
        (
            "kafka_topic_partition_under_replicated_partition",
            "1 when not all replicas are in sync.",
        ),
    ]);
    let mut offsets = Table::new([
        ("kafka_topic_partition_current_offset", "The offset behind the last committed record."),
        ("kafka_topic_partition_oldest_offset", "The first offset."),
    ]);
    for topic in image.topics.iter() {
        for (partition, known) in topic.partitions.iter() {
            let replica = table.get(&TopicIdPartition { topic_id: topic.id, partition });
            let Some(replica) = replica.filter(|replica| replica.leads()) else { continue };
            let (replicas, in_sync) = (known.replicas.len(), known.isr.len());
            let values = [
                f64::from(known.leader),
                flag(known.leader == known.preferred_replica()),
                replicas as f64,
                in_sync as f64,
                flag(in_sync < replicas),
            ];
            state.add(&topic.name, partition, values);
            if let Some(view) = replica.open_view() {
                let values = [view.high_watermark() as f64, view.log_start_offset() as f64];
                offsets.add(&topic.name, partition, values);
            }
        }
    }
    let partitions =
        image.topics.iter().map(|topic| (&topic.name, topic.partitions.iter().count() as f64));
    let mut families = vec![
        Family::gauge("kafka_brokers", "Brokers.", image.cluster.brokers.len() as f64),
        super::family("kafka_topic_partitions", "Partitions.", by("topic", partitions)),
    ];
    families.extend(state.families());
    families.extend(offsets.families());
    families
}
