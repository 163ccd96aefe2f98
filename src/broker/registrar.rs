//! When a controller tells the active one where it listens (KIP-919): whenever the metadata says something else of it.
//! Pure: events and the time in, effects out.
//!
//! ```text
//! the metadata lacks this life ──▶ Register ──▶ accepted, and waited for in the metadata
//!                                     ╰──▶ refused or unanswered: again after 100 ms, 200 ms … 60 s
//! ```

use crate::metadata::Image;
use crate::types::{Millis, NodeId, Uuid};

/// The first wait after a failure; it doubles with every further one.
const BACKOFF_MS: Millis = 100;
/// The longest wait.
const BACKOFF_MAX_MS: Millis = 60_000;

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The metadata is this: whether controllers register at all, and whether this one has in this life.
    Published {
        /// `metadata.version` is 3.7 or later.
        supported: bool,
        /// The metadata has this life of the controller.
        registered: bool,
    },
    /// The registration was accepted; the metadata will say so.
    Accepted,
    /// It was refused, or brought no answer.
    Failed,
    /// Time has passed.
    Tick,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send the registration.
    Register,
    /// Tick at this time.
    WakeAt(Millis),
}

/// Whether a controller is registered.
#[derive(Clone, Debug, Default)]
pub struct Registrar {
    wanted: bool,
    in_flight: bool,
    /// Accepted, and not yet read back.
    accepted: bool,
    failures: u32,
    next_at: Millis,
}

impl Event {
    /// What `image` says of the controller `id` in the life `incarnation_id`.
    pub fn published(image: &Image, id: NodeId, incarnation_id: Uuid) -> Self {
        let registration = image.cluster.controllers.get(&id);
        let version = image.features.metadata_version;
        Self::Published {
            supported: version
                .is_some_and(|version| version.is_controller_registration_supported()),
            registered: registration.is_some_and(|known| known.incarnation_id == incarnation_id),
        }
    }
}

impl Registrar {
    /// Takes in one event.
    pub fn step(&mut self, event: Event, now: Millis) -> Option<Effect> {
        match event {
            Event::Published { supported, registered } => {
                self.wanted = supported && !registered;
                self.accepted &= self.wanted;
            }
            Event::Accepted => (self.in_flight, self.accepted, self.failures) = (false, true, 0),
            Event::Failed => {
                self.in_flight = false;
                self.next_at = now + (BACKOFF_MS << self.failures.min(16)).min(BACKOFF_MAX_MS);
                self.failures += 1;
            }
            Event::Tick => {}
        }
        if !self.wanted || self.in_flight || self.accepted {
            return None;
        }
        if now < self.next_at {
            return Some(Effect::WakeAt(self.next_at));
        }
        self.in_flight = true;
        Some(Effect::Register)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_controller_registers_once_the_metadata_lacks_it() {
        let published = |supported, registered| Event::Published { supported, registered };
        let mut registrar = Registrar::default();
        assert_eq!(registrar.step(published(false, false), 0), None);
        assert_eq!(registrar.step(published(true, false), 0), Some(Effect::Register));
        assert_eq!(registrar.step(published(true, false), 1), None);
        assert_eq!(registrar.step(Event::Failed, 10), Some(Effect::WakeAt(110)));
        assert_eq!(registrar.step(Event::Tick, 110), Some(Effect::Register));
        assert_eq!(registrar.step(Event::Failed, 110), Some(Effect::WakeAt(310)));
        assert_eq!(registrar.step(Event::Tick, 310), Some(Effect::Register));
        assert_eq!(registrar.step(Event::Accepted, 320), None);
        assert_eq!(registrar.step(published(true, false), 330), None, "not read back yet");
        assert_eq!(registrar.step(published(true, true), 340), None);
        assert_eq!(
            registrar.step(published(true, false), 350),
            Some(Effect::Register),
            "another took its place"
        );
    }
}
