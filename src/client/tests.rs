//! A connection against a node that answers what the tests want.

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{ClientError, Connection, Settings};
use crate::wire::codec::{Reader, Writer};
use crate::wire::header::{RequestHeader, ResponseHeader};
use crate::wire::message::Message;
use crate::wire::messages::api_versions::{ApiVersion, ApiVersionsResponse};
use crate::wire::messages::heartbeat::{HeartbeatRequest, HeartbeatResponse};

/// Answers ApiVersions, then collects `hold` heartbeats and answers them in reverse, the group's name as throttle time.
async fn node(listener: TcpListener, hold: usize) {
    let (mut stream, _) = listener.accept().await.expect("a client comes");
    let mut held = Vec::new();
    loop {
        let Ok(size) = stream.read_i32().await else { return };
        let mut frame = vec![0; usize::try_from(size).expect("a size")];
        stream.read_exact(&mut frame).await.expect("a request");
        let mut reader = Reader::new(Bytes::from(frame));
        let key = i16::from_be_bytes(reader.rest()[..2].try_into().expect("two bytes"));
        let header = RequestHeader::decode(&mut reader, 2).expect("a header");
        let id = ResponseHeader { correlation_id: header.correlation_id, ..Default::default() };
        let mut writer = Writer::new();
        if key == 18 {
            id.encode(&mut writer, 0).expect("it fits");
            let heartbeat =
                ApiVersion { api_key: 12, min_version: 0, max_version: 4, ..Default::default() };
            let answer = ApiVersionsResponse { api_keys: vec![heartbeat], ..Default::default() };
            answer.encode(&mut writer, header.request_api_version).expect("it fits");
            held.push(writer.freeze());
        } else {
            let request = HeartbeatRequest::decode(&mut reader, 4).expect("a heartbeat");
            id.encode(&mut writer, 1).expect("it fits");
            let throttle_time_ms = request.group_id.parse().expect("a number");
            let answer = HeartbeatResponse { throttle_time_ms, ..Default::default() };
            answer.encode(&mut writer, 4).expect("it fits");
            held.push(writer.freeze());
            if held.len() < hold {
                continue;
            }
        }
        for answer in held.drain(..).rev() {
            stream.write_i32(answer.len() as i32).await.expect("it is sent");
            stream.write_all(&answer).await.expect("it is sent");
        }
    }
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(test);
}

fn heartbeat(group: &str) -> HeartbeatRequest {
    HeartbeatRequest { group_id: group.to_owned(), ..Default::default() }
}

async fn connect(hold: usize, settings: Settings) -> Connection {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    tokio::spawn(node(listener, hold));
    Connection::open(&address, settings).await.expect("it connects")
}

#[test]
fn answers_find_those_who_asked() {
    run(async {
        let connection = connect(3, Settings::default()).await;
        let requests = ["1", "2", "3"].map(heartbeat);
        let answers = tokio::join!(
            connection.ask(&requests[0]),
            connection.ask(&requests[1]),
            connection.ask(&requests[2])
        );
        let throttle = |answer: Result<HeartbeatResponse, ClientError>| {
            answer.expect("an answer").throttle_time_ms
        };
        assert_eq!((throttle(answers.0), throttle(answers.1), throttle(answers.2)), (1, 2, 3));
    });
}

#[test]
fn silence_is_a_timeout_and_leaves_the_connection_usable() {
    run(async {
        let connection = connect(2, Settings::default()).await;
        // The node holds the first answer until there is a second, however long that takes.
        let wait = std::time::Duration::from_millis(20);
        let first = connection.send_within(&heartbeat("1"), 4, wait).await;
        assert!(matches!(first, Err(ClientError::Timeout(_))), "{first:?}");
        let second = connection.ask(&heartbeat("2")).await;
        assert_eq!(second.expect("an answer").throttle_time_ms, 2);
    });
}

#[test]
fn a_request_that_finds_no_room_leaves_nobody_waiting() {
    run(async {
        let connection = connect(usize::MAX, Settings::default()).await;
        // Nothing is written while this task does not yield.
        let asked: Vec<_> = (0..10_000)
            .map(|_| connection.start(&heartbeat("1"), 4))
            .take_while(Result::is_ok)
            .collect();
        assert!(asked.len() < 10_000);
        assert_eq!(connection.waiting(), asked.len());
    });
}

#[test]
fn apis_that_the_node_lacks_are_not_asked() {
    run(async {
        let connection = connect(1, Settings::default()).await;
        let request = crate::wire::messages::metadata::MetadataRequest::default();
        let answer = connection.ask(&request).await;
        assert!(matches!(answer, Err(ClientError::Unsupported(_))), "{answer:?}");
    });
}
