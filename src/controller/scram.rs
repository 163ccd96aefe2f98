//! AlterUserScramCredentials (KIP-554): which credentials are made and which go. Who may log in with them is not asked
//! here, and passwords never come this far: clients send them salted and hashed.
//!
//! What is stored are the salted keys of RFC 5802 (`StoredKey`, `ServerKey`), from which a password cannot be had, and
//! with which nobody can log in.
//!
//! A user is altered once in a request, whatever the mechanism: which of two comes first would matter.

use std::collections::BTreeMap;

use crate::controller::requests::{Decision, code_and_message};
use crate::error::{ApiError, ErrorCode};
use crate::metadata::Image;
use crate::raft::events::VersionedRecord;
use crate::security::scram::Mechanism;
use crate::wire::messages::alter_user_scram_credentials::{
    AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse,
    AlterUserScramCredentialsResult, ScramCredentialDeletion, ScramCredentialUpsertion,
};
use crate::wire::stored::metadata::{
    MetadataRecord, RemoveUserScramCredentialRecord, UserScramCredentialRecord,
};

/// Each user stands or falls by itself, and is changed once at most.
pub(crate) fn alter(
    image: &Image,
    request: &AlterUserScramCredentialsRequest,
) -> Decision<AlterUserScramCredentialsResponse> {
    let mut users: BTreeMap<&str, Result<VersionedRecord, ApiError>> = BTreeMap::new();
    let supported = image.features.metadata_version().is_scram_supported();
    let deletions = request.deletions.iter().map(|one| (one.name.as_str(), deletion(image, one)));
    let upsertions = request.upsertions.iter().map(|one| (one.name.as_str(), upsertion(one)));
    for (user, verdict) in deletions.chain(upsertions) {
        let verdict = match users.get(user) {
            // What was told first of a user stays.
            Some(Err(_)) => continue,
            Some(Ok(_)) => Err(ApiError::new(
                ErrorCode::DuplicateResource,
                "A user credential cannot be altered twice in the same request",
            )),
            None if !supported => Err(ApiError::new(
                ErrorCode::UnsupportedVersion,
                "The current metadata.version does not support SCRAM",
            )),
            None => verdict,
        };
        users.insert(user, verdict);
    }
    let mut records = Vec::new();
    let mut results = Vec::with_capacity(users.len());
    for (user, verdict) in users {
        let (error_code, error_message) =
            code_and_message(&verdict.as_ref().map(|_| ()).map_err(Clone::clone));
        results.push(AlterUserScramCredentialsResult {
            user: user.to_owned(),
            error_code,
            error_message,
            ..Default::default()
        });
        records.extend(verdict);
    }
    Decision::atomic(records, AlterUserScramCredentialsResponse { results, ..Default::default() })
}

fn unacceptable(why: &str) -> ApiError {
    ApiError::new(ErrorCode::UnacceptableCredential, why)
}

fn mechanism(user: &str, id: i8) -> Result<Mechanism, ApiError> {
    if user.is_empty() {
        return Err(unacceptable("Username must not be empty"));
    }
    Mechanism::from_id(id).ok_or_else(|| {
        ApiError::new(ErrorCode::UnsupportedSaslMechanism, "Unknown SCRAM mechanism")
    })
}

fn deletion(image: &Image, asked: &ScramCredentialDeletion) -> Result<VersionedRecord, ApiError> {
    let mechanism = mechanism(&asked.name, asked.mechanism)?;
    if image.scram.get(mechanism.id(), &asked.name).is_none() {
        let why = "Attempt to delete a user credential that does not exist";
        return Err(ApiError::new(ErrorCode::ResourceNotFound, why));
    }
    let record = RemoveUserScramCredentialRecord {
        name: asked.name.clone(),
        mechanism: mechanism.id(),
        ..Default::default()
    };
    Ok((MetadataRecord::RemoveUserScramCredential(record), 0))
}

fn upsertion(asked: &ScramCredentialUpsertion) -> Result<VersionedRecord, ApiError> {
    let mechanism = mechanism(&asked.name, asked.mechanism)?;
    if asked.iterations < mechanism.min_iterations() {
        return Err(unacceptable("Too few iterations"));
    }
    if asked.iterations > mechanism.max_iterations() {
        return Err(unacceptable("Too many iterations"));
    }
    if asked.salted_password.is_empty() {
        // Java's cipher refuses an empty key, and Kafka answers with what it says.
        return Err(ApiError::new(ErrorCode::UnknownServerError, "Empty key"));
    }
    let credential = mechanism.credential(&asked.salt, &asked.salted_password, asked.iterations);
    let record = UserScramCredentialRecord {
        name: asked.name.clone(),
        mechanism: mechanism.id(),
        salt: credential.salt,
        stored_key: credential.stored_key,
        server_key: credential.server_key,
        iterations: asked.iterations,
        ..Default::default()
    };
    Ok((MetadataRecord::UserScramCredential(record), 0))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::metadata::{Delta, MetadataVersion};
    use crate::wire::stored::metadata::FeatureLevelRecord;

    fn set(name: &str, mechanism: i8, iterations: i32) -> ScramCredentialUpsertion {
        ScramCredentialUpsertion {
            name: name.to_owned(),
            mechanism,
            iterations,
            salt: Bytes::from_static(b"salt"),
            salted_password: Bytes::from_static(b"salted password"),
            ..Default::default()
        }
    }

    fn delete(name: &str, mechanism: i8) -> ScramCredentialDeletion {
        ScramCredentialDeletion { name: name.to_owned(), mechanism, ..Default::default() }
    }

    #[test]
    fn credentials_change_as_kafka_changes_them() {
        let mut delta = Delta::new(&Image::default());
        let level = FeatureLevelRecord {
            name: "metadata.version".to_owned(),
            feature_level: MetadataVersion::LATEST.level(),
            ..Default::default()
        };
        delta.replay(&MetadataRecord::FeatureLevel(level)).expect("a level");
        let twice = "A user credential cannot be altered twice in the same request";
        let missing = "Attempt to delete a user credential that does not exist";
        for (deletions, upsertions, says) in [
            (vec![], vec![set("u", 1, 4096), set("v", 2, 16384)], "ok ok"),
            (vec![], vec![set("u", 1, 4095)], "Too few iterations"),
            (vec![], vec![set("u", 1, 16385)], "Too many iterations"),
            (vec![], vec![set("", 1, 4096)], "Username must not be empty"),
            (vec![], vec![set("u", 3, 4096)], "Unknown SCRAM mechanism"),
            (vec![], vec![set("u", 1, 4096), set("u", 2, 4096)], twice),
            (vec![delete("u", 1)], vec![set("u", 2, 4096)], twice),
            (vec![delete("u", 2)], vec![], missing),
            (vec![delete("u", 2)], vec![set("u", 2, 4096)], missing),
            (vec![delete("u", 1), delete("v", 2)], vec![], "ok ok"),
            (vec![delete("u", 1)], vec![], missing),
        ] {
            let request =
                AlterUserScramCredentialsRequest { deletions, upsertions, ..Default::default() };
            let decision = alter(delta.image(), &request);
            for (record, _) in &decision.records {
                delta.replay(record).expect("a record that fits");
            }
            let results = decision.reply.results.iter();
            let told = results.map(|one| one.error_message.as_deref().unwrap_or("ok"));
            assert_eq!(told.collect::<Vec<_>>().join(" "), says);
        }
        assert!(delta.image().scram.is_empty());
    }
}
