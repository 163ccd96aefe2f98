//! `kafka-cluster`: the id of a cluster, its nodes' addresses, and brokers that will not come back, with Kafka's
//! options, words and exit codes.

use super::argparse::{Parsed, Program};
use super::options::Exception;
use super::{say, tool};
use crate::client::{ClientError, Cluster};
use crate::error::ErrorCode;
use crate::types::NodeId;
use crate::wire::messages::describe_cluster::DescribeClusterBroker;
use crate::wire::messages::unregister_broker::UnregisterBrokerRequest;

const CLUSTER: Program = Program {
    name: "kafka-cluster",
    help: include_str!("usage/cluster.txt"),
    commands: &[
        ("cluster-id", include_str!("usage/cluster-id.txt")),
        ("unregister", include_str!("usage/cluster-unregister.txt")),
        ("list-endpoints", include_str!("usage/cluster-list-endpoints.txt")),
    ],
};
const LOGGER: &str = "org.apache.kafka.clients.admin.KafkaAdminClient";

/// Runs the tool. The process's exit code; asking for help is a failure, as in Kafka.
pub(super) fn run(args: &[String]) -> i32 {
    let parsed = CLUSTER.parse(args).and_then(|parsed| {
        let id = CLUSTER.number::<NodeId>(&parsed, "id", "Integer")?;
        Ok((parsed, id))
    });
    match parsed {
        Ok((parsed, id)) => match execute(&parsed, id) {
            Ok(()) => 0,
            Err(thrown) => tool::failed(&thrown),
        },
        Err(stop) => tool::unparsed(stop, 1),
    }
}

fn execute(parsed: &Parsed, id: Option<NodeId>) -> Result<(), Exception> {
    let mut file = parsed.value("command-config");
    if let Some(old) = parsed.value("config") {
        say(
            "Option --config has been deprecated and will be removed in a future version. Use --command-config instead.\n",
        );
        file = Some(old);
    }
    let mut cluster = tool::cluster_of(parsed, file)?;
    tool::run(async {
        match parsed.command {
            "cluster-id" => cluster_id(&mut cluster, parsed).await,
            "unregister" => unregister(&mut cluster, id.unwrap_or_default()).await,
            _ => list_endpoints(&mut cluster, parsed).await,
        }
    })
}

async fn cluster_id(cluster: &mut Cluster, parsed: &Parsed) -> Result<(), Exception> {
    let described = cluster.describe(parsed.has("bootstrap-controller"), false).await?;
    say(&format!("Cluster ID: {}\n", described.cluster_id));
    Ok(())
}

async fn unregister(cluster: &mut Cluster, broker_id: NodeId) -> Result<(), Exception> {
    let request = UnregisterBrokerRequest { broker_id, ..Default::default() };
    let answer = cluster.ask(&request).await?;
    match ClientError::check(answer.error_code, answer.error_message) {
        Ok(()) => {
            say(&format!("Broker {broker_id} is no longer registered.\n"));
            Ok(())
        }
        Err(error) if error.code() == Some(ErrorCode::UnsupportedVersion) => {
            say("The target cluster does not support the broker unregistration API.\n");
            Ok(())
        }
        Err(error) => {
            let thrown = Exception::from(error);
            let why = format!(
                "[AdminClient clientId=adminclient-1] Unregister broker request for broker ID {broker_id} failed: {}",
                thrown.message
            );
            tool::log_error(&why, LOGGER);
            Err(thrown.in_execution())
        }
    }
}

async fn list_endpoints(cluster: &mut Cluster, parsed: &Parsed) -> Result<(), Exception> {
    let controllers = parsed.has("bootstrap-controller");
    let fenced = parsed.has("include-fenced-brokers");
    if controllers && fenced {
        return Err(Exception::illegal_argument(
            "The option --include-fenced-brokers is only supported with --bootstrap-server option",
        ));
    }
    let described = cluster.describe(controllers, fenced).await?;
    say(&table(&described.brokers, controllers));
    Ok(())
}

fn table(nodes: &[DescribeClusterBroker], controllers: bool) -> String {
    let host = nodes.iter().map(|node| node.host.len()).max().unwrap_or(100);
    let racks = nodes.iter().filter_map(|node| node.rack.as_ref());
    let rack = racks.map(String::len).max().unwrap_or(10);
    let row = |cells: [&str; 6]| {
        let [id, name, port, rack_name, state, kind] = cells;
        let state = if controllers { String::new() } else { format!("{state:<10} ") };
        format!("{id:<10} {name:<host$} {port:<10} {rack_name:<rack$} {state}{kind:<15}\n")
    };
    let mut text = row(["ID", "HOST", "PORT", "RACK", "STATE", "ENDPOINT_TYPE"]);
    for node in nodes {
        let (id, port) = (node.broker_id.to_string(), node.port.to_string());
        let state = if node.is_fenced { "fenced" } else { "unfenced" };
        let kind = if controllers { "controller" } else { "broker" };
        let rack = node.rack.as_deref().unwrap_or("null");
        text.push_str(&row([&id, &node.host, &port, rack, state, kind]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables() {
        let node = DescribeClusterBroker {
            broker_id: 1,
            host: "127.0.0.1".to_owned(),
            port: 9092,
            ..Default::default()
        };
        let lines = table(std::slice::from_ref(&node), false);
        assert_eq!(
            lines.lines().nth(1),
            Some("1          127.0.0.1 9092       null       unfenced   broker         ")
        );
        assert_eq!(
            table(&[node], true).lines().next(),
            Some("ID         HOST      PORT       RACK       ENDPOINT_TYPE  ")
        );
    }
}
