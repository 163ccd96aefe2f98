//! The metadata quorum as this node knows it, under both names that dashboards have for it.

use crate::metrics::Family;
use crate::raft::Quorum;
use crate::types::NodeId;

pub(super) fn families(quorum: &Quorum, node_id: NodeId) -> Vec<Family> {
    let known = quorum.leader_and_epoch();
    let (end, end_epoch) = quorum.view().map_or((-1, -1), |view| {
        (view.log_end_offset(), view.latest_epoch().map_or(-1, |latest| latest.epoch))
    });
    let voters = quorum.voters();
    let leader = known.leader_id.unwrap_or(crate::types::NONE);
    let rows = [
        ("current_leader", "The leader, or -1.", f64::from(leader)),
        ("current_epoch", "The epoch.", f64::from(known.epoch)),
        ("high_watermark", "Everything before this is committed.", quorum.high_watermark() as f64),
        ("log_end_offset", "The offset behind the last record.", end as f64),
        ("log_end_epoch", "The epoch of the last record.", f64::from(end_epoch)),
        ("number_of_voters", "Voters.", voters.iter().count() as f64),
    ];
    let mut families = Vec::new();
    for prefix in ["kafka_server_raft_metrics", "kafka_server_raftmetrics"] {
        families.extend(
            rows.iter().map(|(name, help, value)| {
                Family::gauge(&format!("{prefix}_{name}"), help, *value)
            }),
        );
    }
    let state = match (leader == node_id, voters.get(node_id)) {
        (true, _) => "leader",
        (false, Some(_)) if known.leader_id.is_some() => "follower",
        (false, Some(_)) => "unattached",
        (false, None) => "observer",
    };
    for (name, label) in [
        ("kafka_server_raft_metrics_current_state_info", "state"),
        ("kafka_server_raftmetrics_current_state", "current_state"),
    ] {
        let labels = vec![(label, state.to_owned())];
        let samples = vec![crate::metrics::Sample { labels, value: 1.0 }];
        families.push(super::family(name, "What the node is in the quorum.", samples));
    }
    families
}
