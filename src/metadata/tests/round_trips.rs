//! Any image as records, at every version, and back again.

use super::*;

fn some_nodes(dice: &mut Random) -> Vec<i32> {
    (0..dice.below(4)).map(|_| dice.below(9) as i32).collect()
}

fn any_record(dice: &mut Random, image: &Image) -> MetadataRecord {
    let one = id(1 + dice.below(6) as u8);
    let name = format!("n{}", dice.below(6));
    let value = dice.below(3).checked_sub(1).map(|n| n.to_string());
    let broker_id = dice.below(4) as i32;
    match dice.below(16) {
        0 => broker(broker_id),
        1 if image.cluster.broker(broker_id).is_some() => {
            MetadataRecord::UnfenceBroker(UnfenceBrokerRecord {
                id: broker_id,
                epoch: 100,
                ..Default::default()
            })
        }
        2 => level("group.version", dice.below(2) as i16),
        3 | 4 => topic(&name, one),
        5..8 if image.topics.by_id(one).is_some() => {
            let mut record = PartitionRecord {
                partition_id: dice.below(5) as i32,
                topic_id: one,
                ..Default::default()
            };
            record.replicas = some_nodes(dice);
            record.isr = some_nodes(dice);
            record.adding_replicas = some_nodes(dice);
            record.directories = record.replicas.iter().map(|&node| id(node as u8)).collect();
            record.leader = dice.below(9) as i32 - 1;
            record.leader_recovery_state = dice.below(2) as i8;
            record.eligible_leader_replicas = Some(some_nodes(dice));
            MetadataRecord::Partition(record)
        }
        8 if image.topics.by_id(one).is_some() => {
            MetadataRecord::RemoveTopic(RemoveTopicRecord { topic_id: one, ..Default::default() })
        }
        9 => MetadataRecord::ProducerIds(ProducerIdsRecord {
            next_producer_id: dice.below(9) as i64,
            ..Default::default()
        }),
        10 => MetadataRecord::ClientQuota(ClientQuotaRecord {
            entity: vec![EntityData {
                entity_type: "user".into(),
                entity_name: value,
                ..Default::default()
            }],
            key: name,
            value: dice.below(9) as f64,
            remove: dice.below(3) == 0,
            ..Default::default()
        }),
        11 => MetadataRecord::AccessControlEntry(AccessControlEntryRecord {
            id: one,
            principal: name,
            ..Default::default()
        }),
        12 => MetadataRecord::UserScramCredential(UserScramCredentialRecord {
            name,
            mechanism: 1 + dice.below(2) as i8,
            salt: Bytes::from_static(b"salt"),
            ..Default::default()
        }),
        13 => MetadataRecord::DelegationToken(DelegationTokenRecord {
            token_id: name,
            ..Default::default()
        }),
        _ => config(&name, "k", value.as_deref()),
    }
}

#[test]
fn an_image_survives_its_records_and_its_snapshot() {
    for seed in 1..=60 {
        let mut dice = Random::new(seed);
        let first = [level("metadata.version", 30), level(ELR_VERSION, 1)];
        let (mut image, _) = replayed(&first);
        for _ in 0..20 {
            let mut delta = Delta::new(&image);
            for _ in 0..dice.below(12) {
                let record = any_record(&mut dice, delta.image());
                let bytes =
                    record.encode(record_version(&record, MetadataVersion::LATEST)).unwrap();
                assert_eq!(MetadataRecord::decode(bytes).unwrap(), record);
                delta.replay(&record).unwrap();
            }
            let before = image.clone();
            let (after, changes) = delta.apply(image.provenance);
            let found = Changes::between(&before, &after);
            assert!(found.topics.keys().all(|id| changes.topics.contains_key(id)), "seed {seed}");
            assert_eq!(found.deleted_topics.keys().collect::<Vec<_>>(), {
                let gone = |id: &&Uuid| after.topics.by_id(**id).is_none();
                changes.deleted_topics.keys().filter(gone).collect::<Vec<_>>()
            });
            assert!(
                found.brokers.is_subset(&changes.brokers)
                    && found.configs.is_subset(&changes.configs)
            );
            image = after;
        }
        let (again, _) = replay_over(&Image::default(), &image.to_records(MetadataVersion::LATEST));
        assert_eq!(Image { provenance: image.provenance, ..again }, image, "seed {seed}");
        image.provenance = Provenance { offset: 41, epoch: 7, timestamp: 3 };
        let contents = Contents { last_contained_log_timestamp: 3, ..Default::default() };
        let bytes = snapshot::encode(&image, &contents, 99).unwrap();
        let (again, read) = snapshot::image(&bytes, SnapshotId::of(image.provenance)).unwrap();
        assert_eq!((again, read), (image, contents), "seed {seed}");
    }
}

#[test]
fn older_versions_leave_out_what_they_cannot_say() {
    let mut records =
        vec![level("metadata.version", 7), level(ELR_VERSION, 1), broker(1), topic("a", id(1))];
    records.push(partition(id(1), 0));
    records.push(MetadataRecord::RegisterController(RegisterControllerRecord::default()));
    let (image, _) = replayed(&records);
    for version in MetadataVersion::all(MetadataVersion::LATEST) {
        for record in image.to_records(version) {
            record.encode(record_version(&record, version)).unwrap();
        }
    }
    assert_eq!(image.to_records(MetadataVersion::MINIMUM).len(), 5);
}
