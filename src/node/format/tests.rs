//! Formatting in memory: what is written, what is refused.

use super::*;
use crate::log::files::memory::MemoryFiles;
use crate::metadata::Image;

const ID: &str = "AAAAAAAAAAAAAAAAAAAAAg";

fn config(extra: &str) -> Config {
    let text = "process.roles=broker,controller\nnode.id=7\ncontroller.listener.names=CONTROLLER\n\
                listeners=PLAINTEXT://127.0.0.1:10,CONTROLLER://:9\nlog.dirs=/d/a,/d/b\n"
        .to_owned()
        + extra;
    Config::from_map(text.lines().filter_map(|line| line.split_once('='))).unwrap()
}

fn dynamic() -> Config {
    config("controller.quorum.bootstrap.servers=127.0.0.1:9")
}

fn fixed() -> Config {
    config("controller.quorum.voters=7@127.0.0.1:9")
}

fn run(request: &Request, files: &MemoryFiles) -> Result<String, String> {
    let mut out = Vec::new();
    request.run(files, &mut out).map_err(|failure| failure.to_string())?;
    Ok(String::from_utf8(out).unwrap())
}

#[test]
fn a_quorum_that_is_written_down() {
    let files = MemoryFiles::new();
    let mut request = Request::new(&fixed(), ID, 5);
    request.scram = vec!["SCRAM-SHA-512=[name=alice,password=secret,iterations=8192]".into()];
    let out = run(&request, &files).unwrap();
    assert!(out.contains("name='alice', mechanism=2, salt=["), "{out}");
    assert!(
        out.contains("Formatting metadata directory /d/a with metadata.version 4.3-IV0.\n"),
        "{out}"
    );
    assert!(
        out.contains("Formatting data directory /d/b with metadata.version 4.3-IV0.\n"),
        "{out}"
    );
    let mut ids = BTreeSet::new();
    for directory in ["/d/a", "/d/b"].map(Path::new) {
        let properties = MetaProperties::read(&files, directory).unwrap().unwrap();
        assert_eq!((properties.cluster_id.as_deref(), properties.node_id), (Some(ID), Some(7)));
        ids.insert(properties.directory_id);
        let records = bootstrap::read(&files, directory).unwrap();
        assert!(matches!(records.last(), Some(MetadataRecord::UserScramCredential(_))));
    }
    assert_eq!(ids.len(), 2);
    assert_eq!(snapshot::list(&files, Path::new("/d/a/__cluster_metadata-0")).unwrap(), []);

    assert!(
        run(&request, &files).unwrap_err().starts_with("Log directory /d/a is already formatted.")
    );
    request.ignore_formatted = true;
    assert_eq!(
        run(&request, &files).unwrap(),
        "All of the log directories are already formatted.\n"
    );
    request.cluster_id = "other".into();
    assert!(
        run(&request, &files)
            .unwrap_err()
            .ends_with("Expected other, but read AAAAAAAAAAAAAAAAAAAAAg")
    );
    request.cluster_id = ID.into();
    request.node_id = 8;
    assert!(
        run(&request, &files)
            .unwrap_err()
            .contains("Stored node id 7 doesn't match previous node id 8")
    );
}

#[test]
fn a_quorum_of_records() {
    let files = MemoryFiles::new();
    let mut request = Request::new(&dynamic(), ID, 5);
    request.initial_voters = Some(standalone(&dynamic()).unwrap());
    let out = run(&request, &files).unwrap();
    assert!(out.contains("Formatting dynamic metadata voter directory /d/a with"), "{out}");
    let log = Path::new("/d/a/__cluster_metadata-0");
    let bytes = snapshot::read(&files, log, SnapshotId::BOOTSTRAP).unwrap();
    let (image, contents) = snapshot::image(&bytes, SnapshotId::BOOTSTRAP).unwrap();
    assert_eq!(image, Image { provenance: image.provenance, ..Image::default() });
    assert_eq!((contents.kraft_version, contents.last_contained_log_timestamp), (1, 5));
    let voter = &contents.voters.unwrap().voters[0];
    let properties = MetaProperties::read(&files, Path::new("/d/a")).unwrap().unwrap();
    assert_eq!(Some(voter.voter_directory_id), properties.directory_id);
    assert_eq!((&*voter.endpoints[0].host, voter.endpoints[0].port), ("localhost", 9));
}

#[test]
fn initial_voters_are_read() {
    let text = "8@i:1:AAAAAAAAAAAAAAAAAAAABw,7@[::1]:9:AAAAAAAAAAAAAAAAAAAABg";
    let voters = parse_voters(text).unwrap();
    assert_eq!(
        voters.iter().map(|voter| (voter.id, &*voter.host, voter.port)).collect::<Vec<_>>(),
        [(7, "::1", 9), (8, "i", 1)]
    );
    let files = MemoryFiles::new();
    let mut request = Request::new(&dynamic(), ID, 5);
    request.initial_voters = Some(parse_voters("8@i:1:AAAAAAAAAAAAAAAAAAAABw").unwrap());
    assert!(run(&request, &files).unwrap().contains("Formatting dynamic metadata directory /d/a"));
    for (text, complaint) in [
        ("", "No voters given."),
        ("x", "No @ found"),
        ("x@h:1:a", "Failed to parse node id"),
        ("7@h", "No colon following hostname"),
        ("7@h:1", "No colon following port"),
        ("7@h:1:x", "Failed to parse directory ID"),
        ("7@h:x:y", "Failed to parse port"),
        ("7@h:99999:y", "Invalid port 99999"),
        ("7@[::1:9:x", "no right bracket"),
        ("7@h:1:AAAAAAAAAAAAAAAAAAAABw,7@i:1:AAAAAAAAAAAAAAAAAAAABw", "more than once"),
    ] {
        let found = parse_voters(text).unwrap_err().to_string();
        assert!(found.contains(complaint), "{text}: {found}");
    }
}

#[test]
fn levels_are_checked() {
    let files = MemoryFiles::new();
    for (name, level, complaint) in [
        (
            "no.such",
            1,
            "Unsupported feature: no.such. Supported features are: eligible.leader.replicas.version, group",
        ),
        ("group.version", 3, "No feature:group.version with feature level 3"),
        ("streams.version", 1, "This release of Vltava has streams.version up to level 0, not 1."),
        ("metadata.version", 31, "metadata.version 4.4-IV0 is not yet stable."),
        ("metadata.version", 99, "Valid feature levels are from 7 to 31."),
        ("kraft.version", 1, "Cannot set kraft.version to 1 unless"),
    ] {
        let mut request = Request::new(&fixed(), ID, 5);
        request.feature_levels.insert(name.into(), level);
        let found = run(&request, &files).unwrap_err();
        assert!(found.contains(complaint), "{name}: {found}");
    }
    let mut request = Request::new(&fixed(), ID, 5);
    request.release_version = MetadataVersion::from_name("3.9");
    request.feature_levels.insert("eligible.leader.replicas.version".into(), 1);
    assert!(run(&request, &files).unwrap_err().contains("depends on metadata.version level 23"));
}

#[test]
fn credentials_are_checked() {
    for (argument, complaint) in [
        ("SCRAM-SHA-256", "Failed to find equals sign in SCRAM argument 'SCRAM-SHA-256'"),
        ("SCRAM-MD5=[]", "The add-scram mechanism SCRAM-MD5 is not supported."),
        ("SCRAM-SHA-256=x", "Expected configuration string to start with ["),
        ("SCRAM-SHA-256=[name=a", "Expected configuration string to end with ]"),
        ("SCRAM-SHA-256=[password=a]", "You must supply 'name' to add-scram"),
        (
            "SCRAM-SHA-256=[name=a]",
            "You must supply one of 'password' or 'saltedpassword' to add-scram",
        ),
        ("SCRAM-SHA-256=[name=a,password=]", "Empty key"),
        (
            "SCRAM-SHA-256=[name=a,password=b,iterations=10]",
            "must be >= 4096 for add-scram using SCRAM_SHA_256",
        ),
        (
            "SCRAM-SHA-512=[name=a,password=b,iterations=99999]",
            "must be <= 16384 for add-scram using SCRAM_SHA_512",
        ),
        ("SCRAM-SHA-256=[name=a,password=b,iterations=x]", "Failed to parse iterations count: x"),
        (
            "SCRAM-SHA-256=[name=a,saltedpassword=YCE=]",
            "You must supply 'salt' with 'saltedpassword' to add-scram",
        ),
        (
            "SCRAM-SHA-256=[name=a,salt=N3E=,password=b,bogus=1]",
            "Unknown SCRAM configurations: bogus",
        ),
        ("SCRAM-SHA-256=[name=a,salt=!,password=b]", "Failed to decode given salt: !"),
    ] {
        let found = scram::record(argument).unwrap_err().to_string();
        assert!(found.contains(complaint), "{argument}: {found}");
    }
    let record = scram::record("SCRAM-SHA-256=[name=a,salt=N3E=,saltedpassword=YCE=]").unwrap();
    let text = bootstrap_text(&[record], MetadataVersion::LATEST);
    // What Kafka's own tool makes of it.
    assert!(
        text.contains("salt=[55, 113], storedKey=[-24, -19, 126, 121, -88, -128, 49, 106,"),
        "{text}"
    );
    assert!(text.contains("serverKey=[-51, -17, 17, 77, -127, 62, -36, 106,"), "{text}");
}

#[test]
fn a_new_node_is_formatted_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    let text =
        format!("log.dirs={}\ncontroller.quorum.bootstrap.servers=127.0.0.1:9", path.display());
    let config = config(&text);
    let id = format_if_new(&config, None, 5).unwrap();
    let snapshots = snapshot::list(&Disk, &path.join("__cluster_metadata-0")).unwrap();
    assert_eq!(snapshots, [SnapshotId::BOOTSTRAP]);
    assert_eq!(format_if_new(&config, None, 6).unwrap(), id);
    assert_eq!(format_if_new(&config, Some(&id), 6).unwrap(), id);
    assert!(format_if_new(&config, Some("other"), 6).is_err());
}
