//! What a handler may reach: the node's parts, and who is asking. No behaviour beyond finding things.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::OnceLock;

use crate::clock::Clock;
use crate::types::NodeId;

/// Whom a listener serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenerKind {
    /// Clients and other brokers.
    Broker,
    /// Brokers and other controllers (`controller.listener.names`).
    Controller,
}

/// One connection, as its requests see it.
#[derive(Debug)]
pub struct Session {
    /// The name of the listener it came through.
    pub listener: Arc<str>,
    /// What that listener serves.
    pub kind: ListenerKind,
    /// The peer.
    pub peer: SocketAddr,
    /// Who the peer is; `User:ANONYMOUS` until a handshake stands before the first request.
    pub principal: String,
    /// The client's software name and version, once ApiVersions has told them.
    pub software: OnceLock<(String, String)>,
}

impl Session {
    /// The peer's address as Kafka prints it: `/127.0.0.1`.
    pub fn client_host(&self) -> String {
        format!("/{}", self.peer.ip())
    }
}

/// One request's surroundings.
pub struct Call {
    /// The node's parts.
    pub context: Arc<Context>,
    /// The connection.
    pub session: Arc<Session>,
    /// The version of the request, and so of its answer.
    pub version: i16,
    /// What the client matches answers with.
    pub correlation_id: i32,
    /// What the client calls itself.
    pub client_id: Option<String>,
}

/// What an answer needs of its request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    pub(crate) version: i16,
    pub(crate) correlation_id: i32,
}

impl Call {
    pub(crate) fn head(&self) -> Head {
        Head { version: self.version, correlation_id: self.correlation_id }
    }
}

/// The parts of the node that handlers reach.
pub struct Context {
    /// This node.
    pub node_id: NodeId,
    /// The cluster's id.
    pub cluster_id: String,
    /// The time.
    pub clock: Clock,
}
