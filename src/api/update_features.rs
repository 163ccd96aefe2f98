//! UpdateFeatures (57), versions 0-2: changes the levels of features (KIP-584, KIP-778).
//!
//! All change or none. v2 answers for the whole only (KIP-1022).

use super::context::Call;
use super::forward;
use super::permissions;
use crate::wire::messages::update_features::{UpdateFeaturesRequest, UpdateFeaturesResponse};

pub(crate) async fn handle(call: Call, request: UpdateFeaturesRequest) -> UpdateFeaturesResponse {
    let timeout_ms = Some(request.timeout_ms);
    let answer = match call.check_cluster(&permissions::UPDATE_FEATURES) {
        Ok(()) => forward::ask(&call, request, timeout_ms).await,
        Err(code) => Err(code),
    };
    answer.unwrap_or_else(|code| UpdateFeaturesResponse {
        error_code: code.code(),
        error_message: Some(code.message().to_owned()),
        ..Default::default()
    })
}
