//! Every record type, images there and back, snapshots, the copy in sled.

use std::path::Path;

use bytes::Bytes;

use super::configs::ResourceType;
use super::features::*;
use super::records::record_version;
use super::snapshot::{Contents, SnapshotId};
use super::store::Store;
use super::topics::*;
use super::*;
use crate::log::files::Files;
use crate::log::files::memory::MemoryFiles;
use crate::random::Random;
use crate::types::{NodeId, Uuid};
use crate::wire::stored::metadata::*;
use crate::wire::stored::raft;

fn id(n: u8) -> Uuid {
    Uuid::from_bytes([n; 16])
}

fn replayed(records: &[MetadataRecord]) -> (Image, Changes) {
    replay_over(&Image::default(), records)
}

fn replay_over(base: &Image, records: &[MetadataRecord]) -> (Image, Changes) {
    let mut delta = Delta::new(base);
    for record in records {
        delta.replay(record).unwrap();
    }
    delta.apply(Provenance { offset: 9, epoch: 2, timestamp: 5 })
}

fn fails(base: &Image, record: MetadataRecord) -> String {
    Delta::new(base).replay(&record).unwrap_err().to_string()
}

fn broker(broker_id: NodeId) -> MetadataRecord {
    MetadataRecord::RegisterBroker(RegisterBrokerRecord {
        broker_id,
        incarnation_id: id(9),
        broker_epoch: 100,
        end_points: vec![BrokerEndpoint {
            name: "PLAINTEXT".into(),
            host: "h".into(),
            port: 65_535,
            security_protocol: 0,
            ..Default::default()
        }],
        features: vec![BrokerFeature {
            name: "metadata.version".into(),
            min_supported_version: 7,
            max_supported_version: 30,
            ..Default::default()
        }],
        rack: Some("r".into()),
        fenced: true,
        log_dirs: vec![id(5), id(4)],
        ..Default::default()
    })
}

fn topic(name: &str, topic_id: Uuid) -> MetadataRecord {
    MetadataRecord::Topic(TopicRecord { name: name.into(), topic_id, ..Default::default() })
}

fn partition(topic_id: Uuid, partition_id: i32) -> MetadataRecord {
    MetadataRecord::Partition(PartitionRecord {
        partition_id,
        topic_id,
        replicas: vec![1, 2],
        isr: vec![1],
        leader: 1,
        leader_epoch: 3,
        partition_epoch: 4,
        directories: vec![id(1), id(2)],
        ..Default::default()
    })
}

fn config(name: &str, key: &str, value: Option<&str>) -> MetadataRecord {
    MetadataRecord::Config(ConfigRecord {
        resource_type: 2,
        resource_name: name.into(),
        name: key.into(),
        value: value.map(Into::into),
        ..Default::default()
    })
}

fn level(name: &str, feature_level: i16) -> MetadataRecord {
    MetadataRecord::FeatureLevel(FeatureLevelRecord {
        name: name.into(),
        feature_level,
        ..Default::default()
    })
}

#[test]
fn brokers_register_change_and_go() {
    let (image, changes) = replayed(&[broker(1)]);
    assert_eq!(changes.brokers, [1].into());
    let found = image.cluster.broker(1).unwrap();
    assert_eq!(found.log_dirs, [id(4), id(5)]);
    assert!(found.has_online_dir(id(4)) && !found.has_online_dir(id(6)));
    assert!(found.has_online_dir(DIRECTORY_UNASSIGNED) && !found.has_online_dir(DIRECTORY_LOST));
    assert_eq!(image.cluster.endpoint(1, "PLAINTEXT").unwrap().port, 65_535);
    assert_eq!(image.cluster.endpoint(1, "SSL"), None);
    assert!(!image.cluster.is_alive(1) && !image.cluster.is_alive(2));

    let unfence = UnfenceBrokerRecord { id: 1, epoch: 100, ..Default::default() };
    let (image, _) = replay_over(&image, &[MetadataRecord::UnfenceBroker(unfence.clone())]);
    assert!(image.cluster.is_active(1));
    let change = BrokerRegistrationChangeRecord {
        broker_id: 1,
        broker_epoch: 100,
        in_controlled_shutdown: 1,
        ..Default::default()
    };
    let (image, _) = replay_over(&image, &[MetadataRecord::BrokerRegistrationChange(change)]);
    assert!(image.cluster.is_alive(1) && !image.cluster.is_active(1));
    assert_eq!(image.cluster.alive_brokers().count(), 1);
    let fence = FenceBrokerRecord { id: 1, epoch: 100, ..Default::default() };
    let (image, _) = replay_over(&image, &[MetadataRecord::FenceBroker(fence)]);
    assert!(!image.cluster.is_alive(1));
    let change = BrokerRegistrationChangeRecord {
        broker_id: 1,
        broker_epoch: 100,
        fenced: -1,
        log_dirs: vec![id(7), id(6)],
        cordoned_log_dirs: Some(vec![id(7)]),
        ..Default::default()
    };
    let (image, _) =
        replay_over(&image, &[MetadataRecord::BrokerRegistrationChange(change.clone())]);
    let found = image.cluster.broker(1).unwrap();
    assert_eq!((found.fenced, &found.log_dirs), (false, &vec![id(6), id(7)]));
    assert_eq!(found.cordoned_log_dirs, Some(vec![id(7)]));

    let stale = UnfenceBrokerRecord { epoch: 99, ..unfence };
    assert!(fails(&image, MetadataRecord::UnfenceBroker(stale)).contains("epoch 99"));
    let stranger = BrokerRegistrationChangeRecord { broker_id: 2, ..change };
    assert!(
        fails(&image, MetadataRecord::BrokerRegistrationChange(stranger))
            .contains("not registered")
    );

    let gone = UnregisterBrokerRecord { broker_id: 1, broker_epoch: 100, ..Default::default() };
    let (image, changes) = replay_over(&image, &[MetadataRecord::UnregisterBroker(gone)]);
    assert!(image.cluster.brokers.is_empty() && changes.brokers.contains(&1));
}

#[test]
fn controllers_register() {
    let record = RegisterControllerRecord {
        controller_id: 3,
        incarnation_id: id(2),
        end_points: vec![ControllerEndpoint {
            name: "CONTROLLER".into(),
            host: "c".into(),
            port: 9093,
            security_protocol: 0,
            ..Default::default()
        }],
        ..Default::default()
    };
    let (image, changes) = replayed(&[MetadataRecord::RegisterController(record)]);
    assert_eq!(image.cluster.controllers[&3].endpoint("CONTROLLER").unwrap().host, "c");
    assert!(changes.controllers.contains(&3));
}

#[test]
fn topics_come_and_go_with_their_configs() {
    let records = [
        topic("b", id(1)),
        partition(id(1), 0),
        partition(id(1), 1),
        topic("a", id(2)),
        config("b", "retention.ms", Some("1")),
    ];
    let (image, changes) = replayed(&records);
    assert_eq!(image.topics.iter().map(|topic| &*topic.name).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(image.topics.starting_at("aa").count(), 1);
    assert_eq!(image.topics.by_name("b").unwrap().partitions.len(), 2);
    assert_eq!(image.topics.partition("b", 1).unwrap().directory(2), Some(id(2)));
    assert_eq!(image.topics.partition("b", 2), None);
    assert_eq!(image.topics.partition("b", -1), None);
    assert_eq!(image.topics.name(id(2)).map(|name| &**name), Some("a"));
    assert_eq!(changes.topics[&id(1)], [0, 1].into());
    assert_eq!(changes.created_topics, [id(1), id(2)].into());

    let remove = RemoveTopicRecord { topic_id: id(1), ..Default::default() };
    let (after, changes) = replay_over(&image, &[MetadataRecord::RemoveTopic(remove.clone())]);
    assert_eq!(after.topics.len(), 1);
    assert!(after.topics.by_name("b").is_none() && after.configs.topic("b").is_none());
    assert_eq!(changes.deleted_topics[&id(1)].partitions.len(), 2);
    assert_eq!(changes.configs.len(), 1);
    assert_eq!(Changes::between(&image, &after), changes);
    assert!(fails(&after, MetadataRecord::RemoveTopic(remove.clone())).contains("is no topic"));
    assert!(fails(&after, partition(id(1), 0)).contains("is no topic"));

    let both = [
        topic("c", id(3)),
        MetadataRecord::RemoveTopic(RemoveTopicRecord { topic_id: id(3), ..remove }),
    ];
    let (same, changes) = replay_over(&after, &both);
    assert_eq!(same.topics, after.topics);
    assert!(changes.is_empty(), "{changes:?}");
}

#[test]
fn a_new_topic_takes_the_name_of_an_old_one() {
    let (image, _) = replayed(&[topic("a", id(1)), partition(id(1), 0)]);
    let (image, changes) = replay_over(&image, &[topic("a", id(2))]);
    assert_eq!((image.topics.len(), image.topics.id("a")), (1, Some(id(2))));
    assert!(changes.deleted_topics.contains_key(&id(1)) && changes.created_topics.contains(&id(2)));
}

fn changed(change: PartitionChangeRecord) -> PartitionRegistration {
    let (image, _) = replayed(&[topic("a", id(1)), partition(id(1), 0)]);
    let change = PartitionChangeRecord { topic_id: id(1), partition_id: 0, ..change };
    let (image, changes) = replay_over(&image, &[MetadataRecord::PartitionChange(change)]);
    assert_eq!(changes.topics[&id(1)], [0].into());
    assert!(changes.created_topics.is_empty());
    image.topics.partition("a", 0).unwrap().clone()
}

#[test]
fn partitions_change() {
    let same = changed(PartitionChangeRecord::default());
    assert_eq!((same.leader, same.leader_epoch, same.partition_epoch), (1, 3, 5));
    assert_eq!(same.isr, [1]);
    let elected = changed(PartitionChangeRecord {
        leader: 2,
        leader_recovery_state: 1,
        ..Default::default()
    });
    assert_eq!((elected.leader, elected.leader_epoch, elected.partition_epoch), (2, 4, 5));
    assert_eq!(elected.leader_recovery_state, LeaderRecoveryState::Recovering);
    assert_eq!(elected.leader(), Some(2));
    let none =
        changed(PartitionChangeRecord { leader: -1, isr: Some(vec![]), ..Default::default() });
    assert_eq!((none.leader(), none.leader_epoch), (None, 4));
    let moved = changed(PartitionChangeRecord {
        replicas: Some(vec![1, 2, 3]),
        adding_replicas: Some(vec![3]),
        eligible_leader_replicas: Some(vec![2]),
        last_known_elr: Some(vec![3]),
        directories: Some(vec![id(1), id(2), id(3)]),
        ..Default::default()
    });
    assert!(moved.is_reassigning() && moved.is_replica(3) && !moved.is_in_sync(3));
    assert_eq!(
        (moved.directory(3), moved.elr, moved.last_known_elr),
        (Some(id(3)), vec![2], vec![3])
    );
    let grown =
        changed(PartitionChangeRecord { replicas: Some(vec![1, 2, 3]), ..Default::default() });
    assert_eq!(grown.directory(3), Some(DIRECTORY_UNASSIGNED));
}

#[test]
fn misfits_are_refused() {
    let (image, _) = replayed(&[topic("a", id(1)), partition(id(1), 0)]);
    let change = PartitionChangeRecord { topic_id: id(1), partition_id: 7, ..Default::default() };
    assert!(fails(&image, MetadataRecord::PartitionChange(change.clone())).contains("a-7"));
    let change = PartitionChangeRecord { partition_id: 0, leader_recovery_state: 9, ..change };
    assert!(fails(&image, MetadataRecord::PartitionChange(change.clone())).contains("state 9"));
    let change = PartitionChangeRecord {
        leader_recovery_state: -1,
        directories: Some(vec![id(1)]),
        ..change
    };
    assert!(fails(&image, MetadataRecord::PartitionChange(change)).contains("1 directories"));
    assert!(fails(&image, partition(id(1), -1)).contains("a--1"));
    assert!(fails(&image, level("metadata.version", 31)).contains("31"));
    let entry = RemoveAccessControlEntryRecord { id: id(1), ..Default::default() };
    assert!(fails(&image, MetadataRecord::RemoveAccessControlEntry(entry)).contains("no entry"));
}

#[test]
fn elr_is_cleared() {
    let with_elr = |partition_id| {
        let MetadataRecord::Partition(record) = partition(id(1), partition_id) else {
            unreachable!()
        };
        MetadataRecord::Partition(PartitionRecord {
            eligible_leader_replicas: Some(vec![2]),
            ..record
        })
    };
    let (image, _) =
        replayed(&[topic("a", id(1)), with_elr(0), partition(id(1), 1), topic("b", id(2))]);
    for (topic_name, hits) in [("", true), ("a", true), ("b", false)] {
        let clear = ClearElrRecord { topic_name: topic_name.into(), ..Default::default() };
        let (after, changes) = replay_over(&image, &[MetadataRecord::ClearElr(clear)]);
        assert_eq!(after.topics.partition("a", 0).unwrap().elr.is_empty(), hits);
        assert_eq!(changes.topics.get(&id(1)).cloned(), hits.then(|| [0].into()));
    }
    let clear = ClearElrRecord { topic_name: "c".into(), ..Default::default() };
    assert!(fails(&image, MetadataRecord::ClearElr(clear)).contains('c'));
}

#[test]
fn configs_are_set_and_unset() {
    let (image, _) = replayed(&[config("a", "k", Some("v")), config("a", "l", Some("w"))]);
    assert_eq!(image.configs.value(ResourceType::TOPIC, "a", "k"), Some("v"));
    let (image, changes) = replay_over(&image, &[config("a", "k", None), config("x", "k", None)]);
    assert_eq!(image.configs.topic("a").unwrap().len(), 1);
    assert_eq!(changes.configs.len(), 2);
    let (image, _) = replay_over(&image, &[config("a", "l", None)]);
    assert_eq!(image.configs, Default::default());
}

#[test]
fn features_producers_quotas_and_the_rest() {
    let entity =
        vec![EntityData { entity_type: "user".into(), entity_name: None, ..Default::default() }];
    let quota = |value, remove| {
        let (entity, key) = (entity.clone(), "request_percentage".to_owned());
        MetadataRecord::ClientQuota(ClientQuotaRecord {
            entity,
            key,
            value,
            remove,
            ..Default::default()
        })
    };
    let ids = ProducerIdsRecord { next_producer_id: 1000, ..Default::default() };
    let scram = UserScramCredentialRecord {
        name: "u".into(),
        mechanism: 1,
        iterations: 4096,
        ..Default::default()
    };
    let token = DelegationTokenRecord {
        token_id: "t".into(),
        owner: "User:o".into(),
        ..Default::default()
    };
    let acl =
        AccessControlEntryRecord { id: id(1), resource_name: "r".into(), ..Default::default() };
    let (image, changes) = replayed(&[
        level("metadata.version", 30),
        level("group.version", 1),
        MetadataRecord::ProducerIds(ids),
        quota(1.5, false),
        MetadataRecord::UserScramCredential(scram),
        MetadataRecord::DelegationToken(token),
        MetadataRecord::AccessControlEntry(acl),
        MetadataRecord::NoOp(NoOpRecord::default()),
        MetadataRecord::ZkMigrationState(ZkMigrationStateRecord::default()),
    ]);
    assert_eq!(image.features.metadata_version(), MetadataVersion::LATEST);
    assert_eq!((image.features.level("group.version"), image.next_producer_id), (1, 1000));
    assert_eq!(image.features.iter().count(), 2);
    let key = [("user".to_owned(), None)].into();
    assert_eq!(image.client_quotas.get(&key).unwrap()["request_percentage"], 1.5);
    assert_eq!(image.scram.get(1, "u").unwrap().iterations, 4096);
    assert_eq!(image.delegation_tokens["t"].owner, "User:o");
    assert_eq!(image.acls.by_id()[&id(1)].resource_name, "r");
    assert_eq!(
        Changes {
            created_topics: Default::default(),
            ..Changes::between(&Image::default(), &image)
        },
        changes
    );

    let remove =
        RemoveUserScramCredentialRecord { name: "u".into(), mechanism: 1, ..Default::default() };
    let (image, _) = replay_over(
        &image,
        &[
            level("group.version", 0),
            quota(0.0, true),
            MetadataRecord::RemoveUserScramCredential(remove),
            MetadataRecord::RemoveDelegationToken(RemoveDelegationTokenRecord {
                token_id: "t".into(),
                ..Default::default()
            }),
            MetadataRecord::RemoveAccessControlEntry(RemoveAccessControlEntryRecord {
                id: id(1),
                ..Default::default()
            }),
        ],
    );
    let features = image.features.clone();
    let bare = Image { next_producer_id: 1000, features, ..Image::default() };
    assert_eq!(Image { provenance: Provenance::EMPTY, ..image }, bare);
}

#[test]
fn transactions_show_whole_or_not_at_all() {
    let begin = MetadataRecord::BeginTransaction(BeginTransactionRecord::default());
    let end = MetadataRecord::EndTransaction(EndTransactionRecord::default());
    let abort = MetadataRecord::AbortTransaction(AbortTransactionRecord::default());
    let at = |offset| Provenance { offset, epoch: 1, timestamp: 0 };
    let mut loader = Loader::default();
    loader.replay(&topic("a", id(1))).unwrap();
    loader.replay(&begin).unwrap();
    loader.replay(&topic("b", id(2))).unwrap();
    assert!(loader.take(at(2)).is_none() && loader.is_in_transaction());
    assert!(loader.replay(&begin).is_err());
    loader.replay(&abort).unwrap();
    let (image, changes) = loader.take(at(3)).unwrap();
    assert_eq!((image.topics.len(), changes.topics.len(), image.provenance.offset), (1, 1, 3));
    assert!(loader.replay(&abort).is_err() && loader.replay(&end).is_err());
    loader.replay(&begin).unwrap();
    loader.replay(&topic("b", id(2))).unwrap();
    loader.replay(&end).unwrap();
    let (image, changes) = loader.take(at(6)).unwrap();
    assert_eq!((image.topics.len(), changes.topics.len()), (2, 1));
    let (_, changes) = loader.take(at(7)).unwrap();
    assert!(changes.is_empty());
    assert_eq!(loader.image().provenance.offset, 7);
    let changes = loader.replace(Image::default());
    assert_eq!(changes.deleted_topics.len(), 2);
}

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

#[test]
fn snapshots_have_kafkas_names() {
    let id = SnapshotId { offset: 261, epoch: 2 };
    assert_eq!(id.file_name(), "00000000000000000261-0000000002.checkpoint");
    assert_eq!(SnapshotId::parse(&id.file_name()), Some(id));
    for bad in [
        "bootstrap.checkpoint",
        "261-2.checkpoint",
        "00000000000000000261-0000000002.checkpoint.tmp",
    ] {
        assert_eq!(SnapshotId::parse(bad), None, "{bad}");
    }
    let files = MemoryFiles::new();
    let dir = Path::new("/d");
    assert_eq!(snapshot::list(&files, dir).unwrap(), []);
    files.create_dir(dir).unwrap();
    snapshot::write(&files, dir, id, b"x").unwrap();
    snapshot::write(&files, dir, SnapshotId::BOOTSTRAP, b"y").unwrap();
    assert_eq!(snapshot::list(&files, dir).unwrap(), [SnapshotId::BOOTSTRAP, id]);
    assert_eq!(snapshot::read(&files, dir, id).unwrap(), "x");
    snapshot::remove(&files, dir, id).unwrap();
    assert_eq!(snapshot::list(&files, dir).unwrap(), [SnapshotId::BOOTSTRAP]);
}

#[test]
fn snapshots_carry_the_quorum() {
    let voter = raft::Voter { voter_id: 7, voter_directory_id: id(1), ..Default::default() };
    let voters = raft::VotersRecord { voters: vec![voter], ..Default::default() };
    let contents =
        Contents { last_contained_log_timestamp: 8, kraft_version: 1, voters: Some(voters) };
    let bytes = snapshot::encode(&Image::default(), &contents, 8).unwrap();
    assert_eq!(snapshot::decode(&bytes, |_| Ok(())).unwrap(), contents);
    for end in 0..bytes.len() {
        assert!(snapshot::decode(&bytes[..end], |_| Ok(())).is_err(), "cut at {end}");
    }
    for at in 17..bytes.len() {
        let mut damaged = bytes.to_vec();
        damaged[at] ^= 0x10;
        assert!(snapshot::decode(&damaged, |_| Ok(())).is_err(), "damaged at {at}");
    }
    assert!(snapshot::decode(&[&bytes[..], &bytes[..]].concat(), |_| Ok(())).is_err());
}

#[test]
fn the_copy_comes_back_and_damage_is_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    assert!(store.load().is_none() && store.acls().is_none());
    let acl =
        AccessControlEntryRecord { id: id(1), resource_name: "r".into(), ..Default::default() };
    let (image, _) = replayed(&[topic("a", id(1)), MetadataRecord::AccessControlEntry(acl)]);
    let bytes = snapshot::encode(&image, &Contents::default(), 0).unwrap();
    store.save(&image, &bytes).unwrap();
    let (at, found) = store.load().unwrap();
    assert_eq!((at, found), (SnapshotId::of(image.provenance), bytes.clone()));
    assert_eq!(store.acls().unwrap(), [(id(1), image.acls.by_id()[&id(1)].clone())]);

    let big = vec![7; 600 << 10];
    let later =
        Image { provenance: Provenance { offset: 10, ..image.provenance }, ..Image::default() };
    store.save(&later, &big).unwrap();
    assert_eq!(store.load().unwrap(), (SnapshotId { offset: 11, epoch: 2 }, big.into()));
    assert_eq!(store.acls().unwrap(), []);

    let db = dir.path().join(store::STORE_DIR).join("db");
    std::fs::write(&db, vec![0xA5; 4096]).unwrap();
    assert!(store.load().is_none());
    store.save(&image, &bytes).unwrap();
    assert_eq!(store.load().unwrap().1, bytes);
}

#[test]
fn metadata_versions_have_names() {
    assert_eq!(MetadataVersion::LATEST.name(), "4.3-IV0");
    assert_eq!(MetadataVersion::from_name("3.7"), MetadataVersion::from_level(19));
    assert_eq!(MetadataVersion::from_name("4.0.1"), MetadataVersion::from_level(25));
    assert_eq!(MetadataVersion::from_name("4.0-IV1").map(MetadataVersion::level), Some(23));
    assert_eq!(MetadataVersion::from_name("4.4-IV0"), Some(MetadataVersion::LATEST_TESTING));
    for bad in ["", "x", "9.9", "2.8", "4", "4.", "4.0-IV9"] {
        assert_eq!(MetadataVersion::from_name(bad), None, "{bad}");
    }
    assert_eq!(MetadataVersion::from_level(31), None);
}

#[test]
fn kafkas_default_levels_are_known() {
    let expect = [
        (20, [0, 0, 0, 0, 0, 0]),
        (25, [1, 2, 1, 0, 0, 0]),
        (26, [1, 2, 1, 1, 0, 0]),
        (30, [1, 2, 1, 1, 1, 1]),
    ];
    for (level, levels) in expect {
        let version = MetadataVersion::from_level(level).unwrap();
        assert_eq!(
            FEATURES.each_ref().map(|feature| feature.kafka_default(version)),
            levels,
            "{version}"
        );
        for feature in &FEATURES {
            assert!(supported(feature.name).unwrap().contains(feature.default(version)));
            assert!(
                feature.level(feature.latest()).is_some()
                    && feature.level(feature.latest() + 1).is_none()
            );
        }
    }
}

#[test]
fn a_new_cluster_begins_with_what_this_build_has() {
    let files = MemoryFiles::new();
    let dir = Path::new("/d");
    files.create_dir(dir).unwrap();
    let levels = bootstrap::default_levels(MetadataVersion::LATEST);
    let records = bootstrap::feature_records(&levels);
    assert_eq!(records[0], level("metadata.version", 30));
    assert_eq!(bootstrap::read(&files, dir).unwrap(), records);
    let bytes = bootstrap::encode(&records[..1], MetadataVersion::LATEST, 5).unwrap();
    bootstrap::write(&files, dir, &bytes).unwrap();
    assert_eq!(bootstrap::read(&files, dir).unwrap(), records[..1]);
}
