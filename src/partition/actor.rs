//! The writer of one partition: drains its mailbox, appends once, publishes, answers.
//!
//! The log is opened by the first message that needs it, aside from this thread, while the mailbox waits. Whatever goes
//! wrong with the log stops the actor as failed, and its successor opens the log anew, which is the one way to recover;
//! a log that keeps failing takes its partition offline, alone. The actor never decides what leadership means.
//!
//! # How a group comes about
//!
//! Appends lie down in the replica's `inbox`, and the first sends a [`Notice`]. Until the actor gets round to it others
//! come, and the flush takes all there are: under load groups grow by themselves, and alone an append waits for nobody.
//!
//! # Syncing
//!
//! Where the topic asks for it, groups that are written wait in `unsynced` for an `fdatasync` that runs aside. What is
//! written during one waits for the next: one sync for however many came in the time of the one before. A process that
//! dies in between has answered none of them.

use std::sync::Arc;
use std::time::Duration;

use actix::fut::{ActorFutureExt, wrap_future};
use actix::{Actor, ActorContext, AsyncContext, Context, Handler, Message, ResponseActFuture};
use tokio::sync::oneshot;

use super::append::{Append, AppendResult};
use super::inbox::Notice;
use super::opening::Opening;
use super::replica::Replica;
use super::verifying::{Admission, Question, Verifying};
use crate::clock::Clock;
use crate::error::{Error, ErrorCode};
use crate::log::Log;
use crate::log::append::PendingAppend;
use crate::log::flush::FlushTask;
use crate::supervision::{DeathWatch, Stop};
use crate::types::{Millis, Offset};

/// Messages that may wait for a partition; what is to be appended waits in the `inbox`.
pub(super) const MAILBOX: usize = 8192;

/// How long a log is not opened that a full disk, or a want of descriptors, has kept from it.
const SHORTAGE_RETRY: Duration = Duration::from_secs(1);

/// Opens a partition's log, wherever it is.
pub(super) type OpenLog = Arc<dyn Fn(&Replica, Millis) -> Result<Log, Error> + Send + Sync>;

/// Told how far a log is when it is closed.
pub(super) type LogClosed = Arc<dyn Fn(&Replica, &Log) + Send + Sync>;

/// What a partition's actor is made of.
#[derive(Clone)]
pub(super) struct PartitionSpec {
    /// How others see it.
    pub(super) replica: Arc<Replica>,
    /// Opens the log; called aside from any thread that serves others.
    pub(super) open: OpenLog,
    /// When it may be opened.
    pub(super) opening: Arc<Opening>,
    /// Notes that the log was closed, and how far it is, for the next start.
    pub(super) closed: LogClosed,
    /// The time.
    pub(super) clock: Clock,
}

enum State {
    /// Nobody has asked for the log yet, or it is away (`Exchange`) while the mailbox waits.
    AtRest,
    /// It is written to and read from.
    Open(Box<Log>),
    /// It could not be opened, for this reason; a shortage is tried again after [`SHORTAGE_RETRY`].
    Failed(ErrorCode),
}

/// The actor of one partition.
pub(super) struct PartitionActor {
    spec: PartitionSpec,
    state: State,
    /// Appends written and not yet synced, where the topic asks for that.
    unsynced: Vec<Written>,
    /// Whether a sync of this actor is under way: one at a time.
    syncing: bool,
    /// What waits for transactions' coordinators.
    verifying: Verifying,
    watch: DeathWatch,
}

/// One group that is in the log: what each append is told, once it may be.
struct Written {
    answers: Vec<(oneshot::Sender<AppendResult>, AppendResult)>,
    /// The log's end behind the group, which becomes the high watermark.
    end: Offset,
}

impl PartitionActor {
    /// A partition at rest.
    pub(super) fn new(spec: PartitionSpec, watch: DeathWatch) -> Self {
        let (unsynced, verifying) = (Vec::new(), Verifying::default());
        Self { spec, state: State::AtRest, unsynced, syncing: false, verifying, watch }
    }

    /// Begins to open the log where it is at rest; the mailbox waits until that is done. True when it is open or
    /// failed.
    fn ensure_open(&mut self, ctx: &mut Context<Self>) -> bool {
        if !matches!(self.state, State::AtRest) {
            return true;
        }
        let spec = self.spec.clone();
        let opening = async move {
            let turn = spec.opening.turn(spec.replica.log_dir()).await;
            let open = move || {
                let _turn = turn;
                (spec.open)(&spec.replica, spec.clock.now())
            };
            tokio::task::spawn_blocking(open).await
        };
        ctx.wait(wrap_future::<_, Self>(opening).map(|opened, actor, ctx| match opened {
            Ok(Ok(log)) => actor.opened(log),
            Ok(Err(error)) => {
                tracing::error!(partition = %actor.spec.replica.name, %error, "the log cannot be opened");
                actor.state = State::Failed(error.code());
                if error.is_shortage() {
                    // It is tried again when somebody asks for it after a while.
                    ctx.run_later(SHORTAGE_RETRY, |actor, _| actor.state = State::AtRest);
                } else {
                    actor.spec.replica.set_offline();
                }
            }
            Err(panicked) => {
                tracing::error!(partition = %actor.spec.replica.name, error = %panicked, "opening the log panicked");
                actor.fail(ctx);
            }
        }));
        false
    }

    fn opened(&mut self, mut log: Log) {
        if self.spec.replica.is_offline() {
            // The directory has failed meanwhile.
            self.state = State::Failed(ErrorCode::KafkaStorageError);
            return;
        }
        // The only replica in sync: all it has is committed.
        log.set_high_watermark(log.log_end_offset());
        self.spec.replica.set_open(true);
        self.state = State::Open(Box::new(log));
    }

    /// Ends this life. Who waits for an answer is told by the channel that closes: `NOT_LEADER_OR_FOLLOWER`, which a
    /// producer retries, and idempotence keeps what was written from being written twice.
    fn fail(&mut self, ctx: &mut Context<Self>) {
        self.spec.replica.set_open(false);
        self.watch.fail();
        ctx.stop();
    }

    /// Writes all that has gathered in the inbox as one group.
    fn flush(&mut self, ctx: &mut Context<Self>) {
        let appends = self.spec.replica.inbox().take();
        if !appends.is_empty() {
            self.write(appends, ctx);
        }
    }

    /// Writes one group.
    fn write(&mut self, appends: Vec<Append>, ctx: &mut Context<Self>) {
        let log = match &mut self.state {
            State::Open(log) => log,
            State::AtRest => return,
            State::Failed(code) => {
                let code = *code;
                return appends.into_iter().for_each(|append| append.refuse(code));
            }
        };
        let mut group = Vec::with_capacity(appends.len());
        let mut replies = Vec::with_capacity(appends.len());
        let now = self.spec.clock.now();
        let mut questions = Vec::new();
        for append in appends {
            // Now, since the metadata may have moved the leadership while this waited.
            if let Err(code) = self.spec.replica.check_leader(append.leader_epoch) {
                append.refuse(code);
                continue;
            }
            match self.verifying.admit(append, log, now) {
                Admission::Now(append) => {
                    group.push(PendingAppend {
                        voucher: append.voucher,
                        transaction_version: append.transaction_version,
                        ..PendingAppend::new(append.records, append.origin)
                    });
                    replies.push(append.reply);
                }
                Admission::Waits(question) => questions.extend(question),
            }
        }
        // Before the write: a refusal below voids what was agreed as well, and the producer asks once more.
        self.verifying.written();
        #[cfg(test)]
        crate::faults::pass("append", &self.spec.replica.name.topic);
        if let Err(error) = log.append_as_leader(&mut group, self.spec.replica.leader_epoch(), now)
        {
            tracing::error!(partition = %self.spec.replica.name, %error, "the log cannot be written to");
        }
        let result = |append: PendingAppend| {
            append.result.unwrap_or(Err(ErrorCode::KafkaStorageError.into()))
        };
        let answers = replies.into_iter().zip(group.into_iter().map(result)).collect();
        let written = Written { answers, end: log.log_end_offset() };
        self.settle(written, now, ctx);
        questions.into_iter().for_each(|question| self.ask(question, ctx));
    }

    /// Asks the coordinator of a transaction, while others are served.
    fn ask(&self, question: Question, ctx: &mut Context<Self>) {
        let Question { key, guard, ask } = question;
        ctx.spawn(wrap_future::<_, Self>(ask()).map(move |answer, actor, ctx| {
            let mut appends = actor.verifying.answered(key, guard, &answer);
            if !appends.is_empty() {
                // In front of what has come since: a producer's batches keep their order.
                appends.extend(actor.spec.replica.inbox().take());
                actor.write(appends, ctx);
            }
        }));
    }

    /// Publishes at once, or when it is synced where the topic asks for that. Nothing overtakes what waits for a sync.
    fn settle(&mut self, written: Written, now: Millis, ctx: &mut Context<Self>) {
        let State::Open(log) = &mut self.state else { return };
        let due = !log.is_failed() && log.is_flush_due(now);
        if !due && !self.syncing {
            return self.publish(written, ctx);
        }
        self.unsynced.push(written);
        if due {
            self.sync(ctx);
        }
    }

    /// What is written may be read and is acknowledged. A log that could not be written to is opened anew.
    fn publish(&mut self, written: Written, ctx: &mut Context<Self>) {
        let State::Open(log) = &mut self.state else { return };
        debug_assert!(written.end <= log.log_end_offset(), "what was written is no longer there");
        log.advance(written.end, || {
            for (reply, result) in written.answers {
                // The one who asked may have gone, which is no news to anybody.
                let _ = reply.send(result);
            }
        });
        if log.is_failed() {
            self.fail(ctx);
        }
    }

    /// Syncs what is written, aside from this thread; what is written meanwhile waits for the next sync.
    fn sync(&mut self, ctx: &mut Context<Self>) {
        if self.syncing {
            return;
        }
        let State::Open(log) = &mut self.state else { return };
        let end = log.log_end_offset();
        let groups = std::mem::take(&mut self.unsynced);
        // Another has synced up to here meanwhile (`upkeep_actor`), or there is a sync to run.
        let task = match log.prepare_flush(end) {
            Ok(Some(task)) => task,
            Ok(None) => return groups.into_iter().for_each(|written| self.publish(written, ctx)),
            Err(error) => return self.not_synced(&error, ctx),
        };
        self.syncing = true;
        let syncing = tokio::task::spawn_blocking(move || (task.run(), task));
        ctx.spawn(wrap_future::<_, Self>(syncing).map(move |synced, actor, ctx| match synced {
            Ok((Ok(()), task)) => actor.synced(&task, groups, ctx),
            Ok((Err(error), _)) => actor.not_synced(&error, ctx),
            Err(_) => actor.fail(ctx),
        }));
    }

    /// What the sync was for is published; what has come since is synced next, or published if it need not be.
    fn synced(&mut self, task: &FlushTask, groups: Vec<Written>, ctx: &mut Context<Self>) {
        self.syncing = false;
        let State::Open(log) = &mut self.state else { return };
        log.flushed(task, self.spec.clock.now());
        let due = log.is_flush_due(self.spec.clock.now());
        groups.into_iter().for_each(|written| self.publish(written, ctx));
        if due {
            self.sync(ctx);
        } else {
            let rest = std::mem::take(&mut self.unsynced);
            rest.into_iter().for_each(|written| self.publish(written, ctx));
        }
    }

    /// What the kernel could not write it may have dropped: the log is opened anew.
    fn not_synced(&mut self, error: &Error, ctx: &mut Context<Self>) {
        tracing::error!(partition = %self.spec.replica.name, %error, "the log cannot be synced");
        self.fail(ctx);
    }
}

impl Actor for PartitionActor {
    type Context = Context<Self>;

    fn stopped(&mut self, _: &mut Self::Context) {
        self.spec.replica.set_open(false);
    }
}

impl Message for Notice {
    type Result = ();
}

impl Handler<Notice> for PartitionActor {
    type Result = ();

    fn handle(&mut self, notice: Notice, ctx: &mut Self::Context) {
        if !self.ensure_open(ctx) {
            ctx.notify(notice);
            return;
        }
        notice.arrived();
        self.flush(ctx);
    }
}

/// Runs something on the log.
pub(super) struct WithLog(pub(super) LogWork);

/// Work on a log, or the reason why there is none.
pub(super) type LogWork = Box<dyn FnOnce(Result<&mut Log, ErrorCode>) + Send>;

impl Message for WithLog {
    type Result = ();
}

impl Handler<WithLog> for PartitionActor {
    type Result = ();

    fn handle(&mut self, WithLog(work): WithLog, ctx: &mut Self::Context) {
        if !self.ensure_open(ctx) {
            ctx.notify(WithLog(work));
            return;
        }
        // What was handed over before is in the log before.
        self.flush(ctx);
        match &mut self.state {
            State::Open(log) => work(Ok(log)),
            State::Failed(code) => work(Err(*code)),
            State::AtRest => work(Err(ErrorCode::NotLeaderOrFollower)),
        }
    }
}

/// Exchanges the log for another of the same partition.
pub(super) struct Exchange(pub(super) ExchangeWork);

/// Takes the log and gives the one to go on with. May wait for the disk.
pub(super) type ExchangeWork = Box<dyn FnOnce(Box<Log>) -> Result<Box<Log>, Error> + Send>;

impl Message for Exchange {
    type Result = ();
}

impl Handler<Exchange> for PartitionActor {
    type Result = ();

    /// Nothing else runs until the log is back. A log that has failed is not handed over: the work is dropped, which
    /// tells whoever waits for it.
    fn handle(&mut self, Exchange(work): Exchange, ctx: &mut Self::Context) {
        if !self.ensure_open(ctx) {
            ctx.notify(Exchange(work));
            return;
        }
        self.flush(ctx);
        let log = match std::mem::replace(&mut self.state, State::AtRest) {
            State::Open(log) => log,
            other => {
                self.state = other;
                return;
            }
        };
        let working = tokio::task::spawn_blocking(move || work(log));
        ctx.wait(wrap_future::<_, Self>(working).map(|done, actor, ctx| match done {
            Ok(Ok(log)) => actor.state = State::Open(log),
            Ok(Err(error)) => {
                tracing::error!(partition = %actor.spec.replica.name, %error, "the log is opened anew");
                actor.fail(ctx);
            }
            Err(_) => actor.fail(ctx),
        }));
    }
}

/// Opens the log, if it is at rest, and answers when it is open.
pub(super) struct Open;

impl Message for Open {
    type Result = Result<(), ErrorCode>;
}

impl Handler<Open> for PartitionActor {
    type Result = ResponseActFuture<Self, Result<(), ErrorCode>>;

    fn handle(&mut self, _: Open, ctx: &mut Self::Context) -> Self::Result {
        self.ensure_open(ctx);
        // Runs when the mailbox goes on, and so when the log is open or has failed.
        Box::pin(wrap_future(std::future::ready(())).map(|(), actor: &mut Self, _| {
            match &actor.state {
                State::Open(_) => Ok(()),
                State::Failed(code) => Err(*code),
                State::AtRest => Err(ErrorCode::NotLeaderOrFollower),
            }
        }))
    }
}

/// Lets a log go that holds nothing: made, and not needed yet.
pub(super) struct Rest;

impl Message for Rest {
    type Result = ();
}

impl Handler<Rest> for PartitionActor {
    type Result = ();

    /// What has been handed over meanwhile opens it again.
    fn handle(&mut self, _: Rest, _: &mut Self::Context) {
        match std::mem::replace(&mut self.state, State::AtRest) {
            State::Open(log) if log.is_blank() && !self.syncing => {
                (self.spec.closed)(&self.spec.replica, &log);
                self.spec.replica.set_open(false);
                log.let_go();
            }
            other => self.state = other,
        }
    }
}

impl Handler<Stop> for PartitionActor {
    type Result = ();

    /// Closes the log cleanly, if it is open, so that the next start need not look at it.
    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        // A log at rest stays so: what waits for it was not written, and whoever waits is told by the channel.
        if matches!(self.state, State::Open(_)) {
            self.flush(ctx);
        }
        if let State::Open(log) = &mut self.state {
            match log.close(self.spec.clock.now()) {
                Ok(()) => (self.spec.closed)(&self.spec.replica, log),
                Err(error) => {
                    tracing::error!(partition = %self.spec.replica.name, %error, "the log is not closed cleanly")
                }
            }
        }
        ctx.stop();
    }
}
