//! CreatePartitions (37), versions 0-3: adds partitions to topics (KIP-195).

use super::context::Call;
use super::forward;
use crate::error::ErrorCode;
use crate::wire::messages::create_partitions::{
    CreatePartitionsRequest, CreatePartitionsResponse, CreatePartitionsTopicResult,
};

pub(crate) async fn handle(
    call: Call,
    request: CreatePartitionsRequest,
) -> CreatePartitionsResponse {
    let timeout_ms = Some(request.timeout_ms);
    match forward::ask(&call, request.clone(), timeout_ms).await {
        Ok(response) => response,
        Err(code) => refused(request, code),
    }
}

fn refused(request: CreatePartitionsRequest, code: ErrorCode) -> CreatePartitionsResponse {
    let results = request.topics.into_iter().map(|topic| CreatePartitionsTopicResult {
        name: topic.name,
        error_code: code.code(),
        error_message: Some(code.message().to_owned()),
        ..Default::default()
    });
    CreatePartitionsResponse { results: results.collect(), ..Default::default() }
}
