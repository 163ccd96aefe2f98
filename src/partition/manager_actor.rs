//! From metadata to replicas: starts those that are this node's, lets them lead, configures them, removes them.
//!
//! The manager keeps the table that every request looks into. A partition's actor costs little, so each replica has one
//! at once; its log is opened when somebody first needs it. Directories of new replicas are made aside, so that what is
//! on the disk follows the metadata even if nobody writes. It never reads or writes a log itself.
//!
//! # What an image changes
//!
//! | in the image | here |
//! |---|---|
//! | a topic that is new, or has new partitions of this node | a replica, its actor, its directory |
//! | a leader or its epoch | the replica's, at once; appends that wait are held against it |
//! | a topic that is gone, or a replica of it | out of the table, renamed, removed later |
//! | a configuration | the settings, then the open log's |
//! | the first that knows this life of the node | directories that nobody wants are set aside |
//!
//! Which are set aside only then: an older image may not know of partitions that this node was given before it stopped.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use actix::{Actor, ActorContext, Addr, Context, Handler, Message};
use actix_rt::ArbiterHandle;
use arc_swap::ArcSwap;

use super::actor::{LogClosed, MAILBOX, OpenLog, PartitionActor, PartitionSpec};
use super::mover_actor::{Mover, Placed, Resume};
use super::opening::Opening;
use super::places::Places;
use super::replica::Replica;
use super::settings::{ReplicaSettings, TopicSettings};
use super::table::PartitionTable;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, ErrorCode};
use crate::log::manager::LogManager;
use crate::log::names;
use crate::metadata::Image;
use crate::metadata::topics::{PartitionRegistration, TopicImage};
use crate::metrics::Metrics;
use crate::supervision::{
    AddChild, Child, DeathWatch, Handle, Intensity, Port, RemoveChild, Stop, Supervisor,
};
use crate::types::{METADATA_TOPIC, NodeId, TopicIdPartition, TopicPartition, Uuid};

/// The cluster's metadata has changed.
#[derive(Clone)]
pub struct ImageChanged(pub Arc<Image>);

impl Message for ImageChanged {
    type Result = ();
}

/// What the manager is made of.
#[derive(Clone)]
pub struct ManagerSpec {
    /// This node.
    pub node_id: NodeId,
    /// This life of it, as the controller knows it.
    pub incarnation_id: Uuid,
    /// The node's configuration, dynamic values included.
    pub config: Arc<ArcSwap<Config>>,
    /// The log directories.
    pub logs: Arc<LogManager>,
    /// The table that requests look into.
    pub table: Arc<PartitionTable>,
    /// The threads that partitions live on.
    pub threads: Arc<[ArbiterHandle]>,
    /// The time.
    pub clock: Clock,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// Goes on with copies that an earlier life has left.
    pub mover: Handle<Mover>,
    /// Told where replicas are, where the metadata says something else.
    pub placed: Port<Placed>,
}

/// The actor that looks after all replicas of the node.
pub struct PartitionManager {
    spec: ManagerSpec,
    opening: Arc<Opening>,
    /// What the log directories held at first, and how full they are.
    places: Places,
    /// Whether what was found has been held against the metadata.
    strays_told: bool,
    image: Arc<Image>,
    settings: TopicSettings,
    /// The configuration that the replicas go by.
    config: Arc<Config>,
    watch: DeathWatch,
}

impl PartitionManager {
    /// A manager that has seen no metadata yet.
    pub fn new(spec: ManagerSpec, watch: DeathWatch) -> Self {
        let dirs = spec.logs.dirs().len();
        let config = spec.config.load_full();
        Self {
            spec,
            opening: Opening::new(dirs, opening_max(&config)),
            places: Places::new(dirs),
            strays_told: false,
            image: Arc::default(),
            settings: TopicSettings::default(),
            config,
            watch,
        }
    }

    /// Looks what is in the log directories; what was being deleted when the node stopped is deleted now.
    fn discover(&mut self) {
        let found = match self.spec.logs.discover() {
            Ok(found) => found,
            Err(error) => {
                tracing::error!(%error, "the log directories cannot be listed");
                return;
            }
        };
        let deleted = self.places.take_in(found);
        self.remove_dirs(deleted);
    }

    fn remove_dirs(&self, paths: Vec<PathBuf>) {
        if paths.is_empty() {
            return;
        }
        let logs = self.spec.logs.clone();
        drop(tokio::task::spawn_blocking(move || {
            for path in paths {
                if let Err(error) = logs.remove_dir(&path) {
                    tracing::warn!(path = %path.display(), %error, "a deleted partition's directory stays");
                }
            }
        }));
    }

    fn follow(&mut self, image: Arc<Image>) {
        let before = std::mem::replace(&mut self.image, image.clone());
        for topic in before.topics.iter() {
            if image.topics.by_id(topic.id).is_none() {
                self.topic_gone(topic);
                self.spec.metrics.topics.forget(&topic.name);
            }
        }
        if before.topics.is_empty() {
            self.remove_orphans(&image);
        }
        for topic in image.topics.iter() {
            let same = before.topics.by_id(topic.id).is_some_and(|old| Arc::ptr_eq(old, topic));
            if !same {
                self.topic_changed(&image, topic);
            }
        }
        self.configs_changed(&before, &image);
        self.set_strays_aside(&image);
    }

    /// Takes replicas away whose topics are gone. A manager that has come back has seen no image before the first: what
    /// there was, the table tells.
    fn remove_orphans(&mut self, image: &Image) {
        let is_orphan = |replica: &Arc<Replica>| image.topics.by_id(replica.id.topic_id).is_none();
        let orphans: Vec<_> = self.spec.table.all().into_iter().filter(is_orphan).collect();
        for replica in orphans {
            self.remove(&replica);
            self.spec.metrics.topics.forget(&replica.name.topic);
        }
    }

    /// Sets directories aside of partitions that are not this node's: deleted or moved while it was down. Metadata that
    /// knows of this life of the node knows of all that was decided before it.
    fn set_strays_aside(&mut self, image: &Image) {
        // The registration of this life is in the log behind all that was decided about the node before it.
        let me = image.cluster.brokers.get(&self.spec.node_id);
        if self.strays_told || me.is_none_or(|me| me.incarnation_id != self.spec.incarnation_id) {
            return;
        }
        self.strays_told = true;
        let here: HashSet<_> =
            self.spec.table.all().iter().map(|replica| replica.name.clone()).collect();
        let is_stray = |name: &TopicPartition| !here.contains(name) && name.topic != METADATA_TOPIC;
        let strays = self.places.take_strays(is_stray);
        let moves = self.spec.table.moves();
        let is_over = |name: &TopicPartition| !moves.iter().any(|one| one.replica.name == *name);
        let over = self.places.take_copies().filter(|(name, _)| is_over(name));
        let over = over.map(|(_, path)| path).collect();
        self.remove_dirs(over);
        if strays.is_empty() {
            return;
        }
        let logs = self.spec.logs.clone();
        drop(tokio::task::spawn_blocking(move || {
            strays.iter().for_each(|(name, log_dir)| set_aside(&logs, *log_dir, name));
        }));
    }

    fn settings_of(&mut self, image: &Image, topic: &str) -> ReplicaSettings {
        let overrides = image.configs.topic(topic).map(|overrides| &**overrides);
        self.settings.of(&self.spec.config.load(), overrides)
    }

    /// Configurations are few beside topics, and change seldom: all are compared.
    fn configs_changed(&mut self, before: &Image, image: &Image) {
        let config = self.spec.config.load_full();
        let broker_changed = !Arc::ptr_eq(&config, &self.config);
        self.config = config;
        self.opening.set(opening_max(&self.config));
        let mut settings = HashMap::new();
        let same = |topic: &str| match (before.configs.topic(topic), image.configs.topic(topic)) {
            (Some(old), Some(new)) => Arc::ptr_eq(old, new) || old == new,
            (None, None) => true,
            _ => false,
        };
        for replica in self.spec.table.all() {
            if broker_changed || !same(&replica.name.topic) {
                let topic = &replica.name.topic;
                let settings =
                    settings.entry(topic.clone()).or_insert_with(|| self.settings_of(image, topic));
                self.configure(&replica, settings.clone());
            }
        }
    }

    fn configure(&self, replica: &Arc<Replica>, settings: ReplicaSettings) {
        let log = settings.log.clone();
        replica.set_settings(settings);
        if replica.open_view().is_some() {
            let replica = replica.clone();
            actix_rt::spawn(async move {
                // A log that is closed meanwhile is opened with the new settings.
                let _ = replica.with_log(move |opened| opened.update_config(log)).await;
            });
        }
    }

    fn topic_changed(&mut self, image: &Image, topic: &Arc<TopicImage>) {
        let traffic = self.spec.metrics.topics.of(&topic.name);
        let mut settings = None;
        let mut started = Vec::new();
        for (partition, registration) in topic.partitions.iter() {
            let id = TopicIdPartition { topic_id: topic.id, partition };
            if !registration.is_replica(self.spec.node_id) {
                if let Some(replica) = self.spec.table.get(&id) {
                    self.remove(&replica);
                }
                continue;
            }
            let replica = self.spec.table.get(&id).unwrap_or_else(|| {
                let settings =
                    settings.get_or_insert_with(|| self.settings_of(image, &topic.name)).clone();
                let name = TopicPartition::new(&*topic.name, partition);
                let log_dir = {
                    let wanted = self.directory(registration);
                    self.places.place(&name, wanted, |counts| self.spec.logs.pick_dir(counts))
                };
                let replica = Arc::new(Replica::new(name, id, log_dir, settings, traffic.clone()));
                started.push(replica.clone());
                replica
            });
            let here = registration.leader == self.spec.node_id;
            replica.set_leadership(registration.leader, here, registration.leader_epoch);
            self.tell_place(&replica, registration);
        }
        self.start_replicas(started);
    }

    /// The log directory that the metadata names for this node's replica, if it is one of those that work.
    fn directory(&self, registration: &PartitionRegistration) -> Option<usize> {
        let directory = registration.directory(self.spec.node_id)?;
        let dirs = self.spec.logs.dirs().iter().enumerate();
        let mut usable = dirs.filter(|(_, dir)| !dir.is_offline());
        let found = usable.find(|(at, _)| self.spec.logs.directory_id(*at) == Some(directory));
        found.map(|(at, _)| at)
    }

    /// Tells where a replica is, if the metadata says something else.
    fn tell_place(&self, replica: &Replica, registration: &PartitionRegistration) {
        let actual = self.spec.logs.directory_id(replica.log_dir());
        let Some(directory) =
            actual.filter(|id| registration.directory(self.spec.node_id) != Some(*id))
        else {
            return;
        };
        // Nothing is lost where it is refused: the metadata is told again when it next says something of the topic.
        let _ = self.spec.placed.try_send(Placed { id: replica.id, directory });
    }

    fn start_replicas(&mut self, replicas: Vec<Arc<Replica>>) {
        let Some(supervisor) = self.watch.supervisor() else { return };
        // One pair for all: there are many partitions.
        let (open, closed) = (self.open(), self.closed());
        for replica in &replicas {
            let (replica, clock) = (replica.clone(), self.spec.clock.clone());
            let (open, closed) = (open.clone(), closed.clone());
            let spec =
                PartitionSpec { replica, open, opening: self.opening.clone(), closed, clock };
            supervisor.do_send(AddChild(self.child(spec)));
        }
        self.spec.table.change(|table| {
            for replica in &replicas {
                table.insert(replica.id, replica.clone());
            }
        });
        self.resume_moves(&replicas);
        self.make_dirs(replicas);
    }

    /// Lets copies of these replicas go on that an earlier life has left.
    fn resume_moves(&mut self, replicas: &[Arc<Replica>]) {
        let mut over = Vec::new();
        for replica in replicas {
            let Some((to, path)) = self.places.take_copy(&replica.name) else { continue };
            let left = path.file_name().map(|name| name.to_string_lossy().into_owned());
            match left.filter(|_| to != replica.log_dir()) {
                Some(left) => {
                    let resume = Resume { replica: replica.clone(), to, left };
                    if self.spec.mover.try_send(resume).is_err() {
                        tracing::warn!(partition = %replica.name, "an unfinished move is given up");
                        over.push(path);
                    }
                }
                None => over.push(path),
            }
        }
        self.remove_dirs(over);
    }

    /// Makes the directories of replicas that are new on this node.
    fn make_dirs(&self, replicas: Vec<Arc<Replica>>) {
        let new: Vec<_> =
            replicas.into_iter().filter(|replica| !self.places.has_found(&replica.name)).collect();
        if new.is_empty() {
            return;
        }
        let opening = self.opening.clone();
        actix_rt::spawn(async move {
            for replica in new {
                let _turn = opening.making_turn().await;
                match replica.make().await {
                    // Gone again already, where the replica is no longer led here.
                    Ok(()) | Err(ErrorCode::NotLeaderOrFollower) => {}
                    Err(code) => {
                        tracing::warn!(partition = %replica.name, %code, "a new partition's log cannot be made");
                    }
                }
            }
        });
    }

    fn child(&self, spec: PartitionSpec) -> Child {
        let replica = spec.replica.clone();
        let arbiter = self.spec.threads[replica.thread(self.spec.threads.len())].clone();
        Child::on_arbiter(
            replica.name.to_string(),
            arbiter,
            MAILBOX,
            replica.actor(),
            move |watch| PartitionActor::new(spec.clone(), watch),
        )
        .intensity(Intensity::per_minute(3))
        .on_give_up(move |name| {
            tracing::error!(partition = name, "the partition keeps failing and goes offline");
            replica.set_offline();
        })
    }

    fn open(&self) -> OpenLog {
        let logs = self.spec.logs.clone();
        Arc::new(move |replica, now| {
            let (view, settings) = (replica.shared_view().clone(), replica.settings().log.clone());
            let open = |view, settings| {
                logs.open_log(replica.log_dir(), view, settings, replica.owner(), now)
            };
            match open(view.clone(), settings.clone()) {
                Err(Error::Api(error)) if error.code == ErrorCode::InconsistentTopicId => {
                    // Of a topic of that name that was deleted while the node was down.
                    set_aside(&logs, replica.log_dir(), &replica.name);
                    open(view, settings)
                }
                opened => opened,
            }
        })
    }

    fn closed(&self) -> LogClosed {
        let logs = self.spec.logs.clone();
        Arc::new(move |replica, log| logs.closed(replica.log_dir(), &replica.name, log.offsets()))
    }

    fn topic_gone(&mut self, topic: &TopicImage) {
        #[cfg(test)]
        crate::faults::pass("gone", &topic.name);
        for (partition, _) in topic.partitions.iter() {
            if let Some(replica) =
                self.spec.table.get(&TopicIdPartition { topic_id: topic.id, partition })
            {
                self.remove(&replica);
            }
        }
    }

    /// Takes a replica away: out of the table at once, its directory renamed, and removed when its files may go.
    fn remove(&mut self, replica: &Arc<Replica>) {
        self.spec.table.change(|table| drop(table.remove(&replica.id)));
        // A topic of the same name that comes after it begins in a place of its own choice.
        self.places.forget(&replica.name, replica.log_dir());
        if let Some(moving) = self.spec.table.moving(&replica.id) {
            moving.cancel();
        }
        replica.set_leadership(-1, false, replica.leader_epoch());
        let Some(supervisor) = self.watch.supervisor() else { return };
        actix_rt::spawn(remove_replica(self.spec.logs.clone(), supervisor, replica.clone()));
    }
}

/// Logs that are opened at a time in one log directory.
fn opening_max(config: &Config) -> usize {
    usize::try_from(config.num_recovery_threads_per_data_dir()).unwrap_or(1)
}

/// Gives a directory the name of those that are not this node's. Its records stay, for an operator to look at.
fn set_aside(logs: &LogManager, log_dir: usize, name: &TopicPartition) {
    logs.forget(log_dir, name);
    match logs.set_aside(log_dir, name, |name| names::stray(name, Uuid::random())) {
        Ok(path) => {
            tracing::warn!(partition = %name, path = %path.display(), "not of this node by the metadata: set aside");
        }
        Err(error) => tracing::error!(partition = %name, %error, "a stray directory stays"),
    }
}

/// Renames the directory while the actor still owns the log, ends the actor, and removes the files in the end.
async fn remove_replica(
    logs: Arc<LogManager>,
    supervisor: Addr<Supervisor>,
    replica: Arc<Replica>,
) {
    // First of all: should the process die now, the next start finds a directory to delete, not a partition.
    let renamed = replica.with_log(|log| log.rename_for_delete(Uuid::random())).await;
    // The answer only says whether there was such a child.
    let _ = supervisor.send(RemoveChild(replica.name.to_string().into())).await;
    logs.forget(replica.log_dir(), &replica.name);
    let renamed = match renamed {
        Ok(renamed) => renamed,
        // A log that cannot be opened is deleted like any other.
        Err(_) => logs.set_aside(replica.log_dir(), &replica.name, |name| {
            names::deleted(name, Uuid::random())
        }),
    };
    match renamed {
        Ok(path) => {
            let delay_ms = replica.settings().config.file_delete_delay_ms;
            tokio::time::sleep(std::time::Duration::from_millis(delay_ms.unsigned_abs())).await;
            drop(tokio::task::spawn_blocking(move || {
                if let Err(error) = logs.remove_dir(&path) {
                    tracing::warn!(path = %path.display(), %error, "a deleted partition's directory stays");
                }
            }));
        }
        Err(error) => {
            tracing::error!(partition = %replica.name, %error, "a deleted partition cannot be renamed")
        }
    }
}

impl Actor for PartitionManager {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        self.discover();
    }
}

impl Handler<ImageChanged> for PartitionManager {
    type Result = ();

    fn handle(&mut self, ImageChanged(image): ImageChanged, _: &mut Self::Context) {
        self.follow(image);
    }
}

impl Handler<Stop> for PartitionManager {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        ctx.stop();
    }
}
