//! The node: from a configuration to a running supervision tree, and back down in good order.
//!
//! Nobody imports this folder but the command line. What starts, in which order and on which thread is all in [`tree`].
//!
//! # From start to end
//!
//! 1. [`run`] has [`Parts`](parts) prepared: log directories opened and locked, who the node is read from them, every
//!    port bound. What is wrong with any of it ends the start with a message; nothing runs yet.
//! 2. [`tree::build`] makes the tree, and it starts from the top: the quorum reads its log, the publisher makes images
//!    of it, partitions come up, the broker registers.
//! 3. The broker is unfenced: listeners begin to accept, and `ready` is told. Until then clients wait in the sockets'
//!    queues, so that none meets half a node.
//! 4. A signal: leaderships are handed over, as long as that takes no more than `CONTROLLED_SHUTDOWN_MAX`. Then the
//!    tree stops, last started first: listeners answer what is in hand, shards and partitions flush, the quorum
//!    resigns.
//! 5. The log directories whose logs were all closed are marked so, and the next start trusts them. Where one was not,
//!    since its actor failed or was given up as overdue, or the node dies before that, the next start looks at the
//!    logs; nothing else depends on the difference.
//!
//! `parts` has the values that several actors share and makes each actor; `wiring` has those that take more than a few
//! lines; [`tree`] says who is whose child. Nothing here decides anything about Kafka's state.

// Makes log directories ready for their first start.
mod binding;
mod directories;
pub mod format;
mod gauges;
mod listeners_actor;
mod parts;
#[cfg(test)]
mod tests;
pub mod tree;
mod wiring;

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::broker::lifecycle::State;
use crate::broker::lifecycle_actor::BeginShutdown;
use crate::config::Config;
use crate::error::Error;
use crate::supervision::{End, StatusTree, Stop, Supervisor};
use parts::{Ground, Parts};

/// How long a controlled shutdown may take before the node stops all the same.
const CONTROLLED_SHUTDOWN_MAX: Duration = Duration::from_secs(30);
/// How long the tree may take to stop when a disk is broken.
const LAST_PATIENCE: Duration = Duration::from_secs(5);

/// A node that serves.
#[derive(Debug)]
pub struct Running {
    addresses: Vec<(String, std::net::SocketAddr)>,
    status: StatusTree,
}

impl Running {
    /// Where clients reach its first broker listener: `host:port`.
    pub fn broker_address(&self) -> String {
        self.addresses.first().map(|(_, address)| address.to_string()).unwrap_or_default()
    }

    /// The bound address of each listener, by name.
    pub fn addresses(&self) -> &[(String, std::net::SocketAddr)] {
        &self.addresses
    }

    /// The living tree.
    pub fn status(&self) -> &StatusTree {
        &self.status
    }
}

/// Runs a node until it is told to stop (`SIGTERM`, `SIGINT`), or cannot go on. `ready` is told when it serves.
///
/// # Errors
/// What an operator must put right, or which part of the tree has given up.
pub fn run(config: Config, ready: impl FnOnce(&Running) + 'static) -> Result<(), Error> {
    actix_rt::System::new().block_on(async move {
        let parts = Arc::new(Parts::prepare(config, Ground::default())?);
        let (ended, mut end) = oneshot::channel();
        let root = tree::build(&parts).on_end(move |end| drop(ended.send(end)));
        let status = root.status();
        let root = root.start();
        let running = Running { addresses: parts.addresses(), status };
        tokio::select! {
            () = parts.serving() => {
                tracing::info!(addresses = ?running.addresses, "serving");
                ready(&running);
            }
            end = &mut end => return finish(&parts, end.ok()),
            () = stop_signal() => return shut_down(&parts, &root, end).await,
            why = directories::lost(&parts) => return give_up(&root, end, why).await,
        }
        tokio::select! {
            end = &mut end => finish(&parts, end.ok()),
            why = directories::lost(&parts) => give_up(&root, end, why).await,
            () = stop_signal() => shut_down(&parts, &root, end).await,
        }
    })
}

/// Waits for a signal to stop.
async fn stop_signal() {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Hands leaderships over, then stops the tree, last started first stopped, and marks the logs as closed cleanly.
async fn shut_down(
    parts: &Parts,
    root: &Addr<Supervisor>,
    end: oneshot::Receiver<End>,
) -> Result<(), Error> {
    tracing::info!("shutting down");
    let is_controlled = parts.config.is_broker() && parts.config.controlled_shutdown_enable();
    if is_controlled && parts.lifecycle.try_send(BeginShutdown).is_ok() {
        let mut standing = parts.standing.subscribe();
        let released = standing.wait_for(|(state, _)| *state == State::ShuttingDown);
        if tokio::time::timeout(CONTROLLED_SHUTDOWN_MAX, released).await.is_err() {
            tracing::warn!("leaderships could not be handed over in time");
        }
    }
    root.do_send(Stop);
    finish(parts, end.await.ok())
}

/// Ends what cannot go on. Nothing says that this stop is clean.
async fn give_up(
    root: &Addr<Supervisor>,
    end: oneshot::Receiver<End>,
    why: &'static str,
) -> Result<(), Error> {
    tracing::error!(why, "the node ends");
    root.do_send(Stop);
    // A broken disk may keep somebody for long.
    let _ = tokio::time::timeout(LAST_PATIENCE, end).await;
    Err(Error::Config(why.to_owned()))
}

fn finish(parts: &Parts, end: Option<End>) -> Result<(), Error> {
    match end {
        Some(End::Stopped) => {
            parts.mark_clean();
            tracing::info!("stopped");
            Ok(())
        }
        Some(End::GaveUp(child)) => {
            Err(Error::Config(format!("{child} keeps failing; the node gives up")))
        }
        None => Err(Error::Config("the supervision tree has gone".to_owned())),
    }
}
