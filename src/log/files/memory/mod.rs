//! Files in memory that fail on request: a call that errs, a process killed half-way through a write, power lost with
//! unsynced writes gone or torn, a full disk, a flipped bit.
//!
//! What a kill leaves is what was written; what a power loss leaves is what was synced, and any part of the rest.
//!
//! Two states are kept of everything, content and names alike: as a living process sees it, and as it was when it was
//! last synced, with the changes since in order. A kill takes the first; a power loss the second and, by a seed, some
//! of the changes.

mod names;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use names::{Name, Renaming, apply, syncs};

use super::{Entry, File, Files};
use crate::random::Random;
use crate::types::Millis;

/// A kind of call, for [`MemoryFiles::fail_next`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// Opening a file that is there.
    Open,
    /// Creating a file or directory.
    Create,
    /// Reading from a file.
    Read,
    /// Writing to a file.
    Write,
    /// Changing a file's size.
    Truncate,
    /// Syncing a file.
    Sync,
    /// Syncing a directory.
    SyncDir,
    /// Renaming.
    Rename,
    /// Removing a file or directory.
    Remove,
    /// Listing a directory.
    List,
}

/// A change of content not yet synced.
#[derive(Clone, Debug)]
enum Dirty {
    Write { position: usize, bytes: Vec<u8> },
    Truncate(usize),
}

#[derive(Clone, Debug, Default)]
struct Node {
    /// As a living process reads it.
    data: Vec<u8>,
    /// As the last sync left it.
    synced: Vec<u8>,
    /// What has changed since.
    dirty: Vec<Dirty>,
    modified: Millis,
}

#[derive(Clone, Debug, Default)]
struct State {
    nodes: HashMap<u64, Node>,
    names: BTreeMap<PathBuf, Name>,
    durable_names: BTreeMap<PathBuf, Name>,
    renamings: Vec<Renaming>,
    next_node: u64,
    /// Calls that have changed something: a test dies in each of them in turn.
    changes: u64,
    /// After so many changes the process dies: that one is done by half, and nothing works any more.
    crash_at: Option<u64>,
    crashed: bool,
    fail_next: HashMap<Call, Arc<io::Error>>,
    /// What lies below is on a device that does not work.
    broken: Option<PathBuf>,
    capacity: Option<u64>,
    now: Millis,
    /// What a death in each change would have left, while that is wanted.
    deaths: Option<Vec<Self>>,
}

/// Files in memory. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles(Arc<Mutex<State>>);

#[derive(Debug)]
struct MemoryFile {
    state: Arc<Mutex<State>>,
    node: u64,
}

fn gone() -> io::Error {
    io::Error::other("the process is dead")
}

fn write_into(data: &mut Vec<u8>, position: usize, bytes: &[u8]) {
    let end = position + bytes.len();
    if data.len() < end {
        data.resize(end, 0);
    }
    data[position..end].copy_from_slice(bytes);
}

impl State {
    /// Counts a change; says whether it is the one that the process dies in.
    fn change(&mut self, call: Call) -> io::Result<bool> {
        self.check(call)?;
        self.changes += 1;
        if self.deaths.is_some() {
            let remains = self.remains();
            self.deaths.get_or_insert_default().push(remains);
        }
        self.crashed = self.crash_at.is_some_and(|at| self.changes > at);
        Ok(self.crashed)
    }

    /// A copy without faults and without what has no name any more.
    fn remains(&self) -> Self {
        let put = |renaming: &Renaming| match renaming {
            Renaming::Put(_, Name::File(node)) => Some(*node),
            _ => None,
        };
        let named = |name: &Name| match name {
            Name::File(node) => Some(*node),
            Name::Dir => None,
        };
        let living: BTreeSet<u64> = self
            .names
            .values()
            .chain(self.durable_names.values())
            .filter_map(named)
            .chain(self.renamings.iter().filter_map(put))
            .collect();
        let living = living.into_iter();
        Self {
            nodes: living.filter_map(|id| Some((id, self.nodes.get(&id)?.clone()))).collect(),
            names: self.names.clone(),
            durable_names: self.durable_names.clone(),
            renamings: self.renamings.clone(),
            next_node: self.next_node,
            now: self.now,
            ..Self::default()
        }
    }

    fn check(&mut self, call: Call) -> io::Result<()> {
        if self.crashed {
            return Err(gone());
        }
        match self.fail_next.remove(&call) {
            Some(error) => Err(match error.raw_os_error() {
                Some(errno) => io::Error::from_raw_os_error(errno),
                None => io::Error::new(error.kind(), "injected"),
            }),
            None => Ok(()),
        }
    }

    /// Error: `path` is on the broken device.
    fn check_device(&self, path: &Path) -> io::Result<()> {
        match &self.broken {
            Some(broken) if path.starts_with(broken) => Err(rustix::io::Errno::IO.into()),
            _ => Ok(()),
        }
    }

    /// The same for an open file, by the name that it has now.
    fn check_node(&self, node: u64) -> io::Result<()> {
        if self.broken.is_none() {
            return Ok(());
        }
        let is_it = |name: &Name| matches!(name, Name::File(id) if *id == node);
        let name = self.names.iter().find(|(_, name)| is_it(name));
        name.map_or(Ok(()), |(path, _)| self.check_device(path))
    }

    /// A change of names, which either happens or not.
    fn rename(&mut self, call: Call, renaming: Renaming) -> io::Result<()> {
        if self.change(call)? {
            return Err(gone());
        }
        apply(&mut self.names, &renaming);
        self.renamings.push(renaming);
        Ok(())
    }

    fn file(&self, path: &Path) -> io::Result<u64> {
        match self.names.get(path) {
            Some(Name::File(node)) => Ok(*node),
            Some(Name::Dir) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn node(&mut self, node: u64) -> &mut Node {
        self.nodes.entry(node).or_default()
    }

    /// How many of `wanted` more bytes there is room for.
    fn room(&self, wanted: usize) -> usize {
        let Some(capacity) = self.capacity else { return wanted };
        let used: u64 = self.nodes.values().map(|node| node.data.len() as u64).sum();
        wanted.min(usize::try_from(capacity.saturating_sub(used)).unwrap_or(usize::MAX))
    }
}

impl MemoryFiles {
    /// No files at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many changes (writes, creations, renames, syncs …) were made so far.
    pub fn changes(&self) -> u64 {
        self.0.lock().changes
    }

    /// Lets the process die half-way through the change that comes after `changes` of them in all; every later call
    /// fails.
    pub fn crash_at(&self, changes: u64) {
        self.0.lock().crash_at = Some(changes);
    }

    /// Lets the next `call` fail with `error`, without effect.
    pub fn fail_next(&self, call: Call, error: impl Into<io::Error>) {
        self.0.lock().fail_next.insert(call, Arc::new(error.into()));
    }

    /// Lets every use of what lies below `path` fail as on a broken device, or of nothing any more.
    pub fn break_under(&self, path: Option<&Path>) {
        self.0.lock().broken = path.map(Path::to_owned);
    }

    /// No call is to fail any more; gives how many were still to.
    pub fn forget_failures(&self) -> usize {
        std::mem::take(&mut self.0.lock().fail_next).len()
    }

    /// Sets the disk's size, none for no limit, and gives the one before. What does not fit fails with `StorageFull`.
    pub fn set_capacity(&self, capacity: Option<u64>) -> Option<u64> {
        std::mem::replace(&mut self.0.lock().capacity, capacity)
    }

    /// Sets the time that files are stamped with.
    pub fn set_now(&self, now: Millis) {
        self.0.lock().now = now;
    }

    /// Flips bit `bit` (counted from the file's start) behind everyone's back.
    pub fn flip_bit(&self, path: &Path, bit: u64) -> io::Result<()> {
        let mut state = self.0.lock();
        let node = state.file(path)?;
        let node = state.node(node);
        let index = usize::try_from(bit / 8).map_err(|_| io::ErrorKind::InvalidInput)?;
        for data in [&mut node.data, &mut node.synced] {
            if let Some(byte) = data.get_mut(index) {
                *byte ^= 1 << (bit % 8);
            }
        }
        Ok(())
    }

    /// What another process finds after this one was killed: everything written. A copy; faults are gone.
    pub fn after_kill(&self) -> Self {
        Self(Arc::new(Mutex::new(self.0.lock().remains())))
    }

    /// From now on keeps, for each change, what there would be if the process had died half-way through it.
    pub fn keep_deaths(&self) {
        self.0.lock().deaths = Some(Vec::new());
    }

    /// What was kept since it was last asked for, in order.
    pub fn take_deaths(&self) -> Vec<Self> {
        let mut state = self.0.lock();
        let deaths = state.deaths.as_mut().map(std::mem::take).unwrap_or_default();
        deaths.into_iter().map(|state| Self(Arc::new(Mutex::new(state)))).collect()
    }

    /// Writes a copy of one file's bytes into another, or elsewhere into the same, behind everyone's back.
    pub fn misdirect(&self, from: (&Path, u64), len: usize, to: (&Path, u64)) -> io::Result<()> {
        let mut state = self.0.lock();
        let (source, target) = (state.file(from.0)?, state.file(to.0)?);
        let start = usize::try_from(from.1).map_err(|_| io::ErrorKind::InvalidInput)?;
        let data = &state.node(source).data;
        let end = (start + len).min(data.len());
        let bytes = data.get(start..end).unwrap_or_default().to_vec();
        let at = usize::try_from(to.1).map_err(|_| io::ErrorKind::InvalidInput)?;
        let node = state.node(target);
        for data in [&mut node.data, &mut node.synced] {
            let room = data.len().saturating_sub(at).min(bytes.len());
            if room > 0 {
                data[at..at + room].copy_from_slice(&bytes[..room]);
            }
        }
        Ok(())
    }

    /// Bytes in use.
    pub fn used(&self) -> u64 {
        self.0.lock().nodes.values().map(|node| node.data.len() as u64).sum()
    }

    /// What is found after the power went: everything synced, and of the rest what `seed` chooses, torn or not.
    pub fn after_power_loss(&self, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let old = self.0.lock();
        let mut names = old.durable_names.clone();
        let kept = random.below(old.renamings.len() + 1);
        old.renamings[..kept].iter().for_each(|renaming| apply(&mut names, renaming));
        // What is in a directory that is not there is not there either.
        let dirs: Vec<_> = names.keys().cloned().collect();
        names.retain(|path, _| {
            path.ancestors()
                .skip(1)
                .all(|dir| dir == Path::new("/") || dirs.binary_search(&dir.to_owned()).is_ok())
        });
        let mut nodes = HashMap::new();
        let mut ids: Vec<_> = old.nodes.keys().copied().collect();
        ids.sort_unstable();
        for id in ids {
            let node = &old.nodes[&id];
            let mut data = node.synced.clone();
            for dirty in &node.dirty {
                match (random.below(3), dirty) {
                    (0, _) => {}
                    (1, Dirty::Write { position, bytes }) => {
                        let torn = random.below(bytes.len() + 1);
                        write_into(&mut data, *position, &bytes[..torn]);
                    }
                    (_, Dirty::Write { position, bytes }) => {
                        write_into(&mut data, *position, bytes)
                    }
                    (_, Dirty::Truncate(len)) => data.resize(*len, 0),
                }
            }
            nodes.insert(
                id,
                Node { synced: data.clone(), data, dirty: Vec::new(), modified: node.modified },
            );
        }
        let durable_names = names.clone();
        let state = State {
            nodes,
            names,
            durable_names,
            next_node: old.next_node,
            now: old.now,
            ..State::default()
        };
        Self(Arc::new(Mutex::new(state)))
    }

    fn handle(&self, node: u64) -> Arc<dyn File> {
        Arc::new(MemoryFile { state: self.0.clone(), node })
    }
}

impl File for MemoryFile {
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        let mut state = self.state.lock();
        state.check_node(self.node)?;
        state.check(Call::Read)?;
        let data = &state.node(self.node).data;
        let from = usize::try_from(position).unwrap_or(usize::MAX).min(data.len());
        let read = buffer.len().min(data.len() - from);
        buffer[..read].copy_from_slice(&data[from..from + read]);
        Ok(read)
    }

    fn pwritev(&self, slices: &mut [IoSlice<'_>], position: u64) -> io::Result<()> {
        let mut state = self.state.lock();
        state.check_node(self.node)?;
        let dying = state.change(Call::Write)?;
        let mut bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
        let position = usize::try_from(position).map_err(|_| io::ErrorKind::InvalidInput)?;
        let whole = bytes.len();
        if dying {
            bytes.truncate(whole / 2);
        }
        let now = state.now;
        let growth = (position + bytes.len()).saturating_sub(state.node(self.node).data.len());
        bytes.truncate(bytes.len() - (growth - state.room(growth)).min(bytes.len()));
        if let Some(death) = state.deaths.as_mut().and_then(|deaths| deaths.last_mut()) {
            let half = bytes[..bytes.len() / 2].to_vec();
            let node = death.node(self.node);
            write_into(&mut node.data, position, &half);
            node.dirty.push(Dirty::Write { position, bytes: half });
        }
        let node = state.node(self.node);
        write_into(&mut node.data, position, &bytes);
        let written = bytes.len();
        node.dirty.push(Dirty::Write { position, bytes });
        node.modified = now;
        match (dying, written == whole) {
            (true, _) => Err(gone()),
            (false, true) => Ok(()),
            (false, false) => Err(io::ErrorKind::StorageFull.into()),
        }
    }

    fn fdatasync(&self) -> io::Result<()> {
        let mut state = self.state.lock();
        state.check_node(self.node)?;
        if state.change(Call::Sync)? {
            return Err(gone());
        }
        let node = state.node(self.node);
        node.synced.clone_from(&node.data);
        node.dirty.clear();
        Ok(())
    }

    fn allocate(&self, _position: u64, _len: u64) -> io::Result<()> {
        Ok(())
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        let mut state = self.state.lock();
        if state.change(Call::Truncate)? {
            return Err(gone());
        }
        let len = usize::try_from(len).map_err(|_| io::ErrorKind::InvalidInput)?;
        let node = state.node(self.node);
        node.data.resize(len, 0);
        node.dirty.push(Dirty::Truncate(len));
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.state.lock().node(self.node).data.len() as u64)
    }
}

impl Files for MemoryFiles {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let mut state = self.0.lock();
        state.check_device(path)?;
        state.check(Call::Open)?;
        let node = state.file(path)?;
        drop(state);
        Ok(self.handle(node))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let mut state = self.0.lock();
        state.check_device(path)?;
        let parent = path.parent().unwrap_or(Path::new(""));
        if state.names.get(parent) != Some(&Name::Dir) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let id = match state.file(path) {
            Ok(id) => {
                if state.change(Call::Create)? {
                    return Err(gone());
                }
                let node = state.node(id);
                node.data.clear();
                node.dirty.push(Dirty::Truncate(0));
                id
            }
            Err(_) => {
                let id = state.next_node;
                state.rename(Call::Create, Renaming::Put(path.to_owned(), Name::File(id)))?;
                state.next_node += 1;
                let modified = state.now;
                state.nodes.insert(id, Node { modified, ..Node::default() });
                id
            }
        };
        drop(state);
        Ok(self.handle(id))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.0.lock();
        if !state.names.contains_key(from) {
            return Err(io::ErrorKind::NotFound.into());
        }
        state.rename(Call::Rename, Renaming::Move(from.to_owned(), to.to_owned()))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.0.lock();
        state.file(path)?;
        state.rename(Call::Remove, Renaming::Remove(path.to_owned()))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        let mut state = self.0.lock();
        let mut above: Vec<_> =
            path.ancestors().filter(|dir| !dir.as_os_str().is_empty()).collect();
        above.reverse();
        for dir in above {
            if !state.names.contains_key(dir) {
                state.rename(Call::Create, Renaming::Put(dir.to_owned(), Name::Dir))?;
            }
        }
        Ok(())
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        let mut state = self.0.lock();
        if state.names.get(path) != Some(&Name::Dir) {
            return Err(io::ErrorKind::NotFound.into());
        }
        state.rename(Call::Remove, Renaming::Remove(path.to_owned()))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        let mut state = self.0.lock();
        state.check(Call::List)?;
        if state.names.get(dir) != Some(&Name::Dir) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let inside = state.names.iter().filter(|(path, _)| path.parent() == Some(dir));
        Ok(inside
            .filter_map(|(path, name)| {
                let is_dir = *name == Name::Dir;
                path.file_name()?.to_str().map(|name| Entry { name: name.to_owned(), is_dir })
            })
            .collect())
    }

    fn fsync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.0.lock();
        if state.change(Call::SyncDir)? {
            return Err(gone());
        }
        let renamings = std::mem::take(&mut state.renamings);
        let synced = syncs(&renamings, dir);
        for (renaming, synced) in renamings.into_iter().zip(synced) {
            if !synced {
                state.renamings.push(renaming);
                continue;
            }
            apply(&mut state.durable_names, &renaming);
            // What is in a directory goes by the name that the disk knows it by.
            if let Renaming::Move(from, to) = &renaming {
                state.renamings.iter_mut().for_each(|pending| pending.follow(from, to));
            }
        }
        Ok(())
    }

    fn len(&self, path: &Path) -> io::Result<u64> {
        let mut state = self.0.lock();
        let node = state.file(path)?;
        Ok(state.node(node).data.len() as u64)
    }

    fn modified(&self, path: &Path) -> io::Result<Millis> {
        let mut state = self.0.lock();
        let node = state.file(path)?;
        Ok(state.node(node).modified)
    }

    fn set_modified(&self, path: &Path, time: Millis) -> io::Result<()> {
        let mut state = self.0.lock();
        let node = state.file(path)?;
        if let Some(node) = state.nodes.get_mut(&node) {
            node.modified = time;
        }
        Ok(())
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Arc<dyn File>>> {
        self.create(path).map(Some)
    }
}
