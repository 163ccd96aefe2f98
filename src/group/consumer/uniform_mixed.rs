//! The assignor `uniform` where members subscribe to different topics: everyone keeps what it may, what is free goes to
//! those who have least, and then topics are evened out one by one, in rounds, until nothing moves.
//!
//! Kafka's `UniformHeterogeneousAssignmentBuilder`, down to the order in which members of equal load are taken: two
//! brokers must come to one result.

use std::collections::{BTreeMap, HashMap};

use super::assign::{Spec, signed};
use super::member::Target;
use crate::types::{PartitionId, TopicId};

/// Rounds of evening out; most groups need two.
const ROUNDS_MAX: usize = 16;

struct Builder {
    /// How many partitions each member has.
    sizes: Vec<usize>,
    /// Who subscribes to a topic, in the order of the members.
    subscribers: BTreeMap<TopicId, Vec<usize>>,
    /// Who is to have each partition.
    owners: HashMap<TopicId, Vec<Option<usize>>>,
}

/// One target for each member of `spec`, in their order.
pub(super) fn assign(spec: &Spec<'_>) -> Vec<Target> {
    let mut builder = Builder::new(spec);
    let all: Vec<TopicId> = builder.subscribers.keys().copied().collect();
    for topic in builder.sorted(all.clone()) {
        builder.assign_free(topic);
    }
    builder.balance(all);
    let mut targets = vec![Target::new(); spec.members.len()];
    for (topic, owners) in &builder.owners {
        for (partition, owner) in (0..).zip(owners) {
            if let Some(target) = owner.and_then(|owner| targets.get_mut(owner)) {
                target.entry(*topic).or_default().insert(partition);
            }
        }
    }
    targets
}

impl Builder {
    fn new(spec: &Spec<'_>) -> Self {
        let mut subscribers: BTreeMap<TopicId, Vec<usize>> = BTreeMap::new();
        for (at, member) in spec.members.iter().enumerate() {
            for topic in &member.topics {
                subscribers.entry(*topic).or_default().push(at);
            }
        }
        let empty = |topic: &TopicId| {
            let partitions = spec.partitions.get(topic).copied().unwrap_or(0);
            (*topic, vec![None; usize::try_from(partitions).unwrap_or(0)])
        };
        let mut owners: HashMap<TopicId, Vec<Option<usize>>> =
            subscribers.keys().map(empty).collect();
        let mut sizes = vec![0; spec.members.len()];
        for (at, member) in spec.members.iter().enumerate() {
            for (topic, partitions) in member.current {
                if !member.topics.contains(topic) {
                    // It no longer subscribes: what it had of the topic is free.
                    continue;
                }
                let Some(owners) = owners.get_mut(topic) else { continue };
                for partition in partitions {
                    let slot = usize::try_from(*partition).ok().and_then(|p| owners.get_mut(p));
                    if let Some(slot) = slot {
                        *slot = Some(at);
                        sizes[at] += 1;
                    }
                }
            }
        }
        Self { sizes, subscribers, owners }
    }

    /// Topics with many partitions for each subscriber first; then those with few subscribers; then by id.
    fn sorted(&self, mut topics: Vec<TopicId>) -> Vec<TopicId> {
        let rank = |topic: &TopicId| {
            let subscribers = self.subscribers.get(topic).map_or(1, Vec::len);
            let partitions = self.owners.get(topic).map_or(0, Vec::len);
            (partitions as f64 / subscribers as f64, subscribers)
        };
        topics.sort_by(|a, b| {
            let ((load_a, few_a), (load_b, few_b)) = (rank(a), rank(b));
            load_b
                .total_cmp(&load_a)
                .then(few_a.cmp(&few_b))
                .then_with(|| signed(a).cmp(&signed(b)))
        });
        topics
    }

    fn assign_free(&mut self, topic: TopicId) {
        let Some(subscribers) = self.subscribers.get(&topic) else { return };
        let Some(owners) = self.owners.get_mut(&topic) else { return };
        if owners.iter().all(Option::is_some) {
            return;
        }
        let mut balancer = Balancer::new(subscribers, &self.sizes);
        for slot in owners.iter_mut().filter(|slot| slot.is_none()) {
            let member = balancer.next_least(&self.sizes);
            *slot = Some(member);
            self.sizes[member] += 1;
        }
    }

    fn balance(&mut self, topics: Vec<TopicId>) {
        let shared = |topic: &TopicId| self.subscribers.get(topic).is_some_and(|all| all.len() > 1);
        let topics: Vec<TopicId> = topics.into_iter().filter(shared).collect();
        let topics = self.sorted(topics);
        // The first topic counts as moved, so that a round that comes back to it without a move is the last.
        let mut last_moved = None;
        for _ in 0..ROUNDS_MAX {
            for (at, topic) in topics.iter().enumerate() {
                if last_moved == Some(at) {
                    return;
                }
                if self.balance_topic(*topic) > 0 || last_moved.is_none() {
                    last_moved = Some(at);
                }
            }
        }
    }

    /// Moves partitions of one topic from those who have most to those who have least. How many were moved.
    fn balance_topic(&mut self, topic: TopicId) -> usize {
        let Some(subscribers) = self.subscribers.get(&topic) else { return 0 };
        let Some(owners) = self.owners.get_mut(&topic) else { return 0 };
        let mut balancer = Balancer::new(subscribers, &self.sizes);
        if balancer.imbalance(&self.sizes) <= 1 {
            return 0;
        }
        // What each has of the topic, last partition last.
        let mut held: HashMap<usize, Vec<PartitionId>> = HashMap::new();
        for (partition, owner) in (0..).zip(owners.iter()) {
            if let Some(owner) = owner {
                held.entry(*owner).or_default().push(partition);
            }
        }
        let mut moved = 0;
        while !balancer.is_balanced() {
            let partition = loop {
                let Some(member) = balancer.next_most(&self.sizes) else { return moved };
                match held.get_mut(&member).and_then(Vec::pop) {
                    Some(partition) => break partition,
                    None => balancer.exclude_most(),
                }
            };
            let to = balancer.next_least(&self.sizes);
            // Asking has moved the two loads towards each other: they may have met.
            if balancer.is_balanced() {
                break;
            }
            let slot = usize::try_from(partition).ok().and_then(|at| owners.get_mut(at));
            if let Some(slot) = slot {
                if let Some(from) = slot.replace(to) {
                    self.sizes[from] -= 1;
                }
                self.sizes[to] += 1;
            }
            moved += 1;
        }
        moved
    }
}

/// Two ranges of the members sorted by load: those with least, growing upward, and those with most, growing downward.
struct Balancer {
    sorted: Vec<usize>,
    least_end: usize,
    /// The load of the members in the first range: what each of them has.
    least_count: isize,
    next_least: usize,
    /// The second range begins here and ends before `most_end`.
    most_start: usize,
    most_end: usize,
    most_count: isize,
    next_most: isize,
}

impl Balancer {
    fn new(members: &[usize], sizes: &[usize]) -> Self {
        let mut sorted = members.to_vec();
        sorted.sort_by_key(|member| (sizes[*member], *member));
        let size = |at: Option<&usize>| at.map_or(0, |member| sizes[*member]).cast_signed();
        Self {
            least_end: 0,
            least_count: size(sorted.first()) - 1,
            next_least: 0,
            most_start: sorted.len(),
            most_end: sorted.len(),
            most_count: size(sorted.last()) + 1,
            next_most: sorted.len().cast_signed() - 1,
            sorted,
        }
    }

    fn imbalance(&self, sizes: &[usize]) -> usize {
        let size = |at: Option<&usize>| at.map_or(0, |member| sizes[*member]);
        size(self.sorted.last()) - size(self.sorted.first())
    }

    fn size(&self, at: usize, sizes: &[usize]) -> isize {
        sizes[self.sorted[at]].cast_signed()
    }

    /// Each of those with least is named once before any is named again: by then all of them have one more.
    fn next_least(&mut self, sizes: &[usize]) -> usize {
        if self.next_least >= self.least_end {
            self.least_count += 1;
            while self.least_end < self.sorted.len()
                && self.size(self.least_end, sizes) == self.least_count
            {
                self.least_end += 1;
            }
            self.next_least = 0;
        }
        let member = self.sorted[self.next_least];
        self.next_least += 1;
        member
    }

    fn next_most(&mut self, sizes: &[usize]) -> Option<usize> {
        if self.next_most < self.most_start.cast_signed() {
            if self.most_end <= self.most_start && self.most_start > 0 {
                self.most_count = self.size(self.most_start - 1, sizes);
            } else {
                self.most_count -= 1;
            }
            while self.most_start > 0 && self.size(self.most_start - 1, sizes) == self.most_count {
                self.most_start -= 1;
            }
            self.next_most = self.most_end.cast_signed() - 1;
        }
        let at = usize::try_from(self.next_most).ok()?;
        self.next_most -= 1;
        Some(self.sorted[at])
    }

    /// The member named last has nothing to give up: it is moved out of the range.
    fn exclude_most(&mut self) {
        let at = (self.next_most + 1).unsigned_abs();
        self.sorted.swap(at, self.most_end - 1);
        self.most_end -= 1;
    }

    fn is_balanced(&self) -> bool {
        self.most_count - self.least_count <= 1
    }
}
