//! A client's conversation about its metrics, against a clock that is set by hand.

use super::*;
use crate::metadata::configs::ResourceType;

fn subscribed(resources: &[(&str, &str, &str)]) -> ConfigsImage {
    let mut configs = ConfigsImage::default();
    for (name, key, value) in resources {
        configs.set(ResourceType::CLIENT_METRICS, name, key, Some(value));
    }
    configs
}

fn client(byte: u8) -> Client<'static> {
    Client {
        instance: Uuid::from_bytes([byte; 16]),
        client_id: "c",
        software: ("apache-kafka-java", "4.3.1"),
        host: "127.0.0.1",
        peer: ([127, 0, 0, 1], 1000).into(),
    }
}

fn push(told: &Subscription, metrics: Bytes) -> Push {
    Push {
        instance: client(1).instance,
        subscription_id: told.id,
        terminating: false,
        compression: 0,
        metrics,
    }
}

/// One field of protobuf that holds bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut message = vec![number << 3 | 2, u8::try_from(bytes.len()).expect("short")];
    message.extend_from_slice(bytes);
    message
}

/// `MetricsData` with one delta sum of `value`, for the partition 0.
fn sum(name: &str, value: f64) -> Bytes {
    let attribute = [field(1, b"partition"), field(2, &field(1, b"0"))].concat();
    let mut point = vec![4 << 3 | 1];
    point.extend_from_slice(&value.to_le_bytes());
    point.extend(field(7, &attribute));
    let mut sum = field(1, &point);
    sum.extend([2 << 3, 1, 3 << 3, 1]);
    let metric = [field(1, name.as_bytes()), field(7, &sum)].concat();
    field(1, &field(2, &field(2, &metric))).into()
}

#[test]
fn a_client_asks_pushes_and_ends() {
    let telemetry = Telemetry::new(10, 1_000);
    let configs = subscribed(&[("m", "interval.ms", "1000"), ("m", "metrics", "a.,b.")]);
    let told = telemetry.subscribe(&configs, &client(1), 5_000).expect("a subscription");
    assert_eq!((told.metrics.join(" ").as_str(), told.interval_ms), ("a. b.", 1_000));
    let again = telemetry.subscribe(&configs, &client(1), 5_001);
    assert_eq!(again, Err(ErrorCode::ThrottlingQuotaExceeded));
    let send = |push: &Push, now| telemetry.push(&configs, &client(1), push, now);
    assert_eq!(send(&push(&told, sum("a.count", 2.0)), 5_010), Ok(()));
    assert_eq!(send(&push(&told, Bytes::new()), 5_011), Err(ErrorCode::ThrottlingQuotaExceeded));
    assert_eq!(send(&push(&told, sum("a.count", 3.0)), 6_010), Ok(()));
    let series = telemetry.families(6_010);
    let one = &series[0];
    assert_eq!((one.name.as_str(), one.is_counter), ("client_telemetry_a_count", true));
    assert_eq!((one.samples[0].value, one.samples[0].labels[3].1.as_str()), (5.0, "partition=0"));
    let other = Push { subscription_id: told.id ^ 1, ..push(&told, Bytes::new()) };
    assert_eq!(send(&other, 7_010), Err(ErrorCode::UnknownSubscriptionId));
    let strange = Push { compression: 9, ..push(&told, Bytes::new()) };
    assert_eq!(send(&strange, 8_010), Err(ErrorCode::UnsupportedCompressionType));
    let large = push(&told, vec![0; 1_001].into());
    assert_eq!(send(&large, 9_010), Err(ErrorCode::TelemetryTooLarge));
    assert_eq!(send(&push(&told, vec![0xff; 9].into()), 10_010), Err(ErrorCode::InvalidRecord));
    let last = Push { terminating: true, ..push(&told, Bytes::new()) };
    assert_eq!(send(&last, 10_011), Ok(()));
    assert_eq!(send(&push(&told, Bytes::new()), 20_000), Err(ErrorCode::InvalidRequest));
    assert_eq!(telemetry.families(200_000).len(), 1, "only the count of instances is left");
}

#[test]
fn subscriptions_match_clients() {
    let telemetry = Telemetry::new(10, 1_000);
    let configs = subscribed(&[
        ("java", "match", "client_software_name=apache-.*,client_id=c"),
        ("java", "metrics", "*"),
        ("none", "match", "client_source_port=1"),
        ("none", "interval.ms", "100"),
        ("some", "metrics", "a."),
        ("some", "interval.ms", "7000"),
    ]);
    let told = telemetry.subscribe(&configs, &client(1), 0).expect("a subscription");
    assert_eq!((told.metrics.join(" ").as_str(), told.interval_ms), ("*", 7_000));
    let other = Client { client_id: "d", ..client(2) };
    let told = telemetry.subscribe(&configs, &other, 0).expect("a subscription");
    assert_eq!(told.metrics, ["a."]);
    // What changes is told at once.
    let changed = subscribed(&[("x", "metrics", "y")]);
    let told = telemetry.subscribe(&changed, &other, 1).expect("a subscription");
    assert_eq!((told.metrics.join(" ").as_str(), told.interval_ms), ("y", 300_000));
}

#[test]
fn series_are_bounded() {
    let telemetry = Telemetry::new(2, 1_000);
    let configs = subscribed(&[("m", "interval.ms", "100")]);
    for (round, name) in ["a", "b", "c"].into_iter().enumerate() {
        let now = 1_000 * (round as Millis + 1);
        let told = telemetry.subscribe(&configs, &client(1), now).expect("a subscription");
        let pushed = telemetry.push(&configs, &client(1), &push(&told, sum(name, 1.0)), now);
        assert_eq!(pushed, Ok(()));
    }
    let names: Vec<_> = telemetry.families(3_000).into_iter().map(|family| family.name).collect();
    assert_eq!(names.len(), 3);
    assert!(!names.contains(&"client_telemetry_c".to_owned()));
}
