//! Supervision: a parent starts its children from factories, learns of every death, and starts the dead again with
//! fresh state, or gives up and dies itself. Knows nothing of what the children do.
//!
//! A [`Supervisor`] is an actor, so supervisors nest. It holds [`Child`]ren: a name, a factory, a policy. The factory
//! gets a [`DeathWatch`] that the new actor keeps as its last field; whether the actor stops or panics, the watch is
//! dropped with it, and that tells the supervisor. Others reach the child through a [`Handle`], which follows it over
//! restarts, or a [`Port`], which is a handle for one kind of message. A [`StatusTree`] shows who lives and how often
//! it was restarted.
//!
//! actix's own `Supervisor` restarts only after `ctx.stop()`, keeps the old (possibly corrupt) value, and does not
//! survive a panic; this module replaces it. Never glob-import actix's prelude: it exports that name too.
//!
//! # The life of a child
//!
//! ```text
//!             start                 Stop, or RemoveChild
//! (added) ──────────► Running ────────────────────────────► Stopping ── gone, or overdue ──► Stopped
//!                      ▲   │ its watch is dropped
//!                      │   ▼
//!                      └─ died: may it restart (its policy, its intensity or its siblings')?
//!                              yes: start, a new life       no: Offline, and either `on_give_up` or
//!                              a quiet end: Stopped             the supervisor ends: GaveUp, a death in turn
//! ```
//!
//! Each start is a new *life* with a number. The notice of a death names the life that ended: one that comes late,
//! after the child was given up as overdue and perhaps started again, is old news and is passed over.
//!
//! # What must stay true
//!
//! - At most one life of a child runs, but for one that is overdue: it was told to stop and is no longer counted on.
//! - Children stop one after the other, in the reverse order of their start, so that nobody outlives what it leans on.
//! - A [`Handle`] never leads to a dead actor for longer than its death takes to be told, and whoever asks meanwhile
//!   gets [`Down`], never silence.
//! - The watch is an actor's last field: when the supervisor hears of the death, all else that the actor held (files,
//!   locks, ports) is let go of, and the next life can have it.
//! - A factory runs on the child's own task: one that panics is a death like any other, and never the supervisor's.
//!
//! # What is deliberately missing
//!
//! Erlang's strategies that restart siblings together: a child that depends on another finds it through its handle, and
//! must bear its being down. Restarts are not delayed either: what should be tried less often says so by its intensity.

mod child;
mod handle;
mod status;
mod supervisor;
#[cfg(test)]
mod tests;

pub use child::{Child, Intensity, Restart, Stop};
pub use handle::{DeathWatch, Down, Handle, Port, Refused};
pub use status::{State, Status, StatusTree};
pub use supervisor::{AddChild, End, NotAdded, RemoveChild, Supervisor};
