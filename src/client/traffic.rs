//! What goes over a client's connections, by address. Counts only; nothing is decided by it.

use std::collections::BTreeMap;
use std::time::Instant;

use parking_lot::Mutex;

use super::meter::Meter;

/// What goes over the connections to one address.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Requests, and their sizes in bytes.
    pub requests: Meter,
    /// Answers, and their sizes in bytes.
    pub responses: Meter,
    /// Connections that were opened.
    pub opened: Meter,
    /// Connections that were closed.
    pub closed: Meter,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Traffic {
    /// All of it, and each address's part.
    counts: Mutex<(Counts, BTreeMap<String, Counts>)>,
}

impl Traffic {
    fn count(&self, address: &str, meter: impl Fn(&mut Counts) -> &mut Meter, value: f64) {
        let now = Instant::now();
        let (all, parts) = &mut *self.counts.lock();
        meter(all).record(now, value);
        match parts.get_mut(address) {
            Some(part) => meter(part).record(now, value),
            None => meter(parts.entry(address.to_owned()).or_default()).record(now, value),
        }
    }

    /// A request goes out.
    pub fn request(&self, address: &str, bytes: usize) {
        self.count(address, |counts| &mut counts.requests, bytes as f64);
    }

    /// An answer has come.
    pub fn response(&self, address: &str, bytes: usize) {
        self.count(address, |counts| &mut counts.responses, bytes as f64);
    }

    /// A connection was opened.
    pub fn opened(&self, address: &str) {
        self.count(address, |counts| &mut counts.opened, 1.0);
    }

    /// A connection was closed.
    pub fn closed(&self, address: &str) {
        self.count(address, |counts| &mut counts.closed, 1.0);
    }

    /// What was counted so far: all of it, and each address's part.
    pub fn counts(&self) -> (Counts, BTreeMap<String, Counts>) {
        self.counts.lock().clone()
    }
}
