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
