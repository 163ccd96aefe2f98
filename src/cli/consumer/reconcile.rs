//! From the partitions that a consumer has to those that are assigned: what stays is not touched.

use std::collections::BTreeSet;

use tokio::task::JoinSet;

use super::{Consumer, Event, Failure};
use crate::types::TopicPartition;

impl Consumer {
    /// Gives back what is not among `places`, and begins with what is new.
    pub(super) async fn reconcile(&mut self, places: Vec<TopicPartition>) -> Result<(), Failure> {
        let wanted: BTreeSet<_> = places.into_iter().collect();
        let gone = self.positions.keys().filter(|place| !wanted.contains(place)).cloned();
        let gone: Vec<_> = gone.collect();
        if !gone.is_empty() {
            self.give_back(gone).await;
        }
        let new = wanted.into_iter().filter(|place| !self.positions.contains_key(place));
        let new: Vec<_> = new.collect();
        if !new.is_empty() {
            let topics: BTreeSet<_> = new.iter().map(|place| place.topic.clone()).collect();
            self.known_topics(topics.into_iter().collect()).await?;
            let starts = self.starts(&new).await?;
            self.positions.extend(starts);
            self.events.push_back(Event::Assigned(new));
        }
        Ok(())
    }

    async fn give_back(&mut self, gone: Vec<TopicPartition>) {
        if self.settings.auto_commit
            && let Some(member) = &mut self.member
        {
            let _ = member.commit(&mut self.cluster, &self.consumed).await;
        }
        // An answer on its way may be to a position that is not that of a later owner, should that be us.
        self.fetches.abort_all();
        self.fetches = JoinSet::new();
        self.fetching.clear();
        self.buffer.retain(|chunk| !gone.contains(&chunk.place));
        self.buffered_bytes = self.buffer.iter().map(|chunk| chunk.size()).sum();
        for place in &gone {
            self.positions.remove(place);
            self.consumed.remove(place);
        }
        self.events.push_back(Event::Revoked(gone));
    }
}
