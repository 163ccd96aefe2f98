//! `--add-scram`: `SCRAM-SHA-256=[name=alice,password=alice-secret]`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::Failure;
use crate::security::scram::Mechanism;
use crate::wire::stored::metadata::{MetadataRecord, UserScramCredentialRecord};

/// As Java decodes: padding may be there or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The record that `argument` asks for.
pub(super) fn record(argument: &str) -> Result<MetadataRecord, Failure> {
    let Some((name, rest)) = argument.split_once('=') else {
        return Err(terse(format!("Failed to find equals sign in SCRAM argument '{argument}'")));
    };
    let Some(mechanism) = Mechanism::from_name(name) else {
        return Err(terse(format!("The add-scram mechanism {name} is not supported.")));
    };
    credential(mechanism, &mut settings(rest)?)
}

fn settings(text: &str) -> Result<BTreeMap<String, String>, Failure> {
    let Some(text) = text.strip_prefix('[') else {
        return Err(terse("Expected configuration string to start with ["));
    };
    let Some(text) = text.strip_suffix(']') else {
        return Err(terse("Expected configuration string to end with ]"));
    };
    let mut settings = BTreeMap::new();
    for pair in text.split(',') {
        let Some((key, value)) = pair.split_once('=') else {
            return Err(terse(format!(
                "Failed to find equals sign in SCRAM configuration '{pair}'"
            )));
        };
        let value =
            value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        settings.insert(key.to_owned(), value.to_owned());
    }
    Ok(settings)
}

fn credential(
    mechanism: Mechanism,
    settings: &mut BTreeMap<String, String>,
) -> Result<MetadataRecord, Failure> {
    let Some(name) = settings.remove("name") else {
        return Err(terse("You must supply 'name' to add-scram"));
    };
    let salt = settings.remove("salt").map(|text| decode("salt", &text)).transpose()?;
    let iterations = iterations(mechanism, settings.remove("iterations"))?;
    let password = settings.remove("password");
    let salted = settings
        .remove("saltedpassword")
        .map(|text| decode("saltedPassword", &text))
        .transpose()?;
    let (salt, salted) = match (password, salted, salt) {
        (Some(password), _, _) if password.is_empty() => {
            return Err(Failure::illegal_argument("Empty key"));
        }
        (Some(password), _, salt) => {
            let salt = salt.unwrap_or_else(random_salt);
            let salted = mechanism.salted_password(&password, &salt, iterations.unsigned_abs());
            (salt, salted)
        }
        (None, None, _) => {
            return Err(terse(
                "You must supply one of 'password' or 'saltedpassword' to add-scram",
            ));
        }
        (None, Some(_), None) => {
            return Err(terse("You must supply 'salt' with 'saltedpassword' to add-scram"));
        }
        (None, Some(salted), Some(salt)) => (salt, salted),
    };
    if !settings.is_empty() {
        let unknown: Vec<_> = settings.keys().map(String::as_str).collect();
        return Err(terse(format!("Unknown SCRAM configurations: {}", unknown.join(", "))));
    }
    let credential = mechanism.credential(&salt, &salted, iterations);
    Ok(MetadataRecord::UserScramCredential(UserScramCredentialRecord {
        name,
        mechanism: mechanism.id(),
        salt: credential.salt,
        stored_key: credential.stored_key,
        server_key: credential.server_key,
        iterations,
        ..Default::default()
    }))
}

fn iterations(mechanism: Mechanism, text: Option<String>) -> Result<i32, Failure> {
    let Some(text) = text else { return Ok(mechanism.min_iterations()) };
    let Ok(iterations) = text.trim().parse::<i32>() else {
        return Err(terse(format!("Failed to parse iterations count: {text}")));
    };
    let (name, min, max) = (
        mechanism.name().replace('-', "_"),
        mechanism.min_iterations(),
        mechanism.max_iterations(),
    );
    if iterations < min {
        return Err(terse(format!(
            "The 'iterations' value must be >= {min} for add-scram using {name}"
        )));
    }
    if iterations > max {
        return Err(terse(format!(
            "The 'iterations' value must be <= {max} for add-scram using {name}"
        )));
    }
    Ok(iterations)
}

fn decode(what: &str, text: &str) -> Result<Vec<u8>, Failure> {
    BASE64.decode(text).map_err(|_| terse(format!("Failed to decode given {what}: {text}")))
}

/// As Kafka's: letters and digits, so that it can be read in a dump.
fn random_salt() -> Vec<u8> {
    const SYMBOLS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut salt = vec![0; 26];
    getrandom::fill(&mut salt).expect("the system has a source of randomness");
    salt.iter_mut().for_each(|byte| *byte = SYMBOLS[usize::from(*byte % 32)]);
    salt
}

fn terse(message: impl Into<String>) -> Failure {
    Failure::Terse(message.into())
}
