//! Commands of Kafka's that are no part of this program, and where they are to be found. Runs none of them.

use super::complain;

/// A command, and where it is.
type Elsewhere = (&'static str, &'static str);

const CONNECT: &str =
    "Kafka Connect is a Java program of its own: run Apache Kafka's against this cluster.";

/// Every such command.
static ELSEWHERE: &[Elsewhere] = &[
    ("connect-distributed", CONNECT),
    ("connect-mirror-maker", CONNECT),
    ("connect-plugin-path", CONNECT),
    ("connect-standalone", CONNECT),
    (
        "jmx",
        "there is no JMX: metrics are served for Prometheus where metrics.prometheus.listener says.",
    ),
    ("run-class", "there are no Java classes to run: each tool is a command of its own."),
    ("server-stop", "send SIGTERM to the process, or use scripts/kafka-server-stop.sh or systemd."),
    (
        "streams-application-reset",
        "run Apache Kafka's against this cluster, which has all that it asks for.",
    ),
    ("trogdor", "Trogdor tests Apache Kafka itself: run Apache Kafka's against this cluster."),
];

/// Says where the command of this name is; none where nobody knows.
pub(super) fn tell(command: &str) -> Option<i32> {
    let (_, place) = ELSEWHERE.iter().find(|(name, _)| *name == command)?;
    complain(&format!("vltava: '{command}' is not here; {place}\n"));
    Some(1)
}
