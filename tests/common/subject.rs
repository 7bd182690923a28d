//! What every kind of ledger can do, so that a contract test is written once and run over all of them.

use std::fmt::Debug;
use std::hash::Hash;

use highwater::Recorded;

use super::oracle::Observed;

/// A kind of ledger with its kind of key.
pub trait Subject: Send + Sync + Sized + 'static {
    type Key: Clone + Ord + Hash + Debug + Send + Sync + 'static;

    /// Whether a few threads at once may leave a newcomer without a slot.
    const MAY_REFUSE: bool = false;

    /// A ledger of `capacity` places, or of the next smaller number that the kind offers.
    fn with_capacity(capacity: usize) -> Self;

    /// The key that stands for a small number. Different numbers give different keys.
    fn key(number: u64) -> Self::Key;

    fn record_peak(&self, key: &Self::Key, bytes: u64) -> Recorded;
    fn peak(&self, key: &Self::Key) -> u64;
    fn len(&self) -> usize;
    fn capacity(&self) -> usize;
    fn floor(&self) -> u64;
    fn untracked_at_most(&self) -> u64;
    fn evictions(&self) -> u64;
    fn refused(&self) -> u64;
    fn snapshot(&self) -> Vec<(Self::Key, u64)>;
    fn top(&self, n: usize) -> Vec<(Self::Key, u64)>;

    fn is_empty(&self) -> bool;

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
