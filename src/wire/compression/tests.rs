//! Every codec there and back, and over damaged bytes.

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
                assert!(decompress(codec, &packed, sample.len()).unwrap() == sample, "{codec:?}");
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

#[test]
fn the_window_is_kept_and_never_shows_what_was_in_it() {
    let (long, short) = (vec![b'x'; 60_000], b"short ".repeat(3));
    for codec in [Codec::Lz4, Codec::Snappy] {
        let (packed_long, packed_short) =
            (compress(codec.into(), &long).unwrap(), compress(codec.into(), &short).unwrap());
        // Two at a time: the second has a window of its own.
        let mut first = Decompressor::new(codec, &packed_long, 1 << 20).unwrap();
        assert_eq!(first.fill_buf().unwrap().first(), Some(&b'x'));
        assert_eq!(decompress(codec, &packed_short, 100).unwrap(), short);
        drop(first);
        assert_eq!(decompress(codec, &packed_short, 100).unwrap(), short);
    }
}
