//! Quotas and requests: what a request has cost, for how long its client is silent for it, and that the answer says so.
//!
//! The answer leaves at once, and nothing more is read from the connection for that time (KIP-219). Whoever asks for
//! nothing that is bounded pays one load of an atomic.
//!
//! Where each quota meets a request:
//!
//! ```text
//! kind                 what is counted                       when                          the client is muted
//! Produce              the bytes of the request              before its batches are read   at once
//! Fetch                the bytes of records that are sent    when they are known           when it fetches again
//! Request              the time of threads, in percent       when the answer stands        at once; for Fetch as above
//! ControllerMutation   partitions made and deleted           by the controller             when the answer comes
//! ```
//!
//! A fetch is different because its cost is known only when the records are found, and they are to be sent then: Kafka
//! reads them and throws them away. Here they are sent, and the debt is told to the next fetch, which gets nothing.
//! `throttle_time_ms` is the longest of those that hold; a client that knows KIP-219 keeps still for so long by itself,
//! and the mute catches those that do not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::context::{Call, Context, ListenerKind, Session};
use crate::quota::{Kind, Mutations, Who};
use crate::types::Millis;
use crate::wire::message::{Message, Request};

/// The time that threads have spent on one request.
#[derive(Debug)]
pub(crate) struct Meter {
    /// Of the spells that are over, in ns.
    spent_ns: AtomicU64,
    /// When the spell under way began; none while the request waits.
    entered: Mutex<Option<Instant>>,
}

impl Default for Meter {
    /// One that counts already.
    fn default() -> Self {
        Self { spent_ns: AtomicU64::new(0), entered: Mutex::new(Some(Instant::now())) }
    }
}

impl Meter {
    /// A thread begins to work.
    pub(super) fn enter(&self) {
        *self.entered.lock() = Some(Instant::now());
    }

    /// It ends, or waits for another.
    pub(super) fn leave(&self) {
        if let Some(entered) = self.entered.lock().take() {
            let spent = u64::try_from(entered.elapsed().as_nanos()).unwrap_or(0);
            self.spent_ns.fetch_add(spent, Ordering::Relaxed);
        }
    }

    /// The share of a second that was spent so far, in percent.
    pub(super) fn percent(&self) -> f64 {
        // A second of one thread is 10⁹ ns and 100 percent.
        let now = self.entered.lock().map_or(Duration::ZERO, |entered| entered.elapsed());
        (self.spent_ns.load(Ordering::Relaxed) as f64 + now.as_nanos() as f64) / 1e7
    }
}

impl Call {
    /// Who is held to quotas.
    pub(crate) fn who(&self) -> Who<'_> {
        Who::new(&self.session.principal, self.client_id.as_deref())
    }

    /// Records what the request does, and makes the client silent where that is too much: for how long, in ms.
    pub(crate) fn spend(&self, kind: Kind, value: f64) -> Millis {
        if !self.context.quotas.enabled(kind) {
            return 0;
        }
        let now = self.context.clock.now();
        let throttle_ms = self.context.quotas.record(kind, self.who(), value, now);
        self.silence(kind, throttle_ms);
        throttle_ms
    }

    /// Records the time that the request has taken until now, as [`Call::spend`] does.
    pub(crate) fn spend_time(&self) -> Millis {
        self.meter.as_ref().map_or(0, |meter| self.spend(Kind::Request, meter.percent()))
    }

    /// Makes the client silent.
    pub(crate) fn silence(&self, kind: Kind, throttle_ms: Millis) {
        silence(&self.context, &self.session, self.who(), kind, throttle_ms);
    }

    /// What the request may make or delete of partitions; none where that is not bounded, or another node's matter.
    /// Since `strict_since` of the API's versions what is too much is refused, before it is done late.
    pub(crate) fn mutations(&self, strict_since: i16) -> Option<Arc<Mutations>> {
        let now = self.context.clock.now();
        self.context.quotas.mutations(self.who(), self.version >= strict_since, now)
    }

    /// Makes the client silent for what it has made and deleted of partitions, and tells it so. `told` is what the
    /// controller has said in the answer, where it is elsewhere.
    pub(crate) fn settle(&self, mutations: Option<&Mutations>, told: &mut i32) {
        // What was told from elsewhere is another node's count of the same client: the longer one holds.
        let own = mutations.map_or(0, |mutations| mutations.throttle_ms(self.context.clock.now()));
        let throttle_ms = own.max(Millis::from(*told));
        self.silence(Kind::ControllerMutation, throttle_ms);
        *told = i32::try_from(throttle_ms).unwrap_or(i32::MAX);
    }
}

fn silence(context: &Context, session: &Session, who: Who<'_>, kind: Kind, throttle_ms: Millis) {
    let Some(time) = u64::try_from(throttle_ms).ok().filter(|ms| *ms > 0) else { return };
    context.quotas.throttled(kind, who, throttle_ms, context.clock.now());
    session.mute.hold(Duration::from_millis(time));
}

/// What the time of a request is charged to, once its answer stands.
pub(super) struct Toll {
    context: Arc<Context>,
    session: Arc<Session>,
    client_id: Option<Arc<str>>,
    meter: Arc<Meter>,
}

impl Toll {
    /// None where time is not bounded, and for what nodes ask of each other.
    pub(super) fn of<R: Request>(call: &Call) -> Option<Self> {
        let meter = call.meter.clone()?;
        // As in Kafka nodes are never held to quotas by each other: a quorum that is throttled is down.
        let among_nodes = R::KEY.is_cluster_action()
            || call.session.kind == ListenerKind::Controller && !R::KEY.is_forwardable();
        (!among_nodes).then(|| Self {
            context: call.context.clone(),
            session: call.session.clone(),
            client_id: call.client_id.clone(),
            meter,
        })
    }

    /// Charges the time, makes the client silent where it is too much, and says so in the answer.
    pub(super) fn take(self, response: &mut impl Message) {
        let who = Who::new(&self.session.principal, self.client_id.as_deref());
        let now = self.context.clock.now();
        let throttle_ms = self.context.quotas.record(Kind::Request, who, self.meter.percent(), now);
        silence(&self.context, &self.session, who, Kind::Request, throttle_ms);
        if let Some(told) = response.throttle_time_ms() {
            *told = (*told).max(i32::try_from(throttle_ms).unwrap_or(i32::MAX));
        }
    }
}
