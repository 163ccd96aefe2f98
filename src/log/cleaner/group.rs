//! Which segments become one: neighbours that fit together by size, by index and by the reach of offsets.
//!
//! Compaction makes small segments out of large ones; without this a log would fall into ever smaller files. The sizes
//! are those from before, so a group may come out far below the bounds, and never above.

use std::collections::VecDeque;
use std::sync::Arc;

use super::super::segment::Segment;
use crate::types::Offset;

/// What a segment may come to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) segment_bytes: u64,
    pub(super) index_bytes: u64,
    /// The first offset that is not compacted.
    pub(super) end: Offset,
}

/// The segments in groups, each to become one. `index_bytes` says how large the two indexes of a segment are.
pub(super) fn group(
    segments: &[Arc<Segment>],
    bounds: Bounds,
    index_bytes: impl Fn(&Segment) -> (u64, u64),
) -> VecDeque<Vec<Arc<Segment>>> {
    let mut groups: VecDeque<Vec<Arc<Segment>>> = VecDeque::new();
    // Of the group that is being filled, which is the last.
    let (mut bytes, mut offsets, mut times) = (0, 0, 0);
    for (at, segment) in segments.iter().enumerate() {
        let (more_offsets, more_times) = index_bytes(segment);
        // A segment's last offset is below the next one's first; relative offsets have 32 bits.
        let last = segments.get(at + 1).map_or(bounds.end, |next| next.base_offset()) - 1;
        let fits = groups.back().and_then(|group| group.first()).is_some_and(|first| {
            bytes + segment.size() <= bounds.segment_bytes
                && offsets + more_offsets <= bounds.index_bytes
                && times + more_times <= bounds.index_bytes
                && (segment.size() == 0 || last - first.base_offset() <= Offset::from(i32::MAX))
        });
        match groups.back_mut().filter(|_| fits) {
            Some(group) => {
                group.push(segment.clone());
                bytes += segment.size();
                offsets += more_offsets;
                times += more_times;
            }
            None => {
                groups.push_back(vec![segment.clone()]);
                (bytes, offsets, times) = (segment.size(), more_offsets, more_times);
            }
        }
    }
    groups
}
