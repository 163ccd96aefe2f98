//! How many connections there may be: in all, on a listener, from one address. Counts; never closes anything itself.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

/// The counts that all listeners of a node share.
#[derive(Debug)]
pub struct ConnectionLimits {
    max: usize,
    max_per_ip: usize,
    max_per_ip_overrides: HashMap<IpAddr, usize>,
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
    /// `max.connections`, `max.connections.per.ip` and its overrides.
    pub fn new(
        max: usize,
        max_per_ip: usize,
        max_per_ip_overrides: HashMap<IpAddr, usize>,
    ) -> Arc<Self> {
        let (count, per_ip) = (AtomicUsize::new(0), Mutex::default());
        Arc::new(Self { max, max_per_ip, max_per_ip_overrides, count, per_ip })
    }

    /// Whether the node has room for one more; where not, a listener stops accepting until one closes.
    pub(crate) fn has_room(&self) -> bool {
        self.count.load(Ordering::Relaxed) < self.max
    }

    /// The number of connections now.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Counts a connection from `ip`; none when that address has too many already.
    pub(crate) fn admit(self: &Arc<Self>, ip: IpAddr) -> Option<Counted> {
        let max = self.max_per_ip_overrides.get(&ip).copied().unwrap_or(self.max_per_ip);
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
        let limits = ConnectionLimits::new(10, 1, HashMap::new());
        let first = limits.admit(ip);
        assert!(first.is_some() && limits.admit(ip).is_none());
        drop(first);
        assert!(limits.admit(ip).is_some());
        assert_eq!(limits.count(), 0);
    }
}
