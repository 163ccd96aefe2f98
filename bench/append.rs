//! What a log costs: appending batches of three sizes, alone and in groups; reading at the end and from the middle;
//! opening after a clean stop; recovery of a tail.
//!
//! `VLTAVA_BENCH_DIR` chooses the disk (the default is the system's temporary directory), `VLTAVA_BENCH_TAIL_MB` how
//! much is recovered (64).

#![allow(missing_docs)]

mod scratch;

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use vltava::log::append::PendingAppend;
use vltava::log::files::disk::Disk;
use vltava::log::producers::Origin;
use vltava::log::settings::LogSettings;
use vltava::log::{Log, OpenOptions};
use vltava::types::{Offset, TopicPartition};
use vltava::wire::records::BatchBuilder;

use scratch::scratch;

const NOW: i64 = 1_700_000_000_000;

fn open(dir: &Path, clean_shutdown: bool) -> Log {
    let settings =
        LogSettings { segment_bytes: 1 << 30, file_delete_delay_ms: 0, ..LogSettings::default() };
    let options = OpenOptions { clean_shutdown, now: NOW, ..OpenOptions::default() };
    Log::open(Arc::new(Disk), dir, TopicPartition::new("bench", 0), Arc::new(settings), &options)
        .expect("a log")
}

fn batch(size: usize) -> Bytes {
    let mut builder = BatchBuilder::new();
    let value = vec![b'x'; (size - 80).min(1_000)];
    while builder.is_empty() || builder.uncompressed_size() + value.len() + 10 <= size {
        builder.append(NOW, None, Some(&value));
    }
    builder.build()
}

/// Keeps the disk from filling: what is there goes once it is a gigabyte.
fn make_room(log: &mut Log) {
    if log.size() > 1 << 30 {
        log.truncate_fully_and_start_at(log.log_end_offset(), None, NOW).expect("an empty log");
        log.remove_due(NOW).expect("files removed");
    }
}

fn append(c: &mut Criterion) {
    let mut group = c.benchmark_group("append");
    for (name, size, together) in [
        ("1 KB", 1 << 10, 1),
        ("1 KB, 64 together", 1 << 10, 64),
        ("16 KB", 16 << 10, 1),
        ("16 KB, 16 together", 16 << 10, 16),
        ("1 MB", 1_000 << 10, 1),
    ] {
        let dir = scratch();
        let mut log = open(&dir.path().join("bench-0"), false);
        let records = batch(size);
        let mut appends: Vec<_> =
            (0..together).map(|_| PendingAppend::new(records.clone(), Origin::Client)).collect();
        group.throughput(Throughput::Bytes((records.len() * together) as u64));
        group.bench_function(name, |b| {
            b.iter(|| {
                make_room(&mut log);
                log.append_as_leader(black_box(&mut appends), 0, NOW).expect("room on the disk");
                debug_assert!(appends.iter().all(|append| matches!(append.result, Some(Ok(_)))));
                log.set_high_watermark(Offset::MAX);
            });
        });
    }
    group.finish();
}

fn idempotent(c: &mut Criterion) {
    let dir = scratch();
    let mut log = open(&dir.path().join("bench-0"), false);
    let mut sequence = 0;
    c.bench_function("append 1 KB, idempotent", |b| {
        b.iter_batched(
            || {
                let mut builder = BatchBuilder::new().producer(7, 0, sequence);
                builder.append(NOW, None, Some(&[b'x'; 950]));
                sequence += 1;
                PendingAppend::new(builder.build(), Origin::Client)
            },
            |append| {
                make_room(&mut log);
                log.append_as_leader(&mut [append], 0, NOW).expect("room on the disk")
            },
            BatchSize::SmallInput,
        );
    });
}

fn filled(dir: &Path, bytes: usize, size: usize) -> Log {
    let mut log = open(dir, false);
    let records = batch(size);
    for _ in 0..bytes / records.len() {
        log.append_as_leader(&mut [PendingAppend::new(records.clone(), Origin::Client)], 0, NOW)
            .expect("room");
    }
    log.set_high_watermark(Offset::MAX);
    log
}

fn read(c: &mut Criterion) {
    let dir = scratch();
    let log = filled(&dir.path().join("bench-0"), 64 << 20, 1 << 10);
    let (view, end) = (log.view().clone(), log.log_end_offset());
    let mut group = c.benchmark_group("read");
    group.bench_function("the last batch", |b| {
        b.iter(|| view.read(black_box(end - 1), 1 << 20, true, end).expect("batches"));
    });
    group.bench_function("nothing new", |b| {
        b.iter(|| view.read(black_box(end), 1 << 20, true, end).expect("nothing"));
    });
    let mut at = 0;
    group.throughput(Throughput::Bytes(1 << 20));
    group.bench_function("1 MB in the middle", |b| {
        b.iter(|| {
            at = (at + 7_919) % (end - 2_000);
            view.read(black_box(at), 1 << 20, true, end).expect("batches")
        });
    });
    let mut buffer = Vec::with_capacity(2 << 20);
    group.bench_function("1 MB in the middle, copied", |b| {
        b.iter(|| {
            at = (at + 7_919) % (end - 2_000);
            let data = view.read(black_box(at), 1 << 20, true, end).expect("batches");
            buffer.clear();
            data.slices.iter().try_for_each(|slice| slice.read_into(&mut buffer)).expect("bytes");
        });
    });
    group.finish();
}

fn start(c: &mut Criterion) {
    let megabytes =
        std::env::var("VLTAVA_BENCH_TAIL_MB").ok().and_then(|text| text.parse().ok()).unwrap_or(64);
    let dir = scratch();
    let path = dir.path().join("bench-0");
    filled(&path, megabytes << 20, 16 << 10).abandon();
    let mut group = c.benchmark_group("open");
    group.sample_size(10);
    group.throughput(Throughput::Bytes((megabytes << 20) as u64));
    group.bench_function("after a kill", |b| b.iter(|| open(&path, false).abandon()));
    open(&path, false).close(NOW).expect("a clean stop");
    group.throughput(Throughput::Elements(1));
    group.bench_function("after a clean stop", |b| b.iter(|| open(&path, true).abandon()));
    group.finish();
}

criterion_group!(benches, append, idempotent, read, start);
criterion_main!(benches);
