//! AssignReplicasToDirs (73), version 0: a broker says which log directory has a replica (KIP-858).

use super::context::Call;
use super::forward;
use super::permissions;
use crate::wire::messages::assign_replicas_to_dirs::{
    AssignReplicasToDirsRequest, AssignReplicasToDirsResponse,
};

pub(crate) async fn handle(
    call: Call,
    request: AssignReplicasToDirsRequest,
) -> AssignReplicasToDirsResponse {
    let answer = match call.check_cluster(&permissions::ASSIGN_REPLICAS_TO_DIRS) {
        Ok(()) => forward::ask(&call, request, None).await,
        Err(code) => Err(code),
    };
    answer.unwrap_or_else(|code| AssignReplicasToDirsResponse {
        error_code: code.code(),
        ..Default::default()
    })
}
