//! Keeping a request waiting for news that nobody has asked it to wait for, and ending that as soon as it would be in
//! the way.
//!
//! Requests of one connection are answered in order: one that waits holds up all behind it. So the connection says when
//! something comes, or when it is to close, and the request that waits is answered then with what there is. Never used
//! for a request whose client has chosen to wait (Fetch, JoinGroup).

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::Poll;

use tokio::time::Instant;

use super::deadline::until;

/// No request is kept waiting.
const NONE: u8 = 0;
/// One is.
const TRIED: u8 = 1;
/// One was, and is answered when it is polled next.
const OVER: u8 = 2;

/// How a connection stands to the request in front, which may be kept waiting for news.
#[derive(Debug, Default)]
pub struct Patience(AtomicU8);

impl Patience {
    /// Whether the request in front is kept waiting, and can be answered at any time.
    pub fn is_tried(&self) -> bool {
        self.0.load(Ordering::Acquire) == TRIED
    }

    /// Has the request answered, when its answer is polled next.
    pub fn end(&self) {
        // Where nobody waits there is nothing to end.
        let _ = self.0.compare_exchange(TRIED, OVER, Ordering::AcqRel, Ordering::Acquire);
    }

    /// What `work` brings; none where it brings nothing until `at`, or until [`Patience::end`].
    pub(super) async fn wait<T>(&self, at: Instant, work: impl Future<Output = T>) -> Option<T> {
        self.0.store(TRIED, Ordering::Release);
        let _trial = Trial(self);
        let mut work = pin!(until(at, work));
        poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Pending if self.0.load(Ordering::Acquire) == OVER => Poll::Ready(None),
            polled => polled,
        })
        .await
    }
}

/// Lasts as long as the request waits, or is wanted at all.
struct Trial<'a>(&'a Patience);

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        self.0.0.store(NONE, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::time::Duration;

    use super::*;

    fn far() -> Instant {
        Instant::now() + Duration::from_secs(3_600)
    }

    #[test]
    fn it_ends_with_the_news_or_the_time_or_when_it_is_in_the_way() {
        actix_rt::System::new().block_on(async {
            let patience = Patience::default();
            assert_eq!(patience.wait(far(), ready(7)).await, Some(7));
            let soon = Instant::now() + Duration::from_millis(2);
            assert_eq!(patience.wait(soon, pending::<()>()).await, None);
            assert!(!patience.is_tried());

            let mut waiting = pin!(patience.wait(far(), pending::<()>()));
            let is_pending =
                poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx).is_pending())).await;
            assert!(is_pending && patience.is_tried());
            patience.end();
            assert!(!patience.is_tried());
            assert_eq!(waiting.await, None);
        });
    }

    #[test]
    fn what_was_in_the_way_of_one_is_not_in_the_way_of_the_next() {
        actix_rt::System::new().block_on(async {
            let patience = Patience::default();
            patience.end();
            let mut waiting = pin!(patience.wait(far(), pending::<()>()));
            let is_pending =
                poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx).is_pending())).await;
            assert!(is_pending && patience.is_tried());
        });
    }
}
