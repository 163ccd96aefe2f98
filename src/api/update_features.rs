//! UpdateFeatures (57), versions 0-2: changes the levels of features (KIP-584, KIP-778).
//!
//! All change or none. v2 answers for the whole only (KIP-1022).
//!
//! `metadata.version` and its like rise for the whole cluster at once, and only as far as every node supports.

use super::context::Call;
use super::forward;
use super::permissions;
use crate::error::ApiError;
use crate::wire::messages::update_features::{UpdateFeaturesRequest, UpdateFeaturesResponse};

pub(crate) async fn handle(call: Call, request: UpdateFeaturesRequest) -> UpdateFeaturesResponse {
    let timeout_ms = Some(request.timeout_ms);
    let answer = match call.check_whole(&permissions::UPDATE_FEATURES) {
        Ok(()) => forward::ask(&call, request, timeout_ms).await.map_err(ApiError::from),
        Err(error) => Err(error),
    };
    answer.unwrap_or_else(|error| UpdateFeaturesResponse {
        error_code: error.code.code(),
        error_message: Some(error.text().to_owned()),
        ..Default::default()
    })
}
