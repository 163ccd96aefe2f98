//! What a change of metadata costs in a cluster of 10,000 topics, and what loading such a cluster does.

#![allow(missing_docs)]

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;

use vltava::metadata::snapshot::{self, Contents, SnapshotId};
use vltava::metadata::{Delta, Image, MetadataVersion, Provenance};
use vltava::types::Uuid;
use vltava::wire::stored::metadata::{
    FeatureLevelRecord, MetadataRecord, PartitionChangeRecord, PartitionRecord, TopicRecord,
};

const TOPICS: u64 = 10_000;
const PARTITIONS: i32 = 3;

fn id(topic: u64) -> Uuid {
    Uuid::from_bytes((u128::from(topic + 1) << 64 | u128::from(topic)).to_be_bytes())
}

fn topic(number: u64) -> Vec<MetadataRecord> {
    let name = format!("topic-{number:06}");
    let topic = TopicRecord { name, topic_id: id(number), ..Default::default() };
    let partition = |partition_id| {
        MetadataRecord::Partition(PartitionRecord {
            partition_id,
            topic_id: id(number),
            replicas: vec![1, 2, 3],
            isr: vec![1, 2, 3],
            leader: 1,
            leader_epoch: 0,
            partition_epoch: 0,
            directories: vec![Uuid::ONE; 3],
            ..Default::default()
        })
    };
    std::iter::once(MetadataRecord::Topic(topic)).chain((0..PARTITIONS).map(partition)).collect()
}

fn applied(base: &Image, records: &[MetadataRecord]) -> Image {
    let mut delta = Delta::new(base);
    for record in records {
        delta.replay(record).expect("the records fit");
    }
    delta.apply(Provenance { offset: base.provenance.offset + 1, epoch: 1, timestamp: 0 }).0
}

fn image(c: &mut Criterion) {
    let (name, feature_level) = ("metadata.version".to_owned(), MetadataVersion::LATEST.level());
    let version = FeatureLevelRecord { name, feature_level, ..Default::default() };
    let mut records = vec![MetadataRecord::FeatureLevel(version)];
    records.extend((0..TOPICS).flat_map(topic));
    let base = applied(&Image::default(), &records);
    let bytes = snapshot::encode(&base, &Contents::default(), 0).expect("the image fits");
    let at = SnapshotId::of(base.provenance);

    c.bench_function("image/create 1 topic among 10000", |b| {
        let records = topic(TOPICS);
        b.iter(|| black_box(applied(&base, &records)));
    });
    c.bench_function("image/change 1 partition among 10000 topics", |b| {
        let change = PartitionChangeRecord {
            topic_id: id(77),
            partition_id: 1,
            leader: 2,
            ..Default::default()
        };
        let records = [MetadataRecord::PartitionChange(change)];
        b.iter(|| black_box(applied(&base, &records)));
    });
    c.bench_function("image/find a partition among 10000 topics by name", |b| {
        b.iter(|| black_box(base.topics.partition(black_box("topic-007777"), 1)));
    });
    c.bench_function("image/find a partition among 10000 topics by id", |b| {
        b.iter(|| black_box(base.topics.partition_by_id(black_box(id(7_777)), 1)));
    });
    let mut group = c.benchmark_group("image");
    group.sample_size(10);
    group.bench_function("replay 10000 topics", |b| {
        b.iter(|| black_box(applied(&Image::default(), &records)))
    });
    group.bench_function("load the snapshot of 10000 topics", |b| {
        b.iter(|| black_box(snapshot::image(&bytes, at).expect("the snapshot is whole")));
    });
    group.bench_function("write the snapshot of 10000 topics", |b| {
        b.iter(|| {
            black_box(snapshot::encode(&base, &Contents::default(), 0).expect("the image fits"))
        });
    });
}

criterion_group!(benches, image);
criterion_main!(benches);
