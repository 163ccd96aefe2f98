//! Supervision, seen from outside: lives, deaths, and the order of both.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix::{Actor, ActorContext, Addr, AsyncContext, Context, Handler, Message};
use actix_rt::{Arbiter, System};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::*;
use crate::clock::Clock;
use crate::testing::until;

/// Counts what it is told; dies on demand.
struct Counter {
    name: &'static str,
    count: usize,
    stop_after: Duration,
    diary: Diary,
    _watch: DeathWatch,
}

type Diary = Arc<Mutex<Vec<String>>>;

struct Add(usize);
struct Panic;
struct Quit;
struct Where;

impl Message for Add {
    type Result = usize;
}
impl Message for Panic {
    type Result = ();
}
impl Message for Quit {
    type Result = ();
}
impl Message for Where {
    type Result = std::thread::ThreadId;
}

impl Actor for Counter {
    type Context = Context<Self>;
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.diary.lock().push(format!("{} gone", self.name));
    }
}

impl Handler<Add> for Counter {
    type Result = usize;
    fn handle(&mut self, Add(by): Add, _: &mut Self::Context) -> usize {
        self.count += by;
        self.count
    }
}

impl Handler<Panic> for Counter {
    type Result = ();
    fn handle(&mut self, _: Panic, _: &mut Self::Context) {
        panic!("on demand");
    }
}

impl Handler<Quit> for Counter {
    type Result = ();
    fn handle(&mut self, _: Quit, ctx: &mut Self::Context) {
        ctx.stop();
    }
}

impl Handler<Where> for Counter {
    type Result = actix::MessageResult<Where>;
    fn handle(&mut self, _: Where, _: &mut Self::Context) -> Self::Result {
        actix::MessageResult(std::thread::current().id())
    }
}

impl Handler<Stop> for Counter {
    type Result = ();
    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        self.diary.lock().push(format!("{} stopping", self.name));
        if self.stop_after.is_zero() {
            ctx.stop();
        } else {
            ctx.run_later(self.stop_after, |_, ctx| ctx.stop());
        }
    }
}

fn counter(name: &'static str, handle: &Handle<Counter>, diary: &Diary) -> Child {
    slow_counter(name, handle, diary, Duration::ZERO)
}

fn slow_counter(
    name: &'static str,
    handle: &Handle<Counter>,
    diary: &Diary,
    stop_after: Duration,
) -> Child {
    let diary = Arc::clone(diary);
    Child::new(name, 16, handle, move |watch| Counter {
        name,
        count: 0,
        stop_after,
        diary: Arc::clone(&diary),
        _watch: watch,
    })
}

fn supervisor(restarts: usize) -> Supervisor {
    Supervisor::new("top", Intensity::per_minute(restarts), Clock::manual(0))
}

fn watched(supervisor: Supervisor) -> (Addr<Supervisor>, StatusTree, oneshot::Receiver<End>) {
    let (tell, told) = oneshot::channel();
    let supervisor = supervisor.on_end(move |end| drop(tell.send(end)));
    let status = supervisor.status();
    (supervisor.start(), status, told)
}

#[test]
fn a_panic_restarts_with_fresh_state_behind_the_same_handle() {
    System::new().block_on(async {
        let (handle, diary) = (Handle::default(), Diary::default());
        let (_top, status, _) = watched(supervisor(3).child(counter("c", &handle, &diary)));
        until(|| handle.is_up()).await;
        assert_eq!(handle.ask(Add(5)).await, Ok(5));
        assert_eq!(handle.ask(Panic).await, Err(Down));
        until(|| status.snapshot().child("c").is_some_and(|c| c.restarts == 1)).await;
        assert_eq!(handle.ask(Add(1)).await, Ok(1));
        assert_eq!(handle.port::<Add>().try_send(Add(1)), Ok::<(), Refused<Add>>(()));
        assert_eq!(handle.ask(Add(0)).await, Ok(2));
        assert_eq!(status.snapshot().to_string(), "top  running\n└─ c  running, 1 restarts\n");
    });
}

impl PartialEq for Add {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl std::fmt::Debug for Add {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Add({})", self.0)
    }
}

#[test]
fn too_many_deaths_end_the_supervisor_and_stop_the_siblings() {
    System::new().block_on(async {
        let (a, b, diary) = (Handle::default(), Handle::default(), Diary::default());
        let top = supervisor(1).child(counter("a", &a, &diary)).child(counter("b", &b, &diary));
        let (_top, status, end) = watched(top);
        until(|| b.is_up()).await;
        assert_eq!(b.ask(Panic).await, Err(Down));
        until(|| status.snapshot().child("b").is_some_and(|b| b.restarts == 1)).await;
        let _ = b.ask(Quit).await;
        assert_eq!(end.await, Ok(End::GaveUp("b".into())));
        assert_eq!(*diary.lock(), ["b gone", "b gone", "a stopping", "a gone"]);
        assert_eq!(b.try_send(Add(1)), Err(Refused::Down(Add(1))));
        assert_eq!(status.snapshot().state, State::Stopped);
    });
}

#[test]
fn old_deaths_are_forgiven() {
    System::new().block_on(async {
        let (handle, diary, clock) = (Handle::default(), Diary::default(), Clock::manual(0));
        let top = Supervisor::new("top", Intensity::per_minute(1), clock.clone())
            .child(counter("c", &handle, &diary));
        let (_top, status, _) = watched(top);
        for n in 1..=4 {
            until(|| handle.is_up()).await;
            let _ = handle.ask(Panic).await;
            until(|| status.snapshot().child("c").is_some_and(|c| c.restarts == n)).await;
            clock.advance(60_001);
        }
        assert_eq!(status.snapshot().state, State::Running);
    });
}

#[test]
fn a_policy_says_what_a_quiet_end_means() {
    System::new().block_on(async {
        let (once, vital, diary) = (Handle::default(), Handle::default(), Diary::default());
        let top = supervisor(9)
            .child(counter("once", &once, &diary).restart(Restart::OnPanic))
            .child(counter("vital", &vital, &diary).restart(Restart::Never));
        let (_top, status, end) = watched(top);
        until(|| vital.is_up()).await;
        let _ = once.ask(Quit).await;
        until(|| status.snapshot().child("once").is_some_and(|c| c.state == State::Stopped)).await;
        assert_eq!(status.snapshot().state, State::Running);
        let _ = vital.ask(Quit).await;
        assert_eq!(end.await, Ok(End::GaveUp("vital".into())));
    });
}

#[test]
fn children_stop_last_to_first_and_a_late_one_is_left_behind() {
    System::new().block_on(async {
        let (a, b, c, diary) =
            (Handle::default(), Handle::default(), Handle::default(), Diary::default());
        let late = slow_counter("b", &b, &diary, Duration::from_secs(600))
            .stop_within(Duration::from_millis(20));
        let top = supervisor(0).child(counter("a", &a, &diary)).child(late).child(slow_counter(
            "c",
            &c,
            &diary,
            Duration::from_millis(30),
        ));
        let (top, _, end) = watched(top);
        until(|| c.is_up()).await;
        top.do_send(Stop);
        assert_eq!(end.await, Ok(End::Stopped));
        assert_eq!(
            diary.lock()[..5],
            ["c stopping", "c gone", "b stopping", "a stopping", "a gone"]
        );
    });
}

#[test]
fn an_inner_supervisor_gives_up_and_its_parent_starts_the_subtree_again() {
    System::new().block_on(async {
        let (leaf, sibling, diary) = (Handle::default(), Handle::default(), Diary::default());
        let inner: Handle<Supervisor> = Handle::default();
        let (inner_leaf, inner_sibling, inner_diary) = (leaf.clone(), sibling.clone(), Arc::clone(&diary));
        let subtree = Child::new("inner", 64, &inner, move |watch| {
            Supervisor::new("inner", Intensity::per_minute(1), Clock::manual(0))
                .under(watch)
                .child(counter("sibling", &inner_sibling, &inner_diary))
                .child(counter("leaf", &inner_leaf, &inner_diary))
        });
        let (top, status, end) = watched(supervisor(1).child(subtree));
        for _ in 0..2 {
            until(|| leaf.is_up()).await;
            let _ = leaf.ask(Panic).await;
            until(|| leaf.is_up()).await;
        }
        until(|| status.snapshot().child("inner").is_some_and(|inner| inner.restarts == 1)).await;
        until(|| leaf.is_up() && sibling.is_up()).await;
        let expected = "top  running\n└─ inner  running, 1 restarts\n   ├─ sibling  running\n   └─ leaf  running\n";
        assert_eq!(status.snapshot().to_string(), expected);
        top.do_send(Stop);
        assert_eq!(end.await, Ok(End::Stopped));
        let tail = diary.lock().clone();
        assert_eq!(tail[tail.len() - 4..], ["leaf stopping", "leaf gone", "sibling stopping", "sibling gone"]);
    });
}

#[test]
fn children_come_and_go_and_one_goes_offline_alone() {
    System::new().block_on(async {
        let (a, b, diary) = (Handle::default(), Handle::default(), Diary::default());
        let lost = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&lost);
        let (top, status, _end) = watched(supervisor(0));
        let fragile =
            counter("a", &a, &diary).intensity(Intensity::per_minute(2)).on_give_up(move |name| {
                assert_eq!(name, "a");
                count.fetch_add(1, Ordering::SeqCst);
            });
        assert_eq!(top.send(AddChild(fragile.clone())).await, Ok(Ok(())));
        assert_eq!(top.send(AddChild(fragile)).await, Ok(Err(NotAdded::Exists)));
        assert_eq!(top.send(AddChild(counter("b", &b, &diary))).await, Ok(Ok(())));
        for n in 1..=3 {
            until(|| a.is_up()).await;
            let _ = a.ask(Panic).await;
            until(|| {
                let a = status.snapshot().child("a").cloned().expect("still listed");
                a.restarts == n || a.state == State::Offline
            })
            .await;
        }
        assert_eq!(lost.load(Ordering::SeqCst), 1);
        assert_eq!(b.ask(Add(1)).await, Ok(1));
        for name in ["a", "b"] {
            assert_eq!(top.send(RemoveChild(name.into())).await, Ok(true));
        }
        assert_eq!(top.send(RemoveChild("a".into())).await, Ok(false));
        assert!(status.snapshot().children.is_empty());
        assert_eq!(b.get().map(|_| ()), None);
        assert_eq!(top.send(AddChild(counter("b", &b, &diary))).await, Ok(Ok(())));
        until(|| b.is_up()).await;
    });
}

#[test]
fn a_child_lives_and_is_restarted_on_its_arbiter() {
    System::new().block_on(async {
        let (handle, diary) = (Handle::default(), Diary::default());
        let arbiter = Arbiter::new();
        let child_diary = Arc::clone(&diary);
        let child = Child::on_arbiter("far", arbiter.handle(), 4, &handle, move |watch| Counter {
            name: "far",
            count: 0,
            stop_after: Duration::ZERO,
            diary: Arc::clone(&child_diary),
            _watch: watch,
        });
        let (top, status, end) = watched(supervisor(3).child(child));
        until(|| handle.is_up()).await;
        let there = handle.ask(Where).await.unwrap();
        assert_ne!(there, std::thread::current().id());
        let _ = handle.ask(Panic).await;
        until(|| status.snapshot().child("far").is_some_and(|c| c.restarts == 1)).await;
        assert_eq!(handle.ask(Where).await, Ok(there));
        top.do_send(Stop);
        assert_eq!(end.await, Ok(End::Stopped));
    });
}

#[test]
fn a_factory_that_panics_is_a_child_that_dies() {
    System::new().block_on(async {
        let (handle, tries) = (Handle::<Counter>::default(), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&tries);
        let child = Child::new("bad", 4, &handle, move |_watch| {
            count.fetch_add(1, Ordering::SeqCst);
            panic!("cannot be made");
        });
        let (_top, _, end) = watched(supervisor(2).child(child));
        assert_eq!(end.await, Ok(End::GaveUp("bad".into())));
        assert_eq!(tries.load(Ordering::SeqCst), 3);
    });
}

#[test]
fn a_full_mailbox_refuses() {
    System::new().block_on(async {
        let (handle, diary) = (Handle::default(), Diary::default());
        let (_top, _, _end) = watched(supervisor(0).child(counter("c", &handle, &diary)));
        until(|| handle.is_up()).await;
        let mut taken = 0;
        while handle.try_send(Add(1)).is_ok() {
            taken += 1;
        }
        assert!((16..=17).contains(&taken), "{taken}");
        assert_eq!(handle.try_send(Add(7)), Err(Refused::Full(Add(7))));
        assert_eq!(handle.ask(Add(0)).await, Ok(taken));
    });
}
