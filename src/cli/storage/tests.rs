//! Command lines and what Kafka's tool answers to them.

use super::*;

fn answer(line: &str) -> (i32, String, String) {
    let args: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = run_with(&args, &mut out, &mut err);
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

#[test]
fn mistakes_are_told_as_by_kafka() {
    for (line, complaint) in [
        ("", "error: too few arguments"),
        (
            "random-uuid x",
            "usage: kafka-storage random-uuid [-h]\nkafka-storage: error: unrecognized arguments: 'x'\n",
        ),
        (
            "info",
            "usage: kafka-storage info [-h] --config CONFIG\nkafka-storage: error: argument --config/-c is required\n",
        ),
        ("info -x", "unrecognized arguments: '-x'"),
        ("format -c", "kafka-storage: error: argument --config/-c: expected one argument\n"),
        ("format -gs", "kafka-storage: error: argument --cluster-id/-t is required\n"),
        (
            "format -t x -c y -s -N",
            "argument --no-initial-controllers/-N: not allowed\nwith argument --standalone/-s\n",
        ),
        (
            "format -t x -c /no/such",
            "Exception in thread \"main\" java.nio.file.NoSuchFileException: /no/such\n",
        ),
        (
            "version-mapping -r 4.4",
            "Unknown metadata.version '4.4'. Supported metadata.version are: 3.3-IV3, ",
        ),
        ("feature-dependencies -f x=1", "Unknown feature: x\n"),
        ("feature-dependencies -f metadata.version=99", "Unknown metadata.version 99\n"),
        (
            "feature-dependencies -f group.version=x",
            "Invalid version format: x for feature group.version\n",
        ),
    ] {
        let (code, _, err) = answer(line);
        let squeezed = |text: &str| {
            text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(code, 1, "{line}");
        assert!(squeezed(&err).contains(&squeezed(complaint)), "{line}: {err}");
    }
}

#[test]
fn questions_are_answered_as_by_kafka() {
    for (line, text) in [
        (
            "version-mapping",
            "metadata.version=30 (4.3-IV0)\nkraft.version=1\ntransaction.version=2\ngroup.version=1\n\
            eligible.leader.replicas.version=1\nshare.version=1\nstreams.version=1\n",
        ),
        (
            "version-mapping --rel 3.7",
            "metadata.version=19 (3.7)\nkraft.version=0\ntransaction.version=0\n\
            group.version=0\neligible.leader.replicas.version=0\nshare.version=0\nstreams.version=0\n",
        ),
        (
            "feature-dependencies -f metadata.version=31 -f share.version=1",
            "metadata.version=31 (4.4-IV0) has no dependencies.\nshare.version=1 has no dependencies.\n",
        ),
        (
            "feature-dependencies --feature=eligible.leader.replicas.version=1",
            "eligible.leader.replicas.version=1 requires:\n    metadata.version=23 (4.0-IV1)\n",
        ),
        (
            "random-uuid -h",
            "usage: kafka-storage random-uuid [-h]\n\noptional arguments:\n  \
            -h, --help             show this help message and exit\n",
        ),
    ] {
        assert_eq!(answer(line), (0, text.to_owned(), String::new()), "{line}");
    }
    let (code, out, _) = answer("random-uuid");
    assert_eq!((code, out.trim().parse::<Uuid>().is_ok()), (0, true));
}
