//! CreateTopics (19), versions 2-7: makes topics, each with its own result.
//!
//! v5 answers with the new topic's settings (KIP-525), v7 with its id (KIP-516). −1 partitions or replicas are the
//! broker's default since v4; older versions say so too without harm.

use super::context::Call;
use super::forward;
use crate::error::ErrorCode;
use crate::wire::messages::create_topics::{
    CreatableTopicResult, CreateTopicsRequest, CreateTopicsResponse,
};

pub(crate) async fn handle(call: Call, request: CreateTopicsRequest) -> CreateTopicsResponse {
    let timeout_ms = Some(request.timeout_ms);
    match forward::ask(&call, request.clone(), timeout_ms).await {
        Ok(response) => response,
        Err(code) => refused(&request, code),
    }
}

fn refused(request: &CreateTopicsRequest, code: ErrorCode) -> CreateTopicsResponse {
    let topics = request.topics.iter().map(|topic| CreatableTopicResult {
        name: topic.name.clone(),
        error_code: code.code(),
        error_message: Some(code.message().to_owned()),
        ..Default::default()
    });
    CreateTopicsResponse { topics: topics.collect(), ..Default::default() }
}
