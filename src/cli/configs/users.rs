//! Quotas of users, clients and addresses (KIP-546), and SCRAM credentials of users (KIP-554).

use super::options::{Kind, Options};
use crate::cli::options::Exception;
use crate::cli::tool::{self, Properties};
use crate::cli::{java, say};
use crate::client::{ClientError, Cluster};
use crate::config::java_double;
use crate::error::ErrorCode;
use crate::quota::keys;
use crate::security::scram::Mechanism;
use crate::types::Uuid;
use crate::wire::messages::alter_client_quotas::{
    self, AlterClientQuotasRequest, EntityData, OpData,
};
use crate::wire::messages::alter_user_scram_credentials::{
    AlterUserScramCredentialsRequest, ScramCredentialDeletion, ScramCredentialUpsertion,
};
use crate::wire::messages::describe_client_quotas::{
    ComponentData, DescribeClientQuotasRequest, EntryData,
};
use crate::wire::messages::describe_user_scram_credentials::{
    DescribeUserScramCredentialsRequest, UserName,
};

/// How a part of an entity is to be matched, by the protocol's numbers.
const MATCH_EXACT: i8 = 0;
const MATCH_DEFAULT: i8 = 1;
const MATCH_ANY: i8 = 2;

/// How often a password is hashed where nothing is said of it.
const ITERATIONS: i32 = 4096;

/// `--alter`.
pub(super) async fn alter(
    cluster: &mut Cluster,
    options: &Options,
    added: &Properties,
    deleted: &[String],
) -> Result<(), Exception> {
    let nameless = options.entities.iter().any(|(_, name)| name.is_none());
    if nameless {
        let why = "An entity name must be specified for every entity type";
        return Err(Exception::illegal_argument(why));
    }
    check_keys(options, added, deleted)?;
    let is_quota = |key: &str| keys::names(options.kind == Kind::Ips).any(|known| known == key);
    let names = || added.iter().map(|(name, _)| name).chain(deleted);
    if options.kind == Kind::Ips || names().any(|name| is_quota(name)) {
        return alter_quotas(cluster, options, added, deleted).await;
    }
    let user = options.entity.clone().unwrap_or_default();
    alter_credentials(cluster, &user, added, deleted).await
}

/// Refuses keys that the entities cannot have, in Kafka's order.
fn check_keys(options: &Options, added: &Properties, deleted: &[String]) -> Result<(), Exception> {
    let wrong = |why: String| Err(Exception::illegal_argument(why));
    let address = options.kind == Kind::Ips;
    let is_quota = |key: &str| keys::names(address).any(|known| known == key);
    let is_scram = |key: &str| Mechanism::from_name(key).is_some();
    let set: Vec<&str> = added.iter().map(|(name, _)| name.as_str()).collect();
    let gone: Vec<&str> = deleted.iter().map(String::as_str).collect();
    if address {
        let all = set.iter().chain(&gone).copied();
        let unknown: Vec<&str> = all.filter(|key| !is_quota(key)).collect();
        return match unknown.is_empty() {
            true => Ok(()),
            false => wrong(format!(
                "Only connection quota configs can be added for 'ips' using --bootstrap-server. Unexpected config names: {}",
                unknown.join(",")
            )),
        };
    }
    let with_client = options.kind == Kind::Clients || options.entities.len() == 2;
    let (what, whose) = match with_client {
        true => ("quota", "clients"),
        false => ("quota and SCRAM credential", "users"),
    };
    // The last of the three is what Scala calls the collection that Kafka's tool happens to have of them.
    for (names, done, list) in [(&set, "added", "Set"), (&gone, "deleted", "ArrayBuffer")] {
        let is_unknown = |key: &&&str| !is_quota(key) && (with_client || !is_scram(key));
        let unknown: Vec<&str> = names.iter().filter(is_unknown).copied().collect();
        if !unknown.is_empty() {
            return wrong(format!(
                "Only {what} configs can be {done} for '{whose}' using --bootstrap-server. Unexpected config names: {list}({})",
                unknown.join(", ")
            ));
        }
    }
    let all = || set.iter().chain(&gone);
    if with_client || !all().any(|key| is_scram(key)) {
        return Ok(());
    }
    if options.entities.iter().any(|(_, name)| name.as_deref() == Some("")) {
        return wrong("The use of --entity-default or --user-defaults is not allowed with User SCRAM Credentials using --bootstrap-server.".to_owned());
    }
    if all().any(|key| is_quota(key)) {
        return wrong("Cannot alter both quota and SCRAM credential configs simultaneously for 'users' using --bootstrap-server.".to_owned());
    }
    Ok(())
}

/// The type of a part of an entity.
fn entity_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Users => keys::USER,
        Kind::Clients => keys::CLIENT_ID,
        _ => keys::IP,
    }
}

async fn alter_quotas(
    cluster: &mut Cluster,
    options: &Options,
    added: &Properties,
    deleted: &[String],
) -> Result<(), Exception> {
    let known = quotas(cluster, options).await?;
    let known = known.first().map_or(&[][..], |entry| &entry.values);
    // A key that is not set is taken for a slip, and told before anything is changed.
    let unset = deleted.iter().filter(|key| !known.iter().any(|value| value.key == **key));
    let unset: Vec<&str> = unset.map(String::as_str).collect();
    if !unset.is_empty() {
        let names = unset.join(",");
        return Err(Exception::illegal_argument(format!("Invalid config(s): {names}")));
    }
    let mut ops = Vec::new();
    for (key, text) in added {
        let value = text.trim().parse().map_err(|_| {
            Exception::illegal_argument(format!(
                "Cannot parse quota configuration value for {key}: {text}"
            ))
        })?;
        ops.push(OpData { key: key.clone(), value, remove: false, ..Default::default() });
    }
    ops.extend(deleted.iter().map(|key| OpData {
        key: key.clone(),
        remove: true,
        ..Default::default()
    }));
    let part = |(kind, name): &(Kind, Option<String>)| EntityData {
        entity_type: entity_type(*kind).to_owned(),
        entity_name: name.clone().filter(|name| !name.is_empty()),
        ..Default::default()
    };
    let entity = options.entities.iter().map(part).collect();
    let entry = alter_client_quotas::EntryData { entity, ops, ..Default::default() };
    let request = AlterClientQuotasRequest { entries: vec![entry], ..Default::default() };
    for result in cluster.ask(&request).await?.entries {
        let done = ClientError::check(result.error_code, result.error_message);
        done.map_err(|error| Exception::from(error).in_execution())?;
    }
    Ok(())
}

async fn alter_credentials(
    cluster: &mut Cluster,
    user: &str,
    added: &Properties,
    deleted: &[String],
) -> Result<(), Exception> {
    let mut request = AlterUserScramCredentialsRequest::default();
    for mechanism in deleted.iter().filter_map(|name| Mechanism::from_name(name)) {
        request.deletions.push(ScramCredentialDeletion {
            name: user.to_owned(),
            mechanism: mechanism.id(),
            ..Default::default()
        });
    }
    for (name, text) in added {
        let Some(mechanism) = Mechanism::from_name(name) else { continue };
        request.upsertions.push(upsertion(user, mechanism, text)?);
    }
    for result in cluster.ask(&request).await?.results {
        let done = ClientError::check(result.error_code, result.error_message);
        done.map_err(|error| Exception::from(error).in_execution())?;
    }
    Ok(())
}

/// `[iterations=N,]password=P`: the password is salted and hashed here, and does not leave.
fn upsertion(
    user: &str,
    mechanism: Mechanism,
    text: &str,
) -> Result<ScramCredentialUpsertion, Exception> {
    let wrong = |why: String| Exception::illegal_argument(why);
    let name = mechanism.name();
    let parsed = match text.strip_prefix("iterations=") {
        Some(rest) => rest.split_once(",password="),
        None => text.strip_prefix("password=").map(|password| ("-1", password)),
    };
    let is_number = |text: &str| {
        text.strip_prefix('-').unwrap_or(text).chars().all(|digit| digit.is_ascii_digit())
    };
    let Some((iterations, password)) = parsed.filter(|(iterations, _)| is_number(iterations))
    else {
        let name = name.replace('-', "_");
        return Err(wrong(format!("Invalid credential property {name}={text}")));
    };
    let iterations = match iterations {
        // Also where it is said: Kafka's tool takes it for nothing.
        "-1" => ITERATIONS,
        text => text.parse().map_err(|_| {
            Exception::new(
                "java.lang.NumberFormatException",
                format!("For input string: \"{text}\""),
            )
        })?,
    };
    let least = mechanism.min_iterations();
    if iterations < least {
        return Err(wrong(format!(
            "Iterations {iterations} is less than the minimum {least} required for {name}"
        )));
    }
    if password.is_empty() {
        let class = tool::exception_class(ErrorCode::UnacceptableCredential);
        return Err(Exception::new(&class, "Password must not be empty").in_execution());
    }
    let salt = Uuid::random().as_bytes().to_vec();
    let salted = mechanism.salted_password(password, &salt, iterations.unsigned_abs());
    Ok(ScramCredentialUpsertion {
        name: user.to_owned(),
        mechanism: mechanism.id(),
        iterations,
        salt: salt.into(),
        salted_password: salted.into(),
        ..Default::default()
    })
}

/// The quotas of exactly the entities that are meant.
async fn quotas(cluster: &mut Cluster, options: &Options) -> Result<Vec<EntryData>, Exception> {
    let component = |(kind, name): &(Kind, Option<String>)| ComponentData {
        entity_type: entity_type(*kind).to_owned(),
        // An empty name stands for the default; no name for whichever there is.
        match_type: match name.as_deref() {
            Some("") => MATCH_DEFAULT,
            Some(_) => MATCH_EXACT,
            None => MATCH_ANY,
        },
        r#match: name.clone().filter(|name| !name.is_empty()),
        ..Default::default()
    };
    let components = options.entities.iter().map(component).collect();
    let request = DescribeClientQuotasRequest { components, strict: true, ..Default::default() };
    let answer = cluster.ask(&request).await?;
    ClientError::check(answer.error_code, answer.error_message)
        .map_err(|error| Exception::from(error).in_execution())?;
    Ok(answer.entries.unwrap_or_default())
}

/// `--describe`.
pub(super) async fn describe(cluster: &mut Cluster, options: &Options) -> Result<(), Exception> {
    for entry in quotas(cluster, options).await? {
        say(&line(entry));
    }
    let with_users = options.kind == Kind::Users && options.entities.len() == 1;
    if with_users && options.entity.as_deref() != Some("") {
        describe_credentials(cluster, options.entity.as_deref()).await?;
    }
    Ok(())
}

fn line(entry: EntryData) -> String {
    let kinds = [(keys::USER, "user-principal"), (keys::CLIENT_ID, "client-id"), (keys::IP, "ip")];
    let parts = kinds.iter().filter_map(|(kind, called)| {
        let part = entry.entity.iter().find(|part| part.entity_type == *kind)?;
        Some(match &part.entity_name {
            Some(name) => format!("{called} '{name}'"),
            None => format!("the default {called}"),
        })
    });
    let entity = parts.collect::<Vec<_>>().join(", ");
    let mut values = entry.values;
    let expected = values.len();
    java::sort_by_text(&mut values, expected, |value| &value.key);
    let values = values.iter().map(|value| format!("{}={}", value.key, java_double(value.value)));
    format!("Quota configs for {entity} are {}\n", values.collect::<Vec<_>>().join(", "))
}

async fn describe_credentials(cluster: &mut Cluster, user: Option<&str>) -> Result<(), Exception> {
    let named = |name: &str| UserName { name: name.to_owned(), ..Default::default() };
    let users = user.into_iter().map(named).collect();
    let request = DescribeUserScramCredentialsRequest { users: Some(users), ..Default::default() };
    let answer = cluster.ask(&request).await?;
    ClientError::check(answer.error_code, answer.error_message)
        .map_err(|error| Exception::from(error).in_execution())?;
    for result in answer.results {
        let user = &result.user;
        match ClientError::check(result.error_code, result.error_message.clone()) {
            Ok(()) => {}
            // A user may have quotas alone.
            Err(error) if error.code() == Some(ErrorCode::ResourceNotFound) => continue,
            Err(error) => {
                let thrown = Exception::from(error).in_execution();
                say(&format!(
                    "Error retrieving SCRAM credential configs for user-principal '{user}': ExecutionException: {}\n",
                    thrown.message
                ));
                continue;
            }
        }
        let shown = result.credential_infos.iter().map(|info| {
            let name = Mechanism::from_id(info.mechanism).map_or("UNKNOWN", Mechanism::name);
            format!("{name}=iterations={}", info.iterations)
        });
        let shown = shown.collect::<Vec<_>>().join(", ");
        say(&format!("SCRAM credential configs for user-principal '{user}' are {shown}\n"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_read_as_kafka_reads_them() {
        let read = |text: &str| match upsertion("u", Mechanism::Sha256, text) {
            Ok(asked) => asked.iterations.to_string(),
            Err(thrown) => thrown.message,
        };
        assert_eq!(read("password=x"), "4096");
        assert_eq!(read("iterations=-1,password=x"), "4096");
        assert_eq!(read("iterations=8192,password=x,y"), "8192");
        assert_eq!(
            read("iterations=8192"),
            "Invalid credential property SCRAM_SHA_256=iterations=8192"
        );
        assert_eq!(
            read("iterations=5,password=x"),
            "Iterations 5 is less than the minimum 4096 required for SCRAM-SHA-256"
        );
    }
}
