//! What a member subscribes to, and what follows for its group: expressions are resolved to topics, and the group's
//! epoch is bumped when the topics that it reads, or their partitions, are no longer those that it was assigned by.
//!
//! Assigns nothing: a new epoch is what tells others that it is due.

use std::collections::BTreeSet;
use std::sync::Arc;

use tracing::debug;

use super::group::ConsumerGroup;
use super::hash::{group_hash, topic_hash};
use super::heartbeat::Surroundings;
use super::member::{Member, Subscription};
use super::regex::{self, Resolved, TopicFilter};
use crate::group::request::RequestContext;
use crate::group::step::Step;
use crate::metadata::Image;
use crate::wire::messages::consumer_group_heartbeat::ConsumerGroupHeartbeatRequest;

impl ConsumerGroup {
    /// Takes in what a member says, and whatever follows for the group's epoch. Whether the member's subscription is
    /// another now.
    pub(super) fn subscribe_anew(
        &mut self,
        before: &Member,
        said: Arc<Subscription>,
        filter: &TopicFilter,
        around: Surroundings<'_>,
        step: &mut Step,
    ) -> bool {
        let is_new = !self.members.contains_key(&before.id);
        let names_changed = said.topics != before.subscription.topics;
        let regex_changed = said.regex != before.subscription.regex;
        // Beside names that are new as well, an expression waits for the next heartbeat: clients' own tests count on
        // the two steps that Kafka takes, which resolves expressions aside.
        let later =
            (regex_changed && names_changed && !said.topics.is_empty()).then(|| said.regex.clone());
        if is_new || !Arc::ptr_eq(&said, &before.subscription) {
            self.write_member(&before.id, said, &mut step.out.records);
        }
        if regex_changed {
            self.write_unused_regexes(&mut step.out.records);
        }
        let resolved_anew = self.resolve(later.as_deref(), filter, around, step);
        let changed = names_changed || regex_changed;
        self.bump_if(changed || resolved_anew || self.epoch == 0, around, step);
        changed
    }

    /// Resolves expressions that have never been, unless that is to be done `later`, or whose topics may be others now.
    /// Whether anything is.
    fn resolve(
        &mut self,
        later: Option<&str>,
        filter: &TopicFilter,
        around: Surroundings<'_>,
        step: &mut Step,
    ) -> bool {
        let refresh_ms = around.settings.regex_refresh_interval_ms;
        let is_due = |expression: &str, known: Option<&Resolved>| match known {
            None => later != Some(expression),
            Some(known) => {
                step.now >= known.timestamp.saturating_add(refresh_ms)
                    || !self.volatile.is_fresh && known.version < around.image.provenance.offset
            }
        };
        let due: Vec<String> = self
            .regexes
            .keys()
            .filter(|expression| is_due(expression, self.resolved.get(*expression)))
            .cloned()
            .collect();
        let mut changed = false;
        for expression in due {
            // What another release let in and this one cannot compile stands for nothing.
            let topics = match regex::compile(&expression) {
                Ok(compiled) => regex::resolve(&compiled, filter, around.image),
                Err(_) => BTreeSet::new(),
            };
            let known = self.resolved.get(&expression);
            let is_same = known.is_some_and(|known| known.topics == topics);
            let is_old =
                known.is_none_or(|known| step.now >= known.timestamp.saturating_add(refresh_ms));
            changed |= !is_same;
            if !is_same || is_old {
                let (version, timestamp) = (around.image.provenance.offset, step.now);
                let resolved = Resolved { topics, version, timestamp };
                self.write_regex(&expression, Some(resolved), &mut step.out.records);
            }
        }
        changed
    }

    /// Bumps the group's epoch if it must be, or if the topics that it reads are no longer what they were.
    pub(super) fn bump_if(&mut self, must: bool, around: Surroundings<'_>, step: &mut Step) {
        if !must && self.volatile.is_fresh {
            return;
        }
        let hash = self.current_hash(around.image);
        self.volatile.is_fresh = true;
        if must || hash != self.metadata_hash {
            // Kafka's new groups begin with 2.
            let epoch = self.epoch.max(1).saturating_add(1);
            self.write_epoch(epoch, hash, &mut step.out.records);
            self.volatile.changed_at = step.now;
            step.metrics.consumer_rebalances.add(1);
            debug!(group = %self.id, epoch = self.epoch, "the group is to be assigned anew");
        }
    }

    fn current_hash(&self, image: &Image) -> i64 {
        let exists = |name: &&&str| image.topics.by_name(name).is_some();
        let subscribed = self.subscribed();
        group_hash(subscribed.iter().filter(exists).map(|name| topic_hash(name, image)))
    }
}

/// What a member says now: what it said before, where the request leaves it open.
pub(super) fn updated(
    before: &Arc<Subscription>,
    request: &ConsumerGroupHeartbeatRequest,
    context: &RequestContext,
) -> Arc<Subscription> {
    let mut said = before.as_ref().clone();
    if let Some(instance) = &request.instance_id {
        said.instance_id = Some(instance.as_str().into());
    }
    if request.rack_id.is_some() {
        said.rack_id.clone_from(&request.rack_id);
    }
    if request.rebalance_timeout_ms != -1 {
        said.rebalance_timeout_ms = request.rebalance_timeout_ms;
    }
    if request.server_assignor.is_some() {
        said.assignor.clone_from(&request.server_assignor);
    }
    if let Some(names) = &request.subscribed_topic_names {
        said.topics = names.iter().cloned().collect();
    }
    if let Some(regex) = &request.subscribed_topic_regex {
        said.regex.clone_from(regex);
    }
    said.client_id.clone_from(&context.client_id);
    said.client_host.clone_from(&context.client_host);
    said.classic = None;
    if said == **before { before.clone() } else { Arc::new(said) }
}
