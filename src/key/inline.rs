//! Keys of a fixed number of words, held in the slot itself: no allocation, no reclamation.

use core::hash::Hash;

use super::{
    Comparison, KeyCell, Query,
    words::{PlainKey, Words},
};
use crate::sync::{AtomicWord, Ordering, Word, zeroable};

/// A plain key that a slot holds by value: unsigned integers, pairs of `u64`, `[u8; N]` up to 64
/// bytes, [`InlineStr`](crate::InlineStr), [`PrincipalId`](crate::PrincipalId).
///
/// Implement it for a type of your own by naming one of the built-in keys that represents it:
///
/// ```
/// use highwater::{InlineKey, InlineLedger};
///
/// #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
/// struct Tenant([u8; 16]);
///
/// impl InlineKey for Tenant {
///     type Repr = [u8; 16];
///
///     fn to_repr(&self) -> [u8; 16] {
///         self.0
///     }
///
///     fn from_repr(repr: [u8; 16]) -> Self {
///         Tenant(repr)
///     }
/// }
///
/// # #[cfg(feature = "std-ledger")] {
/// let ledger = InlineLedger::with_capacity(8);
/// ledger.record_peak(&Tenant([7; 16]), 65_536);
/// assert_eq!(ledger.top(1), [(Tenant([7; 16]), 65_536)]);
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be held inside a slot",
    label = "not an inline key",
    note = "inline ledgers take unsigned integers, `(u64, u64)`, `[u8; N]` up to 64 bytes, `InlineStr<N>`, `PrincipalId` \
            and types of yours that implement `InlineKey`; for any other `Hash + Eq + Clone + Send + Sync` type use \
            `highwater::Ledger<{Self}>`, which keeps keys behind epoch-reclaimed pointers"
)]
pub trait InlineKey: Copy + Eq + Ord + Hash + Send + Sync + 'static {
    /// The built-in key that represents this one: an unsigned integer, `(u64, u64)`, `[u8; N]` up
    /// to 64 bytes, or [`InlineStr<N>`](crate::InlineStr).
    type Repr: PlainKey;

    /// The built-in key that represents this one. Equal keys have equal representations, different
    /// keys different ones.
    fn to_repr(&self) -> Self::Repr;

    /// The key with this representation. Only called with results of
    /// [`to_repr`](InlineKey::to_repr).
    fn from_repr(repr: Self::Repr) -> Self;
}

impl<K: PlainKey> InlineKey for K {
    type Repr = Self;

    #[inline]
    fn to_repr(&self) -> Self {
        *self
    }

    #[inline]
    fn from_repr(repr: Self) -> Self {
        repr
    }
}

/// The words of a key of type `K`.
type WordsOf<K> = <<K as InlineKey>::Repr as PlainKey>::Words;

/// A key ready to be stored: its words, and how many of them are significant.
pub(crate) struct Significant<K: InlineKey> {
    words: WordsOf<K>,
    count: usize,
}

/// The words of one key, of type `K`.
#[cfg_attr(all(feature = "alloc", not(highwater_loom)), derive(bytemuck::Zeroable), zeroable(bound = ""))]
pub(crate) struct InlineCell<K: InlineKey>(<WordsOf<K> as Words>::Atomics);

zeroable! { [K: InlineKey] InlineCell<K>: 0 }

impl<K: InlineKey> InlineCell<K> {
    /// A cell that holds no key.
    #[cfg(not(highwater_loom))]
    #[allow(clippy::declare_interior_mutable_const)] // A seed for arrays.
    pub(crate) const EMPTY: Self = Self(<WordsOf<K> as Words>::EMPTY);

    fn words(&self) -> &[AtomicWord] {
        self.0.as_ref()
    }
}

impl<K: InlineKey> KeyCell for InlineCell<K> {
    type Key = K;
    type Pin = ();
    type Prepared = Significant<K>;
    type Displaced = Significant<K>;
    type Limbo = ();

    fn put(&self, key: Significant<K>) -> Significant<K> {
        for (cell, word) in self.words().iter().zip(key.words.as_ref()).take(key.count) {
            // Release: pairs with the loads in `compare` and `read`. A thread that reads this word
            // sees the claim before it when it looks at the peak word again.
            cell.store(*word, Ordering::Release);
        }
        key
    }

    fn take_back(&self, key: Significant<K>) -> Significant<K> {
        key
    }

    fn may_displace((): &(), (): &()) -> bool {
        true
    }

    fn retire(_: Significant<K>, (): &(), (): &()) {}

    fn read(&self, (): &(), still: impl Fn() -> bool) -> Option<K> {
        let mut words = WordsOf::<K>::ZERO;
        for (word, cell) in words.as_mut().iter_mut().zip(self.words()) {
            // Acquire: pairs with the store in `put`, before the second look at the peak word.
            *word = cell.load(Ordering::Acquire);
        }
        still().then(|| K::from_repr(PlainKey::from_words(&words)))
    }
}

/// Whether a comparison makes the words of its key one by one. With wide words its loop is unrolled,
/// and only the one word of `to_words` remains: nothing is copied in advance. On small processors it
/// stays a loop, for which the words are made once.
#[cfg_attr(mutants, mutants::skip)] // Only speed.
const WORD_BY_WORD: bool = Word::BITS == 64;

impl<K: InlineKey> Query<InlineCell<K>> for K {
    #[inline]
    fn compare(&self, cell: &InlineCell<K>, (): &(), still: impl Fn() -> bool) -> Comparison {
        let repr = self.to_repr();
        let (significant, words) = (repr.significant_words(), repr.to_words());
        for (index, cell) in cell.words().iter().enumerate() {
            // Acquire: pairs with the store in `put`, before the second look at the peak word.
            let word = cell.load(Ordering::Acquire);
            let of_key = if WORD_BY_WORD { repr.to_words().as_ref()[index] } else { words.as_ref()[index] };
            if word != of_key {
                // Perhaps torn. Then the gate has moved, and a call checks it before it concludes
                // absence.
                return Comparison::Different;
            }
            if index + 1 == significant {
                break;
            }
        }
        if still() { Comparison::Equal } else { Comparison::Changed }
    }

    /// Runs the code of a foreign key type, which may panic.
    fn prepare(&self) -> Significant<K> {
        let repr = self.to_repr();
        Significant { words: repr.to_words(), count: repr.significant_words() }
    }
}
