//! The way to the active controller, for a node's own affairs: in this process or elsewhere, the messages are the same.
//! Never looks into them, but for the one error that says that the controller is not there.
//!
//! [`InProcess`] asks the controller's actor; [`Remote`] sends to whoever leads the quorum. A node that is both uses
//! the first, which answers `NOT_CONTROLLER` while its controller is a standby.

use std::pin::Pin;
use std::sync::Arc;

use crate::client::{ClientError, Pool};
use crate::controller::handle_actor::Handle;
use crate::controller::requests::{Exchange, RequestContext};
use crate::error::ErrorCode;
use crate::raft::Quorum;
use crate::wire::message::{Message, Request};
use crate::wire::messages::assign_replicas_to_dirs::{
    AssignReplicasToDirsRequest, AssignReplicasToDirsResponse,
};
use crate::wire::messages::broker_heartbeat::{BrokerHeartbeatRequest, BrokerHeartbeatResponse};
use crate::wire::messages::broker_registration::{
    BrokerRegistrationRequest, BrokerRegistrationResponse,
};
use crate::wire::messages::controller_registration::{
    ControllerRegistrationRequest, ControllerRegistrationResponse,
};

/// An answer on its way. An error means that there was none.
pub type Answer<T> = Pin<Box<dyn Future<Output = Result<T, ErrorCode>>>>;

/// The way to the active controller, wherever it is.
pub trait ControllerChannel: Send + Sync {
    /// Sends a broker's registration.
    fn register(&self, request: BrokerRegistrationRequest) -> Answer<BrokerRegistrationResponse>;
    /// Sends a heartbeat.
    fn heartbeat(&self, request: BrokerHeartbeatRequest) -> Answer<BrokerHeartbeatResponse>;
    /// Says where replicas are.
    fn assign(&self, request: AssignReplicasToDirsRequest) -> Answer<AssignReplicasToDirsResponse>;
    /// Sends a controller's registration.
    fn register_controller(
        &self,
        request: ControllerRegistrationRequest,
    ) -> Answer<ControllerRegistrationResponse>;
}

/// A controller in this process, asked in the messages that one elsewhere would be asked in.
#[derive(Debug)]
pub struct InProcess(pub Handle);

impl InProcess {
    fn exchange<R: Exchange + Message + 'static>(&self, request: R) -> Answer<R::Reply> {
        let controller = self.0.clone();
        Box::pin(async move {
            let context = RequestContext { version: *R::VERSIONS.end(), ..Default::default() };
            controller.exchange(request, context).await
        })
    }
}

impl ControllerChannel for InProcess {
    fn register(&self, request: BrokerRegistrationRequest) -> Answer<BrokerRegistrationResponse> {
        self.exchange(request)
    }

    fn heartbeat(&self, request: BrokerHeartbeatRequest) -> Answer<BrokerHeartbeatResponse> {
        self.exchange(request)
    }

    fn assign(&self, request: AssignReplicasToDirsRequest) -> Answer<AssignReplicasToDirsResponse> {
        self.exchange(request)
    }

    fn register_controller(
        &self,
        request: ControllerRegistrationRequest,
    ) -> Answer<ControllerRegistrationResponse> {
        self.exchange(request)
    }
}

/// A controller in another process: whoever leads the quorum.
#[derive(Clone, Debug)]
pub struct Remote {
    /// Who leads.
    pub quorum: Quorum,
    /// The connections.
    pub pool: Arc<Pool>,
}

impl Remote {
    fn ask<R: Request + 'static>(
        &self,
        request: R,
        error_code: impl Fn(&R::Response) -> i16 + 'static,
    ) -> Answer<R::Response> {
        let remote = self.clone();
        Box::pin(async move {
            let (host, port) =
                remote.quorum.leader_address().ok_or(ErrorCode::LeaderNotAvailable)?;
            let host = if host.contains(':') { format!("[{host}]") } else { host };
            match remote.pool.ask(&format!("{host}:{port}"), &request).await {
                Ok(answer) if error_code(&answer) == ErrorCode::NotController.code() => {
                    Err(ErrorCode::NotController)
                }
                Ok(answer) => Ok(answer),
                Err(error) => {
                    tracing::debug!(%error, host, port, "no answer of the controller");
                    Err(match error {
                        ClientError::Timeout(_) => ErrorCode::RequestTimedOut,
                        ClientError::Unsupported(_) => ErrorCode::UnsupportedVersion,
                        _ => ErrorCode::NetworkException,
                    })
                }
            }
        })
    }
}

impl ControllerChannel for Remote {
    fn register(&self, request: BrokerRegistrationRequest) -> Answer<BrokerRegistrationResponse> {
        self.ask(request, |answer| answer.error_code)
    }

    fn heartbeat(&self, request: BrokerHeartbeatRequest) -> Answer<BrokerHeartbeatResponse> {
        self.ask(request, |answer| answer.error_code)
    }

    fn assign(&self, request: AssignReplicasToDirsRequest) -> Answer<AssignReplicasToDirsResponse> {
        self.ask(request, |answer| answer.error_code)
    }

    fn register_controller(
        &self,
        request: ControllerRegistrationRequest,
    ) -> Answer<ControllerRegistrationResponse> {
        self.ask(request, |answer| answer.error_code)
    }
}
