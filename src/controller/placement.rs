//! Where the replicas of new partitions go: striped over racks and brokers, leaders evenly, as Kafka's
//! `StripedReplicaPlacer` does it. Never looks at how full a broker is.
//!
//! Racks take turns, and within a rack its brokers. A partition's first replica, its leader, is always on an unfenced
//! broker; further replicas prefer racks without one, and use fenced brokers only when a rack has no other left. Each
//! partition starts one rack and one broker further than the one before. When every unfenced broker has led once, all
//! lists are shuffled, so that brokers do not always follow the same neighbour.

use std::collections::BTreeMap;

use crate::error::{ApiError, ErrorCode};
use crate::random::Random;
use crate::types::NodeId;

/// A broker that may be given replicas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsableBroker {
    /// Its node id.
    pub id: NodeId,
    /// `broker.rack`.
    pub rack: Option<String>,
    /// Fenced brokers may follow, never lead.
    pub fenced: bool,
}

/// Chooses the replicas of `partitions` new partitions, leader first.
///
/// Errors with `INVALID_REPLICATION_FACTOR` when `replication_factor` is below 1 or above the number of brokers, or
/// when all brokers are fenced.
pub fn place(
    brokers: &[UsableBroker],
    partitions: usize,
    replication_factor: i16,
    random: &mut Random,
) -> Result<Vec<Vec<NodeId>>, ApiError> {
    let factor = checked_factor(brokers, replication_factor)?;
    let mut racks = Racks::new(brokers, random);
    Ok((0..partitions).map(|_| racks.place(factor, random)).collect())
}

fn checked_factor(brokers: &[UsableBroker], replication_factor: i16) -> Result<usize, ApiError> {
    let refuse = |why: String| Err(ApiError::new(ErrorCode::InvalidReplicationFactor, why));
    let factor = match usize::try_from(replication_factor) {
        Ok(factor) if factor > 0 => factor,
        _ => {
            return refuse(format!(
                "Invalid replication factor {replication_factor}: the replication factor must be positive."
            ));
        }
    };
    if brokers.iter().all(|broker| broker.fenced) {
        return refuse(
            "All brokers are currently fenced, or have all their log directories cordoned."
                .to_owned(),
        );
    }
    if factor > brokers.len() {
        return refuse(format!(
            "The target replication factor of {factor} cannot be reached because only {} broker(s) are registered or \
             some brokers have all their log directories cordoned.",
            brokers.len()
        ));
    }
    Ok(factor)
}

/// Brokers of one kind in one rack, taken in turn; each round starts one further.
#[derive(Default)]
struct Ring {
    /// In the order of their ids, until they are shuffled.
    brokers: Vec<NodeId>,
    offset: usize,
    /// How many of this round's are given.
    taken: usize,
    round: usize,
}

impl Ring {
    fn prepare(&mut self, random: &mut Random) {
        self.brokers.sort_unstable();
        if !self.brokers.is_empty() {
            self.offset = random.below(self.brokers.len());
        }
    }

    /// The next broker that this round has not had.
    fn next(&mut self, round: usize) -> Option<NodeId> {
        let count = self.brokers.len();
        if count == 0 {
            return None;
        }
        if self.round != round {
            self.round = round;
            self.taken = 0;
            self.offset = (self.offset + 1) % count;
        }
        if self.taken >= count {
            return None;
        }
        self.taken += 1;
        self.brokers.get((self.offset + self.taken - 1) % count).copied()
    }
}

#[derive(Default)]
struct Rack {
    fenced: Ring,
    unfenced: Ring,
}

impl Rack {
    fn next(&mut self, round: usize) -> Option<NodeId> {
        self.unfenced.next(round).or_else(|| self.fenced.next(round))
    }
}

struct Racks {
    racks: Vec<Rack>,
    unfenced: usize,
    round: usize,
    since_shuffle: usize,
    offset: usize,
}

impl Racks {
    fn new(brokers: &[UsableBroker], random: &mut Random) -> Self {
        let mut by_name: BTreeMap<Option<&str>, Rack> = BTreeMap::new();
        for broker in brokers {
            let rack = by_name.entry(broker.rack.as_deref()).or_default();
            let ring = if broker.fenced { &mut rack.fenced } else { &mut rack.unfenced };
            ring.brokers.push(broker.id);
        }
        let mut racks: Vec<Rack> = by_name.into_values().collect();
        for rack in &mut racks {
            rack.fenced.prepare(random);
            rack.unfenced.prepare(random);
        }
        let offset = if racks.is_empty() { 0 } else { random.below(racks.len()) };
        let unfenced = brokers.iter().filter(|broker| !broker.fenced).count();
        Self { racks, unfenced, round: 1, since_shuffle: 0, offset }
    }

    /// The replicas of one partition. The caller has checked that there are enough brokers, and one unfenced.
    fn place(&mut self, factor: usize, random: &mut Random) -> Vec<NodeId> {
        if self.since_shuffle == self.unfenced && self.unfenced > 1 {
            self.shuffle(random);
            self.since_shuffle = 0;
        }
        let count = self.racks.len();
        self.offset %= count;
        let (leader_rack, leader) = (0..count)
            .map(|step| (self.offset + step) % count)
            .find_map(|at| Some((at, self.racks.get_mut(at)?.unfenced.next(self.round)?)))
            .expect("each round sees every unfenced broker, and there is one");
        let mut replicas = vec![leader];
        let mut skip = Some(leader_rack);
        let mut at = self.offset;
        while replicas.len() < factor {
            // Once round the racks, the leader's is passed over: it has a replica already.
            if skip == Some(at) {
                skip = None;
            } else if let Some(broker) =
                self.racks.get_mut(at).and_then(|rack| rack.next(self.round))
            {
                replicas.push(broker);
            }
            at = (at + 1) % count;
        }
        self.round += 1;
        self.since_shuffle += 1;
        self.offset += 1;
        replicas
    }

    fn shuffle(&mut self, random: &mut Random) {
        random.shuffle(&mut self.racks);
        for rack in &mut self.racks {
            random.shuffle(&mut rack.fenced.brokers);
            random.shuffle(&mut rack.unfenced.brokers);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn brokers(list: &[(NodeId, Option<&str>, bool)]) -> Vec<UsableBroker> {
        list.iter()
            .map(|&(id, rack, fenced)| UsableBroker { id, rack: rack.map(str::to_owned), fenced })
            .collect()
    }

    #[test]
    fn replicas_differ_and_leaders_are_even() {
        let cluster: Vec<_> = (0..6)
            .map(|id| (id, [Some("a"), Some("b"), Some("c")][id as usize % 3], false))
            .collect();
        let cluster = brokers(&cluster);
        for seed in 0..50 {
            let placed =
                place(&cluster, 60, 3, &mut Random::new(seed)).expect("six brokers are enough");
            let mut leads = [0; 6];
            for replicas in &placed {
                assert_eq!(replicas.iter().collect::<BTreeSet<_>>().len(), 3, "{replicas:?}");
                let racks: BTreeSet<_> = replicas.iter().map(|id| id % 3).collect();
                assert_eq!(racks.len(), 3, "one replica a rack: {replicas:?}");
                leads[replicas[0] as usize] += 1;
            }
            assert!(leads.iter().all(|&count| (8..=12).contains(&count)), "{leads:?}");
        }
    }

    #[test]
    fn fenced_brokers_never_lead() {
        let cluster = brokers(&[(1, None, true), (2, None, false), (3, Some("x"), true)]);
        for seed in 0..50 {
            for replicas in
                place(&cluster, 10, 3, &mut Random::new(seed)).expect("three brokers are enough")
            {
                assert_eq!(replicas[0], 2);
                assert_eq!(replicas.len(), 3);
            }
        }
    }

    #[test]
    fn impossible_factors_are_refused() {
        let text = |cluster: &[UsableBroker], factor| {
            place(cluster, 1, factor, &mut Random::new(1))
                .expect_err("must be refused")
                .text()
                .to_owned()
        };
        let one = brokers(&[(1, None, false)]);
        assert_eq!(
            text(&one, 0),
            "Invalid replication factor 0: the replication factor must be positive."
        );
        assert!(text(&one, 2).starts_with(
            "The target replication factor of 2 cannot be reached because only 1 broker"
        ));
        assert!(
            text(&brokers(&[(1, None, true)]), 1).starts_with("All brokers are currently fenced")
        );
        assert!(text(&[], 1).starts_with("All brokers are currently fenced"));
    }
}
