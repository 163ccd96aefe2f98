//! Reads zstd (RFC 8878), frame after frame, with a context that the thread keeps.
//!
//! A context is 160 KiB and a window: to make one takes as long as to unpack a small batch. One with a large window is
//! not kept.

use std::cell::Cell;
use std::io;

use ::zstd::zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer, ResetDirective, get_error_name};

/// The window that a frame may ask for (2^27 bytes, the default of zstd's tools): what it can make us allocate.
const WINDOW_LOG_MAX: u32 = 27;
/// How much is unpacked at a time.
const BUFFER: usize = 16 << 10;
/// A context of more bytes is not kept. Java's producers ask for windows of 2 MiB, and fill little of them.
const KEPT_MAX: usize = 4 << 20;

thread_local! {
    /// None while somebody has it, and before the first.
    static KEPT: Cell<Option<Box<Context>>> = const { Cell::new(None) };
}

struct Context {
    decoder: DCtx<'static>,
    /// What was unpacked last.
    unpacked: [u8; BUFFER],
}

pub(super) struct ZstdReader<'a> {
    /// Always there, until it is given back.
    context: Option<Box<Context>>,
    packed: InBuffer<'a>,
    /// Whether a frame is begun and not read to its end; there must be one.
    within: bool,
    /// How many bytes were unpacked last, and how many of them are read.
    length: usize,
    at: usize,
}

impl<'a> ZstdReader<'a> {
    pub(super) fn new(data: &'a [u8]) -> io::Result<Self> {
        let context = match KEPT.take() {
            Some(mut kept) => {
                // Forgets the frame, which may have been left in its middle, and keeps the memory.
                kept.decoder.reset(ResetDirective::SessionOnly).map_err(failed)?;
                kept
            }
            None => {
                let mut decoder = DCtx::try_create().ok_or(io::ErrorKind::OutOfMemory)?;
                decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG_MAX)).map_err(failed)?;
                Box::new(Context { decoder, unpacked: [0; BUFFER] })
            }
        };
        let packed = InBuffer::around(data);
        Ok(Self { context: Some(context), packed, within: true, length: 0, at: 0 })
    }

    pub(super) fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.at == self.length && self.unpack()? {}
        let unpacked = self.context.as_ref().map_or(&[][..], |context| &context.unpacked);
        Ok(&unpacked[self.at..self.length])
    }

    pub(super) fn consume(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Unpacks some more, which may be nothing yet; false at the end.
    fn unpack(&mut self) -> io::Result<bool> {
        let ended = self.packed.pos() == self.packed.src.len();
        if ended && !self.within {
            return Ok(false);
        }
        let Some(context) = &mut self.context else { return Ok(false) };
        (self.length, self.at) = (0, 0);
        let mut unpacked = OutBuffer::around(&mut context.unpacked[..]);
        let hint = context.decoder.decompress_stream(&mut unpacked, &mut self.packed);
        let length = unpacked.pos();
        // How much it wants to go on with: nothing where a frame is done.
        self.within = hint.map_err(failed)? > 0;
        self.length = length;
        if ended && self.within && length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(true)
    }
}

impl Drop for ZstdReader<'_> {
    fn drop(&mut self) {
        KEPT.set(self.context.take().filter(|context| context.decoder.sizeof() <= KEPT_MAX));
    }
}

fn failed(code: usize) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, get_error_name(code))
}

#[cfg(test)]
mod tests {
    use ::zstd::stream::encode_all;

    use super::*;

    fn read(data: &[u8]) -> io::Result<Vec<u8>> {
        let (mut reader, mut all) = (ZstdReader::new(data)?, Vec::new());
        loop {
            let some = reader.fill_buf()?;
            if some.is_empty() {
                return Ok(all);
            }
            let taken = some.len().div_ceil(2);
            all.extend_from_slice(&some[..taken]);
            reader.consume(taken);
        }
    }

    fn content() -> Vec<u8> {
        (0..200_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 29) as u8 + b'a').collect()
    }

    #[test]
    fn frames_follow_each_other_and_none_is_cut() {
        let packed = encode_all(&content()[..], 3).unwrap();
        assert!(read(&packed).unwrap() == content());
        let two = [&packed[..], &encode_all(&b"behind"[..], 1).unwrap()].concat();
        assert!(read(&two).unwrap() == [&content()[..], b"behind"].concat());
        assert!(read(&[]).is_err());
        assert_eq!(read(&encode_all(&[][..], 3).unwrap()).unwrap(), b"");
        let short = encode_all(&content()[..3_000], 3).unwrap();
        for cut in 0..short.len() {
            assert!(read(&short[..cut]).is_err(), "{cut}");
        }
        assert!(read(&[&short[..], &[1, 2, 3, 4, 5]].concat()).is_err());
    }

    #[test]
    fn a_context_is_fit_for_use_whatever_became_of_the_last_batch() {
        let packed = encode_all(&content()[..], 3).unwrap();
        for cut in [5, packed.len() / 2] {
            assert!(read(&packed[..cut]).is_err());
            assert!(read(&packed).unwrap() == content());
        }
        let mut damaged = packed.clone();
        damaged[packed.len() / 3] ^= 0x55;
        let _ = read(&damaged);
        assert!(read(&packed).unwrap() == content());
        // One that is given up in its middle, and two at a time.
        let mut first = ZstdReader::new(&packed).unwrap();
        let begin = first.fill_buf().unwrap().to_vec();
        assert!(!begin.is_empty() && content().starts_with(&begin));
        assert!(read(&packed).unwrap() == content());
        drop(first);
        assert!(read(&packed).unwrap() == content());
    }
}
