//! A stream of bytes to frames: four bytes of length, then so many of request. Never waits, never allocates ahead.
//!
//! ```text
//! length: i32, big-endian │ API key: i16 │ version: i16 │ correlation id: i32 │ the rest of header and body
//!                         └──────────────────────── length bytes ────────────────────────────────────┘
//! ```

use bytes::{Buf, Bytes, BytesMut};

/// Why a stream cannot be read any further.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FrameError {
    /// The announced size is negative.
    Negative(i32),
    /// The announced size is above `socket.request.max.bytes`.
    TooLarge(i32),
}

impl std::fmt::Display for FrameError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Negative(size) => write!(f, "a request announces a size of {size}"),
            Self::TooLarge(size) => {
                write!(f, "a request announces {size} bytes, more than socket.request.max.bytes")
            }
        }
    }
}

/// Takes one whole frame from the front of `input`, without its length; none while it is not all there.
pub(crate) fn take(input: &mut BytesMut, max_bytes: usize) -> Result<Option<Bytes>, FrameError> {
    let Some(announced) = input.first_chunk::<4>() else { return Ok(None) };
    let announced = i32::from_be_bytes(*announced);
    let size = usize::try_from(announced).map_err(|_| FrameError::Negative(announced))?;
    if size > max_bytes {
        return Err(FrameError::TooLarge(announced));
    }
    if input.len() - 4 < size {
        return Ok(None);
    }
    input.advance(4);
    Ok(Some(input.split_to(size).freeze()))
}

/// Where the frame in front ends, by what it announces, its length's own bytes included.
pub(crate) fn end(input: &[u8]) -> Option<usize> {
    input.first_chunk::<4>().map(|size| i32::from_be_bytes(*size).max(0) as usize + 4)
}

/// How many more bytes it is worth making room for: what the frame at the front still lacks, but never more than has
/// arrived already, of this frame or of one before (`earned`), so that an announced size alone costs nothing.
pub(crate) fn room_wanted(input: &BytesMut, least: usize, earned: usize) -> usize {
    let lacking = end(input).map_or(0, |end| end.saturating_sub(input.len()));
    lacking.min(earned.max(input.len())).max(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_taken_whole() {
        let mut input = BytesMut::from(&b"\0\0\0\x02ab\0\0\0\x00\0\0\0\x05abc"[..]);
        assert_eq!(take(&mut input, 100), Ok(Some(Bytes::from_static(b"ab"))));
        assert_eq!(take(&mut input, 100), Ok(Some(Bytes::new())));
        assert_eq!(take(&mut input, 100), Ok(None));
        assert_eq!(input.len(), 7);
    }

    #[test]
    fn sizes_are_bounded() {
        let mut input = BytesMut::from(&b"\xff\xff\xff\xff"[..]);
        assert_eq!(take(&mut input, 100), Err(FrameError::Negative(-1)));
        let mut input = BytesMut::from(&b"\0\0\0\x65"[..]);
        assert_eq!(take(&mut input, 100), Err(FrameError::TooLarge(101)));
    }

    #[test]
    fn an_announced_size_makes_no_room() {
        let input = BytesMut::from(&b"\x05\xff\xff\xff\0"[..]);
        assert_eq!(room_wanted(&input, 4096, 0), 4096);
        // One who has sent as much before is believed, for so much and no more.
        assert_eq!(room_wanted(&input, 4096, 10_000), 10_000);
        let input = BytesMut::from(&b"\0\x01\0\0\0"[..]);
        assert_eq!(room_wanted(&input, 4096, 1 << 20), (1 << 16) - 1);
    }

    /// However a stream is cut into reads, the same frames come off it, and the same error ends it.
    #[test]
    fn frames_do_not_depend_on_how_they_arrive() {
        let mut seed = 7_u64;
        let mut random = |below: u64| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for _ in 0..2_000 {
            let mut stream = Vec::new();
            for _ in 0..random(6) {
                let size = if random(8) == 0 { random(1 << 32) as u32 } else { random(40) as u32 };
                stream.extend(size.to_be_bytes());
                stream.extend((0..random(50)).map(|byte| byte as u8));
            }
            let mut whole = BytesMut::from(&stream[..]);
            let expected: Vec<_> = std::iter::from_fn(|| take(&mut whole, 100).transpose())
                .take(50)
                .scan(false, |over, frame| {
                    (!std::mem::replace(over, frame.is_err())).then_some(frame)
                })
                .collect();
            let (mut input, mut found, mut rest) = (BytesMut::new(), Vec::new(), &stream[..]);
            while !rest.is_empty() && found.last().is_none_or(Result::is_ok) {
                let (piece, left) = rest.split_at(1 + random(rest.len() as u64) as usize);
                input.extend_from_slice(piece);
                rest = left;
                assert!(room_wanted(&input, 16, 0) <= input.len().max(16));
                while let Some(frame) = take(&mut input, 100).transpose() {
                    let over = frame.is_err();
                    found.push(frame);
                    if over {
                        break;
                    }
                }
            }
            assert_eq!(found, expected);
        }
    }
}
