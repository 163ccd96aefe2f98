//! What a connection still has to send: bytes, and pieces of files that go out without passing through us.
//!
//! Answers are corked: those that are ready together leave in one write.
//!
//! A piece of a file goes by `sendfile` from the page cache to the socket. It names a place in a file that stays open,
//! so it can be sent after its segment was deleted; but a file that was cut off meanwhile has fewer bytes than the
//! frame promised, and the connection must end there, since the rest of the stream would be read as something else.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncWrite, Interest};
use tokio::net::TcpStream;

use crate::api::answer::{FilePiece, Outgoing, Part};

/// The most that one `sendfile` is asked to move, so that one connection does not hold the thread.
const SENDFILE_BYTES_MAX: usize = 1 << 20;

enum Chunk {
    Bytes(BytesMut),
    Shared(bytes::Bytes),
    File { file: Arc<File>, position: u64, left: usize },
}

/// A queue of bytes and file pieces, sent in order.
#[derive(Default)]
pub(crate) struct Output {
    /// In order; none is empty.
    chunks: VecDeque<Chunk>,
    /// The sum of what the chunks have left.
    queued_bytes: usize,
}

impl Output {
    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// How much is waiting to be sent.
    pub(crate) fn queued_bytes(&self) -> usize {
        self.queued_bytes
    }

    /// Puts an answer at the end.
    pub(crate) fn push(&mut self, answer: Outgoing) {
        self.push_bytes(answer.head);
        for part in answer.tail {
            match part {
                Part::Bytes(bytes) => self.push_bytes(bytes),
                Part::Shared(bytes) => self.push_chunk(bytes.len(), Chunk::Shared(bytes)),
                Part::File(FilePiece { file, position, len }) => {
                    self.push_chunk(len, Chunk::File { file, position, left: len });
                }
            }
        }
    }

    fn push_bytes(&mut self, bytes: BytesMut) {
        match self.chunks.back_mut() {
            Some(Chunk::Bytes(last)) if last.len() + bytes.len() <= 64 * 1024 => {
                self.queued_bytes += bytes.len();
                last.extend_from_slice(&bytes)
            }
            _ => self.push_chunk(bytes.len(), Chunk::Bytes(bytes)),
        }
    }

    /// Leaves out what is empty (between two pieces of files there may be nothing): a write of nothing looks like a
    /// socket that takes nothing.
    fn push_chunk(&mut self, len: usize, chunk: Chunk) {
        if len > 0 {
            self.queued_bytes += len;
            self.chunks.push_back(chunk);
        }
    }

    /// Sends as much as the socket takes; ready when nothing is left.
    pub(crate) fn poll_flush(
        &mut self,
        stream: &mut TcpStream,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while let Some(chunk) = self.chunks.front_mut() {
            let sent = match chunk {
                Chunk::Bytes(bytes) => {
                    ready!(std::pin::Pin::new(&mut *stream).poll_write(cx, bytes))?
                }
                Chunk::Shared(bytes) => {
                    ready!(std::pin::Pin::new(&mut *stream).poll_write(cx, bytes))?
                }
                Chunk::File { file, position, left } => {
                    ready!(poll_sendfile(stream, file, *position, *left, cx))?
                }
            };
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.queued_bytes -= sent;
            self.sent(sent);
        }
        Poll::Ready(Ok(()))
    }

    fn sent(&mut self, sent: usize) {
        let done = match self.chunks.front_mut() {
            Some(Chunk::Bytes(bytes)) => {
                bytes.advance(sent);
                bytes.is_empty()
            }
            Some(Chunk::Shared(bytes)) => {
                bytes.advance(sent);
                bytes.is_empty()
            }
            Some(Chunk::File { position, left, .. }) => {
                *position += sent as u64;
                *left -= sent;
                *left == 0
            }
            None => false,
        };
        if done {
            self.chunks.pop_front();
        }
    }
}

fn poll_sendfile(
    stream: &TcpStream,
    file: &File,
    position: u64,
    left: usize,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    loop {
        ready!(stream.poll_write_ready(cx))?;
        let sent = stream.try_io(Interest::WRITABLE, || {
            let mut offset = position;
            let count = left.min(SENDFILE_BYTES_MAX);
            Ok(rustix::fs::sendfile(stream.as_fd(), file.as_fd(), Some(&mut offset), count)?)
        });
        match sent {
            // The file has become shorter than the answer has promised: the stream cannot be mended.
            Ok(0) => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            other => return Poll::Ready(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    #[tokio::test]
    async fn pieces_of_files_that_touch_are_sent_whole() {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(b"0123456789").expect("written");
        let file = Arc::new(file);
        let piece = |position, len| Part::File(FilePiece { file: file.clone(), position, len });
        let mut output = Output::default();
        let nothing = || Part::Bytes(BytesMut::new());
        let tail = vec![piece(2, 3), nothing(), piece(7, 3), Part::Shared(bytes::Bytes::new())];
        output.push(Outgoing { head: BytesMut::from(&b"head"[..]), tail });
        assert_eq!(output.queued_bytes(), 10);

        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("an address");
        let mut peer = std::net::TcpStream::connect(address).expect("connected");
        let (mut stream, _) = listener.accept().await.expect("accepted");
        std::future::poll_fn(|cx| output.poll_flush(&mut stream, cx)).await.expect("sent");
        assert!(output.is_empty() && output.queued_bytes() == 0);
        drop(stream);
        let mut got = String::new();
        peer.read_to_string(&mut got).expect("read");
        assert_eq!(got, "head234789");
    }
}
