//! What each record makes of an image, and which are refused.

use super::*;

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
