//! Where replicas are placed among the node's log directories: where they were found, where the metadata wants them,
//! else where there are fewest. Pure: touches no directory.
//!
//! Two directories may hold one partition, where the node stopped while a copy took its log's place. The metadata says
//! which of them counts; the other is a stray.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::log::manager::Discovered;
use crate::log::names::Directory;
use crate::types::TopicPartition;

/// See the module.
pub(super) struct Places {
    /// Where partitions were found when the node started.
    found: HashMap<TopicPartition, usize>,
    /// Where those were found that are in a second log directory too.
    doubles: Vec<(TopicPartition, usize)>,
    /// Copies that were on their way when the node stopped, and to which log directory.
    copies: HashMap<TopicPartition, (usize, PathBuf)>,
    /// How many replicas each log directory has.
    counts: Vec<usize>,
}

impl Places {
    /// Of so many log directories, in which nothing was found.
    pub(super) fn new(dirs: usize) -> Self {
        Self {
            found: HashMap::new(),
            doubles: Vec::new(),
            copies: HashMap::new(),
            counts: vec![0; dirs],
        }
    }

    /// Takes in what is in the log directories; what of it is to be removed.
    pub(super) fn take_in(&mut self, discovered: Vec<Discovered>) -> Vec<PathBuf> {
        let mut deleted = Vec::new();
        for directory in discovered {
            match directory.kind {
                Directory::Partition(name) if self.found.contains_key(&name) => {
                    self.doubles.push((name, directory.log_dir));
                }
                Directory::Partition(name) => drop(self.found.insert(name, directory.log_dir)),
                Directory::Future(name) if self.copies.contains_key(&name) => {
                    deleted.push(directory.path);
                }
                Directory::Future(name) => {
                    self.copies.insert(name, (directory.log_dir, directory.path));
                }
                Directory::Deleted(_) => deleted.push(directory.path),
                _ => {}
            }
        }
        deleted
    }

    /// Whether a partition is there already.
    pub(super) fn has_found(&self, name: &TopicPartition) -> bool {
        self.found.contains_key(name)
    }

    /// Which log directory a replica is in, and one more is in it from now on. `wanted` is where the metadata has it;
    /// `pick` chooses by how many each has.
    pub(super) fn place(
        &mut self,
        name: &TopicPartition,
        wanted: Option<usize>,
        pick: impl FnOnce(&[usize]) -> Option<usize>,
    ) -> usize {
        let double =
            self.doubles.iter_mut().find(|(double, at)| double == name && wanted == Some(*at));
        if let (Some((_, double)), Some(found)) = (double, self.found.get_mut(name)) {
            std::mem::swap(double, found);
        }
        let found = self.found.get(name).copied().or(wanted);
        let log_dir = found.or_else(|| pick(&self.counts)).unwrap_or(0);
        if let Some(count) = self.counts.get_mut(log_dir) {
            *count += 1;
        }
        log_dir
    }

    /// A replica is gone from a log directory: one of its name that comes later begins in a place of its own choice.
    pub(super) fn forget(&mut self, name: &TopicPartition, log_dir: usize) {
        self.found.remove(name);
        self.copies.remove(name);
        if let Some(count) = self.counts.get_mut(log_dir) {
            *count = count.saturating_sub(1);
        }
    }

    /// The unfinished copy of a partition, if there is one: to which log directory, and its path.
    pub(super) fn take_copy(&mut self, name: &TopicPartition) -> Option<(usize, PathBuf)> {
        self.copies.remove(name)
    }

    /// All copies that nobody has taken.
    pub(super) fn take_copies(&mut self) -> impl Iterator<Item = (TopicPartition, PathBuf)> {
        self.copies.drain().map(|(name, (_, path))| (name, path))
    }

    /// What was found and is nobody's, and what was found twice.
    pub(super) fn take_strays(
        &mut self,
        is_stray: impl Fn(&TopicPartition) -> bool,
    ) -> Vec<(TopicPartition, usize)> {
        let mut strays: Vec<_> = self.found.extract_if(|name, _| is_stray(name)).collect();
        strays.append(&mut self.doubles);
        strays
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn discovered(log_dir: usize, kind: Directory) -> Discovered {
        Discovered { log_dir, path: PathBuf::from(format!("/{log_dir}")), kind }
    }

    fn fewest(counts: &[usize]) -> Option<usize> {
        (0..counts.len()).min_by_key(|at| counts[*at])
    }

    #[test]
    fn what_was_found_stays_and_the_rest_goes_where_there_are_fewest() {
        let name = |n| TopicPartition::new("t", n);
        let mut places = Places::new(2);
        assert!(places.take_in(vec![discovered(1, Directory::Partition(name(0)))]).is_empty());
        let placed = |places: &mut Places, n, wanted| places.place(&name(n), wanted, fewest);
        assert_eq!(placed(&mut places, 0, Some(0)), 1);
        assert_eq!(placed(&mut places, 1, None), 0);
        assert_eq!(placed(&mut places, 2, Some(1)), 1);
        assert_eq!(placed(&mut places, 3, None), 0);
        places.forget(&name(0), 1);
        places.forget(&name(2), 1);
        assert_eq!(placed(&mut places, 0, None), 1);
    }

    #[test]
    fn of_two_the_metadata_choose_and_the_other_is_a_stray() {
        let name = TopicPartition::new("t", 0);
        for wanted in 0..2 {
            let mut places = Places::new(2);
            let twice = (0..2).map(|at| discovered(at, Directory::Partition(name.clone())));
            places.take_in(twice.collect());
            assert_eq!(places.place(&name, Some(wanted), fewest), wanted);
            assert_eq!(places.take_strays(|_| false), [(name.clone(), 1 - wanted)]);
        }
    }

    #[test]
    fn a_second_copy_is_of_no_use() {
        let name = TopicPartition::new("t", 0);
        let mut places = Places::new(2);
        let twice = (0..2).map(|at| discovered(at, Directory::Future(name.clone())));
        assert_eq!(places.take_in(twice.collect()), [PathBuf::from("/1")]);
        assert_eq!(places.take_copy(&name), Some((0, PathBuf::from("/0"))));
        assert_eq!(places.take_copies().count(), 0);
    }
}
