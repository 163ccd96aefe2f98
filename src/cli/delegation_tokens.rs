//! `kafka-delegation-tokens`: tokens to log in with (KIP-48), with Kafka's options, words and exit codes.
//!
//! A cluster that nobody logs in to refuses all of it; tokens that another one gives are told by their ids.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::options::{Exception, Given, Stop, Usage};
use super::{say, time, tool};
use crate::client::{ClientError, Cluster};
use crate::wire::messages::create_delegation_token::{
    CreatableRenewers, CreateDelegationTokenRequest,
};
use crate::wire::messages::describe_delegation_token::{
    DescribeDelegationTokenOwner, DescribeDelegationTokenRequest,
};
use crate::wire::messages::expire_delegation_token::ExpireDelegationTokenRequest;
use crate::wire::messages::renew_delegation_token::RenewDelegationTokenRequest;

const USAGE: Usage = Usage::new(include_str!("usage/delegation-tokens.txt"));

/// Runs the tool. The process's exit code.
pub(super) fn run(args: &[String]) -> i32 {
    tool::outcome(execute(args), &USAGE)
}

fn execute(args: &[String]) -> Result<(), Stop> {
    let given = USAGE.parse(args)?;
    let actions = ["create", "renew", "expire", "describe"];
    if actions.iter().filter(|action| given.has(action)).count() != 1 {
        return Err(Stop::Usage(
            "Command must include exactly one action: --create, --renew, --expire or --describe"
                .to_owned(),
        ));
    }
    check(&given)?;
    let mut cluster = tool::admin_cluster(&given, "bootstrap-server")?;
    tool::run(async {
        match () {
            () if given.has("create") => create(&mut cluster, &given).await,
            () if given.has("renew") => renew(&mut cluster, &given).await,
            () if given.has("expire") => expire(&mut cluster, &given).await,
            () => describe(&mut cluster, &given).await,
        }
    })?;
    Ok(())
}

fn check(given: &Given) -> Result<(), Stop> {
    given.require(&["bootstrap-server", "command-config"])?;
    for (action, needs, excludes) in [
        (
            "create",
            &["max-life-time-period"][..],
            &["hmac", "renew-time-period", "expiry-time-period"][..],
        ),
        (
            "renew",
            &["hmac", "renew-time-period"],
            &["renewer-principal", "max-life-time-period", "expiry-time-period", "owner-principal"],
        ),
        (
            "expire",
            &["hmac", "expiry-time-period"],
            &["renew", "max-life-time-period", "renew-time-period", "owner-principal"],
        ),
        (
            "describe",
            &[],
            &["renew-time-period", "max-life-time-period", "hmac", "expiry-time-period"],
        ),
    ] {
        if given.has(action) {
            given.require(needs)?;
        }
        given.exclude(action, excludes)?;
    }
    Ok(())
}

/// Type and name of each principal that an option names.
fn principals(given: &Given, option: &str) -> Result<Vec<(String, String)>, Exception> {
    let principal = |text: &str| match text.trim().split_once(':') {
        Some((kind, name)) if !kind.is_empty() => Ok((kind.to_owned(), name.to_owned())),
        _ => Err(Exception::illegal_argument(format!(
            "expected a string in format principalType:principalName but got {}",
            text.trim()
        ))),
    };
    given.values(option).into_iter().map(principal).collect()
}

fn shown(principals: &[(String, String)]) -> String {
    let names: Vec<_> = principals.iter().map(|(kind, name)| format!("{kind}:{name}")).collect();
    format!("[{}]", names.join(", "))
}

fn refused(error: impl Into<Exception>) -> Exception {
    error.into().in_execution()
}

async fn create(cluster: &mut Cluster, given: &Given) -> Result<(), Exception> {
    let renewers = principals(given, "renewer-principal")?;
    let max_lifetime_ms = given.number::<i64>("max-life-time-period")?.unwrap_or(-1);
    say(&format!(
        "Calling create token operation with renewers :{} , max-life-time-period :{max_lifetime_ms}\n",
        shown(&renewers)
    ));
    let owner = principals(given, "owner-principal")?.into_iter().next();
    let (owner_type, owner_name) = owner.unwrap_or_default();
    let renewer = |(principal_type, principal_name)| CreatableRenewers {
        principal_type,
        principal_name,
        ..Default::default()
    };
    let request = CreateDelegationTokenRequest {
        owner_principal_type: Some(owner_type),
        owner_principal_name: Some(owner_name),
        renewers: renewers.into_iter().map(renewer).collect(),
        max_lifetime_ms,
        ..Default::default()
    };
    let answer = cluster.ask(&request).await?;
    ClientError::check(answer.error_code, None).map_err(refused)?;
    say(&format!("Created delegation token with tokenId : {}\n", answer.token_id));
    Ok(())
}

/// What an option says, decoded.
fn hmac(given: &Given) -> Result<(String, Bytes), Exception> {
    let text = given.value("hmac")?.unwrap_or_default().to_owned();
    let bytes = STANDARD
        .decode(&text)
        .map_err(|_| Exception::illegal_argument("Illegal base64 character"))?;
    Ok((text, bytes.into()))
}

async fn renew(cluster: &mut Cluster, given: &Given) -> Result<(), Exception> {
    let (text, hmac) = hmac(given)?;
    let renew_period_ms = given.number::<i64>("renew-time-period")?.unwrap_or(-1);
    say(&format!(
        "Calling renew token operation with hmac :{text} , renew-time-period :{renew_period_ms}\n"
    ));
    let request = RenewDelegationTokenRequest { hmac, renew_period_ms, ..Default::default() };
    let answer = cluster.ask(&request).await?;
    ClientError::check(answer.error_code, None).map_err(refused)?;
    let end = time::iso(answer.expiry_timestamp_ms);
    say(&format!("Completed renew operation. New expiry date : {end}"));
    Ok(())
}

async fn expire(cluster: &mut Cluster, given: &Given) -> Result<(), Exception> {
    let (text, hmac) = hmac(given)?;
    let expiry_time_period_ms = given.number::<i64>("expiry-time-period")?.unwrap_or(-1);
    say(&format!(
        "Calling expire token operation with hmac :{text} , expire-time-period :{expiry_time_period_ms}\n"
    ));
    let request =
        ExpireDelegationTokenRequest { hmac, expiry_time_period_ms, ..Default::default() };
    let answer = cluster.ask(&request).await?;
    ClientError::check(answer.error_code, None).map_err(refused)?;
    let end = time::iso(answer.expiry_timestamp_ms);
    say(&format!("Completed expire operation. New expiry date : {end}"));
    Ok(())
}

async fn describe(cluster: &mut Cluster, given: &Given) -> Result<(), Exception> {
    let owners = principals(given, "owner-principal")?;
    match owners.is_empty() {
        true => say("Calling describe token operation for current user.\n"),
        false => say(&format!("Calling describe token operation for owners: {}\n", shown(&owners))),
    }
    let owner = |(principal_type, principal_name)| DescribeDelegationTokenOwner {
        principal_type,
        principal_name,
        ..Default::default()
    };
    let owners = (!owners.is_empty()).then(|| owners.into_iter().map(owner).collect());
    let request = DescribeDelegationTokenRequest { owners, ..Default::default() };
    let answer = cluster.ask(&request).await?;
    ClientError::check(answer.error_code, None).map_err(refused)?;
    say(&format!("Total number of tokens : {}\n", answer.tokens.len()));
    for token in answer.tokens {
        say(&format!("{}\n", token.token_id));
    }
    Ok(())
}
