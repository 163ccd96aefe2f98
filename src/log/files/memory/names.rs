//! The names of the files in memory: as a living process sees them, and the changes that are not synced, in order.
//! Knows nothing of contents.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Name {
    Dir,
    File(u64),
}

/// A change of names not yet synced.
#[derive(Clone, Debug)]
pub(super) enum Renaming {
    Put(PathBuf, Name),
    Move(PathBuf, PathBuf),
    Remove(PathBuf),
}

/// Which of the changes a sync of the directory `dir` makes durable: those in it, as it was called at the time.
pub(super) fn syncs(renamings: &[Renaming], dir: &Path) -> Vec<bool> {
    let mut dir = dir;
    let mut synced = vec![false; renamings.len()];
    for (renaming, synced) in renamings.iter().zip(&mut synced).rev() {
        match renaming {
            Renaming::Move(from, to) if to == dir => dir = from,
            renaming => *synced = renaming.touches(dir),
        }
    }
    synced
}

pub(super) fn apply(names: &mut BTreeMap<PathBuf, Name>, renaming: &Renaming) {
    match renaming {
        Renaming::Put(path, name) => {
            names.insert(path.clone(), *name);
        }
        Renaming::Move(from, to) => rename_all(names, from, to),
        Renaming::Remove(path) => remove_all(names, path),
    }
}

impl Renaming {
    fn touches(&self, dir: &Path) -> bool {
        let inside = |path: &PathBuf| path.parent() == Some(dir);
        match self {
            Self::Put(path, _) | Self::Remove(path) => inside(path),
            Self::Move(from, to) => inside(from) || inside(to),
        }
    }

    /// The directory `from` is called `to` now.
    pub(super) fn follow(&mut self, from: &Path, to: &Path) {
        let moved = |path: &mut PathBuf| {
            if let Ok(rest) = path.strip_prefix(from) {
                *path = to.join(rest);
            }
        };
        match self {
            Self::Put(path, _) | Self::Remove(path) => moved(path),
            Self::Move(one, other) => [one, other].into_iter().for_each(moved),
        }
    }
}

fn rename_all(names: &mut BTreeMap<PathBuf, Name>, from: &Path, to: &Path) {
    let moved: Vec<_> =
        names.range(from.to_owned()..).take_while(|(path, _)| path.starts_with(from)).collect();
    let moved: Vec<(PathBuf, Name)> =
        moved.into_iter().map(|(path, name)| (path.clone(), *name)).collect();
    for (path, name) in moved {
        names.remove(&path);
        let rest = path.strip_prefix(from).expect("it starts so");
        let target = if rest.as_os_str().is_empty() { to.to_owned() } else { to.join(rest) };
        names.insert(target, name);
    }
}

fn remove_all(names: &mut BTreeMap<PathBuf, Name>, path: &Path) {
    names.retain(|name, _| !name.starts_with(path));
}
