//! Waiting at most until a time, for many requests at once: each thread has one timer for all that wait there.
//!
//! A timer of its own would cost each long poll two system calls, because the runtime wakes its driver whenever its
//! earliest time changes. Here most deadlines come behind one that is set already, and the timer moves when it fires.
//! Never used for what must be exact: a deadline is met within a millisecond or so.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tokio::task::JoinHandle;
use tokio::time::Instant;

thread_local! {
    static ALARMS: RefCell<Alarms> = RefCell::default();
}

/// Those who wait on this thread, by when, and the task that sleeps until the first of them.
#[derive(Default)]
struct Alarms {
    /// The earliest first; tickets tell apart those that wait until the same instant.
    waiting: BTreeMap<(Instant, u64), Waker>,
    /// Never used twice, so that one who gives up cannot take another's place away.
    next_ticket: u64,
    /// The task that rings, and when: never later than the first who waits, earlier if one before it gave up.
    sleeper: Option<(Instant, JoinHandle<()>)>,
}

impl Alarms {
    /// Sees to it that somebody wakes the first who waits.
    fn arm(&mut self) {
        let Some((&(first, _), _)) = self.waiting.first_key_value() else { return };
        if let Some((at, sleeper)) = &self.sleeper {
            // A sleeper ends unfinished only with its runtime.
            if *at <= first && !sleeper.is_finished() {
                return;
            }
            sleeper.abort();
        }
        let sleeper = tokio::task::spawn_local(async move {
            tokio::time::sleep_until(first).await;
            ALARMS.with_borrow_mut(Self::ring);
        });
        self.sleeper = Some((first, sleeper));
    }

    /// Wakes all whose time has come.
    fn ring(&mut self) {
        self.sleeper = None;
        let now = Instant::now();
        while let Some(first) = self.waiting.first_entry().filter(|first| first.key().0 <= now) {
            first.remove().wake();
        }
        self.arm();
    }
}

/// One who waits; dropping it gives up.
struct Alarm {
    /// When it rings.
    at: Instant,
    /// Its place among those who wait; none before it was polled the first time.
    ticket: Option<u64>,
}

impl Alarm {
    fn poll(&mut self, cx: &Context<'_>) -> Poll<()> {
        if Instant::now() >= self.at {
            return Poll::Ready(());
        }
        ALARMS.with_borrow_mut(|alarms| {
            let ticket = *self.ticket.get_or_insert_with(|| {
                alarms.next_ticket += 1;
                alarms.next_ticket
            });
            // A task may have moved to another waker since.
            let waker = alarms.waiting.entry((self.at, ticket));
            waker.or_insert_with(|| cx.waker().clone()).clone_from(cx.waker());
            alarms.arm();
        });
        Poll::Pending
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            ALARMS.with_borrow_mut(|alarms| alarms.waiting.remove(&(self.at, ticket)));
        }
    }
}

/// What `work` brings, or none when the time comes first.
pub(super) async fn until<T>(at: Instant, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut alarm = Alarm { at, ticket: None };
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => alarm.poll(cx).map(|()| None),
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn waiting() -> usize {
        ALARMS.with_borrow(|alarms| alarms.waiting.len())
    }

    #[test]
    fn who_waits_is_woken_in_time_whatever_the_order_of_coming() {
        actix_rt::System::new().block_on(async {
            let begun = Instant::now();
            let after = |wait_ms| begun + Duration::from_millis(wait_ms);
            let never = std::future::pending::<()>;
            let (late, early, done) = tokio::join!(
                until(after(40), never()),
                until(after(20), never()),
                until(after(60_000), std::future::ready(7)),
            );
            assert_eq!((late, early, done), (None, None, Some(7)));
            assert!(begun.elapsed() >= Duration::from_millis(40));
            assert_eq!(waiting(), 0);
        });
    }

    #[test]
    fn giving_up_leaves_nothing_behind() {
        actix_rt::System::new().block_on(async {
            let far = Instant::now() + Duration::from_secs(3_600);
            let task = tokio::task::spawn_local(until(far, std::future::pending::<()>()));
            while waiting() == 0 {
                tokio::task::yield_now().await;
            }
            task.abort();
            assert!(task.await.is_err_and(|ended| ended.is_cancelled()));
            assert_eq!(waiting(), 0);
        });
    }

    #[test]
    fn a_new_runtime_on_the_thread_sleeps_anew() {
        for _ in 0..2 {
            let local = tokio::task::LocalSet::new();
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_time().build().expect("one");
            local.block_on(&runtime, async {
                let leftover =
                    until(Instant::now() + Duration::from_millis(1), std::future::pending::<()>());
                assert_eq!(leftover.await, None);
                let far = Instant::now() + Duration::from_secs(3_600);
                assert_eq!(until(far, tokio::task::yield_now()).await, Some(()));
            });
        }
    }
}
