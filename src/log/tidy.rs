//! What interrupted work has left in a log's directory: finished if it was as good as done, else undone.
//!
//! `.deleted` files go. `.cleaned` files are half of a compaction and go, and with them every `.swap` file that is
//! not below the first of them. The other `.swap` files are finished segments: what they were made from goes, and
//! they take its place.
//!
//! Every step may itself be interrupted and begin anew: a second run finds fewer files of the same kinds, and comes to
//! the same end.
//!
//! Why `.swap` files behind a `.cleaned` one go: the cleaner writes one group of segments at a time, so two stages at
//! once mean that a replacement was torn between its files. What it was made from is then still there.

use std::collections::BTreeSet;
use std::io;

use super::files::remove_if_there;
use super::names::{
    self, CLEANED, DELETED, INDEX, LEADER_EPOCHS, LOG, SEGMENT_SUFFIXES, SNAPSHOT, SWAP, TIME_INDEX,
};
use super::scan::Scanner;
use super::segment::Place;
use crate::error::Error;
use crate::types::Offset;

/// What is in a tidied directory.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The segments, by their first offsets.
    pub(super) logs: BTreeSet<Offset>,
    /// Those that lack an index.
    pub(super) unindexed: BTreeSet<Offset>,
    /// The producers' snapshots that can still be of use.
    pub(super) snapshots: BTreeSet<Offset>,
    /// Whether there is a file of leader epochs.
    pub(super) has_epochs: bool,
}

/// Tidies the directory of `place`, and says what it holds; none if there is no such directory.
pub(super) fn tidy(place: &Place) -> Result<Option<Found>, Error> {
    let mut names = match list(place) {
        Err(Error::Io(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    if names.iter().any(|name| [DELETED, CLEANED, SWAP].iter().any(|suffix| name.ends_with(suffix)))
    {
        finish(place, &names)?;
        names = list(place)?;
    }
    let of = |suffix: &str| -> BTreeSet<Offset> {
        names.iter().filter_map(|name| names::offset(name, suffix)).collect()
    };
    let logs = of(LOG);
    let (offsets, times) = (of(INDEX), of(TIME_INDEX));
    for suffix in SEGMENT_SUFFIXES.iter().filter(|suffix| **suffix != LOG) {
        for orphan in of(suffix).difference(&logs) {
            remove(place, &names::file(*orphan, suffix))?;
        }
    }
    let unindexed =
        logs.iter().filter(|log| !offsets.contains(log) || !times.contains(log)).copied().collect();
    let snapshots = useful(place, of(SNAPSHOT), &logs)?;
    Ok(Some(Found { logs, unindexed, snapshots, has_epochs: names.contains(LEADER_EPOCHS) }))
}

fn list(place: &Place) -> Result<BTreeSet<String>, Error> {
    let dir = place.dir();
    let entries = place.files.list(&dir).map_err(Error::io(dir.display()))?;
    Ok(entries.into_iter().filter(|entry| !entry.is_dir).map(|entry| entry.name).collect())
}

fn remove(place: &Place, name: &str) -> Result<(), Error> {
    let path = place.dir().join(name);
    remove_if_there(&*place.files, &path).map_err(Error::io(path.display()))
}

/// The offset that the name of a file of a segment begins with, whatever it ends with.
fn leading_offset(name: &str) -> Option<Offset> {
    name.split_once('.').and_then(|(digits, _)| digits.parse().ok())
}

fn finish(place: &Place, names: &BTreeSet<String>) -> Result<(), Error> {
    // Nobody reads them any more: their readers died with the process.
    // The quorum's snapshots wait for their removal under the same suffix; they are its own affair.
    for name in names
        .iter()
        .filter(|name| name.ends_with(DELETED) && !name.ends_with(".checkpoint.deleted"))
    {
        remove(place, name)?;
    }
    let cleaned: Vec<_> = names.iter().filter(|name| name.ends_with(CLEANED)).collect();
    let unfinished =
        cleaned.iter().filter_map(|name| leading_offset(name)).min().unwrap_or(Offset::MAX);
    let swaps: Vec<_> = names.iter().filter(|name| name.ends_with(SWAP)).collect();
    let (finished, halves): (Vec<&&String>, Vec<_>) = swaps
        .iter()
        .partition(|name| leading_offset(name).is_some_and(|offset| offset < unfinished));
    for name in halves.into_iter().chain(&cleaned) {
        remove(place, name)?;
    }
    // The offsets that the finished segments stand for. What lies in that range is what they were made from, whatever
    // of it had been renamed already.
    let mut replaced: Option<(Offset, Offset)> = None;
    for name in &finished {
        if let Some(base) = name.strip_suffix(SWAP).and_then(|name| names::offset(name, LOG)) {
            let end = end_of(place, name, base)?;
            replaced =
                Some(replaced.map_or((base, end), |(from, to)| (from.min(base), to.max(end))));
        }
    }
    if let Some((from, to)) = replaced {
        for suffix in SEGMENT_SUFFIXES {
            for offset in names
                .iter()
                .filter_map(|name| names::offset(name, suffix))
                .filter(|at| (from..to).contains(at))
            {
                remove(place, &names::file(offset, suffix))?;
            }
        }
    }
    let dir = place.dir();
    // Last, with the range free: had the process died before, this would all happen once more.
    for name in finished {
        if let Some(target) = name.strip_suffix(SWAP) {
            place
                .files
                .rename(&dir.join(name.as_str()), &dir.join(target))
                .map_err(Error::io(name))?;
        }
    }
    Ok(())
}

/// The offset behind the last batch of a file of records.
fn end_of(place: &Place, name: &str, base: Offset) -> Result<Offset, Error> {
    let path = place.dir().join(name);
    let file = place.files.open(&path).map_err(Error::io(path.display()))?;
    let mut scanner = Scanner::headers(&*file, 0, file.len()?, base);
    let mut end = base;
    while let Ok(Some(found)) = scanner.next_header() {
        end = found.header.next_offset();
    }
    Ok(end)
}

/// Of the producers' snapshots, those at the beginning of a segment and the newest of the others, if it is behind all
/// of them. The rest is removed.
fn useful(
    place: &Place,
    mut snapshots: BTreeSet<Offset>,
    logs: &BTreeSet<Offset>,
) -> Result<BTreeSet<Offset>, Error> {
    let newest =
        snapshots.last().copied().filter(|newest| logs.last().is_none_or(|last| newest >= last));
    let stray: Vec<_> = snapshots
        .iter()
        .filter(|offset| !logs.contains(offset) && Some(**offset) != newest)
        .copied()
        .collect();
    for offset in stray {
        remove(place, &names::file(offset, SNAPSHOT))?;
        snapshots.remove(&offset);
    }
    Ok(snapshots)
}
