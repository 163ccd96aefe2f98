//! `--verify`: how far moves have come, and no throttles once they are done.

use super::{Assignment, LogDirs, files, state, throttle};
use crate::cli::options::{Exception, Given};
use crate::cli::say;
use crate::client::Cluster;
use crate::types::NodeId;

pub(super) async fn verify(cluster: &mut Cluster, given: &Given) -> Result<(), Exception> {
    let text = files::read(given.value("reassignment-json-file")?.unwrap_or_default())?;
    let (target, dirs) = files::parse(&text)?;
    let parts_done = partitions(cluster, &target).await?;
    let moves_done = moves(cluster, &target, &dirs).await?;
    if parts_done && moves_done && !given.has("preserve-throttles") {
        throttle::clear(cluster, &target).await?;
    }
    Ok(())
}

/// Whether no partition is being moved any more.
async fn partitions(cluster: &mut Cluster, target: &Assignment) -> Result<bool, Exception> {
    let ongoing = state::ongoing(cluster).await?;
    let still: Assignment = target
        .iter()
        .filter(|(p, _)| !ongoing.contains_key(p))
        .map(|(p, r)| (p.clone(), r.clone()))
        .collect();
    let current = state::assignment_now(cluster, &still).await?;
    let mut lines = "Status of partition reassignment:\n".to_owned();
    for (place, wanted) in target {
        let list = |nodes: &[NodeId]| super::joined(nodes);
        lines.push_str(&match current.get(place) {
            _ if ongoing.contains_key(place) => {
                format!("Reassignment of partition {place} is still in progress.\n")
            }
            Some(replicas) if replicas == wanted => {
                format!("Reassignment of partition {place} is completed.\n")
            }
            replicas => format!(
                "There is no active reassignment of partition {place}, but replica set is {} rather than {}.\n",
                list(replicas.map(Vec::as_slice).unwrap_or_default()),
                list(wanted)
            ),
        });
    }
    say(&lines);
    Ok(ongoing.keys().all(|place| !target.contains_key(place)))
}

/// Whether every replica is in the directory that was asked for.
async fn moves(
    cluster: &mut Cluster,
    target: &Assignment,
    dirs: &LogDirs,
) -> Result<bool, Exception> {
    if dirs.is_empty() {
        say("\n");
        return Ok(true);
    }
    let places = state::log_dirs(cluster, target).await?;
    let mut done = true;
    for (replica, wanted) in dirs {
        let (place, node) = replica;
        let name = format!("{place}-{node}");
        let (current, future) = (places.current.get(replica), places.future.get(replica));
        done &= current.is_some() && future.is_none();
        say(&match (current, future) {
            (None, _) => format!(
                "Partition {place} is not found in any live log dir on broker {node}. There is likely an offline log \
                 directory on the broker.\n"
            ),
            (Some(_), Some(future)) if future == wanted => {
                format!("Reassignment of replica {name} is still in progress.\n")
            }
            (Some(_), Some(future)) => format!(
                "Partition {place} on broker {node} is being moved to log dir {future} instead of {wanted}.\n"
            ),
            (Some(dir), None) if dir == wanted => {
                format!("Reassignment of replica {name} completed successfully.\n")
            }
            (Some(dir), None) => format!(
                "Partition {place} on broker {node} is not being moved from log dir {dir} to {wanted}.\n"
            ),
        });
    }
    Ok(done)
}
