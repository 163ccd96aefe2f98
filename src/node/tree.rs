//! THE SUPERVISION TREE: what runs in a node, who starts whom, and what a death leads to.
//!
//! Children start in the order written here and stop in the reverse. A child that keeps failing ends its parent, and
//! the top ends the process, which systemd starts again; but a partition or a shard goes offline alone.
//!
//! The order says who needs whom: the metadata log first, since everything follows from it; the controller, which
//! writes it; the broker's parts; then the publisher, so that all who hear of images are there; the listeners at last.
//! Going down in the reverse, nobody is asked for anything by somebody who has gone.
//!
//! An intensity bounds what a supervisor puts up with. Where one child's deaths say nothing of its siblings
//! (partitions, shards), it has its own count and goes offline by itself: a corrupt partition must not take the node
//! down.

use std::fmt::Write;
use std::sync::Arc;

use super::parts::Parts;
use crate::config::Config;
use crate::supervision::{Child, DeathWatch, Handle, Intensity, Supervisor};

/// One line of the picture: a name, when it is restarted, and what it is.
struct Line {
    depth: usize,
    name: String,
    policy: &'static str,
    what: &'static str,
}

fn line(depth: usize, name: impl Into<String>, policy: &'static str, what: &'static str) -> Line {
    Line { depth, name: name.into(), policy, what }
}

/// The tree that a node of this configuration runs, as a picture.
pub fn describe(config: &Config) -> String {
    let mut lines = vec![line(0, "node", "", "ends the process when a child gives up")];
    lines.push(line(1, "quorum", "always", "raft: the metadata log"));
    if config.is_controller() {
        lines.push(line(
            1,
            "controller",
            "always",
            "controller: decides on topics, brokers, leaders",
        ));
        lines.push(line(1, "registrar", "always", "broker: makes this controller known"));
    }
    if config.is_broker() {
        lines.extend([
            line(1, "broker", "always", ""),
            line(2, "partitions", "always", ""),
            line(3, "manager", "always", "partition: metadata to replicas"),
            line(3, "<topic>-<n>", "3 a minute, then offline alone", "partition: one writer each"),
            line(2, "upkeep", "always", "partition: retention, syncs, checkpoints"),
            line(2, "cleaner", "always", "partition: compaction"),
            line(2, "mover", "always", "partition: replicas to other log directories"),
            line(2, "assignments", "always", "broker: tells where replicas lie"),
            line(2, "groups", "always", ""),
            line(3, "manager", "always", "coordinator: which shards are here"),
            line(
                3,
                "__consumer_offsets-<n>",
                "10 a minute, then given up alone",
                "group: one shard each",
            ),
            line(2, "transactions", "always", ""),
            line(3, "manager", "always", "coordinator: which shards are here"),
            line(
                3,
                "__transaction_state-<n>",
                "10 a minute, then given up alone",
                "transaction: one shard each",
            ),
            line(3, "markers", "always", "transaction: ends to all partitions"),
            line(2, "lifecycle", "always", "broker: registration and heartbeats"),
        ]);
    }
    if config.originals().contains_key("metrics.prometheus.listener") {
        lines.push(line(1, "metrics", "always", "net: the endpoint for Prometheus"));
    }
    lines.push(line(1, "publisher", "always", "broker: committed metadata to images"));
    lines.push(line(1, "listeners", "always", "started last, stopped first"));
    for listener in config.listeners() {
        lines.push(line(2, listener.name.clone(), "always", "net: accepts, owns its connections"));
    }
    if config.is_broker() {
        lines.push(line(2, "manager", "always", "node: listeners that are added and taken away"));
    }
    draw(&lines)
}

fn draw(lines: &[Line]) -> String {
    let mut picture = String::new();
    for (place, line) in lines.iter().enumerate() {
        let mut stem = String::new();
        for depth in 1..line.depth {
            let goes_on = lines[place + 1..]
                .iter()
                .take_while(|next| next.depth >= depth)
                .any(|next| next.depth == depth);
            stem.push_str(if goes_on { "│  " } else { "   " });
        }
        if line.depth > 0 {
            let next = lines[place + 1..].iter().find(|next| next.depth <= line.depth);
            stem.push_str(if next.is_some_and(|next| next.depth == line.depth) {
                "├─ "
            } else {
                "└─ "
            });
        }
        let name = format!("{stem}{}", line.name);
        let row = format!("{name:<34}{:<34}{}", line.policy, line.what);
        // Writing to a string cannot fail.
        let _ = writeln!(picture, "{}", row.trim_end());
    }
    picture
}

/// The tree of a node of these parts, not yet started.
pub(super) fn build(parts: &Arc<Parts>) -> Supervisor {
    super::directories::watch(parts);
    let mut root = Supervisor::new("node", Intensity::per_minute(3), parts.clock.clone())
        .child(parts.quorum_child());
    if parts.config.is_controller() {
        root = root.child(parts.controller_child()).child(parts.registrar_child());
    }
    if parts.config.is_broker() {
        root = root.child(branch(parts, "broker", broker));
    }
    if let Some(metrics) = parts.metrics_child() {
        root = root.child(metrics);
    }
    root.child(parts.publisher_child()).child(branch(parts, "listeners", listeners))
}

fn broker(parts: &Arc<Parts>, watch: DeathWatch) -> Supervisor {
    Supervisor::new("broker", Intensity::per_minute(3), parts.clock.clone())
        .under(watch)
        .child(branch(parts, "partitions", |parts, watch| {
            Supervisor::new("partitions", Intensity::per_minute(10), parts.clock.clone())
                .under(watch)
                .child(parts.partitions_child())
        }))
        .child(parts.upkeep_child())
        .child(parts.cleaner_child())
        .child(parts.mover_child())
        .child(parts.assignments_child())
        .child(branch(parts, "groups", |parts, watch| {
            Supervisor::new("groups", Intensity::per_minute(10), parts.clock.clone())
                .under(watch)
                .child(parts.groups_child())
        }))
        .child(branch(parts, "transactions", |parts, watch| {
            Supervisor::new("transactions", Intensity::per_minute(10), parts.clock.clone())
                .under(watch)
                .child(parts.transactions_child())
                .child(parts.markers_child())
        }))
        .child(parts.lifecycle_child())
}

fn listeners(parts: &Arc<Parts>, watch: DeathWatch) -> Supervisor {
    let supervisor =
        Supervisor::new("listeners", Intensity::per_minute(30), parts.clock.clone()).under(watch);
    let supervisor = parts.listener_children().into_iter().fold(supervisor, Supervisor::child);
    if parts.config.is_broker() { supervisor.child(parts.listeners_child()) } else { supervisor }
}

/// A supervisor as the child of another.
fn branch(
    parts: &Arc<Parts>,
    name: &str,
    make: fn(&Arc<Parts>, DeathWatch) -> Supervisor,
) -> Child {
    let parts = parts.clone();
    Child::new(name, MAILBOX, &Handle::default(), move |watch| make(&parts, watch))
        .stop_within(std::time::Duration::from_secs(60))
}

/// Children that may be added at once, and deaths that may be told.
const MAILBOX: usize = 65_536;
