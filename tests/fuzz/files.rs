//! The files that are read at start, damaged: what opens can be read and written to, and whatever is wrong with the
//! rest is an error.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use vltava::config::Config;
use vltava::log::Owner;
use vltava::log::append::PendingAppend;
use vltava::log::cache::Limits;
use vltava::log::files::Files;
use vltava::log::files::memory::MemoryFiles;
use vltava::log::manager::LogManager;
use vltava::log::producers::Origin;
use vltava::log::settings::LogSettings;
use vltava::log::view::PartitionView;
use vltava::metadata::bootstrap;
use vltava::node::format;
use vltava::raft::store::{Store, StoreSettings};
use vltava::types::{TopicPartition, Uuid};
use vltava::wire::compression::Codec;
use vltava::wire::records::BatchBuilder;

const NOW: i64 = 1_700_000_000_000;
const DATA: &str = "/data";

fn config() -> Config {
    Config::from_map([
        ("process.roles", "broker,controller"),
        ("node.id", "1"),
        ("log.dirs", DATA),
        ("listeners", "PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0"),
        ("controller.listener.names", "CONTROLLER"),
        ("controller.quorum.voters", "1@127.0.0.1:9"),
    ])
    .expect("the settings are right")
}

fn settings() -> Arc<LogSettings> {
    let small =
        LogSettings { segment_bytes: 2_000, index_interval_bytes: 200, ..LogSettings::default() };
    Arc::new(small)
}

fn records(n: i32) -> bytes::Bytes {
    let codec = Codec::ALL[n as usize % 5];
    let mut batch = BatchBuilder::new().compression(codec).producer(i64::from(n % 3), 0, n / 3 * 2);
    batch.append(NOW + i64::from(n), Some(b"key"), Some(&[7; 100]));
    batch.append(NOW + i64::from(n), None, None);
    batch.build()
}

/// A formatted directory with a partition of a few segments in it, closed in order or not.
fn good(clean: bool) -> &'static MemoryFiles {
    static CLEAN: OnceLock<MemoryFiles> = OnceLock::new();
    static UNCLEAN: OnceLock<MemoryFiles> = OnceLock::new();
    let made = if clean { &CLEAN } else { &UNCLEAN };
    made.get_or_init(|| {
        let files = MemoryFiles::new();
        let request = format::Request::new(&config(), Uuid::ONE.to_string(), NOW);
        request.run(&files, &mut std::io::sink()).expect("memory can be formatted");
        let manager = manager(&files).expect("it opens");
        let view = PartitionView::new(name());
        let mut log = manager
            .open_log(
                0,
                view,
                settings(),
                Owner { topic_id: Some(Uuid::ONE), ..Owner::default() },
                NOW,
            )
            .expect("it opens");
        for n in 0..40 {
            let mut group = [PendingAppend::new(records(n), Origin::Client)];
            log.append_as_leader(&mut group, n / 15, NOW).expect("memory takes all");
            log.set_high_watermark(log.log_end_offset());
        }
        log.close(NOW).expect("it closes");
        manager.note(0, &name(), log.offsets());
        manager.write_checkpoints();
        if clean {
            manager.clean_shutdown(3);
        }
        drop((log, manager));
        let (mut store, _) = store(&files).expect("a quorum begins");
        store.close(NOW).expect("it closes");
        files.after_kill()
    })
}

fn name() -> TopicPartition {
    TopicPartition::new("topic", 0)
}

fn manager(files: &MemoryFiles) -> Result<LogManager, vltava::error::Error> {
    LogManager::open(Arc::new(files.clone()), &[PathBuf::from(DATA)], Limits::default())
}

fn store(
    files: &MemoryFiles,
) -> Result<(Store, vltava::raft::store::Opened), vltava::error::Error> {
    let cache = vltava::log::cache::Cache::new(Limits::default());
    let settings = StoreSettings {
        segment_bytes: 1 << 20,
        segment_ms: i64::MAX,
        retention_bytes: -1,
        retention_ms: -1,
    };
    Store::open(Arc::new(files.clone()), Path::new(DATA), cache, settings, NOW)
}

/// What the node's own cluster begins with.
pub(crate) fn bootstrap() -> Vec<u8> {
    let path = Path::new(DATA).join(bootstrap::BOOTSTRAP_CHECKPOINT);
    good(true).read(&path).expect("formatting wrote it")
}

/// The files below `dir`, in the order of their names.
fn listed(files: &MemoryFiles, dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in files.list(dir).unwrap_or_default() {
        let path = dir.join(&entry.name);
        if entry.is_dir { found.extend(listed(files, &path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Which of a good directory's files is replaced by the rest: a byte for the shutdown, one for the file.
fn corpus(wanted: fn(&Path) -> bool) -> Vec<Vec<u8>> {
    let mut corpus = Vec::new();
    for clean in [false, true] {
        let files = good(clean);
        for (place, path) in listed(files, Path::new(DATA)).into_iter().enumerate() {
            if wanted(&path) {
                let bytes = files.read(&path).expect("it is there");
                corpus.push([&[u8::from(clean), place as u8], &bytes[..]].concat());
            }
        }
    }
    corpus
}

fn damaged(input: &[u8]) -> Option<MemoryFiles> {
    let (&[clean, place], bytes) = input.split_first_chunk()?;
    let files = good(clean & 1 == 1).after_kill();
    let paths = listed(&files, Path::new(DATA));
    let path = &paths[usize::from(place) % paths.len()];
    files.create(path).ok()?.write_at(bytes, 0).ok()?;
    Some(files)
}

pub(crate) fn log_corpus() -> Vec<Vec<u8>> {
    corpus(|path| path.parent().is_some_and(|dir| dir.ends_with("topic-0")))
}

pub(crate) fn node_corpus() -> Vec<Vec<u8>> {
    corpus(|path| !path.parent().is_some_and(|dir| dir.ends_with("topic-0")))
}

/// A partition one of whose files is damaged.
pub(crate) fn log(input: &[u8]) {
    let Some(files) = damaged(input) else { return };
    let Ok(manager) = manager(&files) else { return };
    use_log(&manager);
}

fn use_log(manager: &LogManager) {
    let view = PartitionView::new(name());
    let opened = manager.open_log(
        0,
        view.clone(),
        settings(),
        Owner { topic_id: Some(Uuid::ONE), ..Owner::default() },
        NOW,
    );
    let Ok(mut log) = opened else { return };
    log.set_high_watermark(log.log_end_offset());
    let (start, end) = (view.log_start_offset(), view.log_end_offset());
    assert!(0 <= start && start <= end, "from {start} to {end}");
    for offset in (start..=end.min(start + 200)).step_by(7) {
        if let Ok(found) = view.read(offset, 500, true, end) {
            let _ = found.to_vec();
        }
    }
    let mut group = [PendingAppend::new(plain(), Origin::Client)];
    if log.append_as_leader(&mut group, 9, NOW).is_ok() && end < i64::MAX - 10 {
        let result = group[0].result.as_ref().expect("a group is answered");
        if let Ok(appended) = result {
            assert_eq!(appended.base_offset, end);
        }
    }
    let _ = log.close(NOW);
}

fn plain() -> bytes::Bytes {
    let mut batch = BatchBuilder::new();
    batch.append(NOW, None, Some(b"after"));
    batch.build()
}

/// A node one of whose own files is damaged: meta.properties, checkpoints, quorum-state, the metadata log, bootstrap.
pub(crate) fn node(input: &[u8]) {
    let Some(files) = damaged(input) else { return };
    // Errors are for the operator; what opens works.
    let _ = bootstrap::read(&files, Path::new(DATA));
    if let Ok((mut store, _)) = store(&files) {
        let _ = store.close(NOW);
    }
    let Ok(manager) = manager(&files) else { return };
    let _ = manager.discover();
    use_log(&manager);
    manager.write_checkpoints();
}
