//! Keys of a fixed number of words, held in the slot itself: no allocation, no reclamation.

use core::hash::Hash;

use super::{Comparison, KeyCell, Wanted};
use crate::sync::{AtomicWord, Ordering, Word, zeroable};

/// A plain key that a slot holds by value: unsigned integers, pairs of `u64`, `[u8; N]` up to 64
/// bytes, [`InlineStr`](crate::InlineStr), [`PrincipalId`](crate::PrincipalId).
///
/// Implement it for a type of your own by handing the work to one of these:
///
/// ```
/// use highwater::{InlineKey, InlineLedger, Word};
///
/// #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
/// struct Tenant([u8; 16]);
///
/// impl InlineKey for Tenant {
///     type Words = <[u8; 16] as InlineKey>::Words;
///
///     fn to_words(&self) -> Self::Words {
///         self.0.to_words()
///     }
///
///     fn from_words(words: &Self::Words) -> Self {
///         Tenant(InlineKey::from_words(words))
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
    /// `[Word; N]`: the words that hold the key.
    type Words: InlineWords;

    /// The key as words. Equal keys give equal words in the first
    /// [`significant_words`](InlineKey::significant_words), different keys different ones there.
    fn to_words(&self) -> Self::Words;

    /// The key that [`to_words`](InlineKey::to_words) was given. Only called with words that one
    /// call of it made; those beyond its significant ones may be of any value.
    fn from_words(words: &Self::Words) -> Self;

    /// How many words, from the first, tell this key from all others: keys that are shorter than
    /// the space for them are then stored and compared at their own length. All, unless
    /// overridden; more than there are stands for all. At least 1.
    #[inline]
    fn significant_words(&self) -> usize {
        Self::Words::LEN
    }
}

/// `[Word; N]`, the storage of an [`InlineKey`]. Implemented for every `N`.
pub trait InlineWords: Copy + AsRef<[Word]> + AsMut<[Word]> + sealed::Storage {
    /// All words zero.
    const ZERO: Self;
    /// The number of words.
    const LEN: usize;
}

impl<const N: usize> InlineWords for [Word; N] {
    const ZERO: Self = [0; N];
    const LEN: usize = N;
}

pub(crate) mod sealed {
    use crate::sync::{AtomicWord, Word, Zeroable};

    /// The atomic form of an array of words.
    pub trait Storage {
        #[doc(hidden)]
        type Atomic: AsRef<[AtomicWord]> + Send + Sync + Zeroable;
        #[cfg(not(highwater_loom))]
        #[doc(hidden)]
        const EMPTY: Self::Atomic;
    }

    impl<const N: usize> Storage for [Word; N] {
        type Atomic = [AtomicWord; N];
        #[cfg(not(highwater_loom))]
        #[allow(clippy::declare_interior_mutable_const)] // A seed for arrays.
        const EMPTY: Self::Atomic = [const { AtomicWord::new(0) }; N];
    }
}

/// A key that is ready to be stored: its words, and how many of them count.
pub(crate) struct Significant<K: InlineKey> {
    words: K::Words,
    count: usize,
}

/// The words of one key, of type `K`.
#[cfg_attr(all(feature = "alloc", not(highwater_loom)), derive(bytemuck::Zeroable), zeroable(bound = ""))]
pub(crate) struct InlineCell<K: InlineKey>(<K::Words as sealed::Storage>::Atomic);

zeroable! { [K: InlineKey] InlineCell<K>: 0 }

impl<K: InlineKey> InlineCell<K> {
    /// A cell that holds no key.
    #[cfg(not(highwater_loom))]
    #[allow(clippy::declare_interior_mutable_const)] // A seed for arrays.
    pub(crate) const EMPTY: Self = Self(<K::Words as sealed::Storage>::EMPTY);

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

    fn put(&self, key: Significant<K>, (): &()) -> Significant<K> {
        for (cell, word) in self.words().iter().zip(key.words.as_ref()).take(key.count) {
            // Release: who reads this word (acquire, in `compare` and `read`) sees the claim that
            // came before it when looking at the peak word again.
            cell.store(*word, Ordering::Release);
        }
        key
    }

    fn take_back(&self, key: Significant<K>, (): &()) -> Significant<K> {
        key
    }

    fn may_displace((): &(), (): &mut ()) -> bool {
        true
    }

    fn retire(_: Significant<K>, (): &(), (): &()) {}

    fn read(&self, (): &(), still: impl Fn() -> bool) -> Option<K> {
        let mut words = K::Words::ZERO;
        for (word, cell) in words.as_mut().iter_mut().zip(self.words()) {
            // Acquire: pairs with the store in `put`, before the second look at the peak word.
            *word = cell.load(Ordering::Acquire);
        }
        still().then(|| K::from_words(&words))
    }
}

impl<K: InlineKey> Wanted<InlineCell<K>> for K {
    #[inline]
    fn compare(&self, cell: &InlineCell<K>, (): &(), still: impl Fn() -> bool) -> Comparison {
        let (significant, words) = (self.significant_words(), self.to_words());
        for (index, cell) in cell.words().iter().enumerate() {
            // Acquire: pairs with the store in `put`, before the second look at the peak word.
            let word = cell.load(Ordering::Acquire);
            // With wide words the loop is unrolled, and of `to_words` only the one word is left: nothing is
            // copied in advance. Small processors' code stays a loop, for which the words are made once.
            let of_key =
                if Word::BITS == 64 { self.to_words().as_ref()[index] } else { words.as_ref()[index] };
            if word != of_key {
                // Perhaps torn, and then the gate has moved: who concludes absence looks at it.
                return Comparison::Different;
            }
            if index + 1 == significant {
                break;
            }
        }
        if still() { Comparison::Equal } else { Comparison::Changed }
    }

    /// The key may be of a foreign type, whose code may panic.
    fn prepare(&self) -> Significant<K> {
        Significant { words: self.to_words(), count: self.significant_words() }
    }
}
