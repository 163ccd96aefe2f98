//! What was handed to a partition and its actor has not taken yet: one queue, and one message to tell of it.
//!
//! Many requests come in at once, and all of them are written at once. A message for each would cost two allocations
//! and a turn of the mailbox; here the first of a group sends a [`Notice`], and those behind it only lie down.
//!
//! **Invariant:** while something lies here, a notice is on its way to the actor. One that is dropped on that way, with
//! the mailbox of an actor that died, takes along what it told of: whoever waits for an answer learns of it by the
//! channel that closes, and nothing is left that nobody would ever look at.

use std::sync::Arc;

use parking_lot::Mutex;

use super::append::Append;
use super::replica::Replica;

/// Appends that may wait for a partition; connections bound their own share.
const APPENDS_MAX: usize = 8192;

/// The appends that lie in front of one partition.
#[derive(Debug, Default)]
pub(super) struct Inbox(Mutex<Vec<Append>>);

impl Inbox {
    /// Lays an append down: whether the actor is to be told, or, where there is no room, the append again.
    pub(super) fn push(&self, append: Append) -> Result<bool, Append> {
        let mut appends = self.0.lock();
        if appends.len() >= APPENDS_MAX {
            return Err(append);
        }
        appends.push(append);
        Ok(appends.len() == 1)
    }

    /// All that lies here, in the order it came.
    pub(super) fn take(&self) -> Vec<Append> {
        std::mem::take(&mut *self.0.lock())
    }
}

/// Tells the actor that something lies in its inbox.
pub(super) struct Notice(Option<Arc<Replica>>);

impl Notice {
    pub(super) fn new(replica: Arc<Replica>) -> Self {
        Self(Some(replica))
    }

    /// It has arrived: what it tells of is the actor's to take.
    pub(super) fn arrived(mut self) {
        self.0 = None;
    }
}

impl Drop for Notice {
    fn drop(&mut self) {
        if let Some(replica) = &self.0 {
            drop(replica.inbox().take());
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tokio::sync::oneshot;

    use super::super::tests::replica;
    use super::*;

    #[test]
    fn a_notice_that_gets_lost_takes_along_what_it_told_of() {
        let replica = replica();
        let inbox = replica.inbox();
        let append = || {
            let (reply, answer) = oneshot::channel();
            (Append::from_client(Bytes::new(), reply), answer)
        };
        let ((first, _first_answer), (second, mut answer)) = (append(), append());
        assert!(inbox.push(first).unwrap() && !inbox.push(second).unwrap());
        Notice::new(replica.clone()).arrived();
        assert_eq!(inbox.take().len(), 2);
        assert!(answer.try_recv().is_err());

        let (third, mut answer) = append();
        assert!(inbox.push(third).unwrap());
        drop(Notice::new(replica.clone()));
        assert_eq!(answer.try_recv(), Err(oneshot::error::TryRecvError::Closed));
        assert!(inbox.push(append().0).unwrap());
    }

    #[test]
    fn it_is_bounded() {
        let inbox = Inbox::default();
        let append = || Append::from_client(Bytes::new(), oneshot::channel().0);
        let laid_down = (0..APPENDS_MAX).filter(|_| inbox.push(append()).is_ok()).count();
        assert_eq!(laid_down, APPENDS_MAX);
        assert!(inbox.push(append()).is_err());
    }
}
