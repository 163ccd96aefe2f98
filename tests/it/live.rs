//! A node as it is run: what its operator changes takes effect, and what is due is done, while it serves.
//!
//! Everything is asked through the tools, so that this says nothing of how a node is made inside.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

struct Node {
    process: Child,
    address: String,
    dir: tempfile::TempDir,
}

impl Node {
    fn start(overrides: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().expect("a folder"), overrides)
    }

    fn start_in(dir: tempfile::TempDir, overrides: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vltava"));
        command.arg("dev").arg("--dir").arg(dir.path().join("data")).args(["--port", "0"]);
        for pair in overrides {
            command.args(["--override", pair]);
        }
        let log = std::fs::File::create(dir.path().join("log")).expect("a log");
        let mut process = command.stdout(Stdio::piped()).stderr(log).spawn().expect("a process");
        let output = BufReader::new(process.stdout.take().expect("its output"));
        let mut told = output.lines().map_while(Result::ok);
        let line = told.find(|line| line.starts_with("vltava is running: "));
        let log = || std::fs::read_to_string(dir.path().join("log")).unwrap_or_default();
        let line = line.unwrap_or_else(|| panic!("the node did not start: {}", log()));
        let address = line.rsplit(' ').next().expect("an address").to_owned();
        Self { process, address, dir }
    }

    /// Runs a tool, with `input`, and gives what it says.
    fn tool(&self, name: &str, arguments: &[&str], input: &str) -> String {
        let mut tool = Command::new(env!("CARGO_BIN_EXE_vltava"))
            .args([name, "--bootstrap-server", &self.address])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a tool");
        let mut stdin = tool.stdin.take().expect("its input");
        stdin.write_all(input.as_bytes()).expect("read");
        drop(stdin);
        let output = tool.wait_with_output().expect("an end");
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        text(&output.stdout) + &text(&output.stderr)
    }

    fn create(&self, topic: &str, configs: &[&str]) {
        let mut arguments = vec!["--create", "--topic", topic, "--partitions", "1"];
        configs.iter().for_each(|config| arguments.extend(["--config", config]));
        let said = self.tool("topics", &arguments, "");
        assert!(said.contains("Created topic"), "{said}");
    }

    fn produce(&self, topic: &str, lines: &str) -> String {
        self.tool("console-producer", &["--topic", topic], lines)
    }

    fn configure(&self, entity: &[&str], change: &[&str]) {
        let mut arguments = vec!["--alter", "--entity-type", "brokers"];
        arguments.extend(entity);
        arguments.extend(change);
        let said = self.tool("configs", &arguments, "");
        assert!(said.contains("Completed updating"), "{said}");
    }

    fn files(&self, partition: &str) -> Vec<String> {
        names(&self.dir.path().join("data").join(partition))
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    fn kill(mut self) -> tempfile::TempDir {
        self.process.kill().and_then(|()| self.process.wait()).expect("gone");
        let other = tempfile::tempdir().expect("a folder");
        std::mem::replace(&mut self.dir, other)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn names(dir: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .map_while(Result::ok)
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn until(what: &str, mut met: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(120);
    while !met() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Whether a connection that has just been made is closed by the node at once.
fn is_turned_away(address: &str) -> bool {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_millis(300))).expect("set");
    matches!(stream.read(&mut [0; 1]), Ok(0))
}

/// What makes background work happen while a test waits.
const QUICK: [&str; 5] = [
    "log.initial.task.delay.ms=100",
    "log.retention.check.interval.ms=200",
    "log.segment.delete.delay.ms=500",
    "log.flush.offset.checkpoint.interval.ms=200",
    "log.flush.start.offset.checkpoint.interval.ms=200",
];

#[test]
fn settings_changed_for_all_brokers_or_for_one_act_without_a_restart() {
    let node = Node::start(&QUICK);
    node.create("t", &[]);
    let large = "x".repeat(5_000) + "\n";
    assert_eq!(node.produce("t", &large), "");
    let everyone = ["--entity-default"];
    let only_one = ["--entity-name", "1"];

    node.configure(&everyone, &["--add-config", "message.max.bytes=1000"]);
    until("large records are refused", || node.produce("t", &large).contains("larger than"));
    node.configure(&only_one, &["--add-config", "message.max.bytes=100000"]);
    until("the broker's own setting wins", || node.produce("t", &large).is_empty());
    node.configure(&only_one, &["--delete-config", "message.max.bytes"]);
    until("and goes again", || node.produce("t", &large).contains("larger than"));

    assert_eq!(node.files("t-0").iter().filter(|name| name.ends_with(".log")).count(), 1);
    let first = "00000000000000000000.log";
    assert!(node.files("t-0").contains(&first.to_owned()));
    node.configure(&everyone, &["--add-config", "log.retention.ms=1"]);
    until("what is too old is taken out of use", || !node.files("t-0").contains(&first.to_owned()));
    until("and removed", || !node.files("t-0").iter().any(|name| name.ends_with(".deleted")));

    assert!(!is_turned_away(&node.address));
    let _held = TcpStream::connect(&node.address).expect("a connection");
    node.configure(&only_one, &["--add-config", "max.connections.per.ip=1"]);
    until("nobody else may connect", || is_turned_away(&node.address));
}

#[test]
fn deleted_topics_leave_nothing_and_what_was_moved_away_is_set_aside() {
    let node = Node::start(&QUICK);
    node.create("gone", &["file.delete.delay.ms=100"]);
    node.create("kept", &["cleanup.policy=compact", "retention.ms=1"]);
    node.produce("gone", "a\n");
    node.tool(
        "console-producer",
        &["--topic", "kept", "--reader-property", "parse.key=true"],
        "k\tv\n",
    );
    let data = node.dir.path().join("data");
    let of = |topic: &str| -> Vec<PathBuf> {
        let named = names(&data).into_iter().filter(|name| name.starts_with(topic));
        named.map(|name| data.join(name)).collect()
    };
    assert_eq!(of("gone").len(), 1);
    let said = node.tool("topics", &["--delete", "--topic", "gone"], "");
    assert_eq!(said, "");
    until("the directory is removed", || of("gone").is_empty());
    // Compacted topics keep what is old.
    std::thread::sleep(Duration::from_millis(500));
    assert!(node.files("kept-0").contains(&"00000000000000000000.log".to_owned()));

    // A topic of that name comes again at once.
    for round in 0..3 {
        node.create("again", &[]);
        assert_eq!(node.produce("again", "b\n"), "", "round {round}");
        node.tool("topics", &["--delete", "--topic", "again"], "");
    }
    until("recovery points are written down", || {
        std::fs::read_to_string(data.join("recovery-point-offset-checkpoint"))
            .is_ok_and(|text| text.contains("kept 0"))
    });
    let log = node.log();
    assert!(!log.contains("ERROR") && !log.contains("panicked"), "{log}");

    // A directory that the metadata knows nothing of, and one of a topic that was deleted meanwhile.
    let dir = node.kill();
    let data = dir.path().join("data");
    for name in ["stranger-0", "half-7.0123456789abcdef0123456789abcdef-delete"] {
        std::fs::create_dir(data.join(name)).expect("a directory");
        std::fs::write(data.join(name).join("00000000000000000000.log"), "").expect("a file");
    }
    let id = "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAZQ";
    std::fs::write(data.join("kept-0").join("partition.metadata"), id).expect("written");
    let node = Node::start_in(dir, &QUICK);
    let data = node.dir.path().join("data");
    let has = |start: &str, end: &str| {
        names(&data).iter().any(|name| name.starts_with(start) && name.ends_with(end))
    };
    until("strays are set aside", || has("stranger-0.", "-stray") && !has("stranger", "-0"));
    until("what was being deleted is gone", || !has("half", ""));
    assert_eq!(
        node.tool(
            "console-producer",
            &["--topic", "kept", "--reader-property", "parse.key=true"],
            "k\tv\n"
        ),
        ""
    );
    assert!(has("kept-0.", "-stray") && has("kept-0", "-0"));
}

#[test]
fn dashboards_find_their_series() {
    // Nobody else takes the port in between, as a rule: the system gives out others first.
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    let address = free.expect("a port").to_string();
    let node = Node::start(&[&format!("metrics.prometheus.listener={address}")]);
    node.create("t", &[]);
    assert_eq!(node.produce("t", &"record\n".repeat(10)), "");
    let consume = ["--topic", "t", "--from-beginning", "--max-messages", "4", "--group", "g"];
    assert!(node.tool("console-consumer", &consume, "").contains("record"));
    let transactions = ["--topic", "t", "--num-records", "20", "--record-size", "10"];
    let transactions =
        [&transactions[..], &["--throughput", "100", "--transaction-duration-ms", "50"]];
    assert!(node.tool("producer-perf-test", &transactions.concat(), "").contains("20 records"));
    let scrape = || {
        let mut stream = TcpStream::connect(&address).expect("a connection");
        stream.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").expect("sent");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("an answer");
        text
    };
    until("the group has committed", || {
        scrape()
            .contains("kafka_consumergroup_lag{consumergroup=\"g\",topic=\"t\",partition=\"0\"} ")
    });
    let text = scrape();
    let above_zero = |series: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(series));
        line.and_then(|value| value.trim().parse::<f64>().ok()).is_some_and(|value| value > 0.0)
    };
    for series in [
        "kafka_server_brokertopicmetrics_bytesin_total ",
        "kafka_server_brokertopicmetrics_bytesin_total{topic=\"t\"}",
        "kafka_server_brokertopicmetrics_bytesout_total{topic=\"t\"}",
        "kafka_server_brokertopicmetrics_totalproducerequests_total{topic=\"t\"}",
        "kafka_server_brokertopicmetrics_totalfetchrequests_total{topic=\"t\"}",
        "kafka_network_requestmetrics_totaltimems_count{request=\"Produce\"}",
        "kafka_network_requestmetrics_totaltimems{request=\"FetchConsumer\",quantile=\"0.99\"}",
        "kafka_server_replicamanager_leadercount ",
        "kafka_controller_kafkacontroller_activecontrollercount ",
        "kafka_controller_kafkacontroller_activebrokercount ",
        "kafka_log_log_size{topic=\"t\",partition=\"0\"}",
        "kafka_log_log_numlogsegments{topic=\"t\",partition=\"0\"}",
        "kafka_cluster_partition_replicascount{topic=\"t\",partition=\"0\"}",
        "kafka_topic_partition_current_offset{topic=\"t\",partition=\"0\"}",
        "kafka_consumergroup_current_offset{consumergroup=\"g\",topic=\"t\",partition=\"0\"}",
        "kafka_consumergroup_lag_sum{consumergroup=\"g\",topic=\"t\"}",
        "kafka_server_raft_metrics_current_epoch ",
        "kafka_server_raftmetrics_current_state{current_state=\"leader\"}",
        "kafka_coordinator_group_groupmetadatamanager_numgroups ",
        "kafka_server_group_coordinator_metrics_group_count{protocol=\"classic\"}",
        "kafka_server_group_coordinator_metrics_num_partitions{state=\"active\"}",
        "kafka_server_group_coordinator_metrics_offset_commit_count ",
        "kafka_server_group_coordinator_metrics_group_completed_rebalance_count ",
        "kafka_server_transaction_coordinator_metrics_num_partitions{state=\"active\"}",
        "kafka_server_transaction_coordinator_metrics_transactional_id_count ",
        "kafka_server_addpartitionstotxnmanager_verificationtimems_count ",
        "kafka_server_replicamanager_produceridcount ",
        "vltava_transaction_markers_written_total ",
        "process_resident_memory_bytes ",
        "vltava_log_dir_free_bytes{",
    ] {
        let labelled = series.ends_with('{') && text.contains(series);
        assert!(labelled || above_zero(series), "{series} in {text}");
    }
    for series in [
        "kafka_coordinator_transaction_transactionmarkerchannelmanager_unknowndestinationqueuesize 0",
        "kafka_coordinator_transaction_transactionmarkerchannelmanager_logappendretryqueuesize 0",
        "kafka_server_transaction_coordinator_metrics_partition_load_time_max ",
        "kafka_server_group_coordinator_metrics_event_queue_size 0",
        "kafka_log_logmanager_offlinelogdirectorycount 0",
        "kafka_log_logcleaner_deadthreadcount 0",
    ] {
        assert!(text.contains(series), "{series} in {text}");
    }
    assert!(text.contains("messagesin_total{topic=\"t\"} 30"), "{text}");
    assert!(text.contains("kafka_server_replicamanager_underreplicatedpartitions 0"), "{text}");
}
