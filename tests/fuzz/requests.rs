//! Frames and headers, and every request behind them, as they come over a socket: a whole node is sent good streams
//! with damage in them, and must neither panic anywhere nor keep a well-behaved neighbour waiting.
//!
//! What an input does stays in the node, so one that fails may need those before it: the seed repeats them all.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, mpsc};
use std::time::Duration;

use bytes::Bytes;
use vltava::config::Config;
use vltava::node;
use vltava::node::format::format_if_new;
use vltava::wire::api_key::ApiKey;
use vltava::wire::codec::Writer;
use vltava::wire::compression::Codec;
use vltava::wire::exchange;
use vltava::wire::header::RequestHeader;
use vltava::wire::message::{Message, Request};
use vltava::wire::messages::add_partitions_to_txn::{
    AddPartitionsToTxnRequest, AddPartitionsToTxnTopic,
};
use vltava::wire::messages::api_versions::ApiVersionsRequest;
use vltava::wire::messages::consumer_group_heartbeat::ConsumerGroupHeartbeatRequest;
use vltava::wire::messages::create_topics::{CreatableTopic, CreateTopicsRequest};
use vltava::wire::messages::delete_records::{
    DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic,
};
use vltava::wire::messages::fetch::{FetchPartition, FetchRequest, FetchTopic};
use vltava::wire::messages::init_producer_id::InitProducerIdRequest;
use vltava::wire::messages::join_group::{JoinGroupRequest, JoinGroupRequestProtocol};
use vltava::wire::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic,
};
use vltava::wire::messages::metadata::{MetadataRequest, MetadataRequestTopic};
use vltava::wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use vltava::wire::messages::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};

use crate::messages::unhex;
use crate::targets::{some_batch, vectors};

const NOW: i64 = 1_700_000_000_000;
const TOPIC: &str = "t";
/// How long an answer is waited for; some requests ask the node to take its time.
const ANSWER_TIME: Duration = Duration::from_millis(5);
/// How long a neighbour may have to wait, on a busy machine and without optimisation.
const NEIGHBOUR_TIME: Duration = Duration::from_secs(30);
/// How long the node may take to start.
const START_TIME: Duration = Duration::from_secs(300);

/// What has panicked on threads other than that of the fuzzer, with the place.
pub(crate) static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Node {
    address: SocketAddr,
    /// Who asks in between, and must be answered.
    neighbour: Mutex<TcpStream>,
}

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-node-{}", std::process::id()))
}

/// Removes what the node has written, if there was one.
pub(crate) fn tidy() {
    // There is none where this target did not run.
    let _ = std::fs::remove_dir_all(directory());
}

/// The node, started by the first who asks for it, with one topic.
fn node() -> &'static Node {
    static NODE: OnceLock<Node> = OnceLock::new();
    NODE.get_or_init(|| {
        let data = directory();
        let config = Config::from_map([
            ("process.roles", "broker,controller"),
            ("node.id", "1"),
            ("log.dirs", data.to_str().expect("a path in UTF-8")),
            ("listeners", "PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0"),
            ("controller.listener.names", "CONTROLLER"),
            ("controller.quorum.voters", "1@127.0.0.1:9"),
            ("auto.create.topics.enable", "false"),
            ("offsets.topic.num.partitions", "1"),
            ("offsets.topic.replication.factor", "1"),
            ("transaction.state.log.num.partitions", "1"),
            ("transaction.state.log.replication.factor", "1"),
            ("transaction.state.log.min.isr", "1"),
            ("group.initial.rebalance.delay.ms", "0"),
        ]);
        let config = config.expect("the settings are right");
        format_if_new(&config, None, NOW).expect("the directory can be formatted");
        let (tell, told) = mpsc::channel();
        let serve =
            move || node::run(config, move |running| drop(tell.send(running.broker_address())));
        std::thread::Builder::new().name("node".into()).spawn(serve).expect("a thread");
        let address = told.recv_timeout(START_TIME).expect("the node serves");
        let address = address.parse().expect("an address");
        let mut neighbour = TcpStream::connect(address).expect("a connection");
        neighbour.set_read_timeout(Some(NEIGHBOUR_TIME)).expect("set");
        let topic = CreatableTopic {
            name: TOPIC.into(),
            num_partitions: 1,
            replication_factor: 1,
            ..Default::default()
        };
        let create =
            CreateTopicsRequest { topics: vec![topic], timeout_ms: 5_000, ..Default::default() };
        ask(&mut neighbour, &framed(&create, 5));
        Node { address, neighbour: Mutex::new(neighbour) }
    })
}

/// Sends a frame and takes the answer, whatever it says.
fn ask(socket: &mut TcpStream, frame: &[u8]) {
    socket.write_all(frame).expect("a neighbour can write");
    let mut length = [0; 4];
    socket.read_exact(&mut length).expect("a neighbour is answered");
    let mut answer = vec![0; u32::from_be_bytes(length) as usize];
    socket.read_exact(&mut answer).expect("a neighbour is answered in full");
}

fn framed<R: Request>(request: &R, version: i16) -> Bytes {
    exchange::frame(request, version, 7, Some("fuzz")).expect("it fits into its version")
}

/// A request in each of its versions that can say what it says.
fn each<R: Request>(request: &R) -> impl Iterator<Item = Vec<u8>> {
    let versions = R::VERSIONS;
    versions.filter_map(|version| {
        Some(exchange::frame(request, version, 7, Some("fuzz")).ok()?.to_vec())
    })
}

/// The golden requests behind a header, and some that find what they ask for. In front of each a byte that says whether
/// its length is made to fit.
pub(crate) fn corpus() -> Vec<Vec<u8>> {
    let mut frames: Vec<_> = vectors().filter_map(|vector| golden(&vector)).collect();
    let sensible: Vec<_> = records().chain(groups()).collect();
    frames.extend(sensible.chunks(5).map(<[_]>::concat));
    frames.extend(sensible);
    let both = |frame: &Vec<u8>| [0, 1].map(|how| [&[how], &frame[..]].concat());
    frames.iter().flat_map(both).collect()
}

fn golden(vector: &serde_json::Value) -> Option<Vec<u8>> {
    let name = vector["name"].as_str()?.strip_suffix("Request")?;
    let key = ApiKey::all().find(|key| key.name() == name)?;
    let version = i16::try_from(vector["version"].as_i64()?).ok()?;
    let header = RequestHeader {
        request_api_key: key.code(),
        request_api_version: version,
        correlation_id: 7,
        client_id: Some("fuzz".into()),
        ..Default::default()
    };
    let mut writer = Writer::new();
    header.encode(&mut writer, key.request_header_version(version)).ok()?;
    let frame = [&writer.freeze()[..], &unhex(vector["hex"].as_str()?)].concat();
    Some([&(frame.len() as u32).to_be_bytes()[..], &frame].concat())
}

fn records() -> impl Iterator<Item = Vec<u8>> {
    let records = Some(Bytes::from(some_batch(Codec::None, 2)));
    let partition_data = vec![PartitionProduceData { records, ..Default::default() }].into();
    let topic = TopicProduceData { name: TOPIC.into(), partition_data, ..Default::default() };
    let produce = ProduceRequest {
        acks: 1,
        timeout_ms: 1_000,
        topic_data: vec![topic].into(),
        ..Default::default()
    };
    let partition = FetchPartition { partition_max_bytes: 4_000, ..Default::default() };
    let topic =
        FetchTopic { topic: TOPIC.into(), partitions: vec![partition], ..Default::default() };
    let fetch = FetchRequest { session_epoch: 0, topics: vec![topic], ..Default::default() };
    let partition = ListOffsetsPartition { timestamp: NOW, ..Default::default() };
    let topic =
        ListOffsetsTopic { name: TOPIC.into(), partitions: vec![partition], ..Default::default() };
    let list = ListOffsetsRequest { replica_id: -1, topics: vec![topic], ..Default::default() };
    let partition = DeleteRecordsPartition { offset: 1, ..Default::default() };
    let topic = DeleteRecordsTopic {
        name: TOPIC.into(),
        partitions: vec![partition],
        ..Default::default()
    };
    let delete =
        DeleteRecordsRequest { topics: vec![topic], timeout_ms: 1_000, ..Default::default() };
    let topic = MetadataRequestTopic { name: Some(TOPIC.into()), ..Default::default() };
    let metadata = MetadataRequest { topics: Some(vec![topic]), ..Default::default() };
    let init = InitProducerIdRequest {
        transactional_id: Some("x".into()),
        transaction_timeout_ms: 60_000,
        ..Default::default()
    };
    let topic =
        AddPartitionsToTxnTopic { name: TOPIC.into(), partitions: vec![0], ..Default::default() };
    let add = AddPartitionsToTxnRequest {
        v3_and_below_transactional_id: "x".into(),
        v3_and_below_topics: vec![topic],
        ..Default::default()
    };
    let read = each(&produce).chain(each(&fetch)).chain(each(&list)).collect::<Vec<_>>();
    let rest = each(&delete).chain(each(&metadata)).chain(each(&init)).chain(each(&add));
    read.into_iter().chain(rest.collect::<Vec<_>>())
}

fn groups() -> impl Iterator<Item = Vec<u8>> {
    let protocol = JoinGroupRequestProtocol { name: "range".into(), ..Default::default() };
    let join = JoinGroupRequest {
        group_id: "classic".into(),
        session_timeout_ms: 6_000,
        rebalance_timeout_ms: 6_000,
        protocol_type: "consumer".into(),
        protocols: vec![protocol],
        ..Default::default()
    };
    let beat = ConsumerGroupHeartbeatRequest {
        group_id: "new".into(),
        member_id: "m".into(),
        rebalance_timeout_ms: 6_000,
        subscribed_topic_names: Some(vec![TOPIC.into()]),
        topic_partitions: Some(Vec::new()),
        ..Default::default()
    };
    let partition = OffsetCommitRequestPartition { committed_offset: 1, ..Default::default() };
    let topic = OffsetCommitRequestTopic {
        name: TOPIC.into(),
        partitions: vec![partition],
        ..Default::default()
    };
    let commit = OffsetCommitRequest {
        group_id: "offsets".into(),
        topics: vec![topic],
        ..Default::default()
    };
    let all = each(&join).chain(each(&beat)).chain(each(&commit)).collect::<Vec<_>>();
    all.into_iter()
}

/// Sends a stream, takes what comes of it, and asks something else.
pub(crate) fn run(input: &[u8]) {
    let Some((how, stream)) = input.split_first() else { return };
    let node = node();
    let mut stream = stream.to_vec();
    let is_whole = how & 1 == 1 && stream.len() >= 4;
    if is_whole {
        let length = (stream.len() as u32 - 4).to_be_bytes();
        stream[..4].copy_from_slice(&length);
    }
    let mut socket = TcpStream::connect(node.address).expect("the node takes connections");
    socket.set_read_timeout(Some(ANSWER_TIME)).expect("set");
    let mut answer = [0; 4096];
    // The node may close the connection at any time: that is an answer too.
    if socket.write_all(&stream).is_ok() && is_whole {
        let _ = socket.read(&mut answer);
    }
    let _ = socket.shutdown(Shutdown::Write);
    while matches!(socket.read(&mut answer), Ok(1..)) {}
    let mut neighbour = node.neighbour.lock().unwrap_or_else(|broken| broken.into_inner());
    ask(&mut neighbour, &framed(&ApiVersionsRequest::default(), 0));
    let panics = std::mem::take(&mut *PANICS.lock().expect("nobody panics with it"));
    assert!(panics.is_empty(), "{}", panics.join("; "));
}
