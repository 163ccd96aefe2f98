//! What the tree of supervisors looks like right now, readable without asking any actor. Never decides anything.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

/// Where an actor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Started, as far as its supervisor knows.
    Running,
    /// Asked to stop, not yet gone.
    Stopping,
    /// Gone as it should be.
    Stopped,
    /// Died too often: left down.
    Offline,
}

impl State {
    /// The word that the printed tree shows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Offline => "offline",
        }
    }
}

/// One actor and those below it, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The child's name in its supervisor.
    pub name: String,
    /// Where it stands.
    pub state: State,
    /// How often it was started again.
    pub restarts: u64,
    /// What the actor itself has to say.
    pub detail: String,
    /// The children, in start order.
    pub children: Vec<Self>,
}

impl Status {
    /// The child of that name, if there is one.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, lead: &str, below: &str) -> fmt::Result {
        write!(f, "{lead}{}  {}", self.name, self.state.name())?;
        if self.restarts > 0 {
            write!(f, ", {} restarts", self.restarts)?;
        }
        if !self.detail.is_empty() {
            write!(f, "  {}", self.detail)?;
        }
        writeln!(f)?;
        for (n, child) in self.children.iter().enumerate() {
            let last = n + 1 == self.children.len();
            let (branch, under) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            child.write(f, &format!("{below}{branch}"), &format!("{below}{under}"))?;
        }
        Ok(())
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, "", "")
    }
}

#[derive(Debug)]
struct Node {
    name: Arc<str>,
    now: Mutex<Now>,
}

#[derive(Debug)]
struct Now {
    state: State,
    restarts: u64,
    detail: String,
    children: Vec<StatusTree>,
}

/// The shared board on which a supervisor notes how its children stand.
#[derive(Clone, Debug)]
pub struct StatusTree(Arc<Node>);

impl StatusTree {
    pub(super) fn new(name: impl Into<Arc<str>>) -> Self {
        let now =
            Now { state: State::Running, restarts: 0, detail: String::new(), children: Vec::new() };
        Self(Arc::new(Node { name: name.into(), now: Mutex::new(now) }))
    }

    /// The name of the actor at the top.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// A copy of what the board says.
    pub fn snapshot(&self) -> Status {
        let now = self.0.now.lock();
        let children = now.children.clone();
        let mut status = Status {
            name: self.0.name.to_string(),
            state: now.state,
            restarts: now.restarts,
            detail: now.detail.clone(),
            children: Vec::with_capacity(children.len()),
        };
        drop(now);
        status.children.extend(children.iter().map(Self::snapshot));
        status
    }

    pub(super) fn set_state(&self, state: State) {
        self.0.now.lock().state = state;
    }

    pub(super) fn set_detail(&self, detail: String) {
        self.0.now.lock().detail = detail;
    }

    /// A new life begins: what was below belongs to the old one.
    pub(super) fn restarted(&self) {
        let mut now = self.0.now.lock();
        now.state = State::Running;
        now.restarts += 1;
        now.detail.clear();
        now.children.clear();
    }

    pub(super) fn add(&self, child: Self) {
        self.0.now.lock().children.push(child);
    }

    pub(super) fn remove(&self, child: &Self) {
        self.0.now.lock().children.retain(|other| !Arc::ptr_eq(&other.0, &child.0));
    }
}
