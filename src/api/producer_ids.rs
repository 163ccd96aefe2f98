//! Producer ids: a block of them is had from the controller, and handed out one by one (KIP-730).
//!
//! The lock is held while the controller is asked: those who come meanwhile wait for the same block instead of asking
//! for blocks of their own. Kafka's RPCProducerIdManager fetches the next block before the last is used up, and refuses
//! who comes too early with COORDINATOR_LOAD_IN_PROGRESS; here that is told only when the controller gives none. A node
//! that stops loses the rest of its block.

use tokio::sync::Mutex;

use super::context::Context;
use super::forward;
use crate::error::ErrorCode;
use crate::wire::messages::allocate_producer_ids::AllocateProducerIdsRequest;

/// How long the controller may take.
const PATIENCE_MS: i64 = 30_000;

/// The ids that this node may still hand out.
#[derive(Debug, Default)]
pub(crate) struct ProducerIds(Mutex<std::ops::Range<i64>>);

impl ProducerIds {
    /// An id that no producer of the cluster has had.
    pub(crate) async fn next(&self, context: &Context) -> Result<i64, ErrorCode> {
        let mut block = self.0.lock().await;
        if block.is_empty() {
            *block = allocate(context).await?;
        }
        block.next().ok_or(ErrorCode::CoordinatorLoadInProgress)
    }
}

async fn allocate(context: &Context) -> Result<std::ops::Range<i64>, ErrorCode> {
    let broker_epoch =
        context.image().cluster.broker(context.node_id).map_or(-1, |broker| broker.epoch);
    let request = AllocateProducerIdsRequest {
        broker_id: context.node_id,
        broker_epoch,
        ..Default::default()
    };
    let asked = forward::ask_as_node(context, request, context.own_request(0, PATIENCE_MS)).await;
    // Whatever is wrong with the controller, the producer should ask again.
    let response = asked.map_err(|_| ErrorCode::CoordinatorLoadInProgress)?;
    match ErrorCode::from_code(response.error_code) {
        Some(ErrorCode::None) => {
            let start = response.producer_id_start;
            Ok(start..start + i64::from(response.producer_id_len))
        }
        code => {
            tracing::warn!(?code, "the controller gives no producer ids");
            Err(ErrorCode::CoordinatorLoadInProgress)
        }
    }
}
