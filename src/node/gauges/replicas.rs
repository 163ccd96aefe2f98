//! The node's replicas: how many, how large, from where to where, and whether they are in sync.

use super::{Table, flag};
use crate::metadata::Image;
use crate::metrics::Family;
use crate::partition::replica::Replica;
use crate::partition::table::PartitionTable;
use crate::types::NodeId;

pub(super) fn families(table: &PartitionTable, image: &Image, node_id: NodeId) -> Vec<Family> {
    let mut all = table.all();
    all.sort_by(|one, other| one.name.cmp(&other.name));
    let mut logs = Table::new([
        ("kafka_log_log_size", "Bytes of records."),
        ("kafka_log_log_numlogsegments", "Segments."),
        ("kafka_log_log_logstartoffset", "The first offset."),
        ("kafka_log_log_logendoffset", "The offset behind the last record."),
        (
            "kafka_cluster_partition_laststableoffsetlag",
            "Committed records that are of open transactions.",
        ),
    ]);
    let mut sync = Table::new([
        ("kafka_cluster_partition_replicascount", "Replicas."),
        ("kafka_cluster_partition_insyncreplicascount", "Replicas in sync."),
        ("kafka_cluster_partition_underreplicated", "1 when not all replicas are in sync."),
        ("kafka_cluster_partition_underminisr", "1 below min.insync.replicas."),
        ("kafka_cluster_partition_atminisr", "1 at min.insync.replicas."),
    ]);
    let mut sums = [0usize; 4];
    for replica in &all {
        let (topic, partition) = (&*replica.name.topic, replica.name.partition);
        if let Some(view) = replica.open_view() {
            let (start, end) = (view.log_start_offset(), view.log_end_offset());
            let unstable = view.high_watermark() - view.last_stable_offset();
            let segments = view.segments().len() as f64;
            let size = view.size() as f64;
            logs.add(topic, partition, [size, segments, start as f64, end as f64, unstable as f64]);
        }
        let registration = image.topics.by_id(replica.id.topic_id);
        let registration = registration.and_then(|topic| topic.partitions.get(partition));
        let Some(registration) = registration.filter(|known| known.leader == node_id) else {
            continue;
        };
        let (replicas, in_sync) = (registration.replicas.len(), registration.isr.len());
        // As the check of a produce request has it: no more than there are replicas.
        let least = min_isr(replica).min(replicas);
        let moving =
            !registration.adding_replicas.is_empty() || !registration.removing_replicas.is_empty();
        let told = [in_sync < replicas, in_sync < least, in_sync == least, moving];
        sums.iter_mut().zip(told).for_each(|(sum, is)| *sum += usize::from(is));
        let (count, in_sync) = (replicas as f64, in_sync as f64);
        sync.add(topic, partition, [count, in_sync, flag(told[0]), flag(told[1]), flag(told[2])]);
    }
    let mut families = counts(&all, sums);
    let producers: usize =
        all.iter().filter_map(|replica| Some(replica.open_view()?.producers())).sum();
    families.push(Family::gauge(
        "kafka_server_replicamanager_produceridcount",
        "Producers that the open logs know, each counted in every partition that it writes to.",
        producers as f64,
    ));
    families.extend(logs.families());
    families.extend(sync.families());
    families
}

fn min_isr(replica: &Replica) -> usize {
    usize::try_from(replica.settings().config.min_insync_replicas).unwrap_or(1)
}

fn counts(all: &[std::sync::Arc<Replica>], sums: [usize; 4]) -> Vec<Family> {
    let count = |met: fn(&Replica) -> bool| all.iter().filter(|one| met(one)).count();
    let rows = [
        ("partitioncount", "Replicas on this node.", all.len()),
        ("leadercount", "Partitions that this node leads.", count(Replica::leads)),
        ("offlinereplicacount", "Replicas whose log has failed.", count(Replica::is_offline)),
        ("underreplicatedpartitions", "Partitions led here that lack replicas in sync.", sums[0]),
        ("underminisrpartitioncount", "Partitions led here below min.insync.replicas.", sums[1]),
        ("atminisrpartitioncount", "Partitions led here at min.insync.replicas.", sums[2]),
        ("reassigningpartitions", "Partitions led here that are being moved.", sums[3]),
    ];
    let row = |(name, help, value): (&str, &'static str, usize)| {
        Family::gauge(&format!("kafka_server_replicamanager_{name}"), help, value as f64)
    };
    rows.into_iter().map(row).collect()
}
