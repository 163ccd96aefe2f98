//! Quotas against a clock that is set by hand: which of them holds, and how well.

use std::collections::BTreeMap;

use super::sensors::Sensors;
use super::*;
use crate::error::ErrorCode;
use crate::metadata::quotas::QuotaEntity;

fn entity(text: &str) -> QuotaEntity {
    let parts = text.split(' ').map(|part| {
        let (kind, name) = part.split_once('=').expect("type=name");
        (kind.to_owned(), (name != "*").then(|| name.to_owned()))
    });
    parts.collect::<BTreeMap<_, _>>()
}

fn quotas(limits: &[(&str, &str, f64)]) -> Arc<Quotas> {
    let mut image = ClientQuotasImage::default();
    for (who, key, value) in limits {
        image.set(&entity(who), key, Some(*value));
    }
    let quotas = Quotas::new(Settings::default());
    quotas.update(&image);
    quotas
}

fn who(user: &'static str, client_id: &'static str) -> Who<'static> {
    Who { user, client_id }
}

#[test]
fn the_narrowest_of_eight_levels_holds() {
    let all = [
        ("user=u client-id=c", 1.0),
        ("user=u client-id=*", 2.0),
        ("user=u", 3.0),
        ("user=* client-id=c", 4.0),
        ("user=* client-id=*", 5.0),
        ("user=*", 6.0),
        ("client-id=c", 7.0),
        ("client-id=*", 8.0),
    ];
    for first in 0..all.len() {
        let limits: Vec<_> =
            all[first..].iter().map(|(who, limit)| (*who, "producer_byte_rate", *limit)).collect();
        let limits = quotas(&limits);
        let found = limits.limits.load().find(Kind::Produce, who("u", "c"));
        assert_eq!(found.limit, Some(all[first].1), "{}", all[first].0);
        let whole = ["u/c", "u/c", "u/", "u/c", "u/c", "u/", "/c", "/c"][first];
        assert_eq!(format!("{}/{}", found.user, found.client_id), whole, "{}", all[first].0);
        assert!(!limits.enabled(Kind::Fetch) && limits.enabled(Kind::Produce));
    }
}

#[test]
fn without_a_quota_nothing_is_kept() {
    let none = quotas(&[("client-id=*", "producer_byte_rate", 1.0)]);
    assert_eq!(none.record(Kind::Fetch, who("u", "c"), 1e9, 0), 0);
    assert_eq!(none.sensors[Kind::Fetch as usize].len(), 0);
    none.update(&ClientQuotasImage::default());
    assert_eq!(none.record(Kind::Produce, who("u", "c"), 1e9, 0), 0);
    assert_eq!(none.burst(Kind::Produce, who("u", "c")), None);
}

/// Four clients that do `size` bytes at a time as soon as they may: bytes a second of them all in the first minute.
fn four_clients(quotas: &Quotas, kind: Kind, ids: [&'static str; 4], size: f64) -> f64 {
    let end = 60_000;
    let mut silent_until = [0; 4];
    let mut done = 0.0;
    for now in 0..end {
        for (client, id) in ids.iter().enumerate() {
            // Each is no faster than 400 MB/s by itself.
            let mut room = 400_000.0_f64;
            while silent_until[client] <= now && room > 0.0 {
                let owed =
                    if kind == Kind::Fetch { quotas.owed(kind, who("u", id), now) } else { 0 };
                if owed > 0 {
                    silent_until[client] = now + owed;
                    continue;
                }
                silent_until[client] = now + quotas.record(kind, who("u", id), size, now);
                done += size;
                room -= size;
            }
        }
    }
    done * 1_000.0 / end as f64
}

#[test]
fn quotas_hold_within_five_percent() {
    for rate in [1e6, 10e6, 100e6] {
        for (kind, key) in
            [(Kind::Produce, "producer_byte_rate"), (Kind::Fetch, "consumer_byte_rate")]
        {
            for size in [rate / 100.0, rate / 10.0] {
                let shared = quotas(&[("user=u", key, rate)]);
                let got = four_clients(&shared, kind, ["a", "b", "c", "d"], size);
                assert!((got / rate - 1.0).abs() < 0.05, "{key} {rate}, {size} at once: {got}");
                let own = quotas(&[("client-id=*", key, rate / 4.0)]);
                let got = four_clients(&own, kind, ["a", "b", "c", "d"], size);
                assert!((got / rate - 1.0).abs() < 0.05, "{key} {rate}/4, {size} at once: {got}");
            }
        }
    }
}

#[test]
fn a_share_of_a_thread_is_waited_for_one_window_at_most() {
    let quotas = quotas(&[("user=*", "request_percentage", 1.0)]);
    assert_eq!(quotas.record(Kind::Request, who("u", "c"), 1.0, 0), 0);
    assert_eq!(quotas.record(Kind::Request, who("u", "c"), 0.5, 0), 500);
    assert_eq!(quotas.record(Kind::Request, who("u", "c"), 500.0, 0), 1_000);
    // More than all windows is forgiven.
    assert_eq!(quotas.owed(Kind::Request, who("u", "c"), 10_500), 500);
}

#[test]
fn partitions_are_made_by_the_bucket() {
    let quotas = quotas(&[("user=u", "controller_mutation_rate", 1.0)]);
    let strict = quotas.mutations(who("u", "c"), true, 0).expect("a quota");
    let permits = |now| Permits::new(Some(&strict), now);
    // The bucket holds 11; one request may owe.
    assert!(permits(0).take(20).is_ok());
    assert_eq!(strict.throttle_ms(0), 0);
    let refused = permits(0).take(1).expect_err("nothing is left");
    assert_eq!(refused.code, ErrorCode::ThrottlingQuotaExceeded);
    assert_eq!((strict.throttle_ms(0), strict.throttle_ms(1_000)), (9_000, 8_000));
    let lenient = quotas.mutations(who("u", "c"), false, 0).expect("a quota");
    assert!(Permits::new(Some(&lenient), 0).take(1).is_ok());
    assert_eq!(lenient.throttle_ms(0), 10_000);
    assert!(permits(10_000).take(1).is_ok());
    assert!(quotas.mutations(who("other", "c"), true, 0).is_none());
}

#[test]
fn addresses_are_held_to_their_rate() {
    let limits = [
        ("ip=10.0.0.1", "connection_creation_rate", 2.0),
        ("ip=*", "connection_creation_rate", 100.0),
    ];
    let quotas = quotas(&limits);
    let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
    let admitted = (0..100).filter(|_| quotas.connect(ip("10.0.0.1"), 5_000).is_none()).count();
    assert_eq!(admitted, 20);
    assert!(quotas.connect(ip("::ffff:10.0.0.1"), 5_000).is_some_and(|ms| ms <= 1_000));
    assert!(quotas.connect(ip("10.0.0.2"), 5_000).is_none());
}

#[test]
fn names_that_are_made_up_share_one_sensor_beyond_the_bound() {
    let sensors = Sensors::default();
    let names: Vec<String> = (0..12_000).map(|n| format!("client-{n}")).collect();
    let found = |n: usize| limits::Found { user: "", client_id: &names[n], limit: Some(5.0) };
    for n in 0..names.len() {
        assert!(sensors.get(&found(n), 1).is_some());
    }
    assert_eq!(sensors.len(), 10_001);
    let (one, other) = (sensors.get(&found(11_000), 2), sensors.get(&found(11_001), 2));
    assert!(one.zip(other).is_some_and(|(one, other)| Arc::ptr_eq(&one, &other)));
    let unlimited = limits::Found { limit: None, ..found(11_002) };
    assert!(sensors.get(&unlimited, 2).is_none());
    // An hour later nobody has used them.
    assert!(sensors.get(&unlimited, 3_700_000).is_some());
    assert_eq!(sensors.len(), 1);
}

#[test]
fn a_scrape_is_told_of_clients() {
    let quotas = quotas(&[("client-id=*", "producer_byte_rate", 1.0)]);
    assert!(quotas.record(Kind::Produce, who("u", "c"), 1_000.0, 0) > 0);
    quotas.throttled(Kind::Produce, who("u", "c"), 50, 0);
    let families = quotas.families(0);
    let names: Vec<_> = families.iter().map(|family| family.name.as_str()).collect();
    assert_eq!(names, ["kafka_server_produce_byte_rate", "kafka_server_produce_throttle_time"]);
    let values: Vec<_> = families.iter().map(|family| family.samples[0].value).collect();
    assert_eq!(values, [100.0, 50.0]);
}
