//! Groups and how far behind their consumers are, told by the coordinator of each: the one node that knows what was
//! committed. The lag is told where the coordinator leads the partition too; elsewhere the leader's end is not known.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{by, family};
use crate::group::request::Surveyed;
use crate::log::view::PartitionView;
use crate::metrics::{Family, Sample};
use crate::partition::table::PartitionTable;
use crate::types::TopicPartition;

/// The states that Kafka counts classic groups of.
const STATES: [(&str, &str); 5] = [
    ("PreparingRebalance", "preparingrebalance"),
    ("CompletingRebalance", "completingrebalance"),
    ("Stable", "stable"),
    ("Dead", "dead"),
    ("Empty", "empty"),
];

/// Kafka's protocols of groups.
const PROTOCOLS: [&str; 4] = ["classic", "consumer", "share", "streams"];
/// The states that Kafka counts groups of the consumer protocol of.
const CONSUMER_STATES: [&str; 5] = ["empty", "assigning", "reconciling", "stable", "dead"];

pub(super) fn families(groups: Vec<Surveyed>, table: &PartitionTable) -> Vec<Family> {
    let views: BTreeMap<TopicPartition, Arc<PartitionView>> = table
        .all()
        .into_iter()
        .filter(|replica| replica.leads())
        .filter_map(|replica| Some((replica.name.clone(), replica.open_view()?)))
        .collect();
    let (mut offsets, mut lags, mut offset_sums, mut lag_sums) = Default::default();
    for group in &groups {
        survey(group, &views, (&mut offsets, &mut lags), (&mut offset_sums, &mut lag_sums));
    }
    let members =
        by("consumergroup", groups.iter().map(|group| (&group.group_id, group.members as f64)));
    let named =
        |name: &str, help, samples| family(&format!("kafka_consumergroup_{name}"), help, samples);
    let mut families = vec![
        named("members", "Members.", members),
        named("current_offset", "The next offset that the group reads.", offsets),
        named("lag", "Committed records that the group has not read.", lags),
        named("current_offset_sum", "The sum of a topic's partitions.", offset_sums),
        named("lag_sum", "The sum of a topic's partitions.", lag_sums),
    ];
    let count = |name: &str, help, value: usize| {
        let name = format!("kafka_coordinator_group_groupmetadatamanager_{name}");
        Family::gauge(&name, help, value as f64)
    };
    let committed = groups.iter().map(|group| group.offsets.len()).sum();
    families.push(count("numoffsets", "Committed offsets.", committed));
    let of = |protocol: &'static str| groups.iter().filter(move |one| one.protocol == protocol);
    families.push(count("numgroups", "Classic groups.", of("classic").count()));
    families.extend(STATES.map(|(state, name)| {
        let in_state = of("classic").filter(|group| group.state == state).count();
        count(&format!("numgroups{name}"), "Classic groups in that state.", in_state)
    }));
    let sample = |label, value: &str, count: usize| Sample {
        labels: vec![(label, value.to_owned())],
        value: count as f64,
    };
    let named = |name: &str, help, samples| {
        family(&format!("kafka_server_group_coordinator_metrics_{name}"), help, samples)
    };
    let by_protocol = PROTOCOLS.map(|name| sample("protocol", name, of(name).count()));
    families.push(named("group_count", "Groups by their protocol.", by_protocol.into()));
    let by_state = CONSUMER_STATES.map(|state| {
        let in_state = |group: &&Surveyed| group.state.eq_ignore_ascii_case(state);
        sample("state", state, of("consumer").filter(in_state).count())
    });
    let help = "Groups of the consumer protocol by their state.";
    families.push(named("consumer_group_count", help, by_state.into()));
    families
}

type Two<'a> = (&'a mut Vec<Sample>, &'a mut Vec<Sample>);

/// The offsets and lags of one group, and their sums by topic.
fn survey(
    group: &Surveyed,
    views: &BTreeMap<TopicPartition, Arc<PartitionView>>,
    (offsets, lags): Two<'_>,
    (offset_sums, lag_sums): Two<'_>,
) {
    let of_group = || ("consumergroup", group.group_id.to_string());
    let mut sums: BTreeMap<&Arc<str>, (f64, Option<f64>)> = BTreeMap::new();
    for (topic, partition, offset) in &group.offsets {
        let labels =
            || vec![of_group(), ("topic", topic.to_string()), ("partition", partition.to_string())];
        let sum = sums.entry(topic).or_default();
        sum.0 += *offset as f64;
        offsets.push(Sample { labels: labels(), value: *offset as f64 });
        if let Some(view) = views.get(&TopicPartition::new(&**topic, *partition)) {
            let lag = (view.high_watermark() - offset).max(0) as f64;
            sum.1 = Some(sum.1.unwrap_or(0.0) + lag);
            lags.push(Sample { labels: labels(), value: lag });
        }
    }
    for (topic, (offset, lag)) in sums {
        let labels = || vec![of_group(), ("topic", topic.to_string())];
        offset_sums.push(Sample { labels: labels(), value: offset });
        lag_sums.extend(lag.map(|value| Sample { labels: labels(), value }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_told_of_by_state_and_offsets_by_partition() {
        let group = |id: &str, state, offsets: &[(i32, i64)]| Surveyed {
            group_id: id.into(),
            state,
            protocol: if state == "Assigning" { "consumer" } else { "classic" },
            members: 2,
            offsets: offsets.iter().map(|(at, offset)| ("t".into(), *at, *offset)).collect(),
        };
        let groups = vec![
            group("a", "Stable", &[(0, 5), (1, 7)]),
            group("b", "Empty", &[]),
            group("c", "Assigning", &[]),
        ];
        let families = families(groups, &PartitionTable::default());
        let samples = |name: &str| {
            let found = families.iter().find(|family| family.name.ends_with(name));
            found.map(|family| family.samples.iter().map(|sample| sample.value).collect::<Vec<_>>())
        };
        assert_eq!(samples("consumergroup_current_offset"), Some(vec![5.0, 7.0]));
        assert_eq!(samples("consumergroup_current_offset_sum"), Some(vec![12.0]));
        assert_eq!(samples("consumergroup_members"), Some(vec![2.0, 2.0, 2.0]));
        assert_eq!(samples("numgroups"), Some(vec![2.0]));
        assert_eq!(samples("numgroupsstable"), Some(vec![1.0]));
        assert_eq!(samples("metrics_group_count"), Some(vec![2.0, 1.0, 0.0, 0.0]));
        assert_eq!(samples("consumer_group_count"), Some(vec![0.0, 1.0, 0.0, 0.0, 0.0]));
        // Who leads the partition is not known here, and so is not the lag.
        assert_eq!(samples("consumergroup_lag"), Some(vec![]));
    }
}
