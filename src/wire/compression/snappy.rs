//! snappy in the framing of snappy-java: a header, then blocks, each behind its length (four bytes, big-endian).
//!
//! A block's claim of what it unpacks to is held to what snappy can do at best, before any memory is set aside for it.

use std::io::{self, Write};

use super::invalid;
use super::window::Window;

/// Begins a stream of snappy-java: its magic, version 1, readable from version 1.
const XERIAL_HEADER: [u8; 16] = *b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01";
const XERIAL_MAGIC: [u8; 8] = *b"\x82SNAPPY\0";
/// How much goes into one block: snappy-java's default.
const XERIAL_BLOCK: usize = 32 * 1024;
/// No element of snappy makes more than 64 bytes out of 2: no block can claim more than this many times itself.
const SNAPPY_RATIO_MAX: usize = 32;

/// Packs blocks of snappy behind their lengths.
pub(super) struct SnappyWriter {
    out: Vec<u8>,
    block: Vec<u8>,
    encoder: snap::raw::Encoder,
}

impl SnappyWriter {
    pub(super) fn new(mut out: Vec<u8>) -> Self {
        out.extend_from_slice(&XERIAL_HEADER);
        Self { out, block: Vec::new(), encoder: snap::raw::Encoder::new() }
    }

    /// How many bytes have come out so far.
    pub(super) fn written(&self) -> usize {
        self.out.len()
    }

    fn flush_block(&mut self) -> io::Result<()> {
        if self.block.is_empty() {
            return Ok(());
        }
        let at = self.out.len();
        self.out.resize(at + 4 + snap::raw::max_compress_len(self.block.len()), 0);
        let (length, room) = self.out[at..].split_at_mut(4);
        let packed = self.encoder.compress(&self.block, room)?;
        length.copy_from_slice(&u32::try_from(packed).expect("a block is 32 KiB").to_be_bytes());
        self.out.truncate(at + 4 + packed);
        self.block.clear();
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<Vec<u8>> {
        self.flush_block()?;
        Ok(self.out)
    }
}

impl Write for SnappyWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(XERIAL_BLOCK - self.block.len());
        self.block.extend_from_slice(&bytes[..taken]);
        if self.block.len() == XERIAL_BLOCK {
            self.flush_block()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Unpacks a stream block by block; one without a header is a single block.
pub(super) struct SnappyReader<'a> {
    rest: &'a [u8],
    window: Window,
    /// How many bytes the block at hand has, and how many of them are read.
    length: usize,
    at: usize,
}

impl<'a> SnappyReader<'a> {
    pub(super) fn new(data: &'a [u8]) -> io::Result<Self> {
        let mut reader = Self { rest: data, window: Window::take(), length: 0, at: 0 };
        if data.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if data.len() >= XERIAL_HEADER.len() && data.starts_with(&XERIAL_MAGIC) {
            reader.rest = &data[XERIAL_HEADER.len()..];
        } else {
            reader.rest = &[];
            reader.unpack(data)?;
        }
        Ok(reader)
    }

    fn unpack(&mut self, packed: &[u8]) -> io::Result<()> {
        let length = snap::raw::decompress_len(packed)?;
        if length > packed.len().saturating_mul(SNAPPY_RATIO_MAX) {
            return Err(invalid("a snappy block that claims more than it can hold"));
        }
        (self.length, self.at) = (0, 0);
        self.length = snap::raw::Decoder::new().decompress(packed, self.window.room(length))?;
        Ok(())
    }

    /// Unpacks the next block; false at the end, which may leave up to three bytes over.
    fn next_block(&mut self) -> io::Result<bool> {
        loop {
            let Some((length, rest)) = self.rest.split_first_chunk::<4>() else {
                self.rest = &[];
                return Ok(false);
            };
            if *length == XERIAL_MAGIC[..4] {
                // one stream behind another
                self.rest =
                    self.rest.get(XERIAL_HEADER.len()..).ok_or(io::ErrorKind::UnexpectedEof)?;
                continue;
            }
            let length = usize::try_from(i32::from_be_bytes(*length))
                .map_err(|_| invalid("a negative length"))?;
            let (packed, rest) =
                rest.split_at_checked(length).ok_or(io::ErrorKind::UnexpectedEof)?;
            self.rest = rest;
            self.unpack(packed)?;
            return Ok(true);
        }
    }
}

impl SnappyReader<'_> {
    pub(super) fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.at == self.length && self.next_block()? {}
        Ok(&self.window.bytes(self.length)[self.at..])
    }

    pub(super) fn consume(&mut self, bytes: usize) {
        self.at += bytes;
    }
}
