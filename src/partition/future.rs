//! A replica's log on its way to another log directory: the copy beside the log, and the moment when it takes its
//! place.
//!
//! The copy lies in a directory of its own (`-future`), is durable before it takes over, and takes over while nobody
//! writes. A stop at any time leaves the log, or the copy in its place, or both alike. Waits for the disk; runs aside
//! from every thread that serves others. Never decides where a replica is to be.
//!
//! ```text
//! log     ──────────────────────────────┬ writes wait ┬──▶ renamed -delete
//! copy       ░░░ chunk by chunk ░░░░░░░░│ the last bit │──▶ renamed to the partition's name, opened under its view
//! ```
//!
//! After a power loss between the two renames both directories bear the partition's name, each whole. The manager keeps
//! the one that the metadata names, and sets the other aside (`doubles`).

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;

use super::replica::Replica;
use crate::error::{ApiError, Error, ErrorCode};
use crate::log::Log;
use crate::log::manager::LogManager;
use crate::log::names;
use crate::log::view::PartitionView;
use crate::types::{Millis, NONE, Offset, Uuid};
use crate::wire::records::split;

/// How much is copied at once, as `replica.fetch.max.bytes` has it, in bytes.
const CHUNK: usize = 1 << 20;
/// The most that is copied while nobody can write, in bytes.
const LAST: usize = 4 << 20;
/// After how many bytes the copy is synced, so that the end has little to wait for.
const SYNC_EVERY: u64 = 64 << 20;

/// One replica on its way to another log directory.
#[derive(Debug)]
pub struct Move {
    /// The replica that moves.
    pub replica: Arc<Replica>,
    /// The log directory that it is to be in.
    pub to: usize,
    /// The name of the directory of the copy.
    pub(super) name: String,
    /// Whether the copy was begun by an earlier life of the node.
    pub(super) resumed: bool,
    /// Once set, stays set; looked at between two chunks, and once more while nobody writes.
    cancelled: AtomicBool,
    /// Another with each attempt.
    view: Mutex<Arc<PartitionView>>,
}

impl Move {
    /// A move that begins, or goes on with the copy that an earlier life has left under `left`.
    pub(super) fn new(replica: Arc<Replica>, to: usize, left: Option<String>) -> Self {
        let resumed = left.is_some();
        let name = left.unwrap_or_else(|| names::future(&replica.name, Uuid::random()));
        let view = Mutex::new(PartitionView::new(replica.name.clone()));
        Self { replica, to, name, resumed, cancelled: AtomicBool::new(false), view }
    }

    /// The copy as it is at the moment.
    pub fn view(&self) -> Arc<PartitionView> {
        self.view.lock().clone()
    }

    /// How many records the copy lacks of `source`.
    pub fn lag(&self, source: &PartitionView) -> Offset {
        (source.log_end_offset() - self.view().log_end_offset()).max(0)
    }

    pub(super) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    /// Where the copy lies.
    pub(super) fn path(&self, logs: &LogManager) -> Option<PathBuf> {
        logs.dirs().get(self.to).map(|dir| dir.path().join(&self.name))
    }
}

/// The copy of a log, in the hands of whoever copies.
pub(super) struct Future {
    pub(super) log: Log,
    /// Bytes copied since the last sync.
    unsynced: u64,
}

/// What became of the attempt to let the copy take over.
pub(super) enum Swapped {
    /// It has.
    Done,
    /// Too much was written meanwhile: the copying goes on.
    NotYet(Box<Future>),
}

/// Opens the copy, or begins it. What an earlier life has left is kept if it is a part of `source`.
pub(super) fn open(logs: &LogManager, moving: &Move, now: Millis) -> Result<Future, Error> {
    let fresh = || {
        let view = PartitionView::new(moving.replica.name.clone());
        *moving.view.lock() = view.clone();
        let topic_id = Some(moving.replica.id.topic_id);
        let settings = moving.replica.settings().log.clone();
        logs.open_aside(moving.to, &moving.name, view, settings, topic_id, now)
    };
    let mut log = fresh()?;
    let source = moving.replica.shared_view();
    if moving.resumed && !is_part(&log, source)? {
        tracing::warn!(partition = %moving.replica.name, "an unfinished copy is not like its log: copying anew");
        log.truncate_fully_and_start_at(source.log_start_offset(), None, now)?;
    }
    Ok(Future { log, unsynced: 0 })
}

/// Whether what the copy ends with is in the log at the same offset.
fn is_part(log: &Log, source: &PartitionView) -> Result<bool, Error> {
    let end = log.log_end_offset();
    if end == log.log_start_offset() {
        return Ok(true);
    }
    if end > source.log_end_offset() || end <= source.log_start_offset() {
        return Ok(false);
    }
    let last = |view: &PartitionView| -> Result<Vec<u8>, Error> {
        Ok(view.read(end - 1, 0, true, end)?.to_vec()?)
    };
    Ok(last(log.view())? == last(source)?)
}

/// Copies the next of `source`; the bytes of it, none where the copy has all that is committed.
pub(super) fn copy(
    future: &mut Future,
    source: &PartitionView,
    now: Millis,
) -> Result<usize, Error> {
    let copied = append(&mut future.log, source, CHUNK, source.high_watermark(), now)?;
    future.unsynced += copied as u64;
    if copied == 0 || future.unsynced >= SYNC_EVERY {
        let end = future.log.log_end_offset();
        future.log.flush(end, now)?;
        future.unsynced = 0;
    }
    Ok(copied)
}

fn append(
    log: &mut Log,
    source: &PartitionView,
    max_bytes: usize,
    up_to: Offset,
    now: Millis,
) -> Result<usize, Error> {
    let start = source.log_start_offset();
    if log.log_end_offset() < start {
        log.truncate_fully_and_start_at(start, None, now)?;
    }
    let from = log.log_end_offset();
    let mut copied = 0;
    if from < up_to {
        let bytes = Bytes::from(source.read(from, max_bytes, true, up_to)?.to_vec()?);
        let first =
            split(&bytes).next().and_then(Result::ok).map(|first| first.header().base_offset);
        if let Some(first) = first.filter(|first| *first < from && log.size() == 0) {
            // The log starts in the middle of a batch, which comes whole.
            log.truncate_fully_and_start_at(first, Some(start), now)?;
        }
        copied = bytes.len();
        if !bytes.is_empty() {
            log.append_as_follower(&bytes, NONE, now)?;
        }
    }
    log.set_high_watermark(log.log_end_offset());
    log.delete_records(start.min(log.log_end_offset()))?;
    Ok(copied)
}

/// Lets the copy take the place of `source`, which nobody writes to meanwhile. Gives the log to go on with; an error
/// leaves one of both in the partition's place, to be opened anew.
pub(super) fn swap(
    logs: &LogManager,
    moving: &Move,
    mut source: Box<Log>,
    mut future: Future,
    now: Millis,
) -> Result<(Box<Log>, Swapped), Error> {
    let view = source.view().clone();
    let end = source.log_end_offset();
    append(&mut future.log, &view, LAST, end, now)?;
    if future.log.log_end_offset() < end || moving.is_cancelled() {
        return Ok((source, Swapped::NotYet(Box::new(future))));
    }
    // Both are durable before either is touched: whichever is found after a power loss is whole.
    source.flush(end, now)?;
    future.log.close(now)?;
    let (replica, from) = (&moving.replica, moving.replica.log_dir());
    let renamed = future.log.rename_dir(&names::partition(&replica.name))?;
    // From here on the copy is the partition's log, whatever fails.
    replica.set_log_dir(moving.to);
    sync_parent(logs, &renamed)?;
    logs.note(moving.to, &replica.name, future.log.offsets());
    let given_up = source.rename_for_delete(Uuid::random())?;
    sync_parent(logs, &given_up)?;
    logs.forget(from, &replica.name);
    drop((source, future));
    let mut log = open_moved(logs, replica, now)?;
    if log.log_end_offset() != end {
        let text = format!("the copy of {} ends elsewhere", replica.name);
        return Err(ApiError::new(ErrorCode::KafkaStorageError, text).into());
    }
    log.set_high_watermark(end);
    Ok((log, Swapped::Done))
}

pub(super) fn open_moved(
    logs: &LogManager,
    replica: &Replica,
    now: Millis,
) -> Result<Box<Log>, Error> {
    let (view, settings) = (replica.shared_view().clone(), replica.settings().log.clone());
    Ok(Box::new(logs.open_log(replica.log_dir(), view, settings, replica.owner(), now)?))
}

fn sync_parent(logs: &LogManager, path: &std::path::Path) -> Result<(), Error> {
    match path.parent() {
        Some(parent) => logs.files().fsync_dir(parent).map_err(Error::io(parent.display())),
        None => Ok(()),
    }
}
