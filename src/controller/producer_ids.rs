//! Blocks of producer ids: each is given to one broker, once (KIP-730). Never gives a single id.
//!
//! A block that was given and never used up is lost, which with 2⁶³ of them matters to nobody; giving one twice would
//! let two producers pass for one.

use crate::controller::machine::Machine;
use crate::controller::requests::Decision;
use crate::error::ErrorCode;
use crate::wire::messages::allocate_producer_ids::{
    AllocateProducerIdsRequest, AllocateProducerIdsResponse,
};
use crate::wire::stored::metadata::{MetadataRecord, ProducerIdsRecord};

/// How many ids a block has.
const BLOCK_SIZE: i32 = 1_000;

impl Machine {
    /// Gives the next block to the broker that asks.
    pub(crate) fn allocate_producer_ids(
        &self,
        request: &AllocateProducerIdsRequest,
    ) -> Decision<AllocateProducerIdsResponse> {
        let (broker_id, broker_epoch) = (request.broker_id, request.broker_epoch);
        let refuse = |code: ErrorCode| {
            Decision::reply(AllocateProducerIdsResponse {
                error_code: code.code(),
                ..Default::default()
            })
        };
        if let Err(error) = self.check_broker_epoch(broker_id, broker_epoch) {
            return refuse(error.code);
        }
        // A block that gets lost on the way, or dies with its broker, is never given again: ids are plenty.
        let start = self.image().next_producer_id;
        let Some(next_producer_id) = start.checked_add(i64::from(BLOCK_SIZE)) else {
            tracing::error!(start, "all producer ids are given away");
            return refuse(ErrorCode::UnknownServerError);
        };
        let record =
            ProducerIdsRecord { broker_id, broker_epoch, next_producer_id, ..Default::default() };
        let response = AllocateProducerIdsResponse {
            producer_id_start: start,
            producer_id_len: BLOCK_SIZE,
            ..Default::default()
        };
        Decision::of(vec![(MetadataRecord::ProducerIds(record), 0)], response)
    }
}
