//! The assignor `range`: each topic is cut into ranges, one for each subscriber; topics of equal size are cut alike, so
//! that partitions of the same number go to the same member. Static members come first, by instance; then the others,
//! by name.
//!
//! ```text
//! a topic of 7 partitions, three members:   0 1 2 │ 3 4 │ 5 6        the first ones get what the division leaves
//! ```

use std::collections::HashMap;

use super::assign::{Spec, SpecMember};
use super::member::Target;
use crate::types::{PartitionId, TopicId};

struct Cut {
    partitions: PartitionId,
    quota: PartitionId,
    extra: PartitionId,
    next: PartitionId,
}

/// One target for each member of `spec`, in their order.
pub(super) fn assign(spec: &Spec<'_>) -> Vec<Target> {
    let mut order: Vec<usize> = (0..spec.members.len()).collect();
    let rank = |member: &SpecMember<'_>| {
        let (instance, id) = (member.instance_id.map(str::to_owned), member.id.to_owned());
        (instance.is_none(), instance, id)
    };
    order.sort_by_cached_key(|at| rank(&spec.members[*at]));
    let mut subscribers: HashMap<TopicId, PartitionId> = HashMap::new();
    for topic in spec.members.iter().flat_map(|member| &member.topics) {
        *subscribers.entry(*topic).or_default() += 1;
    }
    let cut = |(topic, members): (&TopicId, &PartitionId)| {
        let partitions = spec.partitions.get(topic).copied().unwrap_or(0);
        let (quota, extra) = (partitions / members, partitions % members);
        (*topic, Cut { partitions, quota, extra, next: 0 })
    };
    let mut cuts: HashMap<TopicId, Cut> = subscribers.iter().map(cut).collect();
    let mut targets = vec![Target::new(); spec.members.len()];
    for at in order {
        for topic in &spec.members[at].topics {
            let Some(cut) = cuts.get_mut(topic) else { continue };
            let more = i32::from(cut.extra > 0);
            cut.extra -= more;
            let start = cut.next;
            cut.next = (start + cut.quota + more).min(cut.partitions);
            if start < cut.next {
                targets[at].insert(*topic, (start..cut.next).collect());
            }
        }
    }
    targets
}
