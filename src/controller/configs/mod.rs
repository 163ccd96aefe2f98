//! Changes of dynamic settings: of topics, brokers, groups and client metrics subscriptions. The controller's part
//! only: a broker judges its own settings before it passes a request on.
//!
//! Pure: reads an image and a configuration, gives back records and answers. Stores nothing. `target` judges one
//! resource; what every resource of a request has in common is here.

mod target;

#[cfg(test)]
mod tests;

use self::target::{Changes, Target, invalid_request};
use crate::config::Config;
use crate::controller::requests::{Decision, code_and_message};
use crate::error::ApiError;
use crate::metadata::Image;
use crate::raft::events::VersionedRecord;
use crate::wire::messages::alter_configs::{self, AlterConfigsRequest, AlterConfigsResponse};
use crate::wire::messages::incremental_alter_configs::{
    AlterConfigsResourceResponse, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
};

/// What became of one resource: code and message, and which it is.
type Verdict = (i16, Option<String>, i8, String);

/// Sets, deletes, and changes lists (KIP-339). Every resource stands or falls by itself.
pub(crate) fn incremental_alter(
    image: &Image,
    config: &Config,
    request: &IncrementalAlterConfigsRequest,
) -> Decision<IncrementalAlterConfigsResponse> {
    let resources = request.resources.iter();
    let named = resources.map(|one| (one.resource_type, &*one.resource_name, &*one.configs));
    let changes = |target: &Target<'_>, configs: &[_]| target.incremental(configs);
    let (records, verdicts) =
        decide_each(image, config, named.collect(), request.validate_only, changes);
    let answer =
        |(error_code, error_message, resource_type, resource_name)| AlterConfigsResourceResponse {
            error_code,
            error_message,
            resource_type,
            resource_name,
            ..Default::default()
        };
    let responses = verdicts.into_iter().map(answer).collect();
    Decision::atomic(records, IncrementalAlterConfigsResponse { responses, ..Default::default() })
}

/// Replaces all settings of each resource: what is not named is deleted (KIP-133).
pub(crate) fn alter(
    image: &Image,
    config: &Config,
    request: &AlterConfigsRequest,
) -> Decision<AlterConfigsResponse> {
    let resources = request.resources.iter();
    let named = resources.map(|one| (one.resource_type, &*one.resource_name, &*one.configs));
    let changes = |target: &Target<'_>, configs: &[_]| Ok(target.replacement(configs));
    let (records, verdicts) =
        decide_each(image, config, named.collect(), request.validate_only, changes);
    let answer = |(error_code, error_message, resource_type, resource_name)| {
        alter_configs::AlterConfigsResourceResponse {
            error_code,
            error_message,
            resource_type,
            resource_name,
            ..Default::default()
        }
    };
    let responses = verdicts.into_iter().map(answer).collect();
    Decision::atomic(records, AlterConfigsResponse { responses, ..Default::default() })
}

/// What became of each, and the records of those whose `changes` may be made; none where that alone is asked.
fn decide_each<C>(
    image: &Image,
    config: &Config,
    named: Vec<(i8, &str, &[C])>,
    validate_only: bool,
    changes: impl Fn(&Target<'_>, &[C]) -> Result<Changes, ApiError>,
) -> (Vec<VersionedRecord>, Vec<Verdict>) {
    let mut records = Vec::new();
    let mut verdicts = Vec::with_capacity(named.len());
    for &(kind, name, configs) in &named {
        let target = Target::new(image, config, kind, name);
        let result = match named.iter().filter(|other| (other.0, other.1) == (kind, name)).count() {
            0 | 1 => changes(&target, configs).and_then(|changes| target.decide(changes)),
            _ => Err(invalid_request("Each resource must appear at most once.")),
        };
        let (code, message) = code_and_message(&result.as_ref().map(|_| ()).map_err(Clone::clone));
        if !validate_only {
            records.extend(result.unwrap_or_default());
        }
        verdicts.push((code, message, kind, name.to_owned()));
    }
    (records, verdicts)
}
