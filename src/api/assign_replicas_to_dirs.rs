//! AssignReplicasToDirs (73), version 0: a broker says which log directory has a replica (KIP-858).

use super::context::Call;
use super::forward;
use crate::wire::messages::assign_replicas_to_dirs::{
    AssignReplicasToDirsRequest, AssignReplicasToDirsResponse,
};

pub(crate) async fn handle(
    call: Call,
    request: AssignReplicasToDirsRequest,
) -> AssignReplicasToDirsResponse {
    forward::ask(&call, request, None).await.unwrap_or_else(|code| AssignReplicasToDirsResponse {
        error_code: code.code(),
        ..Default::default()
    })
}
