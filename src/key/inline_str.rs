//! A short string of bounded length, held by value.

use core::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use super::words::PlainKey;
use crate::sync::Word;

/// A string of at most `N` bytes (`N` up to 64) without a NUL, held by value: an inline key.
///
/// ```
/// use highwater::InlineStr;
///
/// let name: InlineStr<24> = "tenant/7".parse()?;
/// assert_eq!(name.as_str(), "tenant/7");
/// assert_eq!("a".repeat(25).parse::<InlineStr<24>>().unwrap_err().to_string(), "25 bytes are too long: at most 24 fit");
/// # Ok::<(), highwater::InlineStrError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct InlineStr<const N: usize> {
    /// Filled up with zeroes, so that equal strings are equal arrays.
    bytes: [u8; N],
    length: u8,
}

/// The reason why a string is not an [`InlineStr`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InlineStrError {
    /// More bytes than fit.
    TooLong {
        /// The bytes of the string.
        length: usize,
        /// The most that fit.
        max: usize,
    },
    /// A NUL byte, which marks the end inside a slot.
    Nul {
        /// Where it stands, in bytes from the start.
        index: usize,
    },
}

impl fmt::Display for InlineStrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { length, max } => write!(f, "{length} bytes are too long: at most {max} fit"),
            Self::Nul { index } => write!(f, "NUL byte at index {index}: strings without NUL are accepted"),
        }
    }
}

impl core::error::Error for InlineStrError {}

impl<const N: usize> InlineStr<N> {
    const FITS: () = assert!(N >= 1 && N <= 64, "InlineStr<N> holds 1 to 64 bytes");

    /// Copies a string.
    ///
    /// # Errors
    ///
    /// If it is longer than `N` bytes or contains a NUL.
    pub const fn new(string: &str) -> Result<Self, InlineStrError> {
        let () = Self::FITS;
        let string = string.as_bytes();
        if string.len() > N {
            return Err(InlineStrError::TooLong { length: string.len(), max: N });
        }
        let mut bytes = [0; N];
        let mut index = 0;
        while index < string.len() {
            if string[index] == 0 {
                return Err(InlineStrError::Nul { index });
            }
            bytes[index] = string[index];
            index += 1;
        }
        Ok(Self { bytes, length: index as u8 })
    }

    /// The string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Made from a whole `str` in `new`, hence valid.
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl<const N: usize> PlainKey for InlineStr<N>
where
    [u8; N]: PlainKey,
{
    type Words = <[u8; N] as PlainKey>::Words;

    #[inline]
    fn to_words(&self) -> Self::Words {
        self.bytes.to_words()
    }

    fn from_words(words: &Self::Words) -> Self {
        let mut bytes = <[u8; N]>::from_words(words);
        let length = bytes.iter().position(|&byte| byte == 0).unwrap_or(N);
        // The bytes after the end were not stored by this key.
        bytes[length..].fill(0);
        Self { bytes, length: length as u8 }
    }

    /// Counts up to the word that shows the end: the one with the first NUL, unless the space is
    /// full.
    #[inline]
    fn significant_words(&self) -> usize {
        usize::from(self.length) / size_of::<Word>() + 1
    }
}

impl<const N: usize> Hash for InlineStr<N> {
    /// Hashes blocks of 16 bytes up to the one that shows the end. Hashers take these faster than a
    /// run of bytes of variable length.
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (blocks, rest) = self.bytes.as_chunks();
        let last = usize::from(self.length) / 16;
        for block in blocks.iter().take(last + 1) {
            state.write_u128(u128::from_ne_bytes(*block));
        }
        if last >= blocks.len() && !rest.is_empty() {
            state.write(rest);
        }
    }
}

impl<const N: usize> Ord for InlineStr<N> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl<const N: usize> PartialOrd for InlineStr<N> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<const N: usize> fmt::Debug for InlineStr<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl<const N: usize> fmt::Display for InlineStr<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl<const N: usize> FromStr for InlineStr<N> {
    type Err = InlineStrError;

    fn from_str(string: &str) -> Result<Self, Self::Err> {
        Self::new(string)
    }
}

impl<const N: usize> TryFrom<&str> for InlineStr<N> {
    type Error = InlineStrError;

    fn try_from(string: &str) -> Result<Self, Self::Error> {
        Self::new(string)
    }
}

impl<const N: usize> AsRef<str> for InlineStr<N> {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl<const N: usize> PartialEq<str> for InlineStr<N> {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl<const N: usize> PartialEq<&str> for InlineStr<N> {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

/// As a string.
#[cfg(feature = "serde")]
impl<const N: usize> serde::Serialize for InlineStr<N> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// From a string, checked as by [`InlineStr::new`].
#[cfg(feature = "serde")]
impl<'de, const N: usize> serde::Deserialize<'de> for InlineStr<N> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::text::deserialize(deserializer, format_args!("a string of at most {N} bytes without NUL"))
    }
}

#[cfg(all(test, not(highwater_loom)))]
mod tests {
    use super::*;

    #[test]
    fn words_up_to_the_end_tell_a_string_whatever_a_longer_one_left_behind() {
        let text = "the_quick_brown_fox_jumps_over_the_lazy_dog_and_then_back-over_it";
        for length in 0..=64 {
            let string = InlineStr::<64>::new(&text[..length]).unwrap();
            assert_eq!(string.significant_words(), length / size_of::<Word>() + 1);
            let mut words = string.to_words();
            words.as_mut().iter_mut().skip(string.significant_words()).for_each(|word| *word = Word::MAX);
            assert_eq!(InlineStr::from_words(&words), string);
        }
    }
}
