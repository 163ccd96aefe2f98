//! The first voters of a dynamic quorum (KIP-853): `7@host:9093:JEXY6aqzQY-32P5TStzaFg,…`.

use std::collections::BTreeMap;

use super::Failure;
use crate::config::Config;
use crate::types::{NodeId, Uuid};
use crate::wire::stored::raft::{Endpoint, KRaftVersionFeature, Voter, VotersRecord};

/// One voter that a quorum begins with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InitialVoter {
    /// Its node id.
    pub id: NodeId,
    /// The id of its metadata log's directory.
    pub directory_id: Uuid,
    /// Where its controller listens.
    pub host: String,
    /// Where its controller listens.
    pub port: u16,
}

/// The voters of `--initial-controllers`, by node id.
pub fn parse(text: &str) -> Result<Vec<InitialVoter>, Failure> {
    if text.trim().is_empty() {
        return Err(Failure::illegal_argument("No voters given."));
    }
    let mut voters = BTreeMap::new();
    for part in text.trim().split(',') {
        let voter = parse_one(part)?;
        let id = voter.id;
        if voters.insert(id, voter).is_some() {
            return Err(Failure::illegal_argument(format!(
                "Node id {id} was specified more than once."
            )));
        }
    }
    Ok(voters.into_values().collect())
}

fn parse_one(text: &str) -> Result<InitialVoter, Failure> {
    let wrong = |message: &str| Failure::illegal_argument(message);
    let text = text.trim();
    let (id, rest) =
        text.split_once('@').ok_or_else(|| wrong("No @ found in dynamic voter string."))?;
    let id: NodeId =
        id.parse().map_err(|_| wrong("Failed to parse node id in dynamic voter string."))?;
    if id < 0 {
        return Err(wrong(&format!("Invalid negative node id {id} in dynamic voter string.")));
    }
    let (host, rest) = match rest.strip_prefix('[') {
        Some(rest) => {
            let missing = "Hostname began with left bracket, but no right bracket was found.";
            rest.split_once(']').ok_or_else(|| wrong(missing))?
        }
        None => rest.split_at(rest.find(':').unwrap_or(rest.len())),
    };
    let rest = rest
        .strip_prefix(':')
        .ok_or_else(|| wrong("No colon following hostname could be found."))?;
    let missing = "No colon following port could be found.";
    let (port, directory) = rest.split_once(':').ok_or_else(|| wrong(missing))?;
    let port: i64 =
        port.parse().map_err(|_| wrong("Failed to parse port in dynamic voter string."))?;
    let port = u16::try_from(port)
        .map_err(|_| wrong(&format!("Invalid port {port} in dynamic voter string.")))?;
    let directory_id = directory
        .parse()
        .map_err(|_| wrong("Failed to parse directory ID in dynamic voter string."))?;
    Ok(InitialVoter { id, directory_id, host: host.to_owned(), port })
}

/// The only voter of `--standalone`: this node, in a directory with a new id.
pub fn standalone(config: &Config) -> Result<Vec<InitialVoter>, Failure> {
    if !config.is_controller() {
        return Err(Failure::Terse("You can only use --standalone on a controller.".into()));
    }
    let Some(listener) = config.advertised_controller_listeners().next() else {
        return Err(Failure::Exception(
            "java.lang.RuntimeException",
            "No controller listeners found.".into(),
        ));
    };
    let host = if listener.host.is_empty() { "localhost" } else { &listener.host };
    let (id, directory_id) = (config.node_id(), Uuid::random());
    Ok(vec![InitialVoter { id, directory_id, host: host.to_owned(), port: listener.port }])
}

/// The voters as the quorum's log holds them, reached under the name `listener`.
pub(super) fn record(voters: &[InitialVoter], listener: &str) -> VotersRecord {
    let voter = |voter: &InitialVoter| Voter {
        voter_id: voter.id,
        voter_directory_id: voter.directory_id,
        endpoints: vec![Endpoint {
            name: listener.to_owned(),
            host: voter.host.clone(),
            port: voter.port,
            ..Default::default()
        }],
        kraft_version_feature: KRaftVersionFeature {
            max_supported_version: 1,
            ..Default::default()
        },
        ..Default::default()
    };
    VotersRecord { voters: voters.iter().map(voter).collect(), ..Default::default() }
}
