//! What merely is, told at a scrape, under the names of Kafka's dashboards: partitions, leaders, connections, offsets.

use std::sync::Arc;

use super::parts::Parts;
use crate::metrics::{Family, Metrics, Sample};
use crate::net::limits::ConnectionLimits;
use crate::partition::table::PartitionTable;

/// Lets `metrics` tell of the parts at each scrape.
pub(super) fn install(metrics: &Metrics, parts: &Parts, limits: Arc<ConnectionLimits>) {
    let (table, image, quorum) = (parts.table.clone(), parts.image.clone(), parts.quorum.clone());
    let (node_id, standing) = (parts.config.node_id(), parts.standing.clone());
    metrics.on_scrape(move || {
        let image = image.load();
        let leads = quorum.leader_and_epoch().leader_id == Some(node_id);
        let partitions = image.topics.iter().flat_map(|topic| topic.partitions.iter());
        let leaderless = partitions.filter(|(_, partition)| partition.leader().is_none()).count();
        let mut families = replicas(&table);
        let gauge = |name: &str, help, value: f64| Family::gauge(name, help, value);
        families.extend([
            gauge(
                "kafka_controller_kafkacontroller_activecontrollercount",
                "1 on the active controller.",
                f64::from(u8::from(leads)),
            ),
            gauge(
                "kafka_controller_kafkacontroller_globaltopiccount",
                "Topics of the cluster.",
                image.topics.len() as f64,
            ),
            gauge(
                "kafka_controller_kafkacontroller_offlinepartitionscount",
                "Partitions without a leader.",
                leaderless as f64,
            ),
            gauge(
                "kafka_server_brokermetadatametrics_last_applied_record_offset",
                "How far the metadata is published.",
                image.provenance.offset as f64,
            ),
            gauge(
                "kafka_server_kafkaserver_brokerstate",
                "Kafka's number of the broker's state.",
                f64::from(standing.borrow().0.number()),
            ),
            gauge(
                "kafka_server_socket_server_metrics_connection_count",
                "Connections now.",
                limits.count() as f64,
            ),
        ]);
        families
    });
}

/// The node's replicas, in all, and the offsets of those that are open.
fn replicas(table: &PartitionTable) -> Vec<Family> {
    let all = table.all();
    let count = |met: &dyn Fn(&crate::partition::replica::Replica) -> bool| {
        all.iter().filter(|one| met(one)).count() as f64
    };
    let mut ends = Vec::new();
    let mut starts = Vec::new();
    for replica in &all {
        let Some(view) = replica.open_view() else { continue };
        let labels = vec![
            ("topic", replica.name.topic.clone()),
            ("partition", replica.name.partition.to_string()),
        ];
        ends.push(Sample { labels: labels.clone(), value: view.log_end_offset() as f64 });
        starts.push(Sample { labels, value: view.log_start_offset() as f64 });
    }
    let family = |name: &str, help, samples| Family {
        name: name.to_owned(),
        help,
        is_counter: false,
        samples,
    };
    vec![
        Family::gauge(
            "kafka_server_replicamanager_partitioncount",
            "Replicas on this node.",
            all.len() as f64,
        ),
        Family::gauge(
            "kafka_server_replicamanager_leadercount",
            "Partitions that this node leads.",
            count(&|one| one.leads()),
        ),
        Family::gauge(
            "kafka_server_replicamanager_offlinereplicacount",
            "Replicas whose log has failed.",
            count(&|one| one.is_offline()),
        ),
        family("kafka_log_log_logendoffset", "The offset behind the last record.", ends),
        family("kafka_log_log_logstartoffset", "The first offset.", starts),
    ]
}
