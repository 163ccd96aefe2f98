//! Reads the lz4 frame format, block by block, in memory for one block that the thread keeps. Copies nothing that is
//! not packed.
//!
//! ```text
//! magic (4)   flags (1)   size of blocks (1)   [size of all (8)]   checksum of these (1)
//! then blocks: size (4), bytes, [checksum (4)]; a size of 0 is the end, then [checksum of all (4)]
//! ```
//!
//! A frame must be whole: one that is cut between two blocks is not taken for a shorter one. What Kafka's reader
//! refuses is refused (blocks that depend on each other, a dictionary), and so is what other clients would refuse:
//! sizes and checksums that are not those of the content, which Kafka's reader does not look at.

use std::hash::Hasher;
use std::io;

use twox_hash::XxHash32;

use super::invalid;
use super::window::Window;

const MAGIC: [u8; 4] = [0x04, 0x22, 0x4d, 0x18];
/// In the size of a block: its bytes are not packed.
const PLAIN: u32 = 1 << 31;
/// No byte of a packed block stands for more than so many.
const RATIO_MAX: usize = 255;

/// What stands before the blocks.
#[derive(Clone, Copy, Debug)]
struct Descriptor {
    block_bytes_max: usize,
    block_checksums: bool,
    content_checksum: bool,
    content_bytes: Option<u64>,
}

/// Reads one frame; what follows it is not looked at.
pub(super) struct Lz4Reader<'a> {
    frame: Descriptor,
    rest: &'a [u8],
    ended: bool,
    /// How many bytes the blocks had so far.
    content_bytes: u64,
    content: XxHash32,
    window: Window,
    /// The block at hand, where it is not in the window.
    plain: Option<&'a [u8]>,
    /// How many bytes the block at hand has, and how many of them are read.
    length: usize,
    at: usize,
}

impl<'a> Lz4Reader<'a> {
    pub(super) fn new(data: &'a [u8]) -> io::Result<Self> {
        let mut rest = data;
        Ok(Self {
            frame: Descriptor::take(&mut rest)?,
            rest,
            ended: false,
            content_bytes: 0,
            content: XxHash32::with_seed(0),
            window: Window::take(),
            plain: None,
            length: 0,
            at: 0,
        })
    }

    pub(super) fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.at == self.length && self.next_block()? {}
        let block = match self.plain {
            Some(bytes) => bytes,
            None => self.window.bytes(self.length),
        };
        Ok(&block[self.at..])
    }

    pub(super) fn consume(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Goes on to the next block, which may be empty; false at the end.
    fn next_block(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        let size = u32::from_le_bytes(take(&mut self.rest)?);
        let length = (size & !PLAIN) as usize;
        if length == 0 {
            // Whatever its mark, as for Kafka.
            self.end()?;
            return Ok(false);
        }
        if length > self.frame.block_bytes_max {
            return Err(invalid("an lz4 block that is larger than its frame allows"));
        }
        let (block, rest) =
            self.rest.split_at_checked(length).ok_or(io::ErrorKind::UnexpectedEof)?;
        self.rest = rest;
        if self.frame.block_checksums && take(&mut self.rest)? != checksum(block) {
            return Err(invalid("an lz4 block that is not what was packed"));
        }
        self.at = 0;
        if size & PLAIN != 0 {
            (self.plain, self.length) = (Some(block), length);
        } else {
            self.plain = None;
            self.unpack(block)?;
        }
        self.content_bytes += self.length as u64;
        if self.frame.content_checksum {
            self.content.write(self.plain.unwrap_or_else(|| self.window.bytes(self.length)));
        }
        Ok(true)
    }

    fn unpack(&mut self, block: &[u8]) -> io::Result<()> {
        // Before anything can fail: what is there then is nobody's.
        self.length = 0;
        let room = block.len().saturating_mul(RATIO_MAX).min(self.frame.block_bytes_max);
        self.length = lz4_flex::block::decompress_into(block, self.window.room(room))
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("{error:?}")))?;
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        self.ended = true;
        if self.frame.content_bytes.is_some_and(|claimed| claimed != self.content_bytes) {
            return Err(invalid("an lz4 frame of another size than it claims"));
        }
        let sum = (self.content.finish() as u32).to_le_bytes();
        if self.frame.content_checksum && take(&mut self.rest)? != sum {
            return Err(invalid("an lz4 frame that is not what was packed"));
        }
        Ok(())
    }
}

impl Descriptor {
    /// Takes it off the front of a frame.
    fn take(rest: &mut &[u8]) -> io::Result<Self> {
        if take(rest)? != MAGIC {
            return Err(invalid("not an lz4 frame"));
        }
        let described = *rest;
        let [flags, sizes] = take(rest)?;
        let has = |flag: u8| flags & flag != 0;
        if flags >> 6 != 1 || has(0x02) || sizes & 0x8f != 0 {
            return Err(invalid("an lz4 frame of an unknown format"));
        }
        if !has(0x20) {
            return Err(invalid("an lz4 frame of dependent blocks"));
        }
        if has(0x01) {
            return Err(invalid("an lz4 frame with a dictionary"));
        }
        let block_bytes_max = match sizes >> 4 {
            4 => 64 << 10,
            5 => 256 << 10,
            6 => 1 << 20,
            7 => 4 << 20,
            _ => return Err(invalid("an lz4 frame of unknown blocks")),
        };
        let content_bytes = if has(0x08) { Some(u64::from_le_bytes(take(rest)?)) } else { None };
        let length = described.len() - rest.len();
        let [sum] = take(rest)?;
        if checksum(&described[..length])[1] != sum {
            return Err(invalid("an lz4 frame whose header is damaged"));
        }
        let (block_checksums, content_checksum) = (has(0x10), has(0x04));
        Ok(Self { block_bytes_max, block_checksums, content_checksum, content_bytes })
    }
}

/// The next bytes.
fn take<const N: usize>(rest: &mut &[u8]) -> io::Result<[u8; N]> {
    let (taken, behind) = rest.split_first_chunk().ok_or(io::ErrorKind::UnexpectedEof)?;
    *rest = behind;
    Ok(*taken)
}

fn checksum(bytes: &[u8]) -> [u8; 4] {
    XxHash32::oneshot(0, bytes).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use lz4_flex::frame::{BlockMode, BlockSize, FrameDecoder, FrameEncoder, FrameInfo};

    use super::*;

    fn read(data: &[u8]) -> io::Result<Vec<u8>> {
        let (mut reader, mut all) = (Lz4Reader::new(data)?, Vec::new());
        loop {
            let block = reader.fill_buf()?;
            if block.is_empty() {
                return Ok(all);
            }
            // Not all at once, as records are read.
            let taken = block.len().div_ceil(2);
            all.extend_from_slice(&block[..taken]);
            reader.consume(taken);
        }
    }

    fn pack(info: FrameInfo, content: &[u8]) -> Vec<u8> {
        let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    /// Text, noise that stays as it is, and text again.
    fn content(bytes: usize) -> Vec<u8> {
        let noise = (0..70_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 11 ^ i >> 3) as u8);
        let text = || b"one thing after another, ".iter().copied().cycle();
        text().take(70_000).chain(noise).chain(text()).take(bytes).collect()
    }

    /// What frames of `bytes` can say of themselves.
    fn described(bytes: u64) -> Vec<FrameInfo> {
        let mut all = Vec::new();
        for size in [BlockSize::Max64KB, BlockSize::Max256KB, BlockSize::Max1MB, BlockSize::Max4MB]
        {
            for options in 0..8_u8 {
                let mut info = FrameInfo::new()
                    .block_mode(BlockMode::Independent)
                    .block_size(size)
                    .block_checksums(options & 1 != 0)
                    .content_checksum(options & 2 != 0);
                info.content_size = (options & 4 != 0).then_some(bytes);
                all.push(info);
            }
        }
        all
    }

    #[test]
    fn frames_of_every_description_are_read() {
        let content = content(300_000);
        for info in described(300_000) {
            let packed = pack(info.clone(), &content);
            assert!(read(&packed).unwrap() == content, "{info:?}");
            // What follows the frame is not looked at.
            let behind = [&packed[..], b"and more"].concat();
            assert!(read(&behind).unwrap() == content, "{info:?}");
        }
        assert_eq!(read(&pack(FrameInfo::new(), b"")).unwrap(), b"");
    }

    #[test]
    fn every_cut_is_an_error() {
        for info in described(2_000).into_iter().take(8) {
            let packed = pack(info, &content(2_000));
            for cut in 0..packed.len() {
                assert!(read(&packed[..cut]).is_err(), "{cut}");
            }
        }
    }

    #[test]
    fn damage_is_found_as_the_reference_finds_it() {
        for info in described(400).into_iter().take(8) {
            let packed = pack(info, &content(400));
            for at in 0..packed.len() {
                for flip in [1, 0x20, 0x80, 0xff] {
                    let mut damaged = packed.clone();
                    damaged[at] ^= flip;
                    if damaged[..=at].ends_with(&[0, 0, 0, 0x80]) {
                        continue; // no bytes that are not packed: the end, as for Kafka
                    }
                    let mut reference = Vec::new();
                    let known = FrameDecoder::new(&damaged[..]).read_to_end(&mut reference).is_ok();
                    if let Ok(ours) = read(&damaged) {
                        assert!(known && ours == reference, "{at} {flip}");
                    }
                }
            }
        }
    }

    #[test]
    fn checksums_and_sizes_are_held_to() {
        let mut all = FrameInfo::new().block_mode(BlockMode::Independent);
        let wrong_at_the_end = |info: FrameInfo, behind: usize| {
            let mut packed = pack(info, b"some content, some content, some content");
            let at = packed.len() - behind;
            packed[at] ^= 1;
            read(&packed).unwrap_err().to_string()
        };
        let content_checksum = all.clone().content_checksum(true);
        assert!(wrong_at_the_end(content_checksum, 1).contains("frame that is not what"));
        let block_checksums = all.clone().block_checksums(true);
        assert!(wrong_at_the_end(block_checksums, 5).contains("block that is not what"));
        all.content_size = Some(4);
        let mut sized = pack(all, b"four");
        sized[6] = 5;
        sized[14] = checksum(&sized[4..14])[1];
        assert!(read(&sized).unwrap_err().to_string().contains("another size"));
        // The checksum that Kafka had wrong before version 0.10 took in the magic too: format 2 has the right one.
        sized[14] = checksum(&sized[..14])[1];
        assert!(read(&sized).unwrap_err().to_string().contains("header is damaged"));
    }

    #[test]
    fn what_kafka_does_not_read_is_refused() {
        let linked = pack(FrameInfo::new().block_mode(BlockMode::Linked), b"linked");
        assert!(read(&linked).unwrap_err().to_string().contains("dependent"));
        let head = |flags: u8, sizes: u8| {
            let mut head = [&MAGIC[..], &[flags, sizes]].concat();
            head.push(checksum(&[flags, sizes])[1]);
            head.extend([0; 4]);
            read(&head)
        };
        assert_eq!(head(0x60, 0x40).unwrap(), b"");
        for (flags, sizes) in
            [(0x20, 0x40), (0xa0, 0x40), (0x62, 0x40), (0x61, 0x40), (0x60, 0x30), (0x60, 0xc0)]
        {
            assert!(head(flags, sizes).is_err(), "{flags:#x} {sizes:#x}");
        }
        assert!(read(&[0x02, 0x21, 0x4c, 0x18, 0, 0, 0, 0]).is_err());
    }

    #[test]
    fn a_block_holds_no_more_than_its_frame_allows() {
        let mut head = [&MAGIC[..], &[0x60, 0x40]].concat();
        head.push(checksum(&[0x60, 0x40])[1]);
        // A run of zeros of 70,000 bytes in one block of at most 64 KiB.
        let mut bomb = vec![0x1f, 0, 1, 0];
        bomb.extend([255; 275]);
        bomb.extend([0, 0x50, 0, 0, 0, 0, 0]);
        let framed = |block: &[u8], size: usize| {
            let size = u32::try_from(size).unwrap();
            read(&[&head[..], &size.to_le_bytes(), block, &[0; 4]].concat())
        };
        assert!(framed(&bomb, bomb.len()).unwrap_err().to_string().contains("OutputTooSmall"));
        assert!(framed(&bomb, 65_537).unwrap_err().to_string().contains("larger"));
        assert!(framed(&[0, 0, 0], 1 << 31 | 65_537).unwrap_err().to_string().contains("larger"));
        // A block of nothing is no end, and one that is not packed is shown where it lies.
        let empty = [&head[..], &[1, 0, 0, 0, 0], &[3, 0, 0, 0x80], b"abc", &[0; 4]].concat();
        assert_eq!(read(&empty).unwrap(), b"abc");
    }
}
