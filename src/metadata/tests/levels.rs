//! The levels of features as Kafka names them and as a new cluster begins with them.

use super::*;

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
