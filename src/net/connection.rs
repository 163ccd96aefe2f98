//! One connection: frames in, answers out, in order.
//!
//! Produce requests are pipelined: each is handed to its partitions as it is read, and the answers leave in the order
//! of the requests. Any other request is answered before the next is looked at, as Kafka does; one that is kept waiting
//! for news (`api::patience`) is answered as soon as anything comes behind it. An idle connection holds no buffer. A
//! connection never decodes a message and never touches a partition: that is the API table's work.
//!
//! One round of `work`, repeated until nothing moves: answers that are ready go to the output; whole frames become
//! requests; the output is flushed; and if there is room for another request, the socket is read. What stops reading is
//! what stops the peer: TCP's window fills, and so its memory, not ours, holds the rest.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, Sleep};

use super::frame::FrameError;
use super::input::Input;
use super::memory::Share;
use super::output::Output;
use crate::api::answer::Answer;
use crate::api::context::{Context as ApiContext, Session};
use crate::api::measured::{Measured, Moment};
use crate::api::{self, Refusal};

/// Requests of one connection that may be in the works at once; Kafka's clients have five.
const IN_FLIGHT_MAX: usize = 64;
/// And how many bytes they may have, but for the last of them.
const IN_FLIGHT_BYTES_MAX: usize = 16 << 20;
/// No further request is read while so much of an answer has not left.
const OUTPUT_BYTES_MAX: usize = 4 << 20;

/// How long a client may be silent within a large request: what that holds, others may be waiting for.
const STALL_MAX: Duration = Duration::from_secs(30);

/// What a listener tells all of its connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectionSettings {
    /// `socket.request.max.bytes`.
    pub(crate) request_bytes_max: usize,
    /// `connections.max.idle.ms`; also how long one frame may take to arrive.
    pub(crate) idle_max: Duration,
}

/// Why a connection ends.
#[derive(Debug)]
pub(crate) enum Closed {
    /// It has closed its side, as most do in the end.
    ByPeer,
    /// It has asked nothing for `connections.max.idle.ms`.
    Idle,
    /// It began a request and does not end it.
    SlowFrame,
    /// We go, and all that was asked is answered.
    ShuttingDown,
    /// A handler had an error that no answer can tell: Produce with `acks=0`.
    Asked,
    /// Its stream is not one of frames.
    Frame(FrameError),
    /// A frame is not a request that we serve.
    Refused(Refusal),
    /// The socket failed.
    Io(io::Error),
}

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ByPeer => f.write_str("the peer has closed"),
            Self::Idle => f.write_str("idle for too long"),
            Self::SlowFrame => f.write_str("a request took too long to arrive"),
            Self::ShuttingDown => f.write_str("the listener shuts down"),
            Self::Asked => f.write_str("an error that can only be told so"),
            Self::Frame(error) => error.fmt(f),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Io(error) => error.fmt(f),
        }
    }
}

struct InFlight {
    answer: Measured,
    /// Whether nothing behind it may be looked at before it is answered.
    barrier: bool,
    /// The size of the request.
    bytes: usize,
}

pub(crate) struct Connection {
    stream: TcpStream,
    context: Arc<ApiContext>,
    session: Arc<Session>,
    settings: ConnectionSettings,
    /// What has come and is not a whole frame yet.
    input: Input,
    /// Answers that have not left.
    output: Output,
    /// Requests begun and not answered, in the order in which they came.
    in_flight: VecDeque<InFlight>,
    /// The requests in flight, in bytes.
    in_flight_bytes: usize,
    /// What is held for requests, in memory that all connections share.
    share: Share,
    /// When something was last received, sent, or waited for on our side.
    last_active: Instant,
    /// When the first byte of an unfinished frame came.
    frame_began: Option<Instant>,
}

impl Connection {
    pub(crate) fn new(
        stream: TcpStream,
        context: Arc<ApiContext>,
        session: Arc<Session>,
        settings: ConnectionSettings,
        share: Share,
    ) -> Self {
        Self {
            stream,
            context,
            session,
            settings,
            input: Input::default(),
            output: Output::default(),
            in_flight: VecDeque::new(),
            in_flight_bytes: 0,
            share,
            last_active: Instant::now(),
            frame_began: None,
        }
    }

    /// Serves until the peer goes, misbehaves or idles too long, or the listener shuts down.
    pub(crate) async fn serve(mut self, mut shutdown: watch::Receiver<bool>) -> Closed {
        let mut timer = pin!(tokio::time::sleep(self.settings.idle_max));
        let mut stop = pin!(async move {
            // An error means that the listener is gone, which is the same news.
            let _ = shutdown.wait_for(|stopping| *stopping).await;
        });
        let mut stopping = false;
        poll_fn(|cx| {
            if !stopping && stop.as_mut().poll(cx).is_ready() {
                stopping = true;
            }
            if let Poll::Ready(closed) = self.poll_work(cx, stopping) {
                return Poll::Ready(closed);
            }
            self.poll_deadline(timer.as_mut(), cx)
        })
        .await
    }

    /// Does all that can be done now; ready when the connection is to be closed.
    fn poll_work(&mut self, cx: &mut Context<'_>, stopping: bool) -> Poll<Closed> {
        match self.work(cx, stopping) {
            Ok(()) => Poll::Pending,
            Err(closed) => Poll::Ready(closed),
        }
    }

    fn work(&mut self, cx: &mut Context<'_>, stopping: bool) -> Result<(), Closed> {
        if self.session.mute.is_on() {
            self.session.mute.lift(Instant::now());
        }
        // What is done without a wait in between is one moment, which begins anew where something comes from outside.
        let mut moment = Moment::default();
        loop {
            let mut progress = self.poll_answers(&mut moment, cx)?;
            if !stopping {
                progress |= self.take_frames(&mut moment, cx)?;
            }
            if self.share.is_held() {
                self.share.keep(self.in_flight_bytes + self.input.len());
            }
            if progress {
                continue;
            }
            if !self.output.is_empty() {
                match self.output.poll_flush(&mut self.stream, cx) {
                    Poll::Ready(Ok(())) => {
                        self.last_active = moment.now();
                        progress = true;
                    }
                    Poll::Ready(Err(error)) => return Err(Closed::Io(error)),
                    Poll::Pending => {}
                }
            }
            if self.session.patience.is_tried() && (stopping || self.has_more(cx)) {
                self.session.patience.end();
                continue;
            }
            if stopping {
                if self.in_flight.is_empty() && self.output.is_empty() {
                    return Err(Closed::ShuttingDown);
                }
            } else if self.may_read() {
                progress |= self.poll_read(&mut moment, cx)?;
            }
            if !progress {
                return Ok(());
            }
        }
    }

    /// Moves answers that are ready, in order, to the output.
    fn poll_answers(&mut self, moment: &mut Moment, cx: &mut Context<'_>) -> Result<bool, Closed> {
        let mut progress = false;
        while let Some(front) = self.in_flight.front_mut() {
            if !progress {
                // Those that are ready with the first became so by the same write.
                *moment = Moment::default();
            }
            let polled = front.answer.poll(cx, &self.context.metrics, moment);
            let Poll::Ready(answer) = polled else { break };
            // Only the front is given: one behind it that is ready waits in its place.
            self.in_flight_bytes -= self.in_flight.pop_front().map_or(0, |answered| answered.bytes);
            self.give(answer)?;
            progress = true;
        }
        Ok(progress)
    }

    fn give(&mut self, answer: Answer) -> Result<(), Closed> {
        match answer {
            Answer::Frame(outgoing) => self.output.push(outgoing),
            Answer::Nothing => {}
            Answer::Close => return Err(Closed::Asked),
        }
        Ok(())
    }

    fn may_take(&self) -> bool {
        self.in_flight.len() < IN_FLIGHT_MAX
            && self.in_flight_bytes < IN_FLIGHT_BYTES_MAX
            && self.output.queued_bytes() < OUTPUT_BYTES_MAX
            && !self.session.mute.is_on()
            && self.in_flight.back().is_none_or(|last| !last.barrier)
    }

    /// Whether the next frame must see the effects of those before it, and these are not answered yet.
    fn next_must_wait(&self) -> bool {
        !self.in_flight.is_empty()
            && self.input.front().is_some_and(|frame| !api::is_pipelined(frame))
    }

    /// Whether anything has come behind the request in front, if only the end.
    fn has_more(&self, cx: &mut Context<'_>) -> bool {
        !self.input.is_empty() || self.stream.poll_read_ready(cx).is_ready()
    }

    fn may_read(&self) -> bool {
        self.may_take() && !self.next_must_wait()
    }

    /// Starts the requests that have arrived whole.
    fn take_frames(&mut self, moment: &mut Moment, cx: &mut Context<'_>) -> Result<bool, Closed> {
        let mut progress = false;
        while self.may_take() && !self.next_must_wait() {
            let Some(frame) =
                self.input.take(self.settings.request_bytes_max).map_err(Closed::Frame)?
            else {
                break;
            };
            self.frame_began = None;
            self.start(frame, moment, cx)?;
            progress = true;
        }
        Ok(progress)
    }

    /// Starts a request at `moment`, which moves on where it has run to its end, or as far as it gets alone.
    fn start(
        &mut self,
        frame: bytes::Bytes,
        moment: &mut Moment,
        cx: &mut Context<'_>,
    ) -> Result<(), Closed> {
        let (barrier, bytes) = (!api::is_pipelined(&frame), frame.len());
        let mut answer = api::dispatch(&self.context, &self.session, frame, moment.now())
            .map_err(Closed::Refused)?;
        if self.in_flight.is_empty() {
            *moment = Moment::default();
            if let Poll::Ready(answer) = answer.poll(cx, &self.context.metrics, moment) {
                return self.give(answer);
            }
        }
        self.in_flight.push_back(InFlight { answer, barrier, bytes });
        self.in_flight_bytes += bytes;
        Ok(())
    }

    /// Reads once; true when something came.
    fn poll_read(&mut self, moment: &mut Moment, cx: &mut Context<'_>) -> Result<bool, Closed> {
        if self.input.is_empty() {
            // Gives the memory of the last frames back before waiting for the next.
            self.input.rest();
            if self.stream.poll_read_ready(cx).map_err(Closed::Io)?.is_pending() {
                return Ok(false);
            }
        }
        let room = self.input.room_wanted();
        if !self.share.may_hold(self.in_flight_bytes + self.input.len() + room, cx) {
            // The wait is ours, not the client's.
            self.last_active = Instant::now();
            return Ok(false);
        }
        let read =
            self.input.poll_read(&mut self.stream, &mut self.share, cx).map_err(Closed::Io)?;
        match read {
            Poll::Pending => {
                self.input.rest();
                Ok(false)
            }
            Poll::Ready(0) => Err(Closed::ByPeer),
            Poll::Ready(_) => {
                *moment = Moment::default();
                self.last_active = moment.now();
                self.frame_began.get_or_insert(self.last_active);
                Ok(true)
            }
        }
    }

    /// When a client that has begun a large request has been silent for too long; none for all others.
    fn stalls_at(&self) -> Option<Instant> {
        let unfinished = self.share.is_held()
            && self.in_flight.is_empty()
            && !self.input.is_empty()
            && !self.session.mute.is_on();
        unfinished.then(|| self.last_active + STALL_MAX)
    }

    /// Ends a connection that has been silent, or slow over one frame, for too long. The timer is moved only when it
    /// fires, so that a busy connection pays nothing for it.
    fn poll_deadline(&mut self, mut timer: Pin<&mut Sleep>, cx: &mut Context<'_>) -> Poll<Closed> {
        let (stalls_at, heard_at) = (self.stalls_at(), self.session.mute.until());
        let soon = stalls_at.into_iter().chain(heard_at).min();
        if let Some(at) = soon.filter(|at| *at < timer.deadline()) {
            timer.as_mut().reset(at);
        }
        while timer.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            if heard_at.is_some_and(|at| now >= at) {
                // What the client has sent meanwhile is looked at in the next round.
                cx.waker().wake_by_ref();
                timer.as_mut().reset(now + self.settings.idle_max);
                return Poll::Pending;
            }
            if stalls_at.is_some_and(|at| now >= at) {
                return Poll::Ready(Closed::SlowFrame);
            }
            if !self.in_flight.is_empty() || heard_at.is_some() {
                self.last_active = now;
            }
            let slow = self.frame_began.filter(|_| self.may_read());
            if slow.is_some_and(|began| now >= began + self.settings.idle_max) {
                return Poll::Ready(Closed::SlowFrame);
            }
            if now >= self.last_active + self.settings.idle_max {
                return Poll::Ready(Closed::Idle);
            }
            let next = slow.map_or(self.last_active, |began| began.min(self.last_active));
            let next = next + self.settings.idle_max;
            timer.as_mut().reset(soon.map_or(next, |at| next.min(at)));
        }
        Poll::Pending
    }
}
