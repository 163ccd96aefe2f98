//! One listener: accepts, counts, and hands connections to the threads that serve them.
//!
//! Binding is done by whoever builds the tree, so that a listener that is restarted keeps its port. A listener owns its
//! connections: they close when it stops, after the requests in hand are answered. It never reads a byte of a request.
//!
//! Where more may not come (`max.connections`, or their rate), it does not accept, and the system's queue holds them.
//! Where an address has too many, it accepts and closes. Where an address comes too often (a quota, KIP-612), it
//! accepts, holds the connection unread, and closes it late, so that the client does not come again at once.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix::fut::{ActorFutureExt, wrap_future};
use actix::{Actor, ActorContext, AsyncContext, Context, Handler};
use actix_rt::ArbiterHandle;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};

use super::connection::{Closed, Connection, ConnectionSettings};
use super::limits::{ConnectionLimits, Counted};
use super::memory::Share;
use crate::api::authorize;
use crate::api::context::{Context as ApiContext, ListenerKind, Mute, Session};
use crate::api::patience::Patience;
use crate::supervision::{DeathWatch, Stop};
use crate::types::Millis;

/// How long to wait before accepting again when the system has no descriptor left.
const PAUSE: Duration = Duration::from_millis(100);

/// How many connections that came too fast are held before they are closed.
const HELD_MAX: usize = 1_024;

/// What a listener is made of.
#[derive(Clone)]
pub struct ListenerSpec {
    /// The listener's name, in capitals.
    pub name: Arc<str>,
    /// Whom it serves.
    pub kind: ListenerKind,
    /// The bound socket, listening already.
    pub socket: Arc<std::net::TcpListener>,
    /// What its requests reach.
    pub context: Arc<ApiContext>,
    /// The threads that serve its connections, in turn.
    pub threads: Arc<[ArbiterHandle]>,
    /// Shared by all listeners of the node.
    pub limits: Arc<ConnectionLimits>,
    /// `socket.request.max.bytes`.
    pub request_bytes_max: usize,
    /// `connections.max.idle.ms`.
    pub idle_max: Duration,
    /// True once it may accept: until then connections wait in the socket's queue.
    pub opened: watch::Receiver<bool>,
}

/// The actor of one listener.
pub struct ListenerActor {
    spec: ListenerSpec,
    shutdown: watch::Sender<bool>,
    /// Each connection holds a clone; when the last is gone, so are all connections.
    alive: Option<mpsc::Sender<()>>,
    gone: Option<mpsc::Receiver<()>>,
    /// Last, so that it tells of the end when all else is dropped.
    _watch: DeathWatch,
}

impl ListenerActor {
    /// A listener on a bound socket.
    pub fn new(spec: ListenerSpec, watch: DeathWatch) -> Self {
        let (alive, gone) = mpsc::channel(1);
        Self {
            spec,
            shutdown: watch::Sender::new(false),
            alive: Some(alive),
            gone: Some(gone),
            _watch: watch,
        }
    }
}

impl Actor for ListenerActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let Some(alive) = self.alive.clone() else { return };
        let accepting = accept(self.spec.clone(), self.shutdown.subscribe(), alive);
        ctx.spawn(wrap_future::<_, Self>(accepting).map(|outcome, listener, ctx| {
            if let Err(error) = outcome {
                tracing::error!(listener = %listener.spec.name, %error, "the listener fails");
                listener._watch.fail();
            }
            ctx.stop();
        }));
    }
}

impl Handler<Stop> for ListenerActor {
    type Result = ();

    /// Lets requests in hand be answered; the supervisor's deadline ends what takes longer.
    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        self.shutdown.send_replace(true);
        self.alive = None;
        let Some(mut gone) = self.gone.take() else { return };
        let drained = async move { while gone.recv().await.is_some() {} };
        ctx.spawn(wrap_future::<_, Self>(drained).map(|(), _, ctx| ctx.stop()));
    }
}

async fn accept(
    spec: ListenerSpec,
    shutdown: watch::Receiver<bool>,
    alive: mpsc::Sender<()>,
) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(spec.socket.try_clone()?)?;
    let next_thread = AtomicUsize::new(0);
    let held = Arc::new(());
    let mut stopping = shutdown.clone();
    let mut opened = spec.opened.clone();
    tokio::select! {
        // An error means that nobody will ever open it; the node is on its way out.
        _ = opened.wait_for(|opened| *opened) => {}
        _ = stopping.wait_for(|stopping| *stopping) => return drained(alive).await,
    }
    loop {
        while let Some(wait) = spec.limits.wait(&spec.name, std::time::Instant::now()) {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _ = stopping.wait_for(|stopping| *stopping) => return drained(alive).await,
            }
        }
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stopping| *stopping) => return drained(alive).await,
        };
        match accepted {
            Ok((stream, peer)) => {
                // On a socket of both families, a client of the older one is still itself.
                let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
                #[cfg(test)]
                crate::faults::pass("accept", &spec.name);
                let Some(counted) = spec.limits.admit(&spec.name, peer.ip()) else {
                    tracing::info!(listener = %spec.name, %peer, "refused: too many connections from this address");
                    continue;
                };
                let now = spec.context.clock.now();
                if let Some(hold_ms) = spec.context.quotas.connect(peer.ip(), now) {
                    hold(stream, hold_ms, counted, &held);
                    continue;
                }
                let thread =
                    &spec.threads[next_thread.fetch_add(1, Ordering::Relaxed) % spec.threads.len()];
                hand_over(&spec, thread, stream, peer, counted, shutdown.clone(), alive.clone());
            }
            // The peer has gone between its handshake and our accept, or descriptors are short: neither is ours to die
            // of.
            Err(error) => {
                tracing::warn!(listener = %spec.name, %error, "cannot accept");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Keeps a connection that its address has made too fast waiting before it is closed, so that it does not come again at
/// once. Where many are held already it is closed straight away.
fn hold(stream: TcpStream, hold_ms: Millis, counted: Counted, held: &Arc<()>) {
    if Arc::strong_count(held) > HELD_MAX {
        return;
    }
    let (held, time) = (held.clone(), Duration::from_millis(hold_ms.unsigned_abs()));
    actix_rt::spawn(async move {
        tokio::time::sleep(time).await;
        drop((stream, counted, held));
    });
}

/// Accepts no more, and holds up nobody who waits for the last connection: the listener's stop ends this.
async fn drained(alive: mpsc::Sender<()>) -> std::io::Result<()> {
    drop(alive);
    std::future::pending().await
}

/// Moves a connection to the thread that will serve it.
fn hand_over(
    spec: &ListenerSpec,
    thread: &ArbiterHandle,
    stream: TcpStream,
    peer: SocketAddr,
    counted: Counted,
    shutdown: watch::Receiver<bool>,
    alive: mpsc::Sender<()>,
) {
    let session = Arc::new(Session {
        listener: spec.name.clone(),
        kind: spec.kind,
        peer,
        host: authorize::host_of(peer.ip()),
        principal: "User:ANONYMOUS".to_owned(),
        software: OnceLock::new(),
        client_id: OnceLock::new(),
        mute: Mute::default(),
        patience: Patience::default(),
        misdirected: None,
    });
    let settings =
        ConnectionSettings { request_bytes_max: spec.request_bytes_max, idle_max: spec.idle_max };
    let (context, share) = (spec.context.clone(), Share::new(spec.limits.memory().clone()));
    // Answers are corked by us, so that Nagle has nothing to wait for.
    let Ok(stream) = stream.set_nodelay(true).and_then(|()| stream.into_std()) else { return };
    thread.spawn_fn(move || {
        let Ok(stream) = TcpStream::from_std(stream) else { return };
        actix_rt::spawn(async move {
            let _held = (counted, alive);
            let closed = Connection::new(stream, context, session.clone(), settings, share)
                .serve(shutdown)
                .await;
            log_close(&session, &closed);
        });
    });
}

fn log_close(session: &Session, closed: &Closed) {
    let (listener, peer) = (&session.listener, session.peer);
    match closed {
        Closed::Refused(_) | Closed::Frame(_) | Closed::SlowFrame => {
            tracing::info!(%listener, %peer, why = %closed, "connection closed on a bad request");
        }
        _ => tracing::debug!(%listener, %peer, why = %closed, "connection closed"),
    }
}
