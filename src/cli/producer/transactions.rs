//! The producer's transactions, as from transaction version 2 on (KIP-890): partitions are added by the brokers that
//! are written to, and each end gives a new epoch. Never decides when one ends.

use std::time::Instant;

use super::metrics::Transactional;
use super::{Producer, Queue};
use crate::cli::options::Exception;
use crate::cli::tool;
use crate::client::cluster::CoordinatorKind;
use crate::error::ErrorCode;
use crate::wire::messages::api_versions::ApiVersionsRequest;
use crate::wire::messages::end_txn::EndTxnRequest;
use crate::wire::messages::init_producer_id::InitProducerIdRequest;

const COORDINATOR: CoordinatorKind = CoordinatorKind::Transaction;
const FEATURE: &str = "transaction.version";
const LEVEL: i16 = 2;

impl<T: Send + 'static> Producer<T> {
    /// Who this producer is from now on. Whoever had the transactional id before is fenced.
    pub(super) async fn init_transactions(&mut self) -> Result<(i64, i16), Exception> {
        self.check_level().await?;
        let id = self.transactional_id();
        let request = InitProducerIdRequest {
            transactional_id: Some(id.clone()),
            transaction_timeout_ms: self.settings.transaction_timeout_ms,
            producer_id: -1,
            producer_epoch: -1,
            ..Default::default()
        };
        let asked =
            self.cluster.ask_coordinator(COORDINATOR, &id, &request, |answer| answer.error_code);
        let answer = asked.await?;
        Ok((answer.producer_id, answer.producer_epoch))
    }

    fn transactional_id(&self) -> String {
        self.settings.transactional_id.clone().unwrap_or_default()
    }

    async fn check_level(&mut self) -> Result<(), Exception> {
        let request = ApiVersionsRequest {
            client_software_name: "vltava".to_owned(),
            client_software_version: env!("CARGO_PKG_VERSION").to_owned(),
            ..Default::default()
        };
        let answer = self.cluster.ask(&request).await?;
        let level = answer.finalized_features.iter().find(|feature| feature.name == FEATURE);
        if level.is_some_and(|level| level.max_version_level >= LEVEL) {
            return Ok(());
        }
        let why = format!("This tool needs {FEATURE} {LEVEL} for transactions.");
        Err(Exception::new(&tool::exception_class(ErrorCode::UnsupportedVersion), why))
    }

    /// Ends the transaction once all that was sent is there. Nothing that was not acknowledged is committed.
    pub(in crate::cli) async fn commit(&mut self) -> Result<(), Exception> {
        self.flush().await;
        if let Some(thrown) = self.spoilt.take() {
            let _ = self.end(false).await;
            return Err(thrown);
        }
        self.end(true).await
    }

    async fn end(&mut self, committed: bool) -> Result<(), Exception> {
        let Some((producer_id, producer_epoch)) = self.identity.filter(|_| self.in_transaction)
        else {
            return Ok(());
        };
        let start = Instant::now();
        let id = self.transactional_id();
        let request = EndTxnRequest {
            transactional_id: id.clone(),
            producer_id,
            producer_epoch,
            committed,
            ..Default::default()
        };
        let asked =
            self.cluster.ask_coordinator(COORDINATOR, &id, &request, |answer| answer.error_code);
        let answer = asked.await?;
        self.identity = Some((answer.producer_id, answer.producer_epoch));
        self.in_transaction = false;
        let what = if committed { Transactional::Commit } else { Transactional::Abort };
        self.metrics.transactional(what, start);
        self.queues.iter_mut().for_each(Queue::restart);
        Ok(())
    }
}
