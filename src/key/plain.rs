//! The plain types that are inline keys.

use super::words::PlainKey;
use crate::sync::Word;

const WORD: usize = size_of::<Word>();

/// Packs the bytes of a key into words, the last one filled with zeroes.
#[inline]
fn pack<const N: usize, const M: usize>(bytes: &[u8; N]) -> [Word; M] {
    let (chunks, rest) = bytes.as_chunks::<WORD>();
    let mut words = [0; M];
    for (word, chunk) in words.iter_mut().zip(chunks) {
        *word = Word::from_ne_bytes(*chunk);
    }
    if !rest.is_empty() {
        let mut last = [0; WORD];
        last[..rest.len()].copy_from_slice(rest);
        words[chunks.len()] = Word::from_ne_bytes(last);
    }
    words
}

/// Takes the first bytes of the words.
fn unpack<const N: usize, const M: usize>(words: &[Word; M]) -> [u8; N] {
    let mut bytes = [0; N];
    for (chunk, word) in bytes.chunks_mut(WORD).zip(words) {
        chunk.copy_from_slice(&word.to_ne_bytes()[..chunk.len()]);
    }
    bytes
}

macro_rules! integers {
    ($($key:ty),*) => {$(
        impl PlainKey for $key {
            type Words = [Word; size_of::<$key>().div_ceil(WORD)];

            #[inline]
            fn to_words(&self) -> Self::Words {
                pack(&self.to_ne_bytes())
            }

            fn from_words(words: &Self::Words) -> Self {
                Self::from_ne_bytes(unpack(words))
            }
        }
    )*};
}

integers!(u8, u16, u32, u64, u128, usize);

impl PlainKey for (u64, u64) {
    type Words = <[u8; 16] as PlainKey>::Words;

    #[inline]
    fn to_words(&self) -> Self::Words {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.0.to_ne_bytes());
        bytes[8..].copy_from_slice(&self.1.to_ne_bytes());
        pack(&bytes)
    }

    fn from_words(words: &Self::Words) -> Self {
        let bytes: [u8; 16] = unpack(words);
        let half = |from: usize| {
            let mut half = [0; 8];
            half.copy_from_slice(&bytes[from..from + 8]);
            u64::from_ne_bytes(half)
        };
        (half(0), half(8))
    }
}

macro_rules! byte_arrays {
    ($($length:literal)*) => {$(
        impl PlainKey for [u8; $length] {
            type Words = [Word; usize::div_ceil($length, WORD)];

            #[inline]
            fn to_words(&self) -> Self::Words {
                pack(self)
            }

            fn from_words(words: &Self::Words) -> Self {
                unpack(words)
            }
        }
    )*};
}

byte_arrays!(
    1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32
    33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64
);

#[cfg(test)]
#[cfg(not(highwater_loom))]
mod tests {
    use super::*;
    use core::fmt::Debug;

    fn returns<K: PlainKey + Debug>(key: K) {
        assert_eq!(K::from_words(&key.to_words()), key);
        assert!(key.significant_words() <= key.to_words().as_ref().len());
    }

    #[test]
    fn plain_keys_survive_the_way_through_words() {
        returns(0xA5_u8);
        returns(0xA5_5A_u16);
        returns(0xDEAD_BEEF_u32);
        returns(0x0123_4567_89AB_CDEF_u64);
        returns(u128::MAX / 3);
        returns(usize::MAX / 5);
        returns((u64::MAX / 7, 9));
        returns(*b"x");
        returns(*b"thirteen byte");
        returns([0xFF; 64]);
    }
}
