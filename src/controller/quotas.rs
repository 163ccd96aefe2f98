//! AlterClientQuotas (KIP-546): which quotas are set and removed. Whether who asks may do that is the API's question,
//! not asked here.
//!
//! An entity is a set of parts: a user, a client id, both, or an address; a part without a name is the default of its
//! kind. Values are stored as they come; who is bound by which of them is `quota`'s business.

use std::collections::{BTreeMap, HashSet};

use crate::controller::requests::{Decision, code_and_message};
use crate::error::{ApiError, ErrorCode};
use crate::metadata::Image;
use crate::metadata::quotas::QuotaEntity;
use crate::quota::keys;
use crate::raft::events::VersionedRecord;
use crate::wire::messages::alter_client_quotas::{
    AlterClientQuotasRequest, AlterClientQuotasResponse, EntityData, EntryData, EntryDataResponse,
};
use crate::wire::stored::metadata::{
    ClientQuotaRecord, EntityData as RecordEntity, MetadataRecord,
};

/// The types of entities.
const TYPES: [&str; 3] = [keys::USER, keys::CLIENT_ID, keys::IP];

/// Sets and removes quotas; each entity stands or falls by itself.
pub(crate) fn alter(
    image: &Image,
    request: &AlterClientQuotasRequest,
) -> Decision<AlterClientQuotasResponse> {
    let mut records = Vec::new();
    let mut results: BTreeMap<QuotaEntity, Result<(), ApiError>> = BTreeMap::new();
    for entry in &request.entries {
        let entity = entity_of(&entry.entity);
        let verdict = match results.contains_key(&entity) {
            true => Err(invalid(format!("Ignoring duplicate entity {}", shown(&entity)))),
            false => changes(entry, &entity).and_then(|ops| decide(image, &entity, &ops)),
        };
        let result = verdict.map(|new| records.extend(new));
        results.insert(entity, result);
    }
    if request.validate_only {
        records.clear();
    }
    let entries = results.into_iter().map(|(entity, result)| answer(entity, &result));
    let response = AlterClientQuotasResponse { entries: entries.collect(), ..Default::default() };
    Decision::atomic(records, response)
}

fn invalid(why: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::InvalidRequest, why)
}

fn entity_of(parts: &[EntityData]) -> QuotaEntity {
    parts.iter().map(|part| (part.entity_type.clone(), part.entity_name.clone())).collect()
}

/// An entity as Kafka writes it.
fn shown(entity: &QuotaEntity) -> String {
    let parts =
        entity.iter().map(|(kind, name)| format!("{kind}={}", name.as_deref().unwrap_or("null")));
    format!("ClientQuotaEntity(entries={{{}}})", parts.collect::<Vec<_>>().join(", "))
}

/// What the quotas become: a value, or none.
fn changes<'a>(
    entry: &'a EntryData,
    entity: &QuotaEntity,
) -> Result<Vec<(&'a str, Option<f64>)>, ApiError> {
    let mut changes: Vec<(&str, Option<f64>)> = Vec::with_capacity(entry.ops.len());
    let mut keys = HashSet::new();
    for op in &entry.ops {
        if !keys.insert(op.key.as_str()) {
            // Kafka looks at the entity once more after it has noted this, and takes it for one that came before.
            return Err(invalid(format!("Ignoring duplicate entity {}", shown(entity))));
        }
        changes.push((&op.key, (!op.remove).then_some(op.value)));
    }
    Ok(changes)
}

fn decide(
    image: &Image,
    entity: &QuotaEntity,
    changes: &[(&str, Option<f64>)],
) -> Result<Vec<VersionedRecord>, ApiError> {
    check_entity(entity)?;
    let of_address = entity.contains_key(keys::IP);
    let current = image.client_quotas.get(entity);
    let mut records = Vec::with_capacity(changes.len());
    for (key, value) in changes {
        let known = current.and_then(|quotas| quotas.get(*key)).copied();
        if let Some(value) = value {
            keys::check(of_address, key, *value)?;
        }
        // What is so already writes nothing: tools set the same quotas again and again.
        if known != *value {
            records.push((MetadataRecord::ClientQuota(record(entity, key, *value)), 0));
        }
    }
    Ok(records)
}

/// Kafka's checks, in its order.
fn check_entity(entity: &QuotaEntity) -> Result<(), ApiError> {
    if entity.is_empty() {
        return Err(invalid("Invalid empty client quota entity"));
    }
    for (kind, name) in entity {
        if !TYPES.contains(&kind.as_str()) {
            return Err(invalid(format!("Unhandled client quota entity type: {kind}")));
        }
        if name.as_deref() == Some("") {
            return Err(invalid(format!("Empty {kind} not supported")));
        }
    }
    let Some(ip) = entity.get(keys::IP) else { return Ok(()) };
    if entity.len() > 1 {
        return Err(invalid(
            "Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId",
        ));
    }
    match ip {
        Some(ip) if !keys::is_address(ip) => {
            Err(invalid(format!("{ip} is not a valid IP or resolvable host.")))
        }
        _ => Ok(()),
    }
}

fn record(entity: &QuotaEntity, key: &str, value: Option<f64>) -> ClientQuotaRecord {
    let part = |(kind, name): (&String, &Option<String>)| RecordEntity {
        entity_type: kind.clone(),
        entity_name: name.clone(),
        ..Default::default()
    };
    ClientQuotaRecord {
        entity: entity.iter().map(part).collect(),
        key: key.to_owned(),
        value: value.unwrap_or_default(),
        remove: value.is_none(),
        ..Default::default()
    }
}

fn answer(entity: QuotaEntity, result: &Result<(), ApiError>) -> EntryDataResponse {
    let (error_code, error_message) = code_and_message(result);
    let part =
        |(entity_type, entity_name)| EntityData { entity_type, entity_name, ..Default::default() };
    EntryDataResponse {
        error_code,
        error_message,
        entity: entity.into_iter().map(part).collect(),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Delta;
    use crate::wire::messages::alter_client_quotas::OpData;

    /// `type=name … : key=value key=- …`, with `*` for a default, as an entry.
    fn entry(text: &str) -> EntryData {
        let (entity, ops) = text.split_once(':').expect("an entity and what to do");
        let part = |text: &str| {
            let (kind, name) = text.split_once('=').expect("type=name");
            EntityData {
                entity_type: kind.to_owned(),
                entity_name: (name != "*").then(|| name.to_owned()),
                ..Default::default()
            }
        };
        let op = |text: &str| {
            let (key, value) = text.split_once('=').expect("key=value");
            OpData {
                key: key.to_owned(),
                value: value.parse().unwrap_or_default(),
                remove: value == "-",
                ..Default::default()
            }
        };
        EntryData {
            entity: entity.split_whitespace().map(part).collect(),
            ops: ops.split_whitespace().map(op).collect(),
            ..Default::default()
        }
    }

    #[test]
    fn quotas_change_as_kafka_changes_them() {
        let mut delta = Delta::new(&Image::default());
        for (texts, records, says) in [
            (vec!["user=u : producer_byte_rate=5 request_percentage=0.5"], 2, "ok"),
            (vec!["user=u : producer_byte_rate=5 consumer_byte_rate=-"], 0, "ok"),
            (vec!["user=* client-id=* : producer_byte_rate=7"], 1, "ok"),
            (vec!["user=u : request_percentage=- producer_byte_rate=6"], 2, "ok"),
            (vec!["ip=10.0.0.1 : connection_creation_rate=6"], 1, "ok"),
            (vec!["ip=* : connection_creation_rate=6"], 1, "ok"),
            (vec![" : producer_byte_rate=5"], 0, "Invalid empty client quota entity"),
            (
                vec!["colour=u : producer_byte_rate=5"],
                0,
                "Unhandled client quota entity type: colour",
            ),
            (vec!["user= : producer_byte_rate=5"], 0, "Empty user not supported"),
            (
                vec!["user=u : producer_byte_rate=0"],
                0,
                "Quota producer_byte_rate must be greater than 0",
            ),
            (
                vec!["user=u : connection_creation_rate=1"],
                0,
                "Invalid configuration key connection_creation_rate",
            ),
            (
                vec!["ip=a_b : connection_creation_rate=1"],
                0,
                "a_b is not a valid IP or resolvable host.",
            ),
            (
                vec!["ip=10.0.0.1 user=u : connection_creation_rate=1"],
                0,
                "Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId",
            ),
            (
                vec!["user=u : producer_byte_rate=5 producer_byte_rate=6"],
                0,
                "Ignoring duplicate entity ClientQuotaEntity(entries={user=u})",
            ),
            (
                vec!["user=x : producer_byte_rate=5", "user=x : consumer_byte_rate=6"],
                1,
                "Ignoring duplicate entity ClientQuotaEntity(entries={user=x})",
            ),
        ] {
            let entries = texts.iter().map(|text| entry(text)).collect();
            let request = AlterClientQuotasRequest { entries, ..Default::default() };
            let decision = alter(delta.image(), &request);
            assert_eq!(decision.records.len(), records, "{texts:?}");
            let told = decision.reply.entries.first().expect("an answer");
            assert_eq!(told.error_message.as_deref().unwrap_or("ok"), says, "{texts:?}");
            for (record, _) in &decision.records {
                delta.replay(record).expect("a record that fits");
            }
        }
        let entity = QuotaEntity::from([("user".to_owned(), Some("u".to_owned()))]);
        let left = delta.image().client_quotas.get(&entity).expect("quotas");
        assert_eq!(
            left.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>(),
            ["producer_byte_rate=6"]
        );
    }

    #[test]
    fn what_is_only_validated_is_not_written() {
        let entries = vec![entry("user=u : producer_byte_rate=5")];
        let request =
            AlterClientQuotasRequest { entries, validate_only: true, ..Default::default() };
        let decision = alter(&Image::default(), &request);
        assert!(decision.records.is_empty() && decision.reply.entries[0].error_code == 0);
    }
}
