//! A broker's standing with the controller (KIP-631): it registers, catches up with the metadata, is unfenced, sends
//! heartbeats, and before it stops asks for its leaderships to be moved. Pure: events and the time in, effects out.
//!
//! One request is under way at a time. Besides the regular interval a heartbeat is sent at once when it can change
//! something: the registration has been read back from the metadata, the partitions are ready, a directory has failed,
//! the broker wants to stop.

use crate::error::ErrorCode;
use crate::types::{Millis, Offset, Uuid};

/// The first wait after a refusal; it doubles with every further failure, up to the session's timeout.
const BACKOFF_MS: Millis = 100;
/// The same when nobody answered: while a cluster starts, the controller is there a moment later.
const UNANSWERED_BACKOFF_MS: Millis = 5;
/// How soon to ask again whether leaderships have moved, the first time.
const SHUTDOWN_RETRY_MS: Millis = 50;

/// Where a broker stands. Kafka's `BrokerState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not begun.
    NotRunning,
    /// Registering, then catching up with the metadata.
    Starting,
    /// Caught up, still fenced.
    Recovery,
    /// Unfenced: clients may come.
    Running,
    /// Waits for its leaderships to be moved.
    PendingControlledShutdown,
    /// May stop.
    ShuttingDown,
}

impl State {
    /// Kafka's number, as its metric `BrokerState` shows it.
    pub const fn number(self) -> u8 {
        match self {
            Self::NotRunning => 0,
            Self::Starting => 1,
            Self::Recovery => 2,
            Self::Running => 3,
            Self::PendingControlledShutdown => 6,
            Self::ShuttingDown => 7,
        }
    }
}

/// What the controller said to a heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The broker has read its own registration.
    pub caught_up: bool,
    /// Clients are kept away.
    pub fenced: bool,
    /// The broker may stop.
    pub should_shut_down: bool,
}

/// What happens to a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Begin. Once, first.
    Start,
    /// The registration was accepted with this epoch, or refused.
    Registered(Result<i64, ErrorCode>),
    /// The heartbeat was accepted, or refused.
    Heard(Result<Standing, ErrorCode>),
    /// The request under way got no answer.
    Unanswered,
    /// Everything up to this offset is published.
    Published(Offset),
    /// The partitions of this broker are started: it may be unfenced.
    Ready,
    /// These log directories have failed so far.
    DirsFailed(Vec<Uuid>),
    /// The registration must be sent again: what it says has changed.
    Changed,
    /// The broker wants to stop; with `controlled` after its leaderships have moved.
    Stop {
        /// `controlled.shutdown.enable`.
        controlled: bool,
    },
    /// Time has passed.
    Tick,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send a registration.
    Register {
        /// The epoch of the last registration; −1 if unknown.
        previous_epoch: i64,
    },
    /// Send a heartbeat.
    Heartbeat {
        /// The broker's epoch.
        epoch: i64,
        /// What of the metadata is published; −1 for nothing.
        metadata_offset: Offset,
        /// Whether the broker is not ready.
        want_fence: bool,
        /// Whether it wants to stop.
        want_shut_down: bool,
        /// Directories that have failed.
        offline_dirs: Vec<Uuid>,
    },
    /// The broker now stands so.
    Enter(State),
    /// Registration was not possible in time: end the process.
    Fail(Option<ErrorCode>),
    /// Tick at this time, unless an event comes first.
    WakeAt(Millis),
}

/// What does not change while a broker runs.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// `broker.heartbeat.interval.ms`.
    pub heartbeat_interval_ms: Millis,
    /// `broker.session.timeout.ms`.
    pub session_timeout_ms: Millis,
    /// `initial.broker.registration.timeout.ms`.
    pub registration_timeout_ms: Millis,
}

/// A broker's standing with the controller.
#[derive(Clone, Debug)]
pub struct Lifecycle {
    settings: Settings,
    state: State,
    /// The epoch of this registration, or of the last one before it.
    epoch: i64,
    /// Whether the controller has accepted this life.
    registered: bool,
    /// Whether the partitions are started: until then heartbeats ask for fencing.
    ready: bool,
    /// Up to which offset the metadata is published here; −1 for nothing.
    published: Offset,
    offline_dirs: Vec<Uuid>,
    /// When a broker that is not registered gives up.
    deadline: Millis,
    /// In a row: each doubles the wait.
    failures: u32,
    /// A request is under way; its answer, or that there is none, comes as an event.
    in_flight: bool,
    /// Something has changed that the controller should hear of at once.
    urgent: bool,
    /// The controller has heard that the broker wants to stop: from then on it is asked at the regular interval.
    asked_to_stop: bool,
    /// When the next request is due.
    next_at: Millis,
    last_error: Option<ErrorCode>,
}

impl Lifecycle {
    /// A broker that has not begun; `previous_epoch` is what it was last registered with, if it stopped in good order.
    pub const fn new(settings: Settings, previous_epoch: Option<i64>) -> Self {
        let epoch = match previous_epoch {
            Some(epoch) => epoch,
            None => -1,
        };
        Self {
            settings,
            state: State::NotRunning,
            epoch,
            registered: false,
            ready: false,
            published: -1,
            offline_dirs: Vec::new(),
            deadline: Millis::MAX,
            failures: 0,
            in_flight: false,
            urgent: false,
            asked_to_stop: false,
            next_at: 0,
            last_error: None,
        }
    }

    /// Where the broker stands.
    pub const fn state(&self) -> State {
        self.state
    }

    /// The epoch of this registration; −1 before the first.
    pub const fn epoch(&self) -> i64 {
        if self.registered { self.epoch } else { -1 }
    }

    /// Takes in one event.
    pub fn step(&mut self, event: Event, now: Millis) -> Vec<Effect> {
        let mut effects = Vec::new();
        match event {
            Event::Start => {
                self.deadline = now.saturating_add(self.settings.registration_timeout_ms);
                self.enter(State::Starting, &mut effects);
                self.urgent = true;
            }
            Event::Registered(Ok(epoch)) => self.registered(epoch, now),
            Event::Heard(Ok(standing)) => self.heard(standing, now, &mut effects),
            Event::Registered(Err(code)) | Event::Heard(Err(code)) => self.failed(Some(code), now),
            Event::Unanswered => self.failed(None, now),
            Event::Published(offset) => self.publish(offset),
            Event::Ready => self.urgent |= !std::mem::replace(&mut self.ready, true),
            Event::DirsFailed(dirs) => {
                self.offline_dirs = dirs;
                self.urgent = true;
            }
            Event::Changed => {
                self.registered = false;
                self.urgent = true;
            }
            Event::Stop { controlled } => self.stop(controlled, &mut effects),
            Event::Tick => {}
        }
        self.go_on(now, &mut effects);
        effects
    }

    fn enter(&mut self, state: State, effects: &mut Vec<Effect>) {
        self.state = state;
        effects.push(Effect::Enter(state));
    }

    fn registered(&mut self, epoch: i64, now: Millis) {
        self.in_flight = false;
        self.failures = 0;
        self.registered = true;
        self.epoch = epoch;
        self.deadline = Millis::MAX;
        self.next_at = now + self.settings.heartbeat_interval_ms;
        self.urgent |= self.published >= epoch;
    }

    /// A heartbeat that shows the registration read back changes something; later ones do not.
    fn publish(&mut self, offset: Offset) {
        self.urgent |= self.registered && self.published < self.epoch && offset >= self.epoch;
        self.published = self.published.max(offset);
    }

    fn heard(&mut self, standing: Standing, now: Millis, effects: &mut Vec<Effect>) {
        self.in_flight = false;
        self.failures = 0;
        self.next_at = now + self.settings.heartbeat_interval_ms;
        if self.state == State::Starting && standing.caught_up {
            self.enter(State::Recovery, effects);
        }
        if self.state == State::Recovery && !standing.fenced {
            self.enter(State::Running, effects);
        }
        // An answer to a heartbeat from before the wish to stop says nothing of it.
        if self.state == State::PendingControlledShutdown && !self.urgent {
            if standing.should_shut_down {
                self.enter(State::ShuttingDown, effects);
            } else if !std::mem::replace(&mut self.asked_to_stop, true) {
                self.next_at = now + SHUTDOWN_RETRY_MS;
            }
        }
    }

    fn failed(&mut self, code: Option<ErrorCode>, now: Millis) {
        self.in_flight = false;
        self.last_error = code;
        let first = if code.is_some() { BACKOFF_MS } else { UNANSWERED_BACKOFF_MS };
        let backoff = first.saturating_mul(1 << self.failures.min(16));
        self.next_at = now + backoff.min(self.settings.session_timeout_ms);
        self.failures += 1;
        self.urgent = false;
    }

    fn stop(&mut self, controlled: bool, effects: &mut Vec<Effect>) {
        match self.state {
            State::Running if controlled => {
                self.enter(State::PendingControlledShutdown, effects);
                self.urgent = true;
            }
            State::PendingControlledShutdown if controlled => {}
            State::ShuttingDown => {}
            _ => self.enter(State::ShuttingDown, effects),
        }
    }

    /// Sends what is due, unless a request is under way.
    fn go_on(&mut self, now: Millis, effects: &mut Vec<Effect>) {
        if matches!(self.state, State::NotRunning | State::ShuttingDown) {
            return;
        }
        // Whoever runs the node must learn of it: Kafka ends the process as well.
        if !self.registered && now >= self.deadline {
            let error = self.last_error;
            self.enter(State::ShuttingDown, effects);
            effects.push(Effect::Fail(error));
            return;
        }
        if self.in_flight {
            return;
        }
        if !std::mem::take(&mut self.urgent) && now < self.next_at {
            effects.push(Effect::WakeAt(self.next_at.min(self.deadline)));
            return;
        }
        self.in_flight = true;
        effects.push(if self.registered {
            Effect::Heartbeat {
                epoch: self.epoch,
                metadata_offset: self.published,
                want_fence: !self.ready,
                want_shut_down: self.state == State::PendingControlledShutdown,
                offline_dirs: self.offline_dirs.clone(),
            }
        } else {
            Effect::Register { previous_epoch: self.epoch }
        });
    }
}
