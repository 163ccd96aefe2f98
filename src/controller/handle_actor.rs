//! The way to the controller's actor for everyone else in the process. It outlives the actor's lives: between two of
//! them, and where the node does not lead the quorum, the answer is NOT_CONTROLLER.

use std::fmt;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix::Message;
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::controller::actor::Controller;
use crate::controller::requests::{ControllerReply, ControllerRequest, Exchange, RequestContext};
use crate::error::ErrorCode;
use crate::supervision;

/// How long an asker without a deadline waits.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request with the way back to who asks.
pub struct Ask {
    pub(super) request: ControllerRequest,
    pub(super) context: RequestContext,
    pub(super) answer: oneshot::Sender<Result<ControllerReply, ErrorCode>>,
}

impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ask({:?})", self.request)
    }
}

impl Message for Ask {
    type Result = ();
}

/// The way to the controller of this process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle {
    actor: supervision::Handle<Controller>,
    clock: Clock,
}

impl Handle {
    /// A handle that follows the controller's actor.
    pub fn new(actor: supervision::Handle<Controller>, clock: Clock) -> Self {
        Self { actor, clock }
    }

    /// Asks the active controller and waits for the committed answer.
    ///
    /// Errors: `NOT_CONTROLLER` when this process has not the active one, `REQUEST_TIMED_OUT` at the deadline (the
    /// change may still be made), `COORDINATOR_LOAD_IN_PROGRESS` never.
    pub async fn ask(
        &self,
        request: ControllerRequest,
        context: RequestContext,
    ) -> Result<ControllerReply, ErrorCode> {
        let patience = match context.deadline {
            Some(deadline) => {
                Duration::from_millis(u64::try_from(deadline - self.clock.now()).unwrap_or(0))
            }
            None => PATIENCE,
        };
        let misdirected = context.misdirected.clone();
        let (answer, answered) = oneshot::channel();
        let asking = async {
            self.actor
                .ask(Ask { request, context, answer })
                .await
                .map_err(|_| ErrorCode::NotController)?;
            answered.await.map_err(|_| ErrorCode::NotController)?
        };
        let answer = tokio::time::timeout(patience, asking).await;
        let answer = answer.unwrap_or(Err(ErrorCode::RequestTimedOut));
        if let (Err(ErrorCode::NotController), Some(noted)) = (&answer, misdirected) {
            noted.store(true, Ordering::Release);
        }
        answer
    }

    /// The same for one kind of request, with its own kind of answer.
    pub async fn exchange<E: Exchange>(
        &self,
        request: E,
        context: RequestContext,
    ) -> Result<E::Reply, ErrorCode> {
        let reply = self.ask(request.into_request(), context).await?;
        E::from_reply(reply).ok_or(ErrorCode::UnknownServerError)
    }
}
