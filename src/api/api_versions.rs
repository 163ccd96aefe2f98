//! ApiVersions (18), versions 0–4.
//!
//! What this listener serves, and the features of the cluster (KIP-584). A version that we do not know is answered with
//! `UNSUPPORTED_VERSION` in version 0, so that the client can try again (KIP-511).
//!
//! The first request of nearly every connection, and the only one that must be answered to clients of any age. Nothing
//! is asked of the authorizer, since nobody can have logged in yet. INVALID_REQUEST for a name of software that could
//! not be a label of a metric.
//!
//! The bounds of an API are its own, whatever `metadata.version` is, as in Kafka on a broker's listener.

use super::answer::Pending;
use super::context::{Call, Head};
use super::quorum::has_dynamic_voters;
use super::table::{decode, served};
use super::{Refusal, frame};
use crate::error::ErrorCode;
use crate::metadata::features;
use crate::wire::api_key::ApiKey;
use crate::wire::codec::Reader;
use crate::wire::messages::api_versions::{
    ApiVersion, ApiVersionsRequest, ApiVersionsResponse, FinalizedFeatureKey, SupportedFeatureKey,
};

/// What a connection remembers of its client's software, in bytes: nobody needs a name that is longer.
const SOFTWARE_BYTES_MAX: usize = 512;

/// Starts an ApiVersions request.
pub(crate) fn handle(call: Call, reader: Reader) -> Result<Pending, Refusal> {
    let answered = |head: Head, response: &ApiVersionsResponse| -> Pending {
        Box::pin(std::future::ready(frame::<ApiVersionsRequest>(head, response)))
    };
    if !ApiKey::ApiVersions.versions().contains(&call.version) {
        let response = ApiVersionsResponse {
            error_code: ErrorCode::UnsupportedVersion.code(),
            api_keys: vec![api_version(ApiKey::ApiVersions)],
            ..Default::default()
        };
        return Ok(answered(Head { version: 0, ..call.head() }, &response));
    }
    let request: ApiVersionsRequest = decode(&call, reader)?;
    if call.version >= 3
        && !(is_software_name(&request.client_software_name)
            && is_software_name(&request.client_software_version))
    {
        let response = ApiVersionsResponse {
            error_code: ErrorCode::InvalidRequest.code(),
            ..Default::default()
        };
        return Ok(answered(call.head(), &response));
    }
    let software = (request.client_software_name, request.client_software_version);
    if software.0.len() + software.1.len() <= SOFTWARE_BYTES_MAX {
        // The first to tell is believed; a connection is one client's.
        let _ = call.session.software.set(software);
    }
    Ok(answered(call.head(), &response(&call)))
}

/// Kafka's pattern for names of software: letters and digits, with dashes and dots within.
fn is_software_name(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let outer = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    name.chars().all(inner) && outer(name.chars().next()) && outer(name.chars().last())
}

fn api_version(key: ApiKey) -> ApiVersion {
    let offered = key.offered_versions();
    let (min_version, max_version) = (*offered.start(), *offered.end());
    ApiVersion { api_key: key.code(), min_version, max_version, ..Default::default() }
}

/// What is served here; of telemetry only where somebody receives it.
fn offered(call: &Call) -> impl Iterator<Item = ApiKey> {
    let received = call.context.telemetry.is_some();
    let of_telemetry = [ApiKey::GetTelemetrySubscriptions, ApiKey::PushTelemetry];
    served(call.session.kind).filter(move |key| received || !of_telemetry.contains(key))
}

fn response(call: &Call) -> ApiVersionsResponse {
    let image = call.context.image();
    let mut response = ApiVersionsResponse {
        api_keys: offered(call).map(api_version).collect(),
        finalized_features_epoch: image.provenance.offset,
        ..Default::default()
    };
    for &(name, range) in &features::SUPPORTED {
        // Before version 4 a client cannot take a minimum of 0 (KIP-1022).
        if call.version < 4 && range.min == 0 {
            continue;
        }
        response.supported_features.push(SupportedFeatureKey {
            name: name.to_owned(),
            min_version: range.min,
            max_version: range.max,
            ..Default::default()
        });
    }
    // The quorum's own feature is no record: its voters tell.
    let kraft = has_dynamic_voters(call).then_some((features::KRAFT_VERSION, 1));
    let finalized = image.features.iter().filter(|(_, level)| *level > 0).chain(kraft);
    for (name, level) in finalized {
        response.finalized_features.push(FinalizedFeatureKey {
            name: name.to_owned(),
            max_version_level: level,
            min_version_level: level,
            ..Default::default()
        });
    }
    response
}
