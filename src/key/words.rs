//! How built-in keys are laid out in the words of a slot.

use core::hash::Hash;

use crate::sync::{AtomicWord, Word, Zeroable};

/// A built-in inline key: one of those that the documentation of [`InlineKey`](crate::InlineKey)
/// names. No other crate can name this trait, so no other crate can implement it.
// The compiler names this trait where a type does not implement `InlineKey`, which every implementor of
// this one does. So the message is the one of `InlineKey`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be held inside a slot",
    label = "not an inline key",
    note = "inline ledgers take unsigned integers, `(u64, u64)`, `[u8; N]` up to 64 bytes, `InlineStr<N>`, `PrincipalId` \
            and types of yours that implement `InlineKey`, whose `Repr` is one of the former; for any other \
            `Hash + Eq + Clone + Send + Sync` type use `highwater::Ledger<{Self}>`, which keeps keys behind \
            epoch-reclaimed pointers"
)]
pub trait PlainKey: Copy + Eq + Ord + Hash + Send + Sync + 'static {
    /// `[Word; N]`: the words that hold the key.
    type Words: Words;

    /// The key as words. Equal keys give equal words in the first
    /// [`significant_words`](PlainKey::significant_words), different keys different ones there.
    fn to_words(&self) -> Self::Words;

    /// The key with these words. Only called with the words that one call of
    /// [`to_words`](PlainKey::to_words) made, except that words beyond the significant ones may
    /// have any value.
    fn from_words(words: &Self::Words) -> Self;

    /// How many words, from the first, tell this key from all others. At least 1. A key that is
    /// shorter than its space is stored and compared at its own length.
    #[inline]
    fn significant_words(&self) -> usize {
        Self::Words::LEN
    }
}

/// `[Word; N]`.
pub trait Words: Copy + AsRef<[Word]> + AsMut<[Word]> {
    /// All words zero.
    const ZERO: Self;
    /// The number of words.
    const LEN: usize;
    /// As many atomics.
    type Atomics: AsRef<[AtomicWord]> + Send + Sync + Zeroable;
    /// Those, zero.
    #[cfg(not(highwater_loom))]
    const EMPTY: Self::Atomics;
}

impl<const N: usize> Words for [Word; N] {
    const ZERO: Self = [0; N];
    const LEN: usize = N;
    type Atomics = [AtomicWord; N];
    #[cfg(not(highwater_loom))]
    #[allow(clippy::declare_interior_mutable_const)] // A seed for arrays.
    const EMPTY: Self::Atomics = [const { AtomicWord::new(0) }; N];
}
