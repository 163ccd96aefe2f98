//! Connections to other nodes of the cluster, one to each address, opened when first needed and again when lost.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{ClientError, Connection, Settings};
use crate::wire::message::Request;

type Slot = Arc<tokio::sync::Mutex<Option<Arc<Connection>>>>;

/// See the module. For a handful of nodes: an address that was used is never forgotten.
pub struct Pool {
    settings: Settings,
    /// The outer lock is held to find a slot, the inner one while it is connected.
    slots: Mutex<HashMap<String, Slot>>,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool({} nodes)", self.slots.lock().len())
    }
}

impl Pool {
    /// A pool without connections.
    pub fn new(settings: Settings) -> Self {
        Self { settings, slots: Mutex::default() }
    }

    /// The connection to `host:port`. Those who ask at once wait for one attempt.
    pub async fn connection(&self, address: &str) -> Result<Arc<Connection>, ClientError> {
        let slot = Arc::clone(self.slots.lock().entry(address.to_owned()).or_default());
        let mut known = slot.lock().await;
        if let Some(connection) = known.as_ref().filter(|connection| connection.is_open()) {
            return Ok(Arc::clone(connection));
        }
        *known = None;
        let connection = Arc::new(Connection::open(address, self.settings.clone()).await?);
        *known = Some(Arc::clone(&connection));
        Ok(connection)
    }

    /// Asks the node at `host:port`, in the latest version that both sides speak. A connection on which no answer
    /// comes in time is given up: what is behind it may be gone without a word.
    pub async fn ask<R: Request>(
        &self,
        address: &str,
        request: &R,
    ) -> Result<R::Response, ClientError> {
        let connection = self.connection(address).await?;
        let answer = connection.ask(request).await;
        if matches!(answer, Err(ClientError::Timeout(_))) {
            self.forget(address, &connection).await;
        }
        answer
    }

    async fn forget(&self, address: &str, connection: &Arc<Connection>) {
        let slot = self.slots.lock().get(address).cloned();
        if let Some(slot) = slot {
            let mut known = slot.lock().await;
            if known.as_ref().is_some_and(|known| Arc::ptr_eq(known, connection)) {
                *known = None;
            }
        }
    }
}
