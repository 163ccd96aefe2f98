//! Which lz4 frames are taken: whole ones, of blocks that do not depend on each other. Unpacks nothing.
//!
//! ```text
//! magic (4)   flags (1)   size of blocks (1)   [size of all (8)]   checksum of these (1)
//! then blocks: size (4), bytes, [checksum (4)]; a size of 0 is the end, then [checksum of all (4)]
//! ```

use std::io;

use super::invalid;

/// The lz4 frame that `data` begin with, known to be whole: its reader would take a cut between two blocks for the end.
/// Refuses what Kafka's reader refuses and ours would take: blocks that depend on each other.
pub(super) fn whole_frame(data: &[u8]) -> io::Result<&[u8]> {
    const CUT: io::ErrorKind = io::ErrorKind::UnexpectedEof;
    let [magic @ .., flags] = *data.first_chunk::<5>().ok_or(CUT)?;
    if magic != [0x04, 0x22, 0x4d, 0x18] {
        return Err(invalid("not an lz4 frame"));
    }
    if flags & 0x20 == 0 {
        return Err(invalid("an lz4 frame of dependent blocks"));
    }
    let block_checksum = if flags & 0x10 == 0 { 0 } else { 4 };
    let content_checksum = if flags & 0x04 == 0 { 0 } else { 4 };
    let mut at = if flags & 0x08 == 0 { 7 } else { 15 };
    loop {
        let block = data.get(at..).and_then(<[u8]>::first_chunk).ok_or(CUT)?;
        at += 4;
        match (u32::from_le_bytes(*block) & 0x7fff_ffff) as usize {
            0 => return Ok(data.get(..at + content_checksum).ok_or(CUT)?),
            size => at += size + block_checksum,
        }
    }
}
