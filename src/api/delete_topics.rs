//! DeleteTopics (20), versions 1-6: by name, since v6 also by id (KIP-516).

use super::context::Call;
use super::forward;
use crate::error::ErrorCode;
use crate::types::Uuid;
use crate::wire::messages::delete_topics::{
    DeletableTopicResult, DeleteTopicsRequest, DeleteTopicsResponse,
};

pub(crate) async fn handle(call: Call, request: DeleteTopicsRequest) -> DeleteTopicsResponse {
    let timeout_ms = Some(request.timeout_ms);
    match forward::ask(&call, request.clone(), timeout_ms).await {
        Ok(response) => response,
        Err(code) => refused(request, code),
    }
}

fn refused(request: DeleteTopicsRequest, code: ErrorCode) -> DeleteTopicsResponse {
    let result = |(name, topic_id)| DeletableTopicResult {
        name,
        topic_id,
        error_code: code.code(),
        error_message: Some(code.message().to_owned()),
        ..Default::default()
    };
    let by_name = request.topic_names.into_iter().map(|name| (Some(name), Uuid::ZERO));
    let by_either = request.topics.into_iter().map(|topic| (topic.name, topic.topic_id));
    DeleteTopicsResponse {
        responses: by_name.chain(by_either).map(result).collect(),
        ..Default::default()
    }
}
