//! How many connections there may be: in all, on a listener, from one address. Counts; never closes anything itself.
//!
//! A listener asks `wait` before it accepts, so that whoever is too many stays in the system's queue; then it asks
//! `admit`, since only now the address is known, and who is refused there is closed. As in Kafka the bounds of all and
//! of a listener make clients wait, and those of an address turn them away.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use super::memory::RequestMemory;

/// How long to wait before looking again where there is no room.
const PAUSE: Duration = Duration::from_millis(100);

/// How many connections there may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// `max.connections`.
    pub max: usize,
    /// `max.connections.per.ip`.
    pub per_ip: usize,
    /// `max.connections.per.ip.overrides`.
    pub per_ip_overrides: HashMap<IpAddr, usize>,
    /// `max.connection.creation.rate`: how many may come in a second.
    pub creation_rate: usize,
    /// `listener.name.<listener>.max.connections` and `.max.connection.creation.rate` where they are given, by the
    /// listener's name in capitals.
    pub listeners: HashMap<String, ListenerBounds>,
    /// `queued.max.request.bytes`; none is our own bound.
    pub request_bytes: Option<usize>,
}

/// The bounds of one listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenerBounds {
    /// How many connections it may have.
    pub max: usize,
    /// How many may come in a second.
    pub creation_rate: usize,
}

impl ListenerBounds {
    /// No bounds.
    pub const NONE: Self = Self { max: usize::MAX, creation_rate: usize::MAX };
}

/// The counts that all listeners of a node share.
#[derive(Debug)]
pub struct ConnectionLimits {
    bounds: ArcSwap<Bounds>,
    /// In all; beside the lock, because metrics read it.
    count: AtomicUsize,
    counts: Mutex<Counts>,
    memory: Arc<RequestMemory>,
}

#[derive(Debug, Default)]
struct Counts {
    /// An address without connections is not in it, or every address ever seen would stay.
    per_ip: HashMap<IpAddr, usize>,
    per_listener: HashMap<Arc<str>, usize>,
    /// Who came of late, at the node and at each listener.
    arrivals: Arrivals,
    arrivals_per_listener: HashMap<Arc<str>, Arrivals>,
}

/// One counted connection; dropping it takes it off the counts.
#[derive(Debug)]
pub(crate) struct Counted {
    limits: Arc<ConnectionLimits>,
    listener: Arc<str>,
    ip: IpAddr,
}

/// A bucket that fills at a rate, and holds what comes in a second: when it was looked at last, and how many may come
/// at once by then.
#[derive(Debug, Default)]
struct Arrivals(Option<(Instant, f64)>);

impl Arrivals {
    /// How long until one more may come.
    fn wait(&mut self, rate: usize, now: Instant) -> Option<Duration> {
        if rate == usize::MAX {
            return None;
        }
        let rate = rate.max(1) as f64;
        let (then, left) = self.0.unwrap_or((now, rate));
        let left = (left + now.saturating_duration_since(then).as_secs_f64() * rate).min(rate);
        self.0 = Some((now, left));
        (left < 1.0).then(|| Duration::from_secs_f64((1.0 - left) / rate))
    }

    fn take(&mut self) {
        if let Some((_, left)) = &mut self.0 {
            *left -= 1.0;
        }
    }
}

impl ConnectionLimits {
    /// No connection yet.
    pub fn new(bounds: Bounds) -> Arc<Self> {
        let memory = RequestMemory::new(bounds.request_bytes);
        Arc::new(Self {
            bounds: ArcSwap::from_pointee(bounds),
            count: AtomicUsize::new(0),
            counts: Mutex::default(),
            memory,
        })
    }

    /// Goes by other bounds from now on. Connections that are beyond them stay.
    pub fn change(&self, bounds: Bounds) {
        self.bounds.store(Arc::new(bounds));
    }

    /// What the requests of all connections may hold.
    pub(crate) fn memory(&self) -> &Arc<RequestMemory> {
        &self.memory
    }

    /// How long `listener` must wait before it accepts one more: until others have gone, or because they come too fast.
    pub(crate) fn wait(&self, listener: &str, now: Instant) -> Option<Duration> {
        let bounds = self.bounds.load();
        let own = bounds.listeners.get(listener).copied().unwrap_or(ListenerBounds::NONE);
        let mut counts = self.counts.lock();
        let here = counts.per_listener.get(listener).copied().unwrap_or(0);
        if self.count() >= bounds.max || here >= own.max {
            return Some(PAUSE);
        }
        let wait = counts.arrivals.wait(bounds.creation_rate, now);
        let arrivals = counts.arrivals_per_listener.get_mut(listener);
        wait.max(arrivals.and_then(|arrivals| arrivals.wait(own.creation_rate, now)))
    }

    /// The number of connections now.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Counts a connection from `ip`; none when that address has too many already.
    pub(crate) fn admit(self: &Arc<Self>, listener: &Arc<str>, ip: IpAddr) -> Option<Counted> {
        // A socket of both families shows a client of the older one in the newer one's clothes.
        let ip = ip.to_canonical();
        let bounds = self.bounds.load();
        let max = bounds.per_ip_overrides.get(&ip).copied().unwrap_or(bounds.per_ip);
        let mut counts = self.counts.lock();
        counts.arrivals.take();
        counts.arrivals_per_listener.entry(listener.clone()).or_default().take();
        let count = counts.per_ip.get(&ip).copied().unwrap_or(0);
        if count >= max {
            return None;
        }
        counts.per_ip.insert(ip, count + 1);
        *counts.per_listener.entry(listener.clone()).or_default() += 1;
        self.count.fetch_add(1, Ordering::Relaxed);
        Some(Counted { limits: self.clone(), listener: listener.clone(), ip })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.limits.count.fetch_sub(1, Ordering::Relaxed);
        let mut counts = self.limits.counts.lock();
        if let Some(count) = counts.per_listener.get_mut(&self.listener) {
            *count -= 1;
        }
        if let Some(count) = counts.per_ip.get_mut(&self.ip) {
            *count -= 1;
            if *count == 0 {
                counts.per_ip.remove(&self.ip);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(change: impl FnOnce(&mut Bounds)) -> Arc<ConnectionLimits> {
        let mut bounds = Bounds {
            max: 10,
            per_ip: 10,
            per_ip_overrides: HashMap::new(),
            creation_rate: usize::MAX,
            listeners: HashMap::new(),
            request_bytes: None,
        };
        change(&mut bounds);
        ConnectionLimits::new(bounds)
    }

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn an_address_is_bounded_and_its_places_come_back() {
        let (limits, name) = (limits(|bounds| bounds.per_ip = 1), Arc::from("A"));
        let first = limits.admit(&name, HOME);
        assert!(first.is_some() && limits.admit(&name, HOME).is_none());
        drop(first);
        assert!(limits.admit(&name, HOME).is_some());
        assert_eq!(limits.count(), 0);
    }

    #[test]
    fn an_address_is_the_same_in_both_families() {
        let limits = limits(|bounds| bounds.per_ip_overrides.extend([(HOME, 1)]));
        let (name, mapped) = (Arc::from("A"), "::ffff:127.0.0.1".parse().expect("an address"));
        let held = limits.admit(&name, mapped);
        assert!(held.is_some() && limits.admit(&name, HOME).is_none());
        assert!(limits.admit(&name, mapped).is_none());
        drop(held);
        assert!(limits.admit(&name, HOME).is_some());
    }

    #[test]
    fn a_listener_is_bounded_by_itself() {
        let narrow = ListenerBounds { max: 1, ..ListenerBounds::NONE };
        let limits = limits(|bounds| bounds.listeners.extend([("A".to_owned(), narrow)]));
        let now = Instant::now();
        assert_eq!(limits.wait("A", now), None);
        let held = limits.admit(&Arc::from("A"), HOME);
        assert!(limits.wait("A", now).is_some());
        assert_eq!(limits.wait("B", now), None);
        drop(held);
        assert_eq!(limits.wait("A", now), None);
    }

    #[test]
    fn who_comes_too_fast_waits() {
        let limits = limits(|bounds| bounds.creation_rate = 2);
        let (name, now) = (Arc::from("A"), Instant::now());
        for _ in 0..2 {
            assert_eq!(limits.wait("A", now), None);
            drop(limits.admit(&name, HOME));
        }
        assert_eq!(limits.wait("A", now), Some(Duration::from_millis(500)));
        assert_eq!(limits.wait("A", now + Duration::from_millis(501)), None);
    }
}
