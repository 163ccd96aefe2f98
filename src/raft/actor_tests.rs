//! The quorum as those around it see it: over files that die, and between two nodes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix::Actor;
use actix_rt::System;
use bytes::Bytes;
use parking_lot::Mutex;

use super::Quorum;
use super::actor::{Parts, QuorumActor};
use super::events::{QuorumEvent, VersionedRecord};
use super::follow_actor::{Address, Answer, Peers};
use super::quorum_actor::{FetchAsk, FetchOutcome, SnapshotAsk};
use super::shape::OffsetAndEpoch;
use super::store::{Store, StoreSettings};
use super::voters::{ReplicaKey, VoterSet};
use crate::clock::Clock;
use crate::error::{Error, ErrorCode};
use crate::log::append::pending;
use crate::log::cache::{Cache, Limits};
use crate::log::files::Files;
use crate::log::files::memory::{Call, MemoryFiles};
use crate::log::producers::Origin;
use crate::log::{Log, OpenOptions};
use crate::metadata::snapshot::{self, SnapshotId};
use crate::metadata::{Image, Provenance};
use crate::supervision::{End, Intensity, Port, Refused, Stop, Supervisor};
use crate::testing::until;
use crate::types::{LeaderEpoch, Offset, TopicPartition, Uuid};
use crate::wire::messages::fetch::{
    EpochEndOffset, FetchRequest, FetchResponse, FetchableTopicResponse, LeaderIdAndEpoch,
    PartitionData, SnapshotId as FetchedSnapshotId,
};
use crate::wire::messages::fetch_snapshot::{
    FetchSnapshotRequest, FetchSnapshotResponse, PartitionSnapshotResponse, TopicSnapshotResponse,
};
use crate::wire::records::BatchBuilder;
use crate::wire::stored::metadata::{MetadataRecord, NoOpRecord, TopicRecord};

fn settings() -> StoreSettings {
    StoreSettings {
        segment_bytes: 1 << 30,
        segment_ms: 7 * 86_400_000,
        retention_bytes: 100 << 20,
        retention_ms: 7 * 86_400_000,
    }
}

fn parts(files: &MemoryFiles) -> Parts {
    Parts {
        me: ReplicaKey::new(1, Uuid::from_bytes([7; 16])),
        cluster_id: "cluster".into(),
        fixed_voters: Some(VoterSet::fixed("CONTROLLER", [(1, "localhost", 9093)])),
        bootstrap_servers: Vec::new(),
        log_dir: PathBuf::from("/data"),
        files: Arc::new(files.clone()),
        cache: Arc::<Cache>::default(),
        store: settings(),
        fetch_timeout_ms: 2_000,
        retry_backoff_ms: 1,
        peers: None,
        copy: None,
        clock: Clock::System,
    }
}

/// What a subscriber was told, in short.
#[derive(Clone, Default)]
struct Diary {
    lines: Arc<Mutex<Vec<String>>>,
    image: Arc<Mutex<Option<Arc<Image>>>>,
    /// How many events are still taken; the rest meets a full mailbox.
    room: Arc<Mutex<Option<usize>>>,
}

impl Diary {
    fn port(&self) -> Port<QuorumEvent> {
        let diary = self.clone();
        Port::from_fn(move |event| {
            if let Some(room) = diary.room.lock().as_mut() {
                let Some(left) = room.checked_sub(1) else { return Err(Refused::Full(event)) };
                *room = left;
            }
            let line = match event {
                QuorumEvent::Loaded { image, .. } => {
                    let line = format!(
                        "loaded {} topics {}",
                        image.provenance.offset,
                        image.topics.iter().count()
                    );
                    *diary.image.lock() = Some(image);
                    line
                }
                QuorumEvent::Committed(batch) => {
                    format!(
                        "{}-{} epoch {} records {}",
                        batch.first,
                        batch.last,
                        batch.epoch,
                        batch.records.len()
                    )
                }
                QuorumEvent::Leading(epoch, next) => format!("leading {epoch} next {next}"),
                QuorumEvent::Following(leader) => format!("following {leader:?}"),
            };
            diary.lines.lock().push(line);
            Ok(())
        })
    }

    fn lines(&self) -> Vec<String> {
        self.lines.lock().clone()
    }

    fn has(&self, line: &str) -> bool {
        self.lines.lock().iter().any(|known| known == line)
    }
}

fn topic(name: &str) -> VersionedRecord {
    let mut id = [9; 16];
    id[..name.len()].copy_from_slice(name.as_bytes());
    let record =
        TopicRecord { name: name.to_owned(), topic_id: Uuid::from_bytes(id), ..Default::default() };
    (MetadataRecord::Topic(record), 0)
}

fn no_op() -> VersionedRecord {
    (MetadataRecord::NoOp(NoOpRecord::default()), 0)
}

fn start(parts: Parts) -> (Quorum, actix::Addr<Supervisor>, tokio::sync::oneshot::Receiver<End>) {
    let (quorum, tell) = (Quorum::default(), tokio::sync::oneshot::channel());
    let top = Supervisor::new("top", Intensity::per_minute(3), Clock::System)
        .child(QuorumActor::child(parts, &quorum, None))
        .on_end(move |end| drop(tell.0.send(end)));
    (quorum, top.start(), tell.1)
}

async fn leads(quorum: &Quorum, epoch: LeaderEpoch) {
    until(|| quorum.leader_and_epoch().epoch == epoch && quorum.high_watermark() > 0).await;
}

#[test]
fn a_single_voter_leads_commits_and_comes_back() {
    System::new().block_on(async {
        let files = MemoryFiles::new();
        files.create_dir(Path::new("/data")).unwrap();
        files.fsync_dir(Path::new("/")).unwrap();
        let (quorum, _top, _) = start(parts(&files));
        let diary = Diary::default();
        quorum.subscribe("one", diary.port());
        until(|| diary.has("leading 1 next 1")).await;
        let first =
            quorum.propose(1, Some(1), vec![vec![topic("a"), topic("b")], vec![topic("c")]]);
        let second = quorum.propose(1, Some(4), vec![vec![no_op()]]);
        let wrong = quorum.propose(1, Some(4), vec![vec![no_op()]]);
        assert_eq!(first.await, Ok(Ok(3)));
        assert_eq!(second.await, Ok(Ok(4)));
        assert_eq!(wrong.await, Ok(Err(ErrorCode::NotController)));
        assert_eq!(
            quorum.propose(2, None, vec![vec![no_op()]]).await,
            Ok(Err(ErrorCode::NotController))
        );
        assert_eq!(quorum.propose(1, None, vec![]).await, Ok(Err(ErrorCode::InvalidRequest)));
        until(|| diary.has("4-4 epoch 1 records 1")).await;
        let told =
            ["following None", "loaded 0 topics 0", "leading 1 next 1", "1-2 epoch 1 records 2"];
        let lines = diary.lines();
        assert_eq!(lines[lines.len() - 6..lines.len() - 2], told);
        assert_eq!(lines[lines.len() - 2..], ["3-3 epoch 1 records 1", "4-4 epoch 1 records 1"]);

        // Acknowledged is durable, whatever power loss leaves of the rest.
        for (seed, files) in (0..20).map(|seed| (seed, files.after_power_loss(seed))) {
            let (quorum, _top, _) = start(parts(&files));
            let diary = Diary::default();
            quorum.subscribe("one", diary.port());
            until(|| diary.has("leading 2 next 6")).await;
            assert!(diary.has("loaded 5 topics 3"), "seed {seed}: {:?}", diary.lines());
            let image = diary.image.lock().clone().expect("loaded");
            assert_eq!((image.provenance.offset, image.provenance.epoch), (5, 2));
        }
    });
}

#[test]
fn voters_from_formatting_are_written_by_the_first_leader() {
    System::new().block_on(async {
        let files = MemoryFiles::new();
        let dir = Path::new("/data/__cluster_metadata-0");
        files.create_dir(dir).unwrap();
        let me = parts(&files).me;
        let voters = VoterSet::new([super::voters::Voter {
            key: me,
            endpoints: vec![super::voters::Endpoint {
                name: "CONTROLLER".into(),
                host: "h".into(),
                port: 9,
            }],
            kraft_versions: (0, 1),
        }]);
        let record = super::control::voters_record(&voters);
        let contents =
            snapshot::Contents { kraft_version: 1, voters: Some(record), ..Default::default() };
        let bytes = snapshot::SnapshotWriter::new(SnapshotId::BOOTSTRAP, &contents, 1).finish();
        snapshot::write(&files, dir, SnapshotId::BOOTSTRAP, &bytes).unwrap();
        for (epoch, next) in [(1, 3), (2, 4)] {
            let (quorum, top, end) = start(Parts { fixed_voters: None, ..parts(&files) });
            leads(&quorum, epoch).await;
            assert_eq!(quorum.high_watermark(), next);
            let description = quorum.describe().await.unwrap();
            assert_eq!(description.voters, voters);
            assert_eq!(description.replicas.voters.len(), 1);
            let state = String::from_utf8(files.read(&dir.join("quorum-state")).unwrap()).unwrap();
            assert!(state.contains("\"data_version\":1"), "{state}");
            top.do_send(Stop);
            assert_eq!(end.await, Ok(End::Stopped));
        }
    });
}

#[test]
fn what_is_short_for_a_while_only_delays_a_commit() {
    System::new().block_on(async {
        let files = MemoryFiles::new();
        let cache = Cache::new(Limits { files_max: 1, index_bytes_max: 1 << 20 });
        let (quorum, _top, _) = start(Parts { cache: cache.clone(), ..parts(&files) });
        leads(&quorum, 1).await;
        files.set_capacity(Some(files.used()));
        let waiting = quorum.propose(1, None, vec![vec![topic("a")]]);
        let behind = quorum.propose(1, None, vec![vec![no_op()]]);
        // Something else that is asked for meanwhile: the quorum is alive, and has committed nothing.
        assert!(quorum.describe().await.is_ok());
        assert_eq!(quorum.high_watermark(), 1);
        files.set_capacity(None);
        assert_eq!((waiting.await, behind.await), (Ok(Ok(1)), Ok(Ok(2))));

        // Another log takes the one file that may be open, and then there are no descriptors.
        let options = OpenOptions { cache, ..OpenOptions::default() };
        let (at, dir) = (TopicPartition::new("t", 0), Path::new("/data/t-0"));
        let shared: Arc<dyn Files> = Arc::new(files.clone());
        let mut other = Log::open(shared, dir, at, Arc::default(), &options).unwrap();
        let mut batch = BatchBuilder::new();
        batch.append(0, None, Some(b"value"));
        let mut appends = pending([batch.build()], Origin::Client);
        other.append_as_leader(&mut appends, 0, 0).unwrap();
        files.fail_next(Call::Open, rustix::io::Errno::MFILE);
        assert_eq!(quorum.propose(1, None, vec![vec![topic("b")]]).await, Ok(Ok(3)));
        assert!(files.forget_failures() == 0, "the file was not opened");
    });
}

#[test]
fn a_failing_disk_restarts_the_quorum_and_refuses_what_was_not_committed() {
    System::new().block_on(async {
        let files = MemoryFiles::new();
        let (quorum, _top, _) = start(parts(&files));
        let diary = Diary::default();
        quorum.subscribe("one", diary.port());
        until(|| diary.has("leading 1 next 1")).await;
        files.fail_next(Call::Sync, std::io::ErrorKind::Other);
        let lost = quorum.propose(1, Some(1), vec![vec![topic("a")]]).await;
        assert!(!matches!(lost, Ok(Ok(_))), "{lost:?}");
        until(|| {
            quorum.leader_and_epoch().epoch == 2 && quorum.leader_and_epoch().leader_id.is_some()
        })
        .await;
        until(|| diary.lines().iter().any(|line| line.starts_with("leading 2"))).await;
        let next = quorum.high_watermark();
        assert_eq!(quorum.propose(2, Some(next), vec![vec![topic("b")]]).await, Ok(Ok(next)));
    });
}

#[test]
fn slow_and_late_subscribers_miss_nothing() {
    System::new().block_on(async {
        let files = MemoryFiles::new();
        let (quorum, _top, _) = start(parts(&files));
        let slow = Diary::default();
        *slow.room.lock() = Some(2);
        quorum.subscribe("slow", slow.port());
        leads(&quorum, 1).await;
        let mut last = None;
        for _ in 0..50 {
            last = Some(quorum.propose(1, None, vec![vec![no_op()], vec![no_op()]]));
        }
        assert_eq!(last.expect("proposed").await, Ok(Ok(100)));
        let late = Diary::default();
        quorum.subscribe("late", late.port());
        until(|| late.has("leading 1 next 101")).await;
        assert!(
            late.has("loaded 0 topics 0") || late.has("loaded 100 topics 0"),
            "{:?}",
            late.lines()
        );
        *slow.room.lock() = None;
        until(|| slow.has("100-100 epoch 1 records 1")).await;
        let seen: Vec<String> =
            slow.lines().into_iter().filter(|line| line.contains("records 1")).collect();
        let wanted: Vec<String> =
            (1..=100).map(|at| format!("{at}-{at} epoch 1 records 1")).collect();
        assert_eq!(seen[seen.len() - 100..], wanted);
    });
}

fn image(offset: Offset, epoch: LeaderEpoch, base: &Image) -> Arc<Image> {
    Arc::new(Image { provenance: Provenance { offset, epoch, timestamp: 1 }, ..base.clone() })
}

#[test]
fn a_snapshot_stands_for_the_log_before_it() {
    System::new().block_on(async {
        let files = MemoryFiles::new();
        // So small that nothing but the latest snapshot may stay.
        let small =
            || Parts { store: StoreSettings { retention_bytes: 1, ..settings() }, ..parts(&files) };
        let (quorum, top, end) = start(small());
        let diary = Diary::default();
        quorum.subscribe("one", diary.port());
        until(|| diary.has("leading 1 next 1")).await;
        assert_eq!(quorum.propose(1, None, vec![vec![topic("a"), topic("b")]]).await, Ok(Ok(2)));
        let store = Store::open(
            Arc::new(files.after_kill()),
            Path::new("/data"),
            Arc::default(),
            settings(),
            0,
        );
        let loaded = store.unwrap().0.load(3).unwrap();
        assert_eq!(loaded.topics.iter().count(), 2);
        let dir = Path::new("/data/__cluster_metadata-0");
        let exists =
            |offset| snapshot::list(&files, dir).unwrap().iter().any(|id| id.offset == offset);
        quorum.hand_in(image(99, 1, &loaded));
        quorum.hand_in(image(1, 1, &loaded));
        until(|| exists(2)).await;
        // One is written at a time, and what is handed in meanwhile is passed over.
        let (third, handed) = (image(2, 1, &loaded), quorum.clone());
        until(move || {
            handed.hand_in(third.clone());
            exists(3) && !exists(2)
        })
        .await;
        assert!(!exists(100), "not committed so far");
        let ask = SnapshotAsk {
            epoch: 1,
            snapshot: OffsetAndEpoch::new(3, 1),
            position: 10,
            max_bytes: 5,
        };
        let part = quorum.fetch_snapshot(ask).await.unwrap();
        assert_eq!(part.bytes.len(), 5);
        let beyond = SnapshotAsk { position: part.size, ..ask };
        assert_eq!(quorum.fetch_snapshot(beyond).await.unwrap_err(), ErrorCode::PositionOutOfRange);
        let gone = SnapshotAsk { snapshot: OffsetAndEpoch::new(2, 1), ..ask };
        assert_eq!(quorum.fetch_snapshot(gone).await.unwrap_err(), ErrorCode::SnapshotNotFound);
        assert_eq!(quorum.view().unwrap().log_start_offset(), 3);
        top.do_send(Stop);
        assert_eq!(end.await, Ok(End::Stopped));

        // Even with the log gone the state is there.
        for entry in files.list(dir).unwrap() {
            if !entry.name.ends_with(".checkpoint") && entry.name != "quorum-state" {
                files.remove(&dir.join(entry.name)).unwrap();
            }
        }
        let (quorum, _top, _) = start(small());
        let diary = Diary::default();
        quorum.subscribe("one", diary.port());
        until(|| diary.has("leading 2 next 4")).await;
        assert!(diary.has("loaded 3 topics 2"), "{:?}", diary.lines());
    });
}

/// The way to another quorum of this process.
struct Direct(Quorum);

impl Peers for Direct {
    fn fetch(&self, _: &Address, request: FetchRequest) -> Answer<FetchResponse> {
        let quorum = self.0.clone();
        Box::pin(async move {
            let wanted = &request.topics[0].partitions[0];
            let ask = FetchAsk {
                replica: Some(ReplicaKey::new(
                    request.replica_state.replica_id,
                    wanted.replica_directory_id,
                )),
                epoch: wanted.current_leader_epoch,
                position: OffsetAndEpoch::new(wanted.fetch_offset, wanted.last_fetched_epoch),
                max_bytes: 100,
                max_wait_ms: i64::from(request.max_wait_ms),
            };
            let answer = quorum.fetch(ask).await;
            let mut partition = PartitionData {
                high_watermark: answer.high_watermark,
                current_leader: LeaderIdAndEpoch {
                    leader_id: answer.leader.leader_id.unwrap_or(-1),
                    leader_epoch: answer.leader.epoch,
                    ..Default::default()
                },
                ..Default::default()
            };
            match answer.outcome {
                Ok(FetchOutcome::Records(data)) => {
                    partition.records = Some(Bytes::from(data.to_vec()?))
                }
                Ok(FetchOutcome::Diverging(end)) => {
                    partition.diverging_epoch = EpochEndOffset {
                        epoch: end.epoch,
                        end_offset: end.offset,
                        ..Default::default()
                    };
                }
                Ok(FetchOutcome::Snapshot(id)) => {
                    partition.snapshot_id = FetchedSnapshotId {
                        epoch: id.epoch,
                        end_offset: id.offset,
                        ..Default::default()
                    };
                }
                Err(code) => partition.error_code = code.code(),
            }
            let topic =
                FetchableTopicResponse { partitions: vec![partition], ..Default::default() };
            Ok(FetchResponse { responses: vec![topic], ..Default::default() })
        })
    }

    fn fetch_snapshot(
        &self,
        _: &Address,
        request: FetchSnapshotRequest,
    ) -> Answer<FetchSnapshotResponse> {
        let quorum = self.0.clone();
        Box::pin(async move {
            let wanted = &request.topics[0].partitions[0];
            let ask = SnapshotAsk {
                epoch: wanted.current_leader_epoch,
                snapshot: OffsetAndEpoch::new(
                    wanted.snapshot_id.end_offset,
                    wanted.snapshot_id.epoch,
                ),
                position: u64::try_from(wanted.position)
                    .map_err(|_| Error::Corrupt("position".into()))?,
                max_bytes: 100,
            };
            let mut partition = PartitionSnapshotResponse::default();
            match quorum.fetch_snapshot(ask).await {
                Ok(part) => {
                    partition.size = i64::try_from(part.size).expect("small");
                    partition.unaligned_records = part.bytes;
                }
                Err(code) => partition.error_code = code.code(),
            }
            let topic = TopicSnapshotResponse { partitions: vec![partition], ..Default::default() };
            Ok(FetchSnapshotResponse { topics: vec![topic], ..Default::default() })
        })
    }
}

#[test]
fn an_observer_follows_the_log_and_falls_back_on_snapshots() {
    System::new().block_on(async {
        let (files, far) = (MemoryFiles::new(), MemoryFiles::new());
        let small =
            Parts { store: StoreSettings { retention_bytes: 1, ..settings() }, ..parts(&files) };
        let (leader, _top, _) = start(small);
        leads(&leader, 1).await;
        let observer = || Parts {
            me: ReplicaKey::new(2, Uuid::from_bytes([2; 16])),
            peers: Some(Arc::new(Direct(leader.clone()))),
            ..parts(&far)
        };
        let (quorum, top, end) = start(observer());
        let diary = Diary::default();
        quorum.subscribe("one", diary.port());
        until(|| diary.has("following Some(1)")).await;
        for name in ["a", "b", "c"] {
            assert!(matches!(leader.propose(1, None, vec![vec![topic(name)]]).await, Ok(Ok(_))));
        }
        until(|| quorum.high_watermark() == 4).await;
        assert_eq!(
            quorum.propose(1, None, vec![vec![no_op()]]).await,
            Ok(Err(ErrorCode::NotController))
        );
        let described = leader.describe().await.unwrap().replicas.observers;
        assert_eq!(described[0].0.id, 2);
        top.do_send(Stop);
        assert_eq!(end.await, Ok(End::Stopped));

        // While it is away, the leader's log moves on to where only a snapshot leads.
        assert_eq!(leader.propose(1, None, vec![vec![topic("d")]]).await, Ok(Ok(4)));
        let store = Store::open(
            Arc::new(files.after_kill()),
            Path::new("/data"),
            Arc::default(),
            settings(),
            0,
        );
        let loaded = store.unwrap().0.load(5).unwrap();
        leader.hand_in(image(3, 1, &loaded));
        let dir = Path::new("/data/__cluster_metadata-0");
        until(|| snapshot::list(&files, dir).unwrap().len() == 1).await;
        // One is written at a time, and what is handed in meanwhile is passed over.
        until(|| {
            leader.hand_in(image(4, 1, &loaded));
            leader.view().is_some_and(|view| view.log_start_offset() == 5)
        })
        .await;
        assert_eq!(leader.propose(1, None, vec![vec![topic("e")]]).await, Ok(Ok(5)));
        let (quorum, _top, _) = start(observer());
        let diary = Diary::default();
        quorum.subscribe("one", diary.port());
        until(|| quorum.high_watermark() == 6).await;
        until(|| diary.has("5-5 epoch 1 records 1") || diary.has("loaded 5 topics 5")).await;
        assert!(snapshot::list(&far, dir).unwrap().contains(&SnapshotId { offset: 5, epoch: 1 }));
        assert_eq!(quorum.view().unwrap().log_start_offset(), 5);
    });
}

#[test]
fn without_its_actor_the_quorum_refuses() {
    let quorum = Quorum::default();
    System::new().block_on(async {
        let answer = quorum.propose(0, None, vec![vec![no_op()]]).await;
        assert_eq!(answer, Ok(Err(ErrorCode::NotController)));
        assert_eq!(quorum.describe().await.unwrap_err(), ErrorCode::BrokerNotAvailable);
    });
}
