//! How long requests take: an answer under way, and the clock that is read for many of them at once.
//!
//! Never decides anything. Reading the clock costs as much as decoding a small request, so what comes and goes together
//! shares a reading (`Moment`).

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;

use super::answer::{Answer, Pending};
use super::throttle::Meter;
use crate::metrics::{ApiSlot, Metrics};

/// The time of things that happen together: read once, when the first of them asks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moment(Option<Instant>);

impl Moment {
    /// The time.
    pub fn now(&mut self) -> Instant {
        *self.0.get_or_insert_with(Instant::now)
    }
}

impl From<Instant> for Moment {
    fn from(instant: Instant) -> Self {
        Self(Some(instant))
    }
}

/// An answer that may still have to wait, and how long it takes.
pub struct Measured {
    /// What the handler has begun.
    answer: Pending,
    /// Under which API it is counted.
    slot: ApiSlot,
    /// When it was dispatched: before the handler, so that decoding the body is in it.
    began: Instant,
    /// When it first had to wait.
    waited_from: Option<Instant>,
    /// Counts the time of threads, where a quota bounds that (KIP-124): only while it is polled, not while it waits.
    meter: Option<Arc<Meter>>,
}

impl Measured {
    pub(super) fn new(
        answer: Pending,
        slot: ApiSlot,
        began: Instant,
        meter: Option<Arc<Meter>>,
    ) -> Self {
        Self { answer, slot, began, waited_from: None, meter }
    }

    /// The answer, if it is there; counted by `metrics` then. `moment` is asked only after the handler has run.
    pub fn poll(
        &mut self,
        cx: &mut Context<'_>,
        metrics: &Metrics,
        moment: &mut Moment,
    ) -> Poll<Answer> {
        let polled = match &self.meter {
            None => self.answer.as_mut().poll(cx),
            Some(meter) => {
                meter.enter();
                let polled = self.answer.as_mut().poll(cx);
                meter.leave();
                polled
            }
        };
        let Poll::Ready(answer) = polled else {
            self.waited_from.get_or_insert_with(|| moment.now());
            return Poll::Pending;
        };
        let took_us = us(moment.now().saturating_duration_since(self.began));
        let waited_from_us =
            self.waited_from.map(|from| us(from.saturating_duration_since(self.began)));
        metrics.requests.answered(self.slot, took_us, waited_from_us);
        Poll::Ready(answer)
    }

    /// The answer, for who asks for this one alone.
    pub async fn answered(mut self, metrics: Arc<Metrics>) -> Answer {
        poll_fn(|cx| Pin::new(&mut self).get_mut().poll(cx, &metrics, &mut Moment::default())).await
    }
}

fn us(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_waits_is_told_from_what_does_not() {
        let metrics = Metrics::default();
        let slot = ApiSlot::new(0, "Produce", false);
        let mut cx = Context::from_waker(Waker::noop());
        let began = Instant::now();
        let (reply, answer) = tokio::sync::oneshot::channel::<()>();
        let pending: Pending = Box::pin(async move {
            let _ = answer.await;
            Answer::Nothing
        });
        let mut measured = Measured::new(pending, slot, began, None);
        tokio::time::advance(Duration::from_millis(2)).await;
        assert!(measured.poll(&mut cx, &metrics, &mut Moment::default()).is_pending());
        tokio::time::advance(Duration::from_millis(3)).await;
        assert!(measured.poll(&mut cx, &metrics, &mut Moment::default()).is_pending());
        reply.send(()).unwrap();
        // A reading of before, that is shared.
        assert!(measured.poll(&mut cx, &metrics, &mut Moment::from(Instant::now())).is_ready());
        let text = metrics.render(0).await;
        assert!(text.contains("localtimems_sum{request=\"Produce\"} 2"), "{text}");
        assert!(text.contains("remotetimems_sum{request=\"Produce\"} 3"), "{text}");
    }
}
