//! What becomes of the node when a log directory fails, as Kafka has it (KIP-112, KIP-858): its replicas are offline at
//! once, the controller hears of it and gives their partitions other leaders, if there are any. Without the metadata
//! log's directory, or without any, the node ends. Never tries a directory again: that takes a new start.

use std::sync::Arc;

use super::parts::Parts;
use crate::broker::lifecycle_actor::DirsFailed;
use crate::log::log_dir::LogDir;
use crate::log::manager::LogManager;
use crate::types::Uuid;

/// The directories that have failed since the start, by their ids.
pub(super) fn failed(logs: &LogManager) -> Vec<Uuid> {
    let dirs = logs.dirs().iter().filter(|dir| dir.is_offline());
    dirs.filter_map(|dir| dir.properties()?.directory_id).collect()
}

/// Has failures told from now on.
pub(super) fn watch(parts: &Arc<Parts>) {
    // The parts have the directories, so they must not be held by them.
    let weak = Arc::downgrade(parts);
    parts.logs.on_failure(move || {
        if let Some(parts) = weak.upgrade() {
            heed(&parts);
        }
    });
    heed(parts);
}

/// Sees to what has failed so far. On any thread.
fn heed(parts: &Parts) {
    let logs = &parts.logs;
    if !logs.dirs().iter().any(LogDir::is_offline) {
        return;
    }
    parts.table.take_offline(|log_dir| logs.dirs().get(log_dir).is_none_or(LogDir::is_offline));
    // A lifecycle that is down looks by itself when it begins.
    let _ = parts.lifecycle.try_send(DirsFailed);
    let metadata_dir = parts.config.metadata_log_dir();
    let is_metadata = |dir: &LogDir| dir.path() == metadata_dir && dir.is_offline();
    if logs.dirs().iter().any(is_metadata) {
        parts.lost.send_replace(Some("the directory of the metadata log has failed"));
    } else if logs.dirs().iter().all(LogDir::is_offline) {
        parts.lost.send_replace(Some("all log directories have failed"));
    }
}

/// Waits until so much has failed that the node cannot go on; says what.
pub(super) async fn lost(parts: &Parts) -> &'static str {
    let mut lost = parts.lost.subscribe();
    match lost.wait_for(Option::is_some).await.map(|why| *why) {
        Ok(Some(why)) => why,
        // The sender is in the parts.
        _ => std::future::pending().await,
    }
}
