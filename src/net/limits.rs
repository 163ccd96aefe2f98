//! How many connections there may be: in all, on a listener, from one address. Counts; never closes anything itself.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwap;
use parking_lot::Mutex;

/// How many connections there may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// `max.connections`.
    pub max: usize,
    /// `max.connections.per.ip`.
    pub per_ip: usize,
    /// `max.connections.per.ip.overrides`.
    pub per_ip_overrides: HashMap<IpAddr, usize>,
}

/// The counts that all listeners of a node share.
#[derive(Debug)]
pub struct ConnectionLimits {
    bounds: ArcSwap<Bounds>,
    count: AtomicUsize,
    per_ip: Mutex<HashMap<IpAddr, usize>>,
}

/// One counted connection; dropping it takes it off the counts.
#[derive(Debug)]
pub(crate) struct Counted {
    limits: Arc<ConnectionLimits>,
    ip: IpAddr,
}

impl ConnectionLimits {
    /// No connection yet.
    pub fn new(bounds: Bounds) -> Arc<Self> {
        let (count, per_ip) = (AtomicUsize::new(0), Mutex::default());
        Arc::new(Self { bounds: ArcSwap::from_pointee(bounds), count, per_ip })
    }

    /// Goes by other bounds from now on. Connections that are beyond them stay.
    pub fn change(&self, bounds: Bounds) {
        self.bounds.store(Arc::new(bounds));
    }

    /// Whether the node has room for one more; where not, a listener stops accepting until one closes.
    pub(crate) fn has_room(&self) -> bool {
        self.count.load(Ordering::Relaxed) < self.bounds.load().max
    }

    /// The number of connections now.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Counts a connection from `ip`; none when that address has too many already.
    pub(crate) fn admit(self: &Arc<Self>, ip: IpAddr) -> Option<Counted> {
        let bounds = self.bounds.load();
        let max = bounds.per_ip_overrides.get(&ip).copied().unwrap_or(bounds.per_ip);
        let mut per_ip = self.per_ip.lock();
        let count = per_ip.entry(ip).or_default();
        if *count >= max {
            if *count == 0 {
                per_ip.remove(&ip);
            }
            return None;
        }
        *count += 1;
        self.count.fetch_add(1, Ordering::Relaxed);
        Some(Counted { limits: self.clone(), ip })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.limits.count.fetch_sub(1, Ordering::Relaxed);
        let mut per_ip = self.limits.per_ip.lock();
        if let Some(count) = per_ip.get_mut(&self.ip) {
            *count -= 1;
            if *count == 0 {
                per_ip.remove(&self.ip);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_bounded_and_its_places_come_back() {
        let ip = IpAddr::from([127, 0, 0, 1]);
        let bounds = |per_ip| Bounds { max: 10, per_ip, per_ip_overrides: HashMap::new() };
        let limits = ConnectionLimits::new(bounds(1));
        let first = limits.admit(ip);
        assert!(first.is_some() && limits.admit(ip).is_none());
        drop(first);
        let again = limits.admit(ip);
        assert!(again.is_some() && limits.admit(ip).is_none());
        limits.change(bounds(2));
        assert!(limits.admit(ip).is_some());
        drop(again);
        assert_eq!(limits.count(), 0);
    }
}
