//! What has come over one connection and is not a whole request yet.
//!
//! Small requests come into memory that they share with their neighbours. One that is large, on a connection that has
//! sent one as large, is received into a buffer of its own where it stays, out of those that others are done with
//! (`memory`): no growing, no copy, no page that the kernel has to clear first. Never makes room for what is only
//! announced: what a connection has not yet sent, in this frame or one before, grows with the bytes that arrive.

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use super::frame::{self, FrameError};
use super::memory::{Buffer, Share};
use crate::wire::exchange::LENGTH_BYTES;

/// The room made for a first read, and the least for any.
const READ_BYTES_MIN: usize = 16 * 1024;
/// A frame of more bytes, length and all, gets a buffer of its own.
const LARGE_FROM: usize = 128 * 1024;

/// A frame on its way into a buffer of its own.
struct Large {
    buffer: Buffer,
    /// How much of it has come.
    filled: usize,
    /// Where it ends.
    end: usize,
}

/// What is received and not taken.
#[derive(Default)]
pub(super) struct Input {
    /// Several frames, perhaps, and the beginning of another.
    small: BytesMut,
    /// One frame, while nothing is in `small`.
    large: Option<Large>,
    /// The largest frame that has come whole, in bytes.
    earned: usize,
}

impl Input {
    /// How many bytes have come.
    pub(super) fn len(&self) -> usize {
        self.large.as_ref().map_or(self.small.len(), |large| large.filled)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What has come of the frame in front, behind its length.
    pub(super) fn front(&self) -> Option<&[u8]> {
        match &self.large {
            Some(large) => large.buffer.get(LENGTH_BYTES..large.filled),
            None => self.small.get(LENGTH_BYTES..),
        }
    }

    /// Takes the frame in front, without its length; none while it is not all there.
    pub(super) fn take(&mut self, max_bytes: usize) -> Result<Option<Bytes>, FrameError> {
        let taken = match self.large.take_if(|large| large.filled == large.end) {
            Some(Large { buffer, end, .. }) => {
                Some(Bytes::from_owner(buffer).slice(LENGTH_BYTES..end))
            }
            None if self.large.is_some() => None,
            None => frame::take(&mut self.small, max_bytes)?,
        };
        self.earned = self.earned.max(taken.as_ref().map_or(0, Bytes::len));
        Ok(taken)
    }

    /// For how many more bytes the next read makes room.
    pub(super) fn room_wanted(&self) -> usize {
        match &self.large {
            Some(large) => large.end - large.filled,
            None => frame::room_wanted(&self.small, READ_BYTES_MIN, self.earned),
        }
    }

    /// Gives back what memory there is, if nothing is in it.
    pub(super) fn rest(&mut self) {
        if self.is_empty() {
            self.small = BytesMut::new();
        }
    }

    /// Reads once, as much as there is [room](Self::room_wanted) for; 0 at the end of the stream.
    pub(super) fn poll_read(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
        share: &mut Share,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        self.move_to_large(share);
        if let Some(Large { buffer, filled, end }) = &mut self.large {
            let mut room = ReadBuf::new(&mut buffer[*filled..*end]);
            ready!(Pin::new(stream).poll_read(cx, &mut room))?;
            let read = room.filled().len();
            *filled += read;
            return Poll::Ready(Ok(read));
        }
        let room = self.room_wanted();
        self.small.reserve(room);
        pin!(stream.read_buf(&mut self.small)).poll(cx)
    }

    /// Gives the frame in front a buffer of its own, if it is a large one that may be believed.
    fn move_to_large(&mut self, share: &mut Share) {
        let (filled, Some(end)) = (self.small.len(), frame::end(&self.small)) else { return };
        if filled < end && end >= LARGE_FROM && end - LENGTH_BYTES <= self.earned {
            let mut buffer = share.buffer(end);
            buffer[..filled].copy_from_slice(&self.small);
            self.small = BytesMut::new();
            self.large = Some(Large { buffer, filled, end });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;
    use crate::net::memory::RequestMemory;
    use crate::random::Random;

    /// A stream that is read in pieces of any size.
    struct Trickle<'a> {
        rest: &'a [u8],
        dice: Random,
    }

    impl AsyncRead for Trickle<'_> {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            room: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let most = room.remaining().min(self.rest.len());
            let (piece, rest) = self.rest.split_at(most.min(1 + self.dice.below(90_000)));
            self.rest = rest;
            room.put_slice(piece);
            Poll::Ready(Ok(()))
        }
    }

    /// The frames that come off a stream, and how many of them had a buffer of their own.
    fn received(stream: &[u8], seed: u64) -> (Vec<Bytes>, usize) {
        let mut stream = Trickle { rest: stream, dice: Random::new(seed) };
        let mut cx = Context::from_waker(Waker::noop());
        let mut share = Share::new(RequestMemory::new(None));
        let (mut input, mut frames, mut large) = (Input::default(), Vec::new(), 0);
        loop {
            let is_large = input.large.is_some();
            while let Some(frame) = input.take(1 << 20).expect("sound frames") {
                frames.push(frame);
                large += usize::from(is_large);
            }
            assert!(share.may_hold(input.len() + input.room_wanted(), &mut cx));
            match input.poll_read(&mut stream, &mut share, &mut cx) {
                Poll::Ready(Ok(0)) => break,
                read => assert!(matches!(read, Poll::Ready(Ok(_)))),
            }
        }
        assert!(input.is_empty(), "{} bytes are left", input.len());
        (frames, large)
    }

    #[test]
    fn frames_come_whole_however_they_arrive() {
        let sizes = [10, 200_000, 200_000, 3, 300_000, 0, 140_000, 150_000, 90_000, 300_000];
        let frame = |(n, size): (usize, &usize)| vec![n as u8 + 1; *size];
        let frames: Vec<Vec<u8>> = sizes.iter().enumerate().map(frame).collect();
        let mut stream = Vec::new();
        for frame in &frames {
            stream.extend((frame.len() as u32).to_be_bytes());
            stream.extend(frame);
        }
        for seed in 0..50 {
            let (received, large) = received(&stream, seed);
            assert!(received == frames, "seed {seed}");
            // The second of 200,000; and all behind the first of 300,000, small ones apart.
            assert!(large <= 4, "seed {seed}: {large}");
            assert!(large >= 2, "seed {seed}: {large}");
        }
    }

    #[test]
    fn an_announced_size_has_no_buffer() {
        let mut input = Input::default();
        input.small.extend_from_slice(&[0, 8, 0, 0, 1, 2, 3]);
        let mut share = Share::new(RequestMemory::new(None));
        input.move_to_large(&mut share);
        assert!(input.large.is_none() && input.room_wanted() == READ_BYTES_MIN);
        input.earned = 8 << 16;
        input.move_to_large(&mut share);
        assert!(input.large.is_some() && input.room_wanted() == (8 << 16) + LENGTH_BYTES - 7);
        assert_eq!(input.front(), Some(&[1, 2, 3][..]));
    }
}
