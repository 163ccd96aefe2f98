//! Open files and loaded indexes of all logs together, kept within bounds: what was not used for longest is given
//! back.
//!
//! Shared by every log of a node. A segment that was given back opens and loads again when asked, so nobody else
//! needs to know about this.
//!
//! A clock of two hands, one for files and one for indexes: what was admitted goes round in a ring, and what was used
//! since it was last met gets another turn. Use is one relaxed flag in the segment, so the hot path takes no lock here.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::group::Group;
use super::segment::Segment;

/// How many writes are gathered at once, as a rule: one on each thread that writes.
const GROUPS_MAX: usize = 16;

/// How much may be open and loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Open segment files.
    pub files_max: usize,
    /// Bytes of index entries.
    pub index_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { files_max: 4_096, index_bytes_max: 64 << 20 }
    }
}

#[derive(Default)]
struct Ring {
    /// Who was admitted, oldest first, at what cost (1 a file; bytes of an index). Weak: a segment that is given up by
    /// its log leaves when it is met.
    segments: VecDeque<(Weak<Segment>, usize)>,
    /// The sum of the costs; what closed by itself is still counted until it is met.
    total: usize,
}

impl Ring {
    /// Takes a segment in that costs `cost`, and gives others back until all cost at most `limit`. A segment that was
    /// used since it was last looked at gets a second chance.
    fn admit(
        &mut self,
        segment: &Arc<Segment>,
        cost: usize,
        limit: usize,
        give_back: impl Fn(&Segment),
    ) {
        self.segments.push_back((Arc::downgrade(segment), cost));
        self.total += cost;
        // Each is passed over once at most, or a ring in which all are used would turn for ever.
        let mut chances = self.segments.len();
        while self.total > limit
            && self.segments.len() > 1
            && let Some((oldest, cost)) = self.segments.pop_front()
        {
            match oldest.upgrade() {
                Some(used) if chances > 0 && used.take_used() => {
                    chances -= 1;
                    self.segments.push_back((oldest, cost));
                }
                Some(unused) => {
                    give_back(&unused);
                    self.total -= cost;
                }
                None => self.total -= cost,
            }
        }
    }
}

/// What all logs of a node have open and loaded.
#[derive(Default)]
pub struct Cache {
    limits: Limits,
    files: Mutex<Ring>,
    indexes: Mutex<Ring>,
    /// Memory for writes, handed round: a node has many logs and few that write at once.
    groups: Mutex<Vec<Group>>,
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Cache {
    /// A cache that keeps within `limits`.
    pub fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self { limits, ..Self::default() })
    }

    /// A segment has opened its file.
    pub(super) fn opened(&self, segment: &Arc<Segment>) {
        self.files.lock().admit(segment, 1, self.limits.files_max, Segment::close_file);
    }

    /// A segment has loaded `bytes` of index.
    pub(super) fn loaded(&self, segment: &Arc<Segment>, bytes: usize) {
        if bytes > 0 {
            self.indexes.lock().admit(segment, bytes, self.limits.index_bytes_max, Segment::rest);
        }
    }

    /// Memory to gather a write in, which no log keeps while it rests.
    pub(super) fn take_group(&self) -> Group {
        self.groups.lock().pop().unwrap_or_default()
    }

    /// Gives that memory back.
    pub(super) fn put_group(&self, mut group: Group) {
        group.clear();
        let mut groups = self.groups.lock();
        if groups.len() < GROUPS_MAX && group.is_modest() {
            groups.push(group);
        }
    }

    /// How many files are open, and how many bytes of index are loaded, at most.
    pub fn used(&self) -> (usize, usize) {
        (self.files.lock().total, self.indexes.lock().total)
    }
}
