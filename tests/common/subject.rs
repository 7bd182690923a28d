//! The calls that every kind of ledger has, so that a contract test is written once and run over
//! all of them.

use std::fmt::Debug;
use std::hash::Hash;

use highwater::Recorded;

use super::oracle::Observed;

/// The readings that all ledgers have alike.
pub trait Readings {
    fn len(&self) -> usize;
    fn is_empty(&self) -> bool;
    fn capacity(&self) -> usize;
    fn floor(&self) -> u64;
    fn untracked_at_most(&self) -> u64;
    fn evictions(&self) -> u64;
    fn refused(&self) -> u64;
}

macro_rules! readings {
    ([$($generics:tt)*] $ledger:ty: $($reading:ident -> $value:ty),+) => {
        impl<$($generics)*> Readings for $ledger {
            $(fn $reading(&self) -> $value {
                Self::$reading(self)
            })+
        }
    };
    ([$($generics:tt)*] $ledger:ty) => {
        readings! { [$($generics)*] $ledger: len -> usize, is_empty -> bool, capacity -> usize,
            floor -> u64, untracked_at_most -> u64, evictions -> u64, refused -> u64 }
    };
}
#[cfg(not(highwater_loom))]
readings! { [K: highwater::InlineKey, const CAPACITY: usize, S] highwater::StaticLedger<K, CAPACITY, S> }
#[cfg(feature = "alloc")]
readings! { [K: highwater::InlineKey, S] highwater::InlineLedger<K, S> }
#[cfg(feature = "alloc")]
readings! { [K: highwater::EpochKey, S] highwater::Ledger<K, S> }

/// A kind of ledger with its kind of key.
pub trait Subject: Send + Sync + Sized + 'static {
    type Key: Clone + Ord + Hash + Debug + Send + Sync + 'static;

    /// Whether a few threads at once may leave a newcomer without a slot.
    const MAY_REFUSE: bool = false;

    /// A ledger of `capacity` places, or of the next smaller number that the kind offers.
    fn with_capacity(capacity: usize) -> Self;

    /// The key that stands for a small number. Different numbers give different keys.
    fn key(number: u64) -> Self::Key;

    /// The ledger that is read.
    fn ledger(&self) -> &dyn Readings;

    fn record_peak(&self, key: &Self::Key, bytes: u64) -> Recorded;
    fn peak(&self, key: &Self::Key) -> u64;
    fn snapshot(&self) -> Vec<(Self::Key, u64)>;
    fn top(&self, n: usize) -> Vec<(Self::Key, u64)>;

    fn len(&self) -> usize {
        self.ledger().len()
    }

    fn is_empty(&self) -> bool {
        self.ledger().is_empty()
    }

    fn capacity(&self) -> usize {
        self.ledger().capacity()
    }

    fn floor(&self) -> u64 {
        self.ledger().floor()
    }

    fn untracked_at_most(&self) -> u64 {
        self.ledger().untracked_at_most()
    }

    fn evictions(&self) -> u64 {
        self.ledger().evictions()
    }

    fn refused(&self) -> u64 {
        self.ledger().refused()
    }

    /// Everything that the oracle judges; meant for a ledger with no call in flight.
    fn observe(&self) -> Observed<Self::Key> {
        Observed {
            capacity: self.capacity(),
            len: self.len(),
            contents: self.snapshot(),
            floor: self.floor(),
            untracked_at_most: self.untracked_at_most(),
            refused: self.refused(),
        }
    }
}
