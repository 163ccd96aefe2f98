//! What a batch costs: its crc, a leader's judgement of it, the walk over its records, its building.

#![allow(missing_docs)]

use std::hint::black_box;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use vltava::wire::compression::Codec;
use vltava::wire::records::{BatchBuilder, Depth, Options, Target, check, checksum, split};

const NOW: i64 = 1_700_000_000_000;

/// A batch of about `size` bytes unpacked, in records of 100 bytes that compress as text does.
fn batch(size: usize, codec: Codec) -> Bytes {
    let mut builder = BatchBuilder::new().compression(codec);
    let mut seed = 1_u64;
    while builder.uncompressed_size() < size {
        let value: Vec<u8> = (0..100)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                b'a' + (seed >> 60) as u8
            })
            .collect();
        builder.append(NOW, Some(b"key-1234"), Some(&value));
    }
    builder.build()
}

fn records(c: &mut Criterion) {
    for (name, size) in [("16KB", 16 << 10), ("1MB", 1_000_000)] {
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Bytes(size as u64));
        group.sample_size(30).measurement_time(std::time::Duration::from_secs(2));
        let plain = batch(size, Codec::None);
        group.bench_function("crc", |b| b.iter(|| checksum(black_box(&plain))));
        group.bench_function("walk", |b| {
            b.iter(|| {
                let batch = split(&plain).flatten().next().expect("a batch");
                let payload = batch.payload(0).expect("records");
                payload
                    .records()
                    .flatten()
                    .map(|record| record.value.map_or(0, <[u8]>::len))
                    .sum::<usize>()
            });
        });
        for codec in Codec::ALL {
            let packed = batch(size, codec);
            for (depth, name) in [(Depth::Headers, "check"), (Depth::Records, "check every record")]
            {
                let options = Options { depth, ..Options::new("t", 0, NOW) };
                let held_once = || Bytes::from(packed.to_vec());
                group.bench_function(format!("{name}, {}", codec.name()), |b| {
                    b.iter_batched(
                        held_once,
                        |bytes| check(bytes, &options),
                        BatchSize::LargeInput,
                    );
                });
            }
        }
        let repack =
            Options { compression: Target::To(Codec::Zstd.into()), ..Options::new("t", 0, NOW) };
        group.bench_function("repack lz4 as zstd", |b| {
            let packed = batch(size, Codec::Lz4);
            b.iter(|| check(packed.clone(), &repack));
        });
        group.bench_function("build", |b| {
            b.iter(|| {
                let mut builder = BatchBuilder::new();
                while builder.uncompressed_size() < size {
                    builder.append(NOW, Some(b"key-1234"), Some(&[7; 100]));
                }
                builder.build()
            });
        });
        group.finish();
    }
}

criterion_group!(benches, records);
criterion_main!(benches);
