//! The codecs of record batches: gzip, snappy, lz4 and zstd, in the framings that Kafka gives them.
//!
//! Reads never panic on hostile bytes, never trust a claimed size, and produce no more than their caller allows.
//! No batch is known in here: only bytes in, bytes out.

mod gzip;
mod lz4;
mod snappy;
mod window;
mod zstd;

#[cfg(test)]
mod tests;

use std::io::{self, BufRead, BufReader, Read, Write};

use flate2::write::GzEncoder;
use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};

use self::gzip::Gunzip;
use self::lz4::Lz4Reader;
use self::snappy::{SnappyReader, SnappyWriter};
use self::zstd::ZstdReader;

/// How the records of a batch are packed: bits 0 to 2 of its attributes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Codec {
    /// As they are.
    #[default]
    None = 0,
    /// RFC 1952, one member or several.
    Gzip = 1,
    /// Blocks in the framing of snappy-java; a bare snappy block is read too.
    Snappy = 2,
    /// The lz4 frame format with independent blocks.
    Lz4 = 3,
    /// RFC 8878 (KIP-110).
    Zstd = 4,
}

impl Codec {
    /// Every codec, by number.
    pub const ALL: [Self; 5] = [Self::None, Self::Gzip, Self::Snappy, Self::Lz4, Self::Zstd];

    /// The codec of a number; none for 5 to 7, which mean nothing.
    pub const fn from_id(id: u8) -> Option<Self> {
        Some(match id {
            0 => Self::None,
            1 => Self::Gzip,
            2 => Self::Snappy,
            3 => Self::Lz4,
            4 => Self::Zstd,
            _ => return None,
        })
    }

    /// Kafka's name, as in `compression.type`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }

    /// The codec of a name; `uncompressed`, the topic's word for none, is known too.
    pub fn from_name(name: &str) -> Option<Self> {
        if name == "uncompressed" {
            return Some(Self::None);
        }
        Self::ALL.into_iter().find(|codec| codec.name() == name)
    }
}

/// A codec and how hard it should try.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Compression {
    /// The codec.
    pub codec: Codec,
    /// `compression.{gzip,lz4,zstd}.level` (KIP-390); none is the codec's default. Levels of lz4 change nothing here.
    pub level: Option<i32>,
}

impl From<Codec> for Compression {
    fn from(codec: Codec) -> Self {
        Self { codec, level: None }
    }
}

/// zstd's own default.
const ZSTD_LEVEL: i32 = 3;

/// What is written to this comes out of [`Compressor::finish`] compressed.
pub struct Compressor(Sink);

enum Sink {
    None(Vec<u8>),
    Gzip(Box<GzEncoder<Vec<u8>>>),
    Snappy(Box<SnappyWriter>),
    Lz4(Box<FrameEncoder<Vec<u8>>>),
    Zstd(::zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl Compressor {
    /// A compressor that appends to `out`, leaving alone what is already there.
    pub fn new(compression: Compression, out: Vec<u8>) -> io::Result<Self> {
        Ok(Self(match compression.codec {
            Codec::None => Sink::None(out),
            Codec::Gzip => {
                let level = match compression.level {
                    Some(level) if (0..=9).contains(&level) => {
                        flate2::Compression::new(level.unsigned_abs())
                    }
                    _ => flate2::Compression::default(),
                };
                Sink::Gzip(Box::new(GzEncoder::new(out, level)))
            }
            Codec::Snappy => Sink::Snappy(Box::new(SnappyWriter::new(out))),
            Codec::Lz4 => {
                let info = FrameInfo::new()
                    .block_mode(BlockMode::Independent)
                    .block_size(BlockSize::Max64KB);
                Sink::Lz4(Box::new(FrameEncoder::with_frame_info(info, out)))
            }
            Codec::Zstd => Sink::Zstd(::zstd::stream::write::Encoder::new(
                out,
                compression.level.unwrap_or(ZSTD_LEVEL),
            )?),
        }))
    }

    /// How many bytes have come out so far: a lower bound of the result's length.
    pub fn written(&self) -> usize {
        match &self.0 {
            Sink::None(out) => out.len(),
            Sink::Gzip(encoder) => encoder.get_ref().len(),
            Sink::Snappy(encoder) => encoder.written(),
            Sink::Lz4(encoder) => encoder.get_ref().len(),
            Sink::Zstd(encoder) => encoder.get_ref().len(),
        }
    }

    /// Ends the stream and gives back the bytes it was begun with, followed by the compressed ones.
    pub fn finish(self) -> io::Result<Vec<u8>> {
        match self.0 {
            Sink::None(out) => Ok(out),
            Sink::Gzip(encoder) => encoder.finish(),
            Sink::Snappy(encoder) => encoder.finish(),
            Sink::Lz4(encoder) => encoder.finish().map_err(io::Error::other),
            Sink::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl Write for Compressor {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Sink::None(out) => out.write(bytes),
            Sink::Gzip(encoder) => encoder.write(bytes),
            Sink::Snappy(encoder) => encoder.write(bytes),
            Sink::Lz4(encoder) => encoder.write(bytes),
            Sink::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How much of what has no buffer of its own is unpacked at a time.
const BUFFER: usize = 16 * 1024;

/// Reads what `data` unpacks to, piece by piece, in memory for one block, and no further than a limit.
///
/// Codecs of blocks show the block itself: who passes over most of it copies nothing a second time.
pub struct Decompressor<'a> {
    source: Source<'a>,
    left: u64,
}

enum Source<'a> {
    None(&'a [u8]),
    Gzip(Box<BufReader<Gunzip<'a>>>),
    Snappy(SnappyReader<'a>),
    Lz4(Box<Lz4Reader<'a>>),
    Zstd(ZstdReader<'a>),
}

impl<'a> Decompressor<'a> {
    /// A reader of `data`, which ends behind `limit` bytes; fails at once where the beginning of `data` shows that it
    /// is not of this codec.
    pub fn new(codec: Codec, data: &'a [u8], limit: u64) -> io::Result<Self> {
        let source = match codec {
            Codec::None => Source::None(data),
            Codec::Gzip => {
                Source::Gzip(Box::new(BufReader::with_capacity(BUFFER, Gunzip::new(data)?)))
            }
            Codec::Snappy => Source::Snappy(SnappyReader::new(data)?),
            Codec::Lz4 => Source::Lz4(Box::new(Lz4Reader::new(data)?)),
            Codec::Zstd => Source::Zstd(ZstdReader::new(data)?),
        };
        Ok(Self { source, left: limit })
    }

    /// Whether all that the limit allows was read.
    pub fn is_spent(&self) -> bool {
        self.left == 0
    }
}

impl BufRead for Decompressor<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Ok(&[]);
        }
        let available = match &mut self.source {
            Source::None(data) => data,
            Source::Gzip(reader) => reader.fill_buf()?,
            Source::Snappy(reader) => reader.fill_buf()?,
            Source::Lz4(reader) => reader.fill_buf()?,
            Source::Zstd(reader) => reader.fill_buf()?,
        };
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        Ok(&available[..available.len().min(most)])
    }

    fn consume(&mut self, bytes: usize) {
        self.left -= bytes as u64;
        match &mut self.source {
            Source::None(data) => data.consume(bytes),
            Source::Gzip(reader) => reader.consume(bytes),
            Source::Snappy(reader) => reader.consume(bytes),
            Source::Lz4(reader) => reader.consume(bytes),
            Source::Zstd(reader) => reader.consume(bytes),
        }
    }
}

impl Read for Decompressor<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let taken = self.fill_buf()?.read(into)?;
        self.consume(taken);
        Ok(taken)
    }
}

/// Unpacks `data` whole. More than `max_bytes` is an error of kind [`io::ErrorKind::FileTooLarge`].
pub fn decompress(codec: Codec, data: &[u8], max_bytes: usize) -> io::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(data.len().saturating_mul(4).min(max_bytes).min(1 << 20));
    let limit = u64::try_from(max_bytes).unwrap_or(u64::MAX).saturating_add(1);
    Decompressor::new(codec, data, limit)?.read_to_end(&mut out)?;
    if out.len() > max_bytes {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("unpacks to more than {max_bytes} bytes"),
        ));
    }
    Ok(out)
}

/// Packs `data` whole.
pub fn compress(compression: Compression, data: &[u8]) -> io::Result<Vec<u8>> {
    let mut compressor = Compressor::new(compression, Vec::new())?;
    compressor.write_all(data)?;
    compressor.finish()
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Reads on without keeping what is read; false where the stream ends first.
pub(crate) fn skip(reader: &mut impl BufRead, mut bytes: usize) -> io::Result<bool> {
    while bytes > 0 {
        let available = reader.fill_buf()?.len();
        if available == 0 {
            return Ok(false);
        }
        let step = available.min(bytes);
        reader.consume(step);
        bytes -= step;
    }
    Ok(true)
}
