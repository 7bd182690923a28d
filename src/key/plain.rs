//! The plain types that are inline keys.

use super::InlineKey;
use crate::sync::Word;

const WORD: usize = size_of::<Word>();

/// The bytes of a key in words, the last one filled with zeroes.
fn pack(bytes: &[u8], words: &mut [Word]) {
    for (word, chunk) in words.iter_mut().zip(bytes.chunks(WORD)) {
        let mut whole = [0; WORD];
        whole[..chunk.len()].copy_from_slice(chunk);
        *word = Word::from_ne_bytes(whole);
    }
}

/// The first bytes of the words.
fn unpack(words: &[Word], bytes: &mut [u8]) {
    for (word, chunk) in words.iter().zip(bytes.chunks_mut(WORD)) {
        chunk.copy_from_slice(&word.to_ne_bytes()[..chunk.len()]);
    }
}

macro_rules! integers {
    ($($key:ty),*) => {$(
        impl InlineKey for $key {
            type Words = [Word; size_of::<$key>().div_ceil(WORD)];

            #[inline]
            fn to_words(&self) -> Self::Words {
                self.to_ne_bytes().words()
            }

            fn from_words(words: &Self::Words) -> Self {
                Self::from_ne_bytes(Bytes::from_words(words))
            }
        }
    )*};
}

/// Byte arrays to and from words, for the macros below.
trait Bytes<W> {
    fn words(&self) -> W;
    fn from_words(words: &W) -> Self;
}

impl<const N: usize, const M: usize> Bytes<[Word; M]> for [u8; N] {
    #[inline]
    fn words(&self) -> [Word; M] {
        let mut words = [0; M];
        pack(self, &mut words);
        words
    }

    fn from_words(words: &[Word; M]) -> Self {
        let mut bytes = [0; N];
        unpack(words, &mut bytes);
        bytes
    }
}

integers!(u8, u16, u32, u64, u128, usize);

impl InlineKey for (u64, u64) {
    type Words = <[u8; 16] as InlineKey>::Words;

    #[inline]
    fn to_words(&self) -> Self::Words {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.0.to_ne_bytes());
        bytes[8..].copy_from_slice(&self.1.to_ne_bytes());
        bytes.words()
    }

    fn from_words(words: &Self::Words) -> Self {
        let bytes: [u8; 16] = Bytes::from_words(words);
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
        impl InlineKey for [u8; $length] {
            type Words = [Word; usize::div_ceil($length, WORD)];

            #[inline]
            fn to_words(&self) -> Self::Words {
                self.words()
            }

            fn from_words(words: &Self::Words) -> Self {
                Bytes::from_words(words)
            }
        }
    )*};
}

byte_arrays!(
    1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32
    33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64
);

#[cfg(test)]
mod tests {
    use super::*;
    use core::fmt::Debug;

    fn returns<K: InlineKey + Debug>(key: K) {
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
