//! `kafka-broker-api-versions`: which versions of which APIs every broker speaks, with Kafka's options and words.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::options::{Exception, Stop, Usage};
use super::{say, tool};
use crate::client::Cluster;
use crate::wire::api_key::{ApiKey, Endpoint};

const USAGE: Usage = Usage::new(include_str!("usage/broker-api-versions.txt"));

/// Runs the tool. The process's exit code.
pub(super) fn run(args: &[String]) -> i32 {
    tool::outcome(execute(args), &USAGE)
}

fn execute(args: &[String]) -> Result<(), Stop> {
    let given = USAGE.parse_some(args)?;
    given.require(&["bootstrap-server"])?;
    let mut cluster = tool::admin_cluster(&given, "bootstrap-server")?;
    Ok(tool::run(print(&mut cluster))?)
}

async fn print(cluster: &mut Cluster) -> Result<(), Exception> {
    let described = cluster.describe(false, false).await?;
    for broker in described.brokers {
        let id = broker.broker_id;
        let head = format!(
            "{}:{} (id: {id} rack: {} isFenced: {}) -> ",
            broker.host,
            broker.port,
            broker.rack.as_deref().unwrap_or("null"),
            broker.is_fenced
        );
        match cluster.node(id).await {
            Ok(connection) => {
                let offered = connection.versions().map(|(key, min, max)| (key, min..=max));
                say(&format!("{head}(\n{}\n)\n", table(&offered.collect())));
            }
            Err(error) => say(&format!("{head}ERROR: {}\n", Exception::from(error).line())),
        }
    }
    Ok(())
}

/// One line for each API that clients may use or that the broker offers.
fn table(offered: &BTreeMap<i16, RangeInclusive<i16>>) -> String {
    let known = ApiKey::all().filter(|key| key.is_served_by(Endpoint::Broker));
    let mut lines: BTreeMap<i16, String> =
        known.map(|key| (key.code(), line(key, offered.get(&key.code())))).collect();
    for (&code, versions) in offered {
        let text = shown(versions);
        lines.entry(code).or_insert_with(|| match ApiKey::from_code(code) {
            Some(key) => line(key, Some(versions)),
            None => format!("\tUNKNOWN({code}): {text}"),
        });
    }
    lines.into_values().collect::<Vec<_>>().join(",\n")
}

fn line(key: ApiKey, offered: Option<&RangeInclusive<i16>>) -> String {
    let name = format!("\t{}({})", key.name(), key.code());
    let Some(offered) = offered else { return format!("{name}: UNSUPPORTED") };
    let ours = key.versions();
    let latest = *offered.end().min(ours.end());
    let usable = match () {
        () if latest >= *offered.start().max(ours.start()) => format!("usable: {latest}"),
        () if offered.end() < ours.start() => "unusable: node too old".to_owned(),
        () => "unusable: node too new".to_owned(),
    };
    format!("{name}: {} [{usable}]", shown(offered))
}

fn shown(versions: &RangeInclusive<i16>) -> String {
    let (min, max) = (versions.start(), versions.end());
    if min == max { min.to_string() } else { format!("{min} to {max}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        assert_eq!(line(ApiKey::Fetch, Some(&(4..=11))), "\tFetch(1): 4 to 11 [usable: 11]");
        assert_eq!(
            line(ApiKey::Fetch, Some(&(0..=3))),
            "\tFetch(1): 0 to 3 [unusable: node too old]"
        );
        assert_eq!(line(ApiKey::OffsetDelete, Some(&(0..=0))), "\tOffsetDelete(47): 0 [usable: 0]");
        assert_eq!(line(ApiKey::Fetch, None), "\tFetch(1): UNSUPPORTED");
        assert!(table(&BTreeMap::from([(999, 0..=1)])).ends_with(",\n\tUNKNOWN(999): 0 to 1"));
    }
}
