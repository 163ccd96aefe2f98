//! Changing the levels of features: what every node can do, no lower than before unless asked, and what depends on
//! what. Never changes `kraft.version`: that is the quorum's own.
//!
//! | feature | may be changed |
//! |---|---|
//! | `metadata.version` | up, and down as far as no record or field would be lost |
//! | `kraft.version` | not here |
//! | others | to levels that they have, whose dependencies are met by what the request as a whole asks for |

use std::collections::BTreeMap;

use crate::controller::machine::Machine;
use crate::controller::requests::{Decision, explained};
use crate::error::{ApiError, ErrorCode};
use crate::metadata::MetadataVersion;
use crate::metadata::cluster::VersionRange;
use crate::metadata::configs::ResourceType;
use crate::metadata::features::{self, ELR_VERSION, Feature, KRAFT_VERSION, METADATA_VERSION};
use crate::raft::events::VersionedRecord;
use crate::wire::messages::update_features::{
    FeatureUpdateKey, UpdatableFeatureResult, UpdateFeaturesRequest, UpdateFeaturesResponse,
};
use crate::wire::stored::metadata::{ConfigRecord, FeatureLevelRecord, MetadataRecord};

const MIN_INSYNC_REPLICAS: &str = "min.insync.replicas";

/// Which way a level may move.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    DownSafe,
    DownUnsafe,
}

impl Way {
    /// Before version 1 there was one flag for going down.
    fn of(update: &FeatureUpdateKey, version: i16) -> Option<Self> {
        match (version, update.upgrade_type) {
            (0, _) if update.allow_downgrade => Some(Self::DownSafe),
            (0, _) | (_, 1) => Some(Self::Up),
            (_, 2) => Some(Self::DownSafe),
            (_, 3) => Some(Self::DownUnsafe),
            _ => None,
        }
    }
}

impl Machine {
    /// Changes all the levels asked for, or none.
    pub(crate) fn update_features(
        &self,
        request: &UpdateFeaturesRequest,
        version: i16,
    ) -> Decision<UpdateFeaturesResponse> {
        // Dependencies are judged by what the levels will be, not by the order of the updates.
        let mut proposed: BTreeMap<&str, i16> = self.image().features.iter().collect();
        proposed.extend(
            request
                .feature_updates
                .iter()
                .map(|update| (update.feature.as_str(), update.max_version_level)),
        );
        let mut records = Vec::new();
        for update in &request.feature_updates {
            match self.update_feature(update, version, &proposed) {
                Ok(new) => records.extend(new),
                Err(error) => return Decision::reply(refused(&error)),
            }
        }
        let turns_elr_on = request
            .feature_updates
            .iter()
            .any(|update| update.feature == ELR_VERSION && update.max_version_level > 0);
        if turns_elr_on {
            // In front: at no offset is the feature on while a broker still has a minimum of its own.
            records.splice(0..0, self.elr_safety_records());
        }
        if request.validate_only {
            records.clear();
        }
        Decision::atomic(records, accepted(request, version))
    }

    fn update_feature(
        &self,
        update: &FeatureUpdateKey,
        version: i16,
        proposed: &BTreeMap<&str, i16>,
    ) -> Result<Option<VersionedRecord>, ApiError> {
        let (name, level) = (update.feature.as_str(), update.max_version_level);
        let invalid = |why: &str| {
            let text = format!("Invalid update version {level} for feature {name}. {why}");
            Err(ApiError::new(ErrorCode::InvalidUpdateVersion, text))
        };
        let Some(way) = Way::of(update, version) else {
            return invalid("The controller does not support the given upgrade type.");
        };
        if level < 0 {
            return invalid("A feature version cannot be less than 0.");
        }
        if let Some(why) = self.reason_not_supported(name, level) {
            return invalid(&why);
        }
        let current = self.image().features.level(name);
        if level < current && way == Way::Up {
            return invalid(
                "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe \
                 downgrade.",
            );
        }
        if level > current && way != Way::Up {
            return invalid("Can't downgrade to a newer version.");
        }
        match name {
            METADATA_VERSION => self.check_metadata_version(level, way)?,
            // The quorum agrees on this one by itself, in control records of its own log.
            KRAFT_VERSION if level == current => return Ok(None),
            KRAFT_VERSION => return invalid("Can't change the version of this feature."),
            _ => {
                if let Err(why) = check_dependencies(name, level, proposed) {
                    return invalid(&why);
                }
            }
        }
        Ok(Some(level_record(name, level)))
    }

    /// Whether some node could not go along.
    fn reason_not_supported(&self, name: &str, level: i16) -> Option<String> {
        let none = VersionRange { min: 0, max: 0 };
        let reason = |who: String, range: VersionRange| match range {
            range if range.contains(level) => None,
            VersionRange { max: 0, .. } => Some(format!("{who} does not support this feature.")),
            VersionRange { min, max } => Some(format!("{who} only supports versions {min}-{max}")),
        };
        let own = features::supported(name).unwrap_or(none);
        let brokers =
            self.brokers().map(|broker| ("Broker", broker.id, broker.supported_features.get(name)));
        let controllers = self.image().cluster.controllers.values();
        // What this one supports is known better than from its own registration, which may be of an earlier release.
        let others = controllers.filter(|controller| controller.id != self.settings.node_id);
        let controllers =
            others.map(|other| ("Controller", other.id, other.supported_features.get(name)));
        reason(format!("Local controller {}", self.settings.node_id), own).or_else(|| {
            brokers.chain(controllers).find_map(|(kind, id, range)| {
                reason(format!("{kind} {id}"), range.copied().unwrap_or(none))
            })
        })
    }

    fn check_metadata_version(&self, level: i16, way: Way) -> Result<(), ApiError> {
        let current = self.image().features.metadata_version();
        let refuse = |text: String| Err(ApiError::new(ErrorCode::InvalidUpdateVersion, text));
        let Some(wanted) = MetadataVersion::from_level(level) else {
            let (min, max) =
                (MetadataVersion::MINIMUM.level(), MetadataVersion::LATEST_TESTING.level());
            return refuse(format!(
                "Invalid metadata.version {level}. Valid versions are from {min} to {max}."
            ));
        };
        if wanted >= current || !loses_metadata(current, wanted) {
            return Ok(());
        }
        let why = match way {
            Way::DownUnsafe => "Unsafe metadata downgrade is not supported in this version.",
            _ => {
                "Refusing to perform the requested downgrade because it might delete metadata information."
            }
        };
        refuse(format!(
            "Unsupported metadata.version downgrade from {} to {level}. {why}",
            current.level()
        ))
    }

    /// With eligible replicas the least number in sync is one for the whole cluster, not each broker's.
    fn elr_safety_records(&self) -> Vec<VersionedRecord> {
        let configs = &self.image().configs;
        let record = |name: &str, value: Option<String>| {
            let record = ConfigRecord {
                resource_type: ResourceType::BROKER.0,
                resource_name: name.to_owned(),
                name: MIN_INSYNC_REPLICAS.to_owned(),
                value,
                ..Default::default()
            };
            (MetadataRecord::Config(record), 0)
        };
        let mut records = Vec::new();
        if configs.value(ResourceType::BROKER, "", MIN_INSYNC_REPLICAS).is_none() {
            records.push(record("", Some(self.settings.config.min_insync_replicas().to_string())));
        }
        let own = configs.of_kind(ResourceType::BROKER).filter(|(name, _)| !name.is_empty());
        let own = own.filter(|(_, settings)| settings.contains_key(MIN_INSYNC_REPLICAS));
        records.extend(own.map(|(name, _)| record(name, None)));
        records
    }
}

/// Whether records of `current` could not be written at `wanted`.
fn loses_metadata(current: MetadataVersion, wanted: MetadataVersion) -> bool {
    MetadataVersion::all(current).filter(|version| *version > wanted).any(changes_metadata)
}

/// Whether the metadata version brought records, or fields of records, that the one before it had not.
fn changes_metadata(version: MetadataVersion) -> bool {
    // The levels that Kafka's table (`MetadataVersion.didMetadataChange`) marks with false.
    !matches!(version.level(), 9 | 10 | 12 | 16 | 18..=22 | 24..=29 | 31..)
}

fn check_dependencies(
    name: &str,
    level: i16,
    proposed: &BTreeMap<&str, i16>,
) -> Result<(), String> {
    let found = Feature::find(name).and_then(|feature| feature.level(level));
    let Some(found) = found else {
        return Err(format!("No feature:{name} with feature level {level}"));
    };
    for &(needed, least) in found.dependencies {
        if proposed.get(needed).is_none_or(|&level| level < least) {
            return Err(format!(
                "{name} could not be set to {level} because it depends on {needed} level {least}"
            ));
        }
    }
    Ok(())
}

fn level_record(name: &str, feature_level: i16) -> VersionedRecord {
    let record = FeatureLevelRecord { name: name.to_owned(), feature_level, ..Default::default() };
    (MetadataRecord::FeatureLevel(record), 0)
}

fn refused(error: &ApiError) -> UpdateFeaturesResponse {
    let text = format!(
        "The update failed for all features since the following feature had an error: {}",
        error.text()
    );
    UpdateFeaturesResponse {
        error_code: error.code.code(),
        error_message: Some(text),
        ..Default::default()
    }
}

fn accepted(request: &UpdateFeaturesRequest, version: i16) -> UpdateFeaturesResponse {
    let mut response = UpdateFeaturesResponse { error_message: None, ..Default::default() };
    if version <= 1 {
        let result = |update: &FeatureUpdateKey| UpdatableFeatureResult {
            feature: update.feature.clone(),
            error_message: explained(ErrorCode::None),
            ..Default::default()
        };
        response.results = request.feature_updates.iter().map(result).collect();
    }
    response
}
