//! Zig-zag varints, as records have them (the protocol buffers' encoding).

/// Why a varint cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum VarintError {
    /// The bytes end first.
    Eof,
    /// The last byte that it may have says that it goes on; what was read so far.
    TooLong(u64),
}

/// A varint of up to 5 bytes, and how many it took.
#[inline(always)]
pub(super) fn read_varint(bytes: &[u8]) -> Result<(i32, usize), VarintError> {
    let (raw, length) = match *bytes {
        // lengths and deltas of ordinary records
        [a, ..] if a < 0x80 => (u32::from(a), 1),
        [a, b, ..] if b < 0x80 => (u32::from(a & 0x7f) | u32::from(b) << 7, 2),
        _ => read_raw(bytes, 5).map(|(raw, length)| (raw as u32, length))?,
    };
    Ok(((raw >> 1) as i32 ^ -((raw & 1) as i32), length))
}

/// A varint of up to 10 bytes, and how many it took.
#[inline(always)]
pub(super) fn read_varlong(bytes: &[u8]) -> Result<(i64, usize), VarintError> {
    let (raw, length) = match *bytes {
        [a, ..] if a < 0x80 => (u64::from(a), 1),
        [a, b, ..] if b < 0x80 => (u64::from(a & 0x7f) | u64::from(b) << 7, 2),
        _ => read_raw(bytes, 10)?,
    };
    Ok(((raw >> 1) as i64 ^ -((raw & 1) as i64), length))
}

#[inline(never)]
fn read_raw(bytes: &[u8], length_max: usize) -> Result<(u64, usize), VarintError> {
    let mut raw = 0_u64;
    for (index, &byte) in bytes.iter().take(length_max).enumerate() {
        raw |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            return Ok((raw, index + 1));
        }
    }
    Err(if bytes.len() < length_max { VarintError::Eof } else { VarintError::TooLong(raw) })
}

/// Appends `value`, in 1 to 5 bytes.
pub fn write_varint(out: &mut Vec<u8>, value: i32) {
    write_raw(out, u64::from((value << 1 ^ value >> 31) as u32));
}

/// Appends `value`, in 1 to 10 bytes.
pub fn write_varlong(out: &mut Vec<u8>, value: i64) {
    write_raw(out, (value << 1 ^ value >> 63) as u64);
}

fn write_raw(out: &mut Vec<u8>, mut raw: u64) {
    while raw >= 0x80 {
        out.push(raw as u8 | 0x80);
        raw >>= 7;
    }
    out.push(raw as u8);
}

/// How many bytes [`write_varint`] takes.
pub(super) const fn varint_size(value: i32) -> usize {
    raw_size((value << 1 ^ value >> 31) as u32 as u64)
}

/// How many bytes [`write_varlong`] takes.
pub(super) const fn varlong_size(value: i64) -> usize {
    raw_size((value << 1 ^ value >> 63) as u64)
}

const fn raw_size(raw: u64) -> usize {
    (70 - (raw | 1).leading_zeros() as usize) / 7
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_come_back() {
        for value in [0, 1, -1, 63, -64, 64, 8191, 8192, i32::MAX, i32::MIN] {
            let mut out = Vec::new();
            write_varint(&mut out, value);
            assert_eq!(out.len(), varint_size(value));
            assert_eq!(read_varint(&out), Ok((value, out.len())));
            assert_eq!(read_varint(&out[..out.len() - 1]), Err(VarintError::Eof));
        }
        for value in [0, 1, -1, 1 << 40, i64::MAX, i64::MIN] {
            let mut out = Vec::new();
            write_varlong(&mut out, value);
            assert_eq!(out.len(), varlong_size(value));
            assert_eq!(read_varlong(&out), Ok((value, out.len())));
        }
        assert_eq!(
            read_varint(&[0xa0, 0x80, 0x80, 0x80, 0x80, 0]),
            Err(VarintError::TooLong(0x20))
        );
    }
}
