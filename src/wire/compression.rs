//! The codecs of record batches: gzip, snappy, lz4 and zstd, in the framings that Kafka gives them.
//!
//! Reads never panic on hostile bytes, never trust a claimed size, and produce no more than their caller allows.
//! No batch is known in here: only bytes in, bytes out.

use std::io::{self, BufRead, BufReader, Read, Write};

use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use lz4_flex::frame::{BlockMode, BlockSize, FrameDecoder, FrameEncoder, FrameInfo};

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
/// The window that zstd may ask for (2^27 bytes, the default of its tools): what a frame can make us allocate.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// What is written to this comes out of [`Compressor::finish`] compressed.
pub struct Compressor(Sink);

enum Sink {
    None(Vec<u8>),
    Gzip(Box<GzEncoder<Vec<u8>>>),
    Snappy(Box<SnappyWriter>),
    Lz4(Box<FrameEncoder<Vec<u8>>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
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
            Codec::Zstd => Sink::Zstd(zstd::stream::write::Encoder::new(
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
            Sink::Snappy(encoder) => encoder.out.len(),
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
    Lz4(Box<FrameDecoder<&'a [u8]>>),
    Zstd(Box<BufReader<Unzstd<'a>>>),
}

type Unzstd<'a> = zstd::stream::read::Decoder<'static, &'a [u8]>;

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
            Codec::Lz4 => Source::Lz4(Box::new(FrameDecoder::new(lz4_frame(data)?))),
            Codec::Zstd => {
                let mut decoder = Unzstd::with_buffer(data)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
                Source::Zstd(Box::new(BufReader::with_capacity(BUFFER, decoder)))
            }
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
            Source::Lz4(decoder) => decoder.fill_buf()?,
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
            Source::Lz4(decoder) => decoder.consume(bytes),
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

/// Java's reader of gzip: members one after another, and anything else behind a member is passed over.
struct Gunzip<'a>(GzDecoder<&'a [u8]>);

impl<'a> Gunzip<'a> {
    fn new(data: &'a [u8]) -> io::Result<Self> {
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

/// The lz4 frame that `data` begin with, known to be whole: its reader would take a cut between two blocks for the end.
/// Refuses what Kafka's reader refuses and ours would take: blocks that depend on each other.
fn lz4_frame(data: &[u8]) -> io::Result<&[u8]> {
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

/// Begins a stream of snappy-java: its magic, version 1, readable from version 1.
const XERIAL_HEADER: [u8; 16] = *b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01";
const XERIAL_MAGIC: [u8; 8] = *b"\x82SNAPPY\0";
/// How much goes into one block: snappy-java's default.
const XERIAL_BLOCK: usize = 32 * 1024;
/// No element of snappy makes more than 64 bytes out of 2: no block can claim more than this many times itself.
const SNAPPY_RATIO_MAX: usize = 32;

struct SnappyWriter {
    out: Vec<u8>,
    block: Vec<u8>,
    encoder: snap::raw::Encoder,
}

impl SnappyWriter {
    fn new(mut out: Vec<u8>) -> Self {
        out.extend_from_slice(&XERIAL_HEADER);
        Self { out, block: Vec::new(), encoder: snap::raw::Encoder::new() }
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

    fn finish(mut self) -> io::Result<Vec<u8>> {
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

struct SnappyReader<'a> {
    rest: &'a [u8],
    block: Vec<u8>,
    at: usize,
}

impl<'a> SnappyReader<'a> {
    fn new(data: &'a [u8]) -> io::Result<Self> {
        let mut reader = Self { rest: data, block: Vec::new(), at: 0 };
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
        self.block.resize(length, 0);
        self.at = 0;
        snap::raw::Decoder::new().decompress(packed, &mut self.block)?;
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
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.at == self.block.len() && self.next_block()? {}
        Ok(&self.block[self.at..])
    }

    fn consume(&mut self, bytes: usize) {
        self.at += bytes;
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> Vec<Vec<u8>> {
        let noise: Vec<u8> =
            (0..100_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        vec![vec![], b"a".to_vec(), b"abc".repeat(50_000), noise]
    }

    #[test]
    fn what_goes_in_comes_out() {
        for codec in Codec::ALL {
            for level in [None, Some(1), Some(9)] {
                for sample in samples() {
                    let packed = compress(Compression { codec, level }, &sample).unwrap();
                    assert!(
                        decompress(codec, &packed, sample.len()).unwrap() == sample,
                        "{codec:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn output_is_bounded() {
        for codec in Codec::ALL {
            let packed = compress(codec.into(), &vec![7; 1 << 20]).unwrap();
            assert!(decompress(codec, &packed, (1 << 20) - 1).is_err(), "{codec:?}");
        }
    }

    #[test]
    fn every_cut_and_every_flip_is_survived() {
        let sample: Vec<u8> = (0..700_u32).map(|i| (i / 7) as u8).collect();
        for codec in Codec::ALL {
            let packed = compress(codec.into(), &sample).unwrap();
            for cut in 0..packed.len() {
                let _ = decompress(codec, &packed[..cut], 1 << 20);
                for flip in [1, 0x80, 0xff] {
                    let mut damaged = packed.clone();
                    damaged[cut] ^= flip;
                    let _ = decompress(codec, &damaged, 1 << 20);
                }
            }
        }
    }

    #[test]
    fn a_bare_snappy_block_is_read() {
        let packed = snap::raw::Encoder::new().compress_vec(b"bare bare bare").unwrap();
        assert_eq!(decompress(Codec::Snappy, &packed, 100).unwrap(), b"bare bare bare");
    }

    #[test]
    fn members_of_gzip_follow_each_other() {
        let mut packed = compress(Codec::Gzip.into(), b"one ").unwrap();
        packed.extend(compress(Codec::Gzip.into(), b"two").unwrap());
        packed.extend([1, 2, 3]);
        assert_eq!(decompress(Codec::Gzip, &packed, 100).unwrap(), b"one two");
    }
}
