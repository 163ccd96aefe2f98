//! Snapshots as files, and the copy of the latest in sled.

use super::*;

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
