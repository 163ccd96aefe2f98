//! What comes back from a handler: a frame to send, nothing, or the end of the connection.
//!
//! A `Pending` is not `Send`: it lives and dies on its connection's thread, which saves every handler a lock. Dropping
//! it is how a request is given up when the client has gone; what was handed to an actor by then takes place all the
//! same, as in Kafka.

use std::fs::File;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

/// An answer that may still have to wait for something.
pub type Pending = Pin<Box<dyn Future<Output = Answer>>>;

/// What a request is answered with.
pub enum Answer {
    /// A whole frame, its length included.
    Frame(Outgoing),
    /// Nothing: a produce request that asks for no acknowledgement.
    Nothing,
    /// The connection is closed, as Kafka does where it has no other way to tell of an error.
    Close,
}

/// A frame in pieces, so that records need not be copied into it.
pub struct Outgoing {
    /// The first bytes, and for most answers all of them.
    pub head: BytesMut,
    /// The pieces after it.
    pub tail: Vec<Part>,
}

/// One piece of a frame.
pub enum Part {
    /// Bytes made for this answer.
    Bytes(BytesMut),
    /// Bytes that others hold too.
    Shared(Bytes),
    /// Bytes of a file, sent without being read.
    File(FilePiece),
}

/// `len` bytes of `file` from `position`.
pub struct FilePiece {
    /// The file, kept open until the piece has left.
    pub file: Arc<File>,
    /// Where the piece begins, in bytes.
    pub position: u64,
    /// How long it is, in bytes.
    pub len: usize,
}

impl From<BytesMut> for Outgoing {
    fn from(head: BytesMut) -> Self {
        Self { head, tail: Vec::new() }
    }
}
