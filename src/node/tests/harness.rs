//! A node over files in memory, and the ways to start, ask and stop it. Never decides what a test expects.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr};
use bytes::{BufMut, BytesMut};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::super::format::{Request as Format, standalone};
use super::super::parts::{Ground, Parts};
use super::super::{shut_down, tree};
use crate::api::answer::{Answer, Outgoing, Part};
use crate::api::context::{ListenerKind, Session};
use crate::client::{Connection, Settings};
use crate::config::Config;
use crate::log::files::memory::MemoryFiles;
use crate::supervision::{End, Status, StatusTree, Supervisor};
use crate::types::Uuid;
use crate::wire::exchange::{self, LENGTH_BYTES};
use crate::wire::message::Request;

/// The settings of a combined node that no other is needed for.
pub(super) fn config(extra: &[(&str, &str)]) -> Config {
    let settings = [
        ("log.dirs", "/data"),
        ("listeners", "PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0"),
        ("controller.quorum.bootstrap.servers", "127.0.0.1:9"),
        ("offsets.topic.replication.factor", "1"),
        ("offsets.topic.num.partitions", "2"),
        ("group.initial.rebalance.delay.ms", "0"),
        ("log.retention.ms", "-1"),
    ];
    Config::combined(settings.iter().chain(extra).copied())
}

/// Formats files in memory for a cluster of one.
pub(super) fn format(config: &Config, files: &MemoryFiles) {
    let mut request = Format::new(config, Uuid::random().to_string(), 1);
    request.initial_voters = Some(standalone(config).expect("a controller can stand alone"));
    request.run(files, &mut std::io::sink()).expect("memory can be formatted");
}

/// A node at work.
pub(super) struct Node {
    pub(super) parts: Arc<Parts>,
    root: Addr<Supervisor>,
    status: StatusTree,
    end: oneshot::Receiver<End>,
    session: Arc<Session>,
}

impl Node {
    /// Starts a node and waits until it serves.
    pub(super) async fn start(config: Config, ground: Ground) -> Self {
        let parts = Arc::new(Parts::prepare(config, ground).expect("the node has its parts"));
        let (ended, end) = oneshot::channel();
        let root = tree::build(&parts).on_end(move |end| drop(ended.send(end)));
        let status = root.status();
        let root = root.start();
        let serving = tokio::time::timeout(Duration::from_secs(180), parts.serving()).await;
        assert!(serving.is_ok(), "the node does not serve:\n{}", status.snapshot());
        let session = Arc::new(Session {
            listener: "PLAINTEXT".into(),
            kind: ListenerKind::Broker,
            peer: ([127, 0, 0, 1], 1).into(),
            principal: "User:ANONYMOUS".to_owned(),
            host: "127.0.0.1".to_owned(),
            software: Default::default(),
            client_id: Default::default(),
            mute: Default::default(),
            patience: Default::default(),
            misdirected: None,
        });
        Self { parts, root, status, end, session }
    }

    /// A new node over files in memory.
    pub(super) async fn fresh(extra: &[(&str, &str)]) -> Self {
        let (config, files) = (config(extra), MemoryFiles::new());
        format(&config, &files);
        Self::start(config, Ground { files: Arc::new(files), ..Ground::default() }).await
    }

    /// The address of its `n`th listener.
    pub(super) fn address(&self, n: usize) -> String {
        self.parts.addresses()[n].1.to_string()
    }

    /// A connection through the first listener.
    pub(super) async fn connect(&self, client_id: &str) -> Connection {
        self.connect_with(client_id, Settings::default().client_software_name).await
    }

    /// A connection of a client that is made with that software.
    pub(super) async fn connect_with(
        &self,
        client_id: &str,
        client_software_name: &'static str,
    ) -> Connection {
        let settings = Settings {
            client_id: client_id.to_owned(),
            client_software_name,
            request_timeout_ms: 60_000,
            ..Settings::default()
        };
        Connection::open(&self.address(0), settings).await.expect("the node accepts")
    }

    /// How the actor at the end of `path` stands, once `met`; panics when that takes too long.
    pub(super) async fn until(&self, path: &[&str], met: impl Fn(&Status) -> bool) -> Status {
        for _ in 0..12_000 {
            let mut status = Some(self.status.snapshot());
            for name in path {
                status = status.and_then(|status| status.child(name).cloned());
            }
            if let Some(status) = status.filter(|status| met(status)) {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{path:?} does not become what it should:\n{}", self.status.snapshot());
    }

    /// The tree of the moment.
    pub(super) fn tree(&self) -> Status {
        self.status.snapshot()
    }

    /// Stops it in good order.
    pub(super) async fn stop(self) {
        shut_down(&self.parts, &self.root, self.end).await.expect("the node stops in good order");
    }

    /// Stops it; a disk that fails may spoil the order.
    pub(super) async fn try_stop(self) {
        // What is lost by that is what the test looks for.
        let _ = shut_down(&self.parts, &self.root, self.end).await;
    }

    /// Takes it down without order, for a node whose files are gone already.
    pub(super) async fn abandon(self) {
        self.root.do_send(crate::supervision::Stop);
        // A node without files need not find an end.
        let _ = tokio::time::timeout(Duration::from_secs(120), self.end).await;
    }

    /// Asks without a socket; none where the answer is the end of the connection.
    pub(super) async fn ask<R: Request>(&self, request: &R, version: i16) -> Option<R::Response> {
        let frame = exchange::encode(request, version, 7, Some("simulation")).expect("encodes");
        let context = &self.parts.context;
        let answer = crate::api::dispatch(context, &self.session, frame, Instant::now());
        let answer = answer.expect("the request is one").answered(context.metrics.clone());
        let Answer::Frame(outgoing) = answer.await else {
            return None;
        };
        let answer = bytes_of(outgoing).freeze().slice(LENGTH_BYTES..);
        Some(exchange::decode::<R>(answer, version).expect("the answer decodes"))
    }
}

fn bytes_of(outgoing: Outgoing) -> BytesMut {
    let mut bytes = outgoing.head;
    for part in outgoing.tail {
        match part {
            Part::Bytes(more) => bytes.put(more),
            Part::Shared(more) => bytes.put(more),
            Part::File(_) => unreachable!("memory has no descriptors"),
        }
    }
    bytes
}
