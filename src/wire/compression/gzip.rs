//! gzip as Java reads it. Never asks how much a stream claims to hold.

use std::io::{self, Read};

use flate2::bufread::GzDecoder;

/// Java's reader of gzip: members one after another, and anything else behind a member is passed over.
pub(super) struct Gunzip<'a>(GzDecoder<&'a [u8]>);

impl<'a> Gunzip<'a> {
    pub(super) fn new(data: &'a [u8]) -> io::Result<Self> {
        if data.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Self(GzDecoder::new(data)))
    }
}

impl Read for Gunzip<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.0.read(into)?;
            let rest = *self.0.get_ref();
            if read > 0 || into.is_empty() || !rest.starts_with(&[0x1f, 0x8b, 8]) {
                return Ok(read);
            }
            self.0 = GzDecoder::new(rest);
        }
    }
}
